import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CancelKeyDeletionCommand, CreateAliasCommand, CreateCustomKeyStoreCommand, CreateKeyCommand, DecryptCommand,
  DeleteAliasCommand, DeleteCustomKeyStoreCommand, DescribeCustomKeyStoresCommand, DescribeKeyCommand,
  EnableKeyCommand, EncryptCommand, KMSClient, ListAliasesCommand, ListKeysCommand, ListResourceTagsCommand,
  ScheduleKeyDeletionCommand, TagResourceCommand, UntagResourceCommand, UpdateAliasCommand,
  UpdateKeyDescriptionCommand,
} from "@aws-sdk/client-kms";
import { startRegion } from "../../../test/region.ts";
import { refusal } from "../../../test/refusal.ts";

test("a key is described as AWS describes it", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Description: "test key 123" }));
  const { KeyId, CurrentKeyMaterialId } = KeyMetadata ?? {};
  assert.match(CurrentKeyMaterialId ?? "", /^[0-9a-f]{64}$/);
  assert.deepEqual(KeyMetadata, {
    AWSAccountId: "000000000000",
    KeyId,
    Arn: `arn:aws:kms:us-east-1:000000000000:key/${KeyId}`,
    CreationDate: new Date(Date.UTC(2026, 0, 1)),
    Enabled: true,
    Description: "test key 123",
    KeyUsage: "ENCRYPT_DECRYPT",
    KeyState: "Enabled",
    Origin: "AWS_KMS",
    KeyManager: "CUSTOMER",
    CustomerMasterKeySpec: "SYMMETRIC_DEFAULT",
    KeySpec: "SYMMETRIC_DEFAULT",
    EncryptionAlgorithms: ["SYMMETRIC_DEFAULT"],
    MultiRegion: false,
    CurrentKeyMaterialId,
  });
  await kms.send(new UpdateKeyDescriptionCommand({ KeyId, Description: "another" }));
  const described = await kms.send(new DescribeKeyCommand({ KeyId }));
  assert.deepEqual(described.KeyMetadata, { ...KeyMetadata, Description: "another" });
});

test("keys that cannot be are refused, each in its words", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const create = (input: object): Promise<string> => refusal(kms.send(new CreateKeyCommand(input)));
  assert.equal(await create({ KeySpec: "HMAC_256" }), "ValidationException: You must specify a KeyUsage "
    + "value for all KMS keys except for symmetric encryption keys.");
  assert.equal(await create({ KeySpec: "ECC_NIST_P256", KeyUsage: "ENCRYPT_DECRYPT" }),
    "ValidationException: KeyUsage ENCRYPT_DECRYPT is not compatible with KeySpec ECC_NIST_P256");
  assert.equal(await create({ KeySpec: "ECC_SECG_P256K1", KeyUsage: "KEY_AGREEMENT" }),
    "ValidationException: KeyUsage KEY_AGREEMENT is not compatible with KeySpec ECC_SECG_P256K1");
  assert.equal(await create({ KeySpec: "SM2", KeyUsage: "SIGN_VERIFY" }),
    "UnsupportedOperationException: KeySpec SM2 is not supported in this region.");
  assert.equal(await create({ KeySpec: "ML_DSA_44", KeyUsage: "SIGN_VERIFY", Origin: "EXTERNAL" }),
    "NotImplemented: Imported material for the key spec ML_DSA_44 is not implemented by us-local-1 yet.");
  assert.equal(await create({ Tags: [{ TagKey: "a", TagValue: "1" }, { TagKey: "a", TagValue: "2" }] }),
    "TagException: Duplicate tag keys");
  assert.deepEqual((await kms.send(new ListKeysCommand({}))).Keys, []);
});

test("a key scheduled for deletion waits, can be kept, and is gone when its time has come", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const { KeyId, Arn } = KeyMetadata ?? {};
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from("x") }));
  await kms.send(new CreateAliasCommand({ AliasName: "alias/going", TargetKeyId: KeyId }));
  for (const PendingWindowInDays of [6, 31]) {
    assert.equal(await refusal(kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays }))),
      "ValidationException: PendingWindowInDays should be between 7 and 30, but it is "
      + `${PendingWindowInDays}`);
  }
  assert.equal(await refusal(kms.send(new CancelKeyDeletionCommand({ KeyId }))),
    `KMSInvalidStateException: ${Arn} is not pending deletion.`);

  const scheduled = await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
  assert.equal(scheduled.KeyId, Arn);
  assert.deepEqual(scheduled.DeletionDate, new Date(Date.UTC(2026, 0, 8)));
  assert.equal(scheduled.KeyState, "PendingDeletion");
  assert.equal(await refusal(kms.send(new DecryptCommand({ CiphertextBlob }))),
    `KMSInvalidStateException: ${Arn} is pending deletion.`);
  assert.equal(await refusal(kms.send(new EnableKeyCommand({ KeyId }))),
    `KMSInvalidStateException: ${Arn} is pending deletion.`);

  await kms.send(new CancelKeyDeletionCommand({ KeyId }));
  assert.equal((await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyState, "Disabled");
  await kms.send(new EnableKeyCommand({ KeyId }));
  await region.clock.advance({ days: 8 });
  await kms.send(new DecryptCommand({ CiphertextBlob }));

  await kms.send(new ScheduleKeyDeletionCommand({ KeyId }));
  await region.clock.advance({ days: 30 });
  await region.settled();
  assert.equal(await refusal(kms.send(new DescribeKeyCommand({ KeyId }))),
    `NotFoundException: Key '${Arn}' does not exist`);
  assert.deepEqual((await kms.send(new ListAliasesCommand({}))).Aliases, []);
  assert.match(
    await refusal(kms.send(new DecryptCommand({ CiphertextBlob }))), /^AccessDeniedException: User: /,
  );
});

test("aliases are unique, point to keys, and are limited", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const KeyId = (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.KeyId;
  const other = (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.KeyId;
  const create = (AliasName: string, TargetKeyId = KeyId): Promise<string> =>
    refusal(kms.send(new CreateAliasCommand({ AliasName, TargetKeyId })));
  assert.equal(await create("shop"), 'ValidationException: Alias must start with the prefix "alias/". '
    + "Please see "
    + "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html");
  assert.match(await create("alias/aws/mine"), /^NotAuthorizedException: /);
  assert.equal(await create("alias/a:b"), "ValidationException: alias/a:b contains invalid characters for "
    + "an alias");
  assert.equal(await create("alias/two", "alias/one"), "ValidationException: Aliases must refer to keys. "
    + "Not aliases");
  assert.equal(await create("alias/shop"), "no refusal");
  assert.equal(await create("alias/shop", other), "AlreadyExistsException: An alias with the name "
    + "arn:aws:kms:us-east-1:000000000000:alias/shop already exists");

  await kms.send(new UpdateAliasCommand({ AliasName: "alias/shop", TargetKeyId: other }));
  const { Aliases } = await kms.send(new ListAliasesCommand({ KeyId: other }));
  assert.deepEqual(Aliases?.map((alias) => alias.AliasName), ["alias/shop"]);
  await kms.send(new DeleteAliasCommand({ AliasName: "alias/shop" }));
  assert.equal(await refusal(kms.send(new DeleteAliasCommand({ AliasName: "alias/shop" }))),
    "NotFoundException: Alias arn:aws:kms:us-east-1:000000000000:alias/shop is not found.");

  for (let number = 0; number < 50; number++) assert.equal(await create(`alias/n${number}`), "no refusal");
  assert.equal(await create("alias/n50"), "LimitExceededException: Aliases per key quota for this account "
    + "in this region is 50, current usage is 50.");
});

test("lists come in pages, in order, and made-up markers are refused", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const ids: (string | undefined)[] = [];
  for (let number = 0; number < 5; number++) {
    ids.push((await kms.send(new CreateKeyCommand({}))).KeyMetadata?.KeyId);
  }
  const seen: (string | undefined)[] = [];
  let Marker: string | undefined;
  do {
    const found = await kms.send(new ListKeysCommand({ Limit: 2, Marker }));
    seen.push(...(found.Keys ?? []).map((key) => key.KeyId));
    assert.equal(found.Truncated, found.NextMarker !== undefined);
    Marker = found.NextMarker;
  } while (Marker !== undefined);
  assert.deepEqual(seen, [...ids].sort());
  assert.match(await refusal(kms.send(new ListKeysCommand({ Marker: "junk" }))), /^InvalidMarkerException: /);
});

test("tags are set, listed and removed, fifty at most", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Tags: [{ TagKey: "team", TagValue: "a" }] }));
  const KeyId = KeyMetadata?.KeyId;
  await kms.send(new TagResourceCommand({ KeyId, Tags: [{ TagKey: "__proto__", TagValue: "b" }] }));
  assert.deepEqual((await kms.send(new ListResourceTagsCommand({ KeyId }))).Tags, [
    { TagKey: "team", TagValue: "a" }, { TagKey: "__proto__", TagValue: "b" },
  ]);
  await kms.send(new UntagResourceCommand({ KeyId, TagKeys: ["team", "__proto__"] }));
  const Tags = Array.from({ length: 50 }, (_, number) => ({ TagKey: `t${number}`, TagValue: "" }));
  await kms.send(new TagResourceCommand({ KeyId, Tags }));
  assert.equal(await refusal(
    kms.send(new TagResourceCommand({ KeyId, Tags: [{ TagKey: "more", TagValue: "" }] })),
  ),
    "LimitExceededException: Tags per key quota is 50.");
});

test("custom key stores: there are none, and none can be made", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  assert.deepEqual((await kms.send(new DescribeCustomKeyStoresCommand({}))).CustomKeyStores, []);
  assert.match(await refusal(kms.send(new DeleteCustomKeyStoreCommand({ CustomKeyStoreId: "cks-1" }))),
    /^CustomKeyStoreNotFoundException: /);
  assert.match(await refusal(kms.send(new CreateCustomKeyStoreCommand({ CustomKeyStoreName: "mine" }))),
    /^NotImplemented: /);
});
