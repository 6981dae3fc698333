import assert from "node:assert/strict";
import { test } from "node:test";
import { CreateKeyCommand, DisableKeyCommand, EnableKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { startRegion } from "../../../test/region.ts";
import { createQueue, refusal } from "./queue-fixture.ts";

test("a queue whose key does not exist takes no messages", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "lost", {
    KmsMasterKeyId: "arn:aws:kms:us-east-1:000000000000:key/11111111-1111-4111-8111-111111111111",
  });
  await assert.rejects(queue.send("x"), { name: "KmsNotFound" });
  assert.deepEqual(await queue.bodies(), []);
});

test("senders and receivers need the queue's key, which is asked again after the reuse period", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const KeyId = KeyMetadata?.KeyId ?? "";
  const queue = await createQueue(
    region, "secret", { KmsMasterKeyId: KeyId, KmsDataKeyReusePeriodSeconds: "60" },
  );
  await queue.send("before");
  await kms.send(new DisableKeyCommand({ KeyId }));
  await queue.send("still known");
  await region.clock.advance({ seconds: 60 });
  await assert.rejects(queue.send("refused"), { name: "KmsDisabled" });
  await assert.rejects(queue.receive(), { name: "KmsDisabled" });
  await kms.send(new EnableKeyCommand({ KeyId }));
  assert.deepEqual(await queue.bodies(), ["before", "still known"]);
});

test("a user who may use the queue but not its key is refused", async () => {
  await using region = await startRegion();
  const { KeyMetadata } = await region.client(KMSClient).send(new CreateKeyCommand({}));
  const queue = await createQueue(region, "secret", { KmsMasterKeyId: KeyMetadata?.KeyId ?? "" });
  const alice = await region.user("alice", {
    Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "sqs:*", Resource: "*" }],
  });
  const sqs = region.client(SQSClient, { credentials: alice });
  await assert.rejects(
    sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: "x" })),
    refusal(
      "KMS.AccessDeniedException",
      "User: arn:aws:iam::000000000000:user/alice is not authorized to perform: kms:GenerateDataKey " +
        `on resource: ${KeyMetadata?.Arn} because no identity-based policy allows the ` +
        "kms:GenerateDataKey action",
    ),
  );
  await queue.send("x");
  await assert.rejects(
    sqs.send(new ReceiveMessageCommand({ QueueUrl: queue.url })), { name: "KmsAccessDenied" },
  );
});
