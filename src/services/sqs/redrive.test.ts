import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DeleteQueueCommand, ListDeadLetterSourceQueuesCommand, SetQueueAttributesCommand,
} from "@aws-sdk/client-sqs";
import { startRegion } from "../../../test/region.ts";
import { createQueue, refusal, type QueueFixture } from "./queue-fixture.ts";

const invalid = (message: string) => refusal("InvalidParameterValue", message);

function redrive(target: QueueFixture, maxReceiveCount: number | string): Record<string, string> {
  return { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: target.arn, maxReceiveCount }) };
}

test("a message that was received too often goes to the dead-letter queue", async () => {
  await using region = await startRegion();
  const dead = await createQueue(region, "dead");
  const queue = await createQueue(region, "work", { ...redrive(dead, "2"), VisibilityTimeout: "5" });
  assert.equal(
    (await queue.attributes())["RedrivePolicy"], `{"deadLetterTargetArn":"${dead.arn}","maxReceiveCount":2}`,
  );
  const sent = await queue.send(
    "poison", { MessageAttributes: { a: { DataType: "String", StringValue: "b" } } },
  );
  for (let count = 0; count < 2; count += 1) {
    assert.deepEqual(await queue.bodies(), ["poison"]);
    await region.clock.advance({ seconds: 5 });
  }
  const poll = dead.receive({
    WaitTimeSeconds: 20, MessageSystemAttributeNames: ["All"], MessageAttributeNames: ["All"],
  });
  await region.settled();
  assert.deepEqual(await queue.bodies(), []);
  const [message] = await poll;
  assert.equal(message?.MessageId, sent.MessageId);
  assert.deepEqual(message?.MessageAttributes, { a: { DataType: "String", StringValue: "b" } });
  assert.deepEqual(message.Attributes, {
    SenderId: "000000000000",
    ApproximateFirstReceiveTimestamp: "1767225600000",
    ApproximateReceiveCount: "3",
    SentTimestamp: "1767225600000",
    DeadLetterQueueSourceArn: queue.arn,
  });
  assert.deepEqual(await queue.counts(), [0, 0, 0]);
});

test("a message keeps its age in the dead-letter queue", async () => {
  await using region = await startRegion();
  const dead = await createQueue(region, "dead", { MessageRetentionPeriod: "100" });
  const queue = await createQueue(region, "work", { ...redrive(dead, 1), VisibilityTimeout: "0" });
  await queue.send("old");
  await region.clock.advance({ seconds: 60 });
  await queue.receive();
  await queue.receive();
  assert.deepEqual(await dead.counts(), [1, 0, 0]);
  await region.clock.advance({ seconds: 40 });
  assert.deepEqual(await dead.counts(), [0, 0, 0]);
});

test("in a FIFO queue the rest of the group follows when its head goes to the dead letters", async () => {
  await using region = await startRegion();
  const content = { ContentBasedDeduplication: "true" };
  const dead = await createQueue(region, "dead.fifo", content);
  const queue = await createQueue(
    region, "work.fifo", { ...redrive(dead, 1), ...content, VisibilityTimeout: "5" },
  );
  await queue.send("poison", { MessageGroupId: "g" });
  await queue.send("next", { MessageGroupId: "g" });
  assert.deepEqual(await queue.bodies({ MaxNumberOfMessages: 1 }), ["poison"]);
  await region.clock.advance({ seconds: 5 });
  assert.deepEqual(await queue.bodies(), ["next"]);
  const [message] = await dead.receive({ MessageSystemAttributeNames: ["All"] });
  assert.equal(message?.Body, "poison");
  assert.equal(message.Attributes?.["MessageGroupId"], "g");
});

test("without its dead-letter queue a message goes on being delivered", async () => {
  await using region = await startRegion();
  const dead = await createQueue(region, "dead");
  const queue = await createQueue(region, "work", { ...redrive(dead, 1), VisibilityTimeout: "0" });
  await queue.send("x");
  await dead.sqs.send(new DeleteQueueCommand({ QueueUrl: dead.url }));
  for (let count = 0; count < 3; count += 1) assert.deepEqual(await queue.bodies(), ["x"]);
});

test("a queue that is its own dead-letter queue does not hang anyone", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "self", { VisibilityTimeout: "0" });
  await queue.sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes: redrive(queue, 1) }));
  await queue.send("x");
  assert.deepEqual(await queue.bodies(), ["x"]);
  const poll = queue.bodies({ WaitTimeSeconds: 1 });
  await region.settled();
  await region.clock.advance({ seconds: 1 });
  assert.deepEqual(await poll, []);
});

test("redrive policies that cannot work are refused", async () => {
  await using region = await startRegion();
  const dead = await createQueue(region, "dead");
  const ordered = await createQueue(region, "dead.fifo");
  const queue = await createQueue(region, "work");
  const set = (RedrivePolicy: string) =>
    queue.sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes: { RedrivePolicy } }));
  const refused = async (policy: object, reason: string) => {
    const text = JSON.stringify(policy);
    await assert.rejects(
      set(text), invalid(`Value ${text} for parameter RedrivePolicy is invalid. Reason: ${reason}`),
    );
  };
  const arn = dead.arn;
  for (const text of ["text", "[]", "1", "null"]) {
    await assert.rejects(set(text), refusal(
      "InvalidAttributeValue",
      "Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a valid JSON map.",
    ));
  }
  await refused({}, "Redrive policy does not contain mandatory attribute: maxReceiveCount.");
  await refused(
    { maxReceiveCount: 1 }, "Redrive policy does not contain mandatory attribute: deadLetterTargetArn.",
  );
  for (const maxReceiveCount of [0, 1001, "x", 1.5]) {
    await refused(
      { deadLetterTargetArn: arn, maxReceiveCount },
      `Invalid value for maxReceiveCount: ${maxReceiveCount}, ` +
        "valid values are from 1 to 1000 both inclusive.",
    );
  }
  await refused(
    { deadLetterTargetArn: "dummy", maxReceiveCount: 42 }, "Invalid value for deadLetterTargetArn.",
  );
  await refused({ deadLetterTargetArn: `${arn}x`, maxReceiveCount: 1 }, "Dead letter target does not exist.");
  await refused(
    { deadLetterTargetArn: arn.replace("000000000000", "111111111111"), maxReceiveCount: 1 },
    "Dead-letter target owner should be same as the source.",
  );
  await refused(
    { deadLetterTargetArn: ordered.arn, maxReceiveCount: 1 },
    "Dead-letter queue must be same type of queue as the source.",
  );
  await refused(
    { deadLetterTargetArn: arn, maxReceiveCount: 1, more: 1 },
    "Only following attributes are supported: [maxReceiveCount, deadLetterTargetArn].",
  );
  await set(JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: 1000 }));
  await set("");
  assert.equal((await queue.attributes())["RedrivePolicy"], undefined);
});

test("a dead-letter queue says from whom it takes messages", async () => {
  await using region = await startRegion();
  const dead = await createQueue(region, "dead");
  const queue = await createQueue(region, "work");
  const allow = (RedriveAllowPolicy: string) =>
    dead.sqs.send(new SetQueueAttributesCommand({ QueueUrl: dead.url, Attributes: { RedriveAllowPolicy } }));
  const use = () => queue.sqs.send(
    new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes: redrive(dead, 1) }),
  );
  const text = redrive(dead, 1)["RedrivePolicy"];
  const refused = invalid(
    `Value ${text} for parameter RedrivePolicy is invalid. Reason: ` +
      "The redrive allow policy of the dead-letter queue does not permit this source queue.",
  );
  await allow('{"redrivePermission":"denyAll"}');
  await assert.rejects(use(), refused);
  await allow(JSON.stringify({ redrivePermission: "byQueue", sourceQueueArns: [`${queue.arn}-2`] }));
  await assert.rejects(use(), refused);
  await allow(JSON.stringify({ redrivePermission: "byQueue", sourceQueueArns: [queue.arn] }));
  await use();
  await allow('{"redrivePermission":"allowAll"}');

  const start = "Amazon SQS can't create the redrive allow policy";
  const because = (policy: string, reason: string) =>
    invalid(`Value ${policy} for parameter RedriveAllowPolicy is invalid. Reason: ${start}. ${reason}`);
  const none = '{"redrivePermission":"byQueue"}';
  await assert.rejects(allow(none), because(
    none,
    "When you specify the byQueue permission type, you must also specify one or more sourceQueueArns values.",
  ));
  const many = JSON.stringify({ redrivePermission: "byQueue", sourceQueueArns: Array(11).fill(queue.arn) });
  await assert.rejects(
    allow(many), because(many, "The maximum number of source queue ARNs you can specify is 10."),
  );
  const both = JSON.stringify({ redrivePermission: "allowAll", sourceQueueArns: [queue.arn] });
  await assert.rejects(allow(both), because(
    both, "To specify one or more source queue ARNs, you must set redrivePermission to byQueue.",
  ));
  for (const policy of [
    "x", "{}", '{"redrivePermission":"some"}', '{"redrivePermission":"byQueue","sourceQueueArns":"x"}',
  ]) {
    await assert.rejects(allow(policy), refusal(
      "InvalidAttributeValue",
      "Invalid value for the parameter RedriveAllowPolicy. " +
        `Reason: ${start}, as it’s in an unsupported format.`,
    ));
  }
});

test("the sources of a dead-letter queue are listed in pages", async () => {
  await using region = await startRegion();
  const dead = await createQueue(region, "dead");
  const list = (MaxResults?: number, NextToken?: string) =>
    dead.sqs.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: dead.url, MaxResults, NextToken }));
  assert.deepEqual((await list()).queueUrls, []);
  const sources = await Promise.all(
    ["a", "b", "c"].map((name) => createQueue(region, name, redrive(dead, 3))),
  );
  const urls = sources.map(({ url }) => url);
  assert.deepEqual((await list()).queueUrls, urls);
  const one = await list(2);
  assert.deepEqual(one.queueUrls, urls.slice(0, 2));
  assert.deepEqual((await list(2, one.NextToken)).queueUrls, urls.slice(2));
});
