import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  CreateAliasCommand, CreateGrantCommand, CreateKeyCommand, DecryptCommand, DeleteAliasCommand,
  DisableKeyCommand, EnableKeyRotationCommand, EncryptCommand, ImportKeyMaterialCommand, KMSClient,
  ListGrantsCommand, PutKeyPolicyCommand, ReEncryptCommand, ReplicateKeyCommand, RetireGrantCommand,
  ScheduleKeyDeletionCommand, SignCommand, TagResourceCommand, UpdatePrimaryRegionCommand, VerifyCommand,
  type CreateKeyCommandInput,
} from "@aws-sdk/client-kms";
import { conditionKeys } from "../../../test/condition-keys.ts";
import { startRegion } from "../../../test/region.ts";

const account = "000000000000";
const region = await startRegion();
after(() => region.stop());
const kms = region.client(KMSClient);
const blob = Buffer.from("x");
const { says: assertSays, hasNo } =
  conditionKeys(region, "kms", (credentials) => region.client(KMSClient, { credentials }));

type Call = (as: KMSClient) => Promise<unknown>;

async function newKey(input: CreateKeyCommandInput = {}): Promise<string> {
  return (await kms.send(new CreateKeyCommand(input))).KeyMetadata?.KeyId ?? "";
}

const arnOf = (keyId: string): string => `arn:aws:kms:us-east-1:${account}:key/${keyId}`;

test("what a request leaves out is taken for its default", async () => {
  const signing = await newKey({ KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" });
  const SigningAlgorithm = "ECDSA_SHA_256";
  const sign: Call = (as) => as.send(new SignCommand({ KeyId: signing, Message: blob, SigningAlgorithm }));
  await assertSays("Sign", "kms:MessageType", "RAW", sign);
  await assertSays("Verify", "kms:MessageType", "RAW", (as) =>
    as.send(new VerifyCommand({ KeyId: signing, Message: blob, Signature: blob, SigningAlgorithm })));
  const external = await newKey({ Origin: "EXTERNAL" });
  await assertSays("ImportKeyMaterial", "kms:ExpirationModel", "KEY_MATERIAL_EXPIRES", (as) =>
    as.send(new ImportKeyMaterialCommand({
      KeyId: external, ImportToken: blob, EncryptedKeyMaterial: blob,
    })));
  const KeyId = await newKey();
  await assertSays("EnableKeyRotation", "kms:RotationPeriodInDays", "365", (as) =>
    as.send(new EnableKeyRotationCommand({ KeyId })));
  await assertSays("PutKeyPolicy", "kms:BypassPolicyLockoutSafetyCheck", "false", (as) =>
    as.send(new PutKeyPolicyCommand({ KeyId, Policy: "{}" })));
  await assertSays("Encrypt", "kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT", (as) =>
    as.send(new EncryptCommand({ KeyId, Plaintext: blob })));
  const Tags = [{ TagKey: "a", TagValue: "b" }];
  const tag: Call = (as) => as.send(new TagResourceCommand({ KeyId, Tags }));
  await hasNo("TagResource", "kms:EncryptionAlgorithm", tag);
  await hasNo("TagResource", "kms:BypassPolicyLockoutSafetyCheck", tag);
  await assertSays("ScheduleKeyDeletion", "kms:ScheduleKeyDeletionPendingWindowInDays", "30", (as) =>
    as.send(new ScheduleKeyDeletionCommand({ KeyId })));
});

test("a key that was used lately can be kept from being disabled or deleted", async () => {
  const KeyId = await newKey();
  const disable: Call = (as) => as.send(new DisableKeyCommand({ KeyId }));
  await hasNo("DisableKey", "kms:TrailingDaysWithoutKeyUsage", disable);
  const used = await newKey();
  await kms.send(new EncryptCommand({ KeyId: used, Plaintext: blob }));
  await region.clock.advance({ hours: 49 });
  await assertSays("DisableKey", "kms:TrailingDaysWithoutKeyUsage", "2", (as) =>
    as.send(new DisableKeyCommand({ KeyId: used })));
  await assertSays("ScheduleKeyDeletion", "kms:TrailingDaysWithoutKeyUsage", "2", (as) =>
    as.send(new ScheduleKeyDeletionCommand({ KeyId: used })));
});

test("listing, revoking and retiring grants say for whom, and within what", async () => {
  const KeyId = await newKey();
  const { GrantId } = await kms.send(new CreateGrantCommand({
    KeyId, GranteePrincipal: `arn:aws:iam::${account}:root`, Operations: ["Decrypt"],
    Constraints: { EncryptionContextSubset: { App: "shop" } },
  }));
  await assertSays("ListGrants", "kms:GrantIsForAWSResource", "false", (as) =>
    as.send(new ListGrantsCommand({ KeyId })));
  const retire: Call = (as) =>
    as.send(new RetireGrantCommand({ KeyId: arnOf(KeyId), GrantId, DryRun: true }));
  await assertSays("RetireGrant", "kms:CallerAccount", account, retire);
  await assertSays("RetireGrant", "kms:GrantConstraintType", "EncryptionContextSubset", retire);
  await assertSays("RetireGrant", "kms:EncryptionContext:App", "shop", retire);
});

test("both sides of a re-encryption say whether it is one key, and by which alias it is named", async () => {
  const KeyId = await newKey();
  await kms.send(new CreateAliasCommand({ AliasName: "alias/from", TargetKeyId: KeyId }));
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext: blob }));
  const again: Call = (as) => as.send(new ReEncryptCommand({
    CiphertextBlob, SourceKeyId: "alias/from", DestinationKeyId: KeyId,
  }));
  await assertSays("ReEncryptFrom", "kms:ReEncryptOnSameKey", "true", again);
  await assertSays("ReEncryptTo", "kms:ReEncryptOnSameKey", "true", again);
  await assertSays("ReEncryptFrom", "kms:RequestAlias", "alias/from", again);
  const DestinationKeyId = await newKey();
  await assertSays("ReEncryptTo", "kms:ReEncryptOnSameKey", "false", (as) =>
    as.send(new ReEncryptCommand({ CiphertextBlob, DestinationKeyId })));
  await assertSays("DeleteAlias", "kms:CallerAccount", account, (as) =>
    as.send(new DeleteAliasCommand({ AliasName: "alias/from" })));
});

test("a replica and a new primary are asked for with what the primary is, where it is", async () => {
  const KeyId = await newKey({ MultiRegion: true });
  await kms.send(new CreateAliasCommand({ AliasName: "alias/set", TargetKeyId: KeyId }));
  const replicate: Call = (as) => as.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: "eu-west-1" }));
  await assertSays("ReplicateKey", "kms:ResourceAliases", "alias/set", replicate);
  const elsewhere: Call = (as) => as.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: "eu-west-2" }));
  await assertSays("ReplicateKey", "kms:MultiRegionKeyType", "PRIMARY", elsewhere);
  const third: Call = (as) => as.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: "eu-west-3" }));
  await assertSays("CreateKey", "kms:MultiRegionKeyType", "REPLICA", third);
  await region.clock.advance({ seconds: 10 });
  await assertSays("UpdatePrimaryRegion", "kms:PrimaryRegion", "eu-west-1", (as) =>
    as.send(new UpdatePrimaryRegionCommand({ KeyId, PrimaryRegion: "eu-west-1" })));
});

test("what another account's multi-Region key encrypted is re-encrypted under one's own", async () => {
  const other = "111122223333";
  const theirs = region.client(KMSClient, { credentials: region.root(other) });
  const open = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Principal: { AWS: `arn:aws:iam::${other}:root` }, Action: "kms:*", Resource: "*" },
      {
        Effect: "Allow", Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: "kms:ReEncryptFrom",
        Resource: "*", Condition: { StringEquals: { "kms:MultiRegionKeyType": "PRIMARY" } },
      },
    ],
  });
  const { KeyMetadata } = await theirs.send(new CreateKeyCommand({ MultiRegion: true, Policy: open }));
  const source = await theirs.send(new EncryptCommand({ KeyId: KeyMetadata?.KeyId, Plaintext: blob }));
  const DestinationKeyId = await newKey();
  const { CiphertextBlob, SourceKeyId } = await kms.send(new ReEncryptCommand({
    CiphertextBlob: source.CiphertextBlob, DestinationKeyId,
  }));
  assert.equal(SourceKeyId, KeyMetadata?.Arn);
  const { Plaintext } = await kms.send(new DecryptCommand({ CiphertextBlob }));
  assert.deepEqual(Buffer.from(Plaintext ?? []), blob);
});
