import assert from "node:assert/strict";
import { constants, createPublicKey, publicEncrypt } from "node:crypto";
import { test } from "node:test";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import {
  CreateKeyCommand, EnableKeyRotationCommand, GetParametersForImportCommand, ImportKeyMaterialCommand,
  KMSClient, RotateKeyOnDemandCommand, ScheduleKeyDeletionCommand, type OriginType,
} from "@aws-sdk/client-kms";
import {
  CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient,
} from "@aws-sdk/client-sqs";
import { startRegion, type TestRegion } from "../../../test/region.ts";

/** What KMS tells EventBridge, oldest first. */
async function hearing(region: TestRegion): Promise<() => Promise<unknown[]>> {
  const events = region.client(EventBridgeClient);
  const sqs = region.client(SQSClient);
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [{
    Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Action: "sqs:SendMessage", Resource: "*",
  }] });
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "keys", Attributes: { Policy } }));
  const EventPattern = JSON.stringify({
    source: ["aws.kms"],
    "detail-type": ["KMS CMK Rotation", "KMS CMK Deletion", "KMS Imported Key Material Expiration"],
  });
  await events.send(new PutRuleCommand({ Name: "keys", EventPattern }));
  await events.send(new PutTargetsCommand({
    Rule: "keys", Targets: [{ Id: "1", Arn: "arn:aws:sqs:us-east-1:000000000000:keys" }],
  }));
  return async () => {
    await region.settled();
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
    );
    for (const { ReceiptHandle } of Messages) {
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
    return Messages.map(({ Body = "" }) => {
      const event = JSON.parse(Body) as Record<string, unknown>;
      return [event["time"], event["detail-type"], event["resources"], event["detail"]];
    });
  };
}

async function newKey(kms: KMSClient, Origin?: OriginType): Promise<{ id: string; arn: string }> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Origin }));
  return { id: KeyMetadata?.KeyId ?? "", arn: KeyMetadata?.Arn ?? "" };
}

async function importUntil(kms: KMSClient, KeyId: string, ValidTo: Date): Promise<void> {
  const { PublicKey, ImportToken } = await kms.send(new GetParametersForImportCommand({
    KeyId, WrappingAlgorithm: "RSAES_OAEP_SHA_256", WrappingKeySpec: "RSA_2048",
  }));
  const key = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: "der", type: "spki" });
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const EncryptedKeyMaterial = publicEncrypt({ key, padding, oaepHash: "sha256" }, Buffer.alloc(32, "m"));
  await kms.send(new ImportKeyMaterialCommand({
    KeyId, ImportToken, EncryptedKeyMaterial, ExpirationModel: "KEY_MATERIAL_EXPIRES", ValidTo,
  }));
}

test("rotations, deletions and expired material of keys are events that rules find", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const heard = await hearing(region);
  const rotated = await newKey(kms);
  await kms.send(new EnableKeyRotationCommand({ KeyId: rotated.id, RotationPeriodInDays: 90 }));
  await kms.send(new RotateKeyOnDemandCommand({ KeyId: rotated.id }));
  const event = (time: string, type: string, { id, arn }: { id: string; arn: string }) =>
    [time, type, [arn], { "key-id": id }];
  assert.deepEqual(await heard(), [event("2026-01-01T00:00:00Z", "KMS CMK Rotation", rotated)]);

  const deleted = await newKey(kms);
  const imported = await newKey(kms, "EXTERNAL");
  await kms.send(new ScheduleKeyDeletionCommand({ KeyId: deleted.id, PendingWindowInDays: 7 }));
  await importUntil(kms, imported.id, new Date(Date.UTC(2026, 0, 3)));
  assert.deepEqual(await heard(), []);
  await region.clock.advance({ days: 2 });
  assert.deepEqual(await heard(), [
    event("2026-01-03T00:00:00Z", "KMS Imported Key Material Expiration", imported),
  ]);
  await region.clock.advance({ days: 5 });
  assert.deepEqual(await heard(), [event("2026-01-08T00:00:00Z", "KMS CMK Deletion", deleted)]);
  await region.clock.advance({ days: 83 });
  assert.deepEqual(await heard(), [event("2026-04-01T00:00:00Z", "KMS CMK Rotation", rotated)]);
});
