import assert from "node:assert/strict";
import { test } from "node:test";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import {
  CreateTopicCommand, PublishBatchCommand, PublishCommand, SetTopicAttributesCommand, SNSClient,
  type MessageAttributeValue, type PublishBatchRequestEntry, type PublishCommandInput,
} from "@aws-sdk/client-sns";
import { startRegion } from "../../../test/region.ts";
import { createQueue, createTopic } from "./topic-fixture.ts";

function invalid(message: string): object {
  return { name: "InvalidParameterException", message: `Invalid parameter: ${message}` };
}

test("what is no message is refused in SNS's words", async () => {
  await using region = await startRegion();
  const { sns, arn: TopicArn } = await createTopic(region, "topic");
  const refused = async (message: string, more: Partial<PublishCommandInput>) => {
    const input = { TopicArn, Message: "m", ...more };
    await assert.rejects(sns.send(new PublishCommand(input)), invalid(message));
  };
  await refused("Empty message", { Message: "" });
  await refused("Subject", { Subject: "" });
  await refused("Subject", { Subject: "x".repeat(101) });
  await refused("Subject", { Subject: "a\nb" });
  await refused("MessageStructure", { MessageStructure: "xml" });
  const structure = { MessageStructure: "json" };
  await refused("Message Structure - JSON message body failed to parse", { ...structure, Message: "{" });
  const noDefault = "Message Structure - No default entry in JSON message body";
  await refused(noDefault, { ...structure, Message: "{}" });
  await refused(noDefault, { ...structure, Message: '{"default":1}' });
  await refused("Message too long", { Message: "x".repeat(262_145) });
  const a = { DataType: "String", StringValue: "x" };
  await refused("Message too long", { Message: "x".repeat(262_144 - 7), MessageAttributes: { a } });
  await sns.send(
    new PublishCommand({ TopicArn, Message: "x".repeat(262_144 - 8), MessageAttributes: { a } }),
  );
  await refused(
    "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not " +
      "valid for this topic type",
    { MessageDeduplicationId: "d" },
  );
  await refused(
    "TopicArn or TargetArn Reason: only one of the parameters may be given", { PhoneNumber: "+15550100" },
  );
  await refused("TopicArn or TargetArn Reason: no value for required parameter", { TopicArn: undefined });
  await refused(
    "TargetArn Reason: No endpoint found for the target arn specified",
    { TopicArn: undefined, TargetArn: "arn:aws:sns:us-east-1:000000000000:endpoint/GCM/app/x" },
  );
  await refused("TopicArn", { TopicArn: TopicArn.replace("us-east-1", "eu-west-1") });
});

test("attributes of messages are refused in SNS's words", async () => {
  await using region = await startRegion();
  const { publish } = await createTopic(region, "topic");
  const refused = async (message: string, value: Partial<MessageAttributeValue>, name = "attr1") => {
    const attribute = value as MessageAttributeValue;
    const error = { name: "InvalidParameterValueException", message };
    await assert.rejects(publish("m", { MessageAttributes: { [name]: attribute } }), error);
  };
  const string = { DataType: "String", StringValue: "x" };
  const empty = (type: string) =>
    "The message attribute 'attr1' must contain non-empty message attribute value for message attribute " +
    `type '${type}'.`;
  await refused(empty("String"), { DataType: "String", StringValue: "" });
  await refused(empty("Binary"), { DataType: "Binary" });
  await refused(
    "The message attribute 'attr1' with type 'Number' must use field 'String'.",
    { DataType: "Number", BinaryValue: Buffer.of(1) },
  );
  await refused(
    "The message attribute 'attr1' with type 'Binary' must use field 'Binary'.",
    { DataType: "Binary", StringValue: "x" },
  );
  for (const DataType of ["Strings", "String.", "", "x"]) {
    await refused(
      "The message attribute 'attr1' has an invalid message attribute type, the set of supported type " +
        "prefixes is Binary, Number, and String.",
      { DataType, StringValue: "x" },
    );
  }
  const noNumber = { ...string, DataType: "Number" };
  await refused("Could not cast message attribute 'attr1' value to number.", noNumber);
  await refused("Length of message attribute name must be less than 256 bytes.", string, "x".repeat(256));
  await refused("Invalid message attribute name starting with character '.' was found.", string, ".a");
  await refused("Invalid message attribute name ending with character '.' was found.", string, "a.");
  await refused("Message attribute name can not have successive '.' character.", string, "a..b");
  await refused(
    "Invalid non-alphanumeric character '#x5E' was found in the message attribute name. Can only include " +
      "alphanumeric characters, hyphens, underscores, or dots.",
    string, "a^b",
  );
});

test("ten messages are published at once, or none of them", async () => {
  await using region = await startRegion();
  const { sns, arn: TopicArn, subscribe } = await createTopic(region, "topic");
  const queue = await createQueue(region, "queue");
  await subscribe("sqs", queue.arn, { RawMessageDelivery: "true" });
  const batch = (entries: PublishBatchRequestEntry[]) =>
    sns.send(new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries: entries }));
  const entries = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ Id: `i${index}`, Message: `m${index}` }));
  const { Successful = [], Failed } = await batch(entries(10));
  assert.deepEqual(Successful.map(({ Id }) => Id), entries(10).map(({ Id }) => Id));
  assert.deepEqual(Failed, []);
  assert.deepEqual((await queue.bodies()).sort(), entries(10).map(({ Message }) => Message).sort());

  await assert.rejects(batch([]), { name: "EmptyBatchRequestException" });
  await assert.rejects(batch(entries(11)), {
    name: "TooManyEntriesInBatchRequestException",
    message: "The batch request contains more entries than permissible.",
  });
  await assert.rejects(batch([{ Id: "a", Message: "m" }, { Id: "a", Message: "m" }]), {
    name: "BatchEntryIdsNotDistinctException",
    message: "Two or more batch entries in the request have the same Id.",
  });
  await assert.rejects(batch([{ Id: "a b", Message: "m" }]), { name: "InvalidBatchEntryIdException" });
  const half = "x".repeat(131_072);
  await assert.rejects(batch([{ Id: "a", Message: half }, { Id: "b", Message: `${half}x` }]), {
    name: "BatchRequestTooLongException",
    message: "The length of all the messages put together is more than the limit.",
  });
  const withEmpty = [{ Id: "a", Message: "m" }, { Id: "b", Message: "" }];
  await assert.rejects(batch(withEmpty), invalid("Empty message"));
  assert.deepEqual(await queue.bodies(), []);
});

test("a FIFO topic keeps the order, counts, and takes a message once in five minutes", async () => {
  await using region = await startRegion();
  const topic = await createTopic(region, "topic.fifo");
  const queue = await createQueue(region, "queue.fifo");
  const plain = await createQueue(region, "plain");
  await topic.subscribe("sqs", queue.arn);
  await topic.subscribe("sqs", plain.arn, { RawMessageDelivery: "true" });
  await assert.rejects(
    topic.publish("m"), invalid("The MessageGroupId parameter is required for FIFO topics"),
  );
  await assert.rejects(
    topic.publish("m", { MessageGroupId: "g" }),
    invalid(
      "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided " +
        "explicitly",
    ),
  );
  await assert.rejects(topic.subscribe("email", "a@b.cd"), invalid("Invalid protocol type: email"));
  const sent: (string | undefined)[] = [];
  for (let index = 0; index < 5; index++) {
    const more = { MessageGroupId: "g", MessageDeduplicationId: `d${index}` };
    sent.push((await topic.publish(`m${index}`, more)).SequenceNumber);
  }
  assert.deepEqual(sent, [...sent].sort());
  assert.match(sent[0] ?? "", /^\d{20}$/);
  const again = await topic.publish("other", { MessageGroupId: "h", MessageDeduplicationId: "d0" });
  assert.equal(again.SequenceNumber, sent[0]);
  const messages = await queue.receive();
  const bodies = messages.map(({ Body = "" }) => JSON.parse(Body) as Record<string, string>);
  assert.deepEqual(bodies.map((body) => body["Message"]), ["m0", "m1", "m2", "m3", "m4"]);
  assert.deepEqual(bodies.map((body) => body["SequenceNumber"]), sent);
  assert.equal(bodies[0]?.["Signature"], undefined);
  const { MessageGroupId, MessageDeduplicationId } = messages[0]?.Attributes ?? {};
  assert.deepEqual([MessageGroupId, MessageDeduplicationId], ["g", "d0"]);
  assert.equal((await plain.bodies()).length, 5);

  await region.clock.advance({ minutes: 5 });
  const later = await topic.publish("m", { MessageGroupId: "g", MessageDeduplicationId: "d0" });
  assert.notEqual(later.SequenceNumber, sent[0]);
  await topic.sns.send(new SetTopicAttributesCommand({
    TopicArn: topic.arn, AttributeName: "ContentBasedDeduplication", AttributeValue: "true",
  }));
  const first = await topic.publish("same", { MessageGroupId: "g" });
  assert.equal((await topic.publish("same", { MessageGroupId: "h" })).MessageId, first.MessageId);
  await topic.sns.send(new SetTopicAttributesCommand({
    TopicArn: topic.arn, AttributeName: "FifoThroughputScope", AttributeValue: "MessageGroup",
  }));
  const inGroup = await topic.publish("same", { MessageGroupId: "h" });
  assert.notEqual(inGroup.MessageId, first.MessageId);
});

test("only who may use the topic's key publishes to it", async () => {
  await using region = await startRegion();
  const { KeyMetadata } = await region.client(KMSClient).send(new CreateKeyCommand({}));
  const KmsMasterKeyId = KeyMetadata?.KeyId ?? "";
  const { arn: TopicArn, publish } = await createTopic(region, "topic", { KmsMasterKeyId });
  await publish("by the account");
  const statement = (Action: string | string[], Resource: string) => ({ Effect: "Allow", Action, Resource });
  const publishes = statement("sns:Publish", TopicArn);
  const credentials = async (name: string, ...Statement: object[]) =>
    region.user(name, { Version: "2012-10-17", Statement });
  const without = region.client(SNSClient, { credentials: await credentials("without", publishes) });
  await assert.rejects(
    without.send(new PublishCommand({ TopicArn, Message: "m" })), { name: "KMSAccessDeniedException" },
  );
  const uses = statement(["kms:GenerateDataKey", "kms:Decrypt"], KeyMetadata?.Arn ?? "");
  const withKey = region.client(SNSClient, { credentials: await credentials("with", publishes, uses) });
  await withKey.send(new PublishCommand({ TopicArn, Message: "m" }));
  const sns = region.client(SNSClient);
  const Attributes = { KmsMasterKeyId: "00000000-0000-0000-0000-000000000000" };
  const { TopicArn: lost } = await sns.send(new CreateTopicCommand({ Name: "lost", Attributes }));
  await assert.rejects(
    sns.send(new PublishCommand({ TopicArn: lost, Message: "m" })), { name: "KMSNotFoundException" },
  );
});

test("the key that AWS manages is for publishers of the account alone", async () => {
  await using region = await startRegion();
  const { arn: TopicArn, publish } = await createTopic(region, "topic", {
    KmsMasterKeyId: "alias/aws/sns",
    Policy: JSON.stringify({ Version: "2012-10-17", Statement: [{
      Effect: "Allow", Principal: { AWS: "*" }, Action: "sns:Publish",
      Resource: "arn:aws:sns:us-east-1:000000000000:topic",
    }] }),
  });
  await publish("by the account");
  const other = region.client(SNSClient, { credentials: region.root("111111111111") });
  await assert.rejects(
    other.send(new PublishCommand({ TopicArn, Message: "m" })), { name: "KMSAccessDeniedException" },
  );
});

test("an archive replays what was published, in order, to who asks for it", async () => {
  await using region = await startRegion();
  const topic = await createTopic(region, "topic.fifo", {
    ContentBasedDeduplication: "true", ArchivePolicy: JSON.stringify({ MessageRetentionPeriod: 1 }),
  });
  const start = region.clock.now();
  for (const message of ["a", "b", "c"]) {
    await topic.publish(message, { MessageGroupId: "g" });
    await region.clock.advance({ hours: 1 });
  }
  const queue = await createQueue(region, "queue.fifo");
  await topic.subscribe("sqs", queue.arn, {
    ReplayPolicy: JSON.stringify({
      PointType: "Timestamp", StartingPoint: new Date(start + 1).toISOString(),
    }),
  });
  const replayed = await queue.notifications();
  assert.deepEqual(replayed.map((each) => each["Message"]), ["b", "c"]);
  assert.equal(replayed[0]?.["Replayed"], "true");
  assert.equal(replayed[0]?.["Timestamp"], new Date(start + 3_600_000).toISOString());

  await region.clock.advance({ days: 3 });
  const late = await createQueue(region, "late.fifo");
  await topic.subscribe("sqs", late.arn, {
    ReplayPolicy: JSON.stringify({ PointType: "Timestamp", StartingPoint: new Date(start).toISOString() }),
  });
  assert.deepEqual(await late.bodies(), []);
});
