import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateAliasCommand, CreateKeyCommand, DisableKeyCommand, EnableKeyCommand, KMSClient,
} from "@aws-sdk/client-kms";
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { CreateTopicCommand, PublishCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
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

test("the key that AWS manages is for callers of the account alone", async () => {
  await using region = await startRegion();
  const sns = region.client(SNSClient);
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "news" }));
  const open = (queue: string): string => JSON.stringify({ Version: "2012-10-17", Statement: [{
    Effect: "Allow", Principal: { AWS: "111111111111", Service: "sns.amazonaws.com" }, Action: "sqs:*",
    Resource: `arn:aws:sqs:us-east-1:000000000000:${queue}`,
  }] });
  const managed = await createQueue(region, "managed", {
    KmsMasterKeyId: "alias/aws/sqs", Policy: open("managed"),
  });
  const dead = await createQueue(region, "dead", { Policy: open("dead") });
  await sns.send(new SubscribeCommand({
    TopicArn, Protocol: "sqs", Endpoint: managed.arn,
    Attributes: {
      RawMessageDelivery: "true", RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn }),
    },
  }));
  await sns.send(new PublishCommand({ TopicArn, Message: "from a service" }));
  await region.settled();
  assert.deepEqual(await dead.bodies(), ["from a service"]);
  await managed.send("from the account");
  const other = region.client(SQSClient, { credentials: region.root("111111111111") });
  const QueueUrl = managed.url;
  for (const command of [
    new SendMessageCommand({ QueueUrl, MessageBody: "x" }), new ReceiveMessageCommand({ QueueUrl }),
  ]) await assert.rejects(other.send(command as SendMessageCommand), { name: "KmsAccessDenied" });
  assert.deepEqual(await managed.bodies(), ["from the account"]);
});

test("a key or an alias is that of the queue's account, whoever sends", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [{
    Effect: "Allow", Principal: { AWS: ["000000000000", "111111111111"] }, Action: "kms:*", Resource: "*",
  }] });
  const { KeyMetadata: { KeyId: TargetKeyId = "" } = {} } = await kms.send(new CreateKeyCommand({ Policy }));
  await kms.send(new CreateAliasCommand({ AliasName: "alias/queues", TargetKeyId }));
  const other = region.client(SQSClient, { credentials: region.root("111111111111") });
  for (const [name, KmsMasterKeyId] of [["by-alias", "alias/queues"], ["by-id", TargetKeyId]] as const) {
    const queue = await createQueue(region, name, { KmsMasterKeyId, Policy: JSON.stringify({
      Version: "2012-10-17", Statement: [{
        Effect: "Allow", Principal: { AWS: "111111111111" }, Action: "sqs:SendMessage",
        Resource: `arn:aws:sqs:us-east-1:000000000000:${name}`,
      }],
    }) });
    await other.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: name }));
    assert.deepEqual(await queue.bodies(), [name]);
  }
});
