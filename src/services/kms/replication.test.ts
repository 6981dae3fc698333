import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateKeyCommand, DecryptCommand, DescribeKeyCommand, EncryptCommand, KMSClient, ReplicateKeyCommand,
  RotateKeyOnDemandCommand, ScheduleKeyDeletionCommand, UpdatePrimaryRegionCommand,
} from "@aws-sdk/client-kms";
import { startRegion } from "../../../test/region.ts";
import { refusal } from "../../../test/refusal.ts";

const Plaintext = Buffer.from("x");

test("a multi-Region key and its replica decrypt each other's ciphertexts, rotations included", async () => {
  await using region = await startRegion();
  const east = region.client(KMSClient);
  const west = region.client(KMSClient, { region: "us-west-2" });
  const { KeyMetadata } = await east.send(new CreateKeyCommand({ MultiRegion: true }));
  const { KeyId, Arn } = KeyMetadata ?? {};
  assert.match(KeyId ?? "", /^mrk-[0-9a-f]{32}$/);
  const here = { Arn, Region: "us-east-1" };
  const there = { Arn: Arn?.replace("us-east-1", "us-west-2"), Region: "us-west-2" };
  assert.deepEqual(KeyMetadata?.MultiRegionConfiguration, {
    MultiRegionKeyType: "PRIMARY", PrimaryKey: here, ReplicaKeys: [],
  });

  const replicated = await east.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: "us-west-2" }));
  assert.equal(replicated.ReplicaKeyMetadata?.KeyState, "Creating");
  assert.deepEqual(replicated.ReplicaKeyMetadata?.MultiRegionConfiguration, {
    MultiRegionKeyType: "REPLICA", PrimaryKey: here, ReplicaKeys: [there],
  });
  await region.clock.advance({ seconds: 5 });
  const one = await east.send(new EncryptCommand({ KeyId, Plaintext }));
  assert.equal(
    (await west.send(new DecryptCommand({ CiphertextBlob: one.CiphertextBlob }))).KeyId, there.Arn,
  );
  await east.send(new RotateKeyOnDemandCommand({ KeyId }));
  const two = await west.send(new EncryptCommand({ KeyId, Plaintext }));
  const opened = await east.send(new DecryptCommand({ CiphertextBlob: two.CiphertextBlob }));
  assert.notEqual(opened.KeyMaterialId, KeyMetadata?.CurrentKeyMaterialId);
  assert.equal(await refusal(east.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: "us-west-2" }))),
    "AlreadyExistsException: You can create only one replica of each primary key in each AWS Region.");
  assert.equal(await refusal(east.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: "us-east-1" }))),
    "ValidationException: us-east-1 cannot have a replica because it contains the primary.");

  await east.send(new UpdatePrimaryRegionCommand({ KeyId, PrimaryRegion: "us-west-2" }));
  for (const client of [east, west]) {
    const described = await client.send(new DescribeKeyCommand({ KeyId }));
    assert.deepEqual(described.KeyMetadata?.MultiRegionConfiguration?.PrimaryKey, there);
    assert.deepEqual(described.KeyMetadata?.MultiRegionConfiguration?.ReplicaKeys, [here]);
  }
  await west.send(new DecryptCommand({ CiphertextBlob: one.CiphertextBlob }));
  await west.send(new DecryptCommand({ CiphertextBlob: two.CiphertextBlob }));
});

test("a primary waits with its deletion until its replicas have gone", async () => {
  await using region = await startRegion();
  const east = region.client(KMSClient);
  const west = region.client(KMSClient, { region: "us-west-2" });
  const KeyId = (await east.send(new CreateKeyCommand({ MultiRegion: true }))).KeyMetadata?.KeyId;
  await east.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: "us-west-2" }));
  const scheduled = await east.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
  assert.equal(scheduled.KeyState, "PendingReplicaDeletion");
  assert.equal(scheduled.DeletionDate, undefined);
  await west.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
  await region.clock.advance({ days: 7, hours: 2 });
  await region.settled();
  const waiting = await east.send(new DescribeKeyCommand({ KeyId }));
  assert.equal(waiting.KeyMetadata?.KeyState, "PendingDeletion");
  await region.clock.advance({ days: 8 });
  await region.settled();
  assert.match(await refusal(east.send(new DescribeKeyCommand({ KeyId }))), /^NotFoundException: /);
});

test("keys of one Region stay in it", async () => {
  await using region = await startRegion();
  const east = region.client(KMSClient);
  const west = region.client(KMSClient, { region: "us-west-2" });
  const { KeyMetadata } = await east.send(new CreateKeyCommand({}));
  const { KeyId, Arn } = KeyMetadata ?? {};
  assert.equal(await refusal(east.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: "us-west-2" }))),
    `UnsupportedOperationException: ${Arn} is not a multi-Region key.`);
  const { CiphertextBlob } = await east.send(new EncryptCommand({ KeyId, Plaintext }));
  assert.equal(await refusal(
    west.send(new DecryptCommand({ CiphertextBlob })),
  ), "AccessDeniedException: User: "
    + "arn:aws:iam::000000000000:root is not authorized to perform: kms:Decrypt on the resource associated "
    + "with this "
    + "ciphertext because the resource does not exist in this Region, no resource-based policies allow "
    + "access, or a resource-based policy explicitly denies access");
});
