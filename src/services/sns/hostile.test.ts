import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateTopicCommand, PublishCommand, SetSubscriptionAttributesCommand, SetTopicAttributesCommand,
  SNSClient, SubscribeCommand,
} from "@aws-sdk/client-sns";
import { startRegion } from "../../../test/region.ts";
import { createQueue, createTopic } from "./topic-fixture.ts";

const deep = 20_000;

function sixty(value: object): object[] {
  return Array.from({ length: 60 }, () => value);
}

/** What no attribute of JSON expects. */
const odd = [
  "", " ", "null", "true", "1", '"x"', "[]", "[null]", "{", "{}}", "\u0000", '{"a":null}', '{"a":[]}',
  '{"a":{}}',
  '{"a":[{}]}', '{"a":[{"prefix":{}}]}', '{"a":[{"numeric":[null]}]}', '{"a":[{"anything-but":[]}]}',
  '{"$or":[]}',
  '{"$or":{}}', '{"$or":[1,2]}', '{"__proto__":["x"]}', '{"constructor":{"prototype":["x"]}}',
  '{"http":null}', '{"http":[]}', '{"http":{"defaultHealthyRetryPolicy":[]}}',
  '{"http":{"defaultHealthyRetryPolicy":{"numRetries":"x"}}}', '{"healthyRetryPolicy":{"minDelayTarget":-1}}',
  '{"deadLetterTargetArn":null}', '{"deadLetterTargetArn":["x"]}', '{"MessageRetentionPeriod":{}}',
  '{"MessageRetentionPeriod":1e99}', '{"PointType":"Timestamp","StartingPoint":{}}',
  '{"Statement":null}', '{"Statement":[null]}', '{"Statement":[{"Action":[null]}]}',
  '{"Version":1,"Statement":{}}',
  `${'{"a":'.repeat(deep)}["x"]${"}".repeat(deep)}`, `${"[".repeat(deep)}${"]".repeat(deep)}`,
  `{"a":[${'{"prefix":"x"},'.repeat(149)}{"prefix":"x"}]}`,
  JSON.stringify({ $or: sixty({ $or: sixty({ a: ["x"] }) }) }),
];

interface Refusal {
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** Taken, or refused as the caller's fault: the region itself never fails. */
async function survives(what: string, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    const status = (error as Refusal).$metadata?.httpStatusCode ?? 0;
    assert.ok(status >= 400 && status < 500, `${what}: ${status} ${String(error)}`);
  }
}

test("attributes of any text are taken or refused", async () => {
  await using region = await startRegion();
  const topic = await createTopic(region, "topic.fifo", {
    ContentBasedDeduplication: "true", ArchivePolicy: '{"MessageRetentionPeriod":"1"}',
  });
  const queue = await createQueue(region, "queue.fifo");
  const SubscriptionArn = await topic.subscribe("sqs", queue.arn, { FilterPolicyScope: "MessageBody" });
  for (const AttributeValue of odd) {
    const label = AttributeValue.slice(0, 60);
    for (const AttributeName of ["Policy", "DeliveryPolicy", "ArchivePolicy", "FifoTopic", "__proto__"]) {
      await survives(`${AttributeName} ${label}`, topic.sns.send(
        new SetTopicAttributesCommand({ TopicArn: topic.arn, AttributeName, AttributeValue }),
      ));
    }
    for (const AttributeName of ["FilterPolicy", "RedrivePolicy", "ReplayPolicy", "DeliveryPolicy"]) {
      await survives(`${AttributeName} ${label}`, topic.sns.send(
        new SetSubscriptionAttributesCommand({ SubscriptionArn, AttributeName, AttributeValue }),
      ));
    }
    await topic.publish('{"a":[{"b":{"a":"x"}}]}', { MessageGroupId: "g" });
  }
  await region.settled();
});

test("names, endpoints and messages of any text are taken or refused", async () => {
  await using region = await startRegion();
  const { sns, arn: TopicArn } = await createTopic(region, "topic");
  const protocols = [
    "sqs", "lambda", "http", "https", "email", "sms", "firehose", "application", "__proto__",
  ];
  const endpoints = [
    "", "x", "arn:aws:sqs", "arn:aws:sqs:::", "arn:aws:lambda:us-east-1:000000000000:function:", "http://",
    "https://[", "http://x:99999/", "a@b", "+", "\u{1F600}",
    "arn:aws:sns:us-east-1:000000000000:endpoint/x",
  ];
  for (const Protocol of protocols) {
    for (const Endpoint of endpoints) {
      const command = new SubscribeCommand({ TopicArn, Protocol, Endpoint });
      await survives(`${Protocol} ${Endpoint}`, sns.send(command));
    }
  }
  for (const Message of [...odd, "x".repeat(300_000)]) {
    for (const MessageStructure of [undefined, "json"]) {
      const command = new PublishCommand({ TopicArn, Message, MessageStructure });
      await survives(Message.slice(0, 60), sns.send(command));
    }
  }
  for (const Name of ["", "\u0000", "a/b", "a:b", ".fifo", "x".repeat(300)]) {
    const command = new CreateTopicCommand({ Name, Attributes: { FifoTopic: "true" } });
    await survives(Name, sns.send(command));
  }
  const anonymous = region.client(SNSClient, { credentials: region.root("111111111111") });
  await survives("a stranger", anonymous.send(new PublishCommand({ TopicArn, Message: "m" })));
});
