import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  CreateTableCommand, DynamoDBClient, PutItemCommand, UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { AttachRolePolicyCommand, DetachRolePolicyCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  CreateStreamCommand, KinesisClient, PutRecordCommand, PutRecordsCommand, SplitShardCommand,
} from "@aws-sdk/client-kinesis";
import {
  CreateEventSourceMappingCommand, DeleteEventSourceMappingCommand, GetEventSourceMappingCommand,
  ListEventSourceMappingsCommand, UpdateEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
} from "@aws-sdk/client-lambda";
import {
  CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SendMessageBatchCommand,
  SendMessageCommand, SQSClient,
} from "@aws-sdk/client-sqs";
import { refusal } from "../../../test/refusal.ts";
import { account, arnOf, roleArn, startBench, type Bench } from "../../../test/lambda-bench.ts";
import { nodePackage } from "../../../test/zip-archive.ts";

/** Logs what it got; fails, or says what failed, as the payloads ask for. */
const teller = nodePackage(`
export const handler = async (event) => {
  const told = [];
  const failed = [];
  for (const record of event.Records) {
    const text = record.body ?? (record.kinesis && Buffer.from(record.kinesis.data, "base64").toString())
      ?? record.eventName + " " + JSON.stringify(record.dynamodb.NewImage);
    told.push(text);
    const id = record.messageId ?? record.kinesis?.sequenceNumber;
    if (text.includes("bad")) failed.push({ itemIdentifier: id });
  }
  console.log("TOLD " + JSON.stringify(told));
  if (process.env.PARTIAL) return { batchItemFailures: failed };
  if (failed.length > 0) throw new Error("bad");
  return "fine";
};
`);

let bench: Bench;
let sqs: SQSClient;
let kinesis: KinesisClient;
before(async () => {
  bench = await startBench();
  sqs = bench.region.client(SQSClient);
  kinesis = bench.region.client(KinesisClient);
  await bench.role("reader", {
    Effect: "Allow", Action: ["sqs:*", "kinesis:*", "dynamodb:*", "sns:*"], Resource: "*",
  });
});
after(() => bench.region.stop());

const queueArn = (name: string) => `arn:aws:sqs:us-east-1:${account}:${name}`;
const queueUrl = (name: string) => `http://localhost/${account}/${name}`;

async function queue(QueueName: string, Attributes: Record<string, string> = {}): Promise<void> {
  await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
}

async function make(name: string, variables: Record<string, string> = {}): Promise<void> {
  await bench.make(name, {
    Role: roleArn("reader"), Code: { ZipFile: teller }, Environment: { Variables: variables },
  });
}

async function map(
  name: string, EventSourceArn: string, more: Partial<CreateEventSourceMappingCommandInput> = {},
): Promise<string> {
  const { UUID } = await bench.lambda.send(
    new CreateEventSourceMappingCommand({ FunctionName: name, EventSourceArn, ...more }));
  await bench.region.clock.advance({ seconds: 1 });
  return UUID ?? "";
}

async function logged(name: string): Promise<string[][]> {
  const logs = bench.region.client(CloudWatchLogsClient);
  const { events = [] } = await logs.send(new FilterLogEventsCommand({
    logGroupName: `/aws/lambda/${name}`, filterPattern: "TOLD",
  })).catch((error: Error) => {
    if (error.name === "ResourceNotFoundException") return { events: [] };
    throw error;
  });
  return events.map(({ message = "" }) =>
    JSON.parse(message.slice(message.indexOf("TOLD ") + 5)) as string[]);
}

/**
 * What the function was told, batch by batch, as its logs say, which are written behind it.
 *
 * @param count how many messages there will be
 */
async function told(name: string, count: number): Promise<string[][]> {
  for (let look = 0; look < 200; look += 1) {
    const batches = await logged(name);
    if (batches.flat().length >= count) return batches;
    await bench.region.clock.advance({ milliseconds: 1 });
  }
  return logged(name);
}

async function left(name: string): Promise<number> {
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({
    QueueUrl: queueUrl(name), AttributeNames: ["All"],
  }));
  return Number(Attributes?.["ApproximateNumberOfMessages"])
    + Number(Attributes?.["ApproximateNumberOfMessagesNotVisible"]);
}

const settle = (seconds = 1) => bench.region.clock.advance({ seconds });

test("messages of a queue go to the function, and are deleted when it took them", async () => {
  await queue("plain");
  await make("plain");
  const UUID = await map("plain", queueArn("plain"));
  const shown = await bench.lambda.send(new GetEventSourceMappingCommand({ UUID }));
  const { $metadata: _, LastModified: __, ...rest } = shown;
  assert.deepEqual(rest, {
    UUID,
    EventSourceMappingArn: `arn:aws:lambda:us-east-1:${account}:event-source-mapping:${UUID}`,
    EventSourceArn: queueArn("plain"),
    FunctionArn: arnOf("plain"),
    BatchSize: 10,
    MaximumBatchingWindowInSeconds: 0,
    FunctionResponseTypes: [],
    State: "Enabled",
    StateTransitionReason: "USER_INITIATED",
  });
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl("plain"), MessageBody: "one" }));
  await settle();
  assert.deepEqual(await told("plain", 1), [["one"]]);
  assert.equal(await left("plain"), 0);
  assert.equal(
    await refusal(map("plain", queueArn("plain"))),
    `ResourceConflictException: An event source mapping with SQS arn (" ${queueArn("plain")} ") and ` +
      `function (" plain ") already exists. Please update or delete the existing mapping with UUID ${UUID}`,
  );
  await bench.lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false }));
  await settle();
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl("plain"), MessageBody: "two" }));
  await settle(60);
  assert.equal(await left("plain"), 1);
  await bench.lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: true }));
  await settle(31);
  assert.deepEqual((await told("plain", 2)).at(-1), ["two"]);
  const { State } = await bench.lambda.send(new DeleteEventSourceMappingCommand({ UUID }));
  assert.equal(State, "Deleting");
  await settle();
  const listed = await bench.lambda.send(new ListEventSourceMappingsCommand({ FunctionName: "plain" }));
  assert.deepEqual(listed.EventSourceMappings, []);
});

test("what the function fails with stays in the queue; of a part, only that part", async () => {
  await queue("failing", { VisibilityTimeout: "30" });
  await make("failing");
  await map("failing", queueArn("failing"));
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl("failing"), MessageBody: "bad" }));
  await settle();
  assert.equal(await left("failing"), 1);
  await settle(30);
  assert.deepEqual(await told("failing", 2), [["bad"], ["bad"]]);

  await queue("partial");
  await make("partial", { PARTIAL: "1" });
  await map("partial", queueArn("partial"), { FunctionResponseTypes: ["ReportBatchItemFailures"] });
  await sqs.send(new SendMessageBatchCommand({
    QueueUrl: queueUrl("partial"),
    Entries: ["good", "bad", "fine"].map((MessageBody, index) => ({ Id: String(index), MessageBody })),
  }));
  await settle();
  assert.equal(await left("partial"), 1);
});

test("filters let through what they say, and the rest is deleted", async () => {
  await queue("filtered");
  await make("filtered");
  await map("filtered", queueArn("filtered"), {
    FilterCriteria: { Filters: [{ Pattern: JSON.stringify({ body: { kind: ["wanted"] } }) }] },
  });
  const [wanted, other] = [JSON.stringify({ kind: "wanted" }), JSON.stringify({ kind: "other" })];
  for (const MessageBody of [wanted, other, "text"]) {
    await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl("filtered"), MessageBody }));
  }
  await settle(2);
  assert.deepEqual((await told("filtered", 1)).flat(), [wanted]);
  assert.equal(await left("filtered"), 0);
});

test("a batch window waits for more", async () => {
  await queue("window");
  await make("window");
  await map("window", queueArn("window"), { BatchSize: 100, MaximumBatchingWindowInSeconds: 20 });
  for (const MessageBody of ["1", "2", "3"]) {
    await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl("window"), MessageBody }));
    await settle(5);
  }
  assert.deepEqual(await told("window", 0), []);
  await settle(10);
  assert.deepEqual((await told("window", 3)).map((batch) => batch.sort()), [["1", "2", "3"]]);
});

test("kinesis-writers-readers: records of a stream go to the function in their order", async () => {
  await kinesis.send(new CreateStreamCommand({ StreamName: "records", ShardCount: 1 }));
  await make("records");
  await settle();
  const StreamName = "records";
  const source = `arn:aws:kinesis:us-east-1:${account}:stream/records`;
  const put = (text: string, ExplicitHashKey?: string) => kinesis.send(new PutRecordCommand({
    StreamName, PartitionKey: "k", Data: Buffer.from(text), ExplicitHashKey,
  }));
  await put("a");
  const UUID = await map("records", source, { StartingPosition: "TRIM_HORIZON", BatchSize: 2 });
  await put("b");
  await put("c");
  await settle(3);
  assert.deepEqual((await told("records", 3)).flat(), ["a", "b", "c"]);
  const shown = await bench.lambda.send(new GetEventSourceMappingCommand({ UUID }));
  assert.deepEqual(
    [shown.LastProcessingResult, shown.MaximumRetryAttempts, shown.ParallelizationFactor], ["OK", -1, 1]);
  await kinesis.send(new SplitShardCommand({
    StreamName, ShardToSplit: "shardId-000000000000", NewStartingHashKey: String(2n ** 127n),
  }));
  await settle(2);
  await put("left", "0");
  await settle(15);
  await put("right", String(2n ** 128n - 1n));
  await settle(3);
  assert.deepEqual((await told("records", 5)).flat(), ["a", "b", "c", "left", "right"]);
});

test("a batch that fails is halved, tried again, and given up to a destination", async () => {
  await kinesis.send(new CreateStreamCommand({ StreamName: "halved", ShardCount: 1 }));
  await queue("lost");
  await make("halved");
  await settle();
  const source = `arn:aws:kinesis:us-east-1:${account}:stream/halved`;
  await map("halved", source, {
    StartingPosition: "LATEST", BisectBatchOnFunctionError: true, MaximumRetryAttempts: 1,
    DestinationConfig: { OnFailure: { Destination: queueArn("lost") } },
  });
  await settle(2);
  const Records = ["1", "2", "bad", "4"].map((text) => ({ PartitionKey: "k", Data: Buffer.from(text) }));
  await kinesis.send(new PutRecordsCommand({ StreamName: "halved", Records }));
  await settle(10);
  assert.deepEqual(await told("halved", 11), [
    ["1", "2", "bad", "4"], ["1", "2"], ["bad", "4"], ["bad"], ["bad"], ["4"],
  ]);
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl("lost") }));
  const record = JSON.parse(Messages?.[0]?.Body ?? "{}") as Record<string, Record<string, unknown>>;
  assert.equal(record["requestContext"]?.["condition"], "RetryAttemptsExhausted");
  assert.equal(record["requestContext"]["approximateInvokeCount"], 2);
  assert.equal(record["requestContext"]["functionArn"], arnOf("halved"));
  assert.equal(record["responseContext"]?.["functionError"], "Unhandled");
  assert.equal(record["KinesisBatchInfo"]?.["batchSize"], 1);
  assert.equal(record["KinesisBatchInfo"]["shardId"], "shardId-000000000000");
  assert.match(String(record["KinesisBatchInfo"]["approximateArrivalOfLastRecord"]), /:\d\d\.\d{3}Z$/);
});

test("dynamodb-stream-lambda-trigger: changes of a table go to the function, as filters say", async () => {
  const db = bench.region.client(DynamoDBClient);
  const { TableDescription } = await db.send(new CreateTableCommand({
    TableName: "items", BillingMode: "PAY_PER_REQUEST",
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
  }));
  await queue("lost-changes");
  await make("changes");
  await settle();
  await map("changes", TableDescription?.LatestStreamArn ?? "", {
    StartingPosition: "LATEST", MaximumRetryAttempts: 0,
    DestinationConfig: { OnFailure: { Destination: queueArn("lost-changes") } },
    FilterCriteria: { Filters: [{ Pattern: JSON.stringify({ eventName: ["MODIFY"] }) }] },
  });
  await settle(2);
  await db.send(new PutItemCommand({ TableName: "items", Item: { pk: { S: "a" } } }));
  await db.send(new UpdateItemCommand({
    TableName: "items", Key: { pk: { S: "a" } }, UpdateExpression: "SET n = :n",
    ExpressionAttributeValues: { ":n": { N: "1" } },
  }));
  await settle(2);
  assert.deepEqual(await told("changes", 1), [['MODIFY {"pk":{"S":"a"},"n":{"N":"1"}}']]);
  await db.send(new PutItemCommand({ TableName: "items", Item: { pk: { S: "a" }, is: { S: "bad" } } }));
  await settle(2);
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl("lost-changes") }));
  const record = JSON.parse(Messages?.[0]?.Body ?? "{}") as Record<string, Record<string, string>>;
  // DynamoDB tells the second of a change, Kinesis the millisecond.
  assert.match(
    record["DDBStreamBatchInfo"]?.["approximateArrivalOfFirstRecord"] ?? "", /^2026-01-01T00:\d\d:\d\dZ$/,
  );
});

test("a FIFO queue's groups go to the function in their order", async () => {
  await queue("ordered.fifo", { FifoQueue: "true", ContentBasedDeduplication: "true" });
  await make("ordered");
  await map("ordered", queueArn("ordered.fifo"), { BatchSize: 2 });
  for (const text of ["a1", "b1", "a2", "a3", "b2"]) {
    await sqs.send(new SendMessageCommand({
      QueueUrl: queueUrl("ordered.fifo"), MessageBody: text, MessageGroupId: text[0],
    }));
  }
  await settle(2);
  const all = (await told("ordered", 5)).flat();
  assert.deepEqual(all.filter((text) => text.startsWith("a")), ["a1", "a2", "a3"]);
  assert.deepEqual(all.filter((text) => text.startsWith("b")), ["b1", "b2"]);
  assert.equal(await left("ordered.fifo"), 0);
});

test("of a stream's batch, what comes before the first that failed is not given again", async () => {
  await kinesis.send(new CreateStreamCommand({ StreamName: "pieces", ShardCount: 1 }));
  await queue("gone");
  await make("pieces", { PARTIAL: "1" });
  await settle();
  await map("pieces", `arn:aws:kinesis:us-east-1:${account}:stream/pieces`, {
    StartingPosition: "TRIM_HORIZON", FunctionResponseTypes: ["ReportBatchItemFailures"],
    // What was taken in part is not halved besides.
    BisectBatchOnFunctionError: true, MaximumRecordAgeInSeconds: 60,
    DestinationConfig: { OnFailure: { Destination: queueArn("gone") } },
  });
  const Records = ["1", "bad", "3"].map((text) => ({ PartitionKey: "k", Data: Buffer.from(text) }));
  await kinesis.send(new PutRecordsCommand({ StreamName: "pieces", Records }));
  await settle(2);
  assert.deepEqual((await told("pieces", 5)).slice(0, 2), [["1", "bad", "3"], ["bad", "3"]]);
  await settle(120);
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl("gone") }));
  const record = JSON.parse(Messages?.[0]?.Body ?? "{}") as Record<string, Record<string, unknown>>;
  assert.equal(record["requestContext"]?.["condition"], "RecordAgeExceeded");
  assert.equal(record["KinesisBatchInfo"]?.["batchSize"], 2);
  await kinesis.send(new PutRecordCommand({
    StreamName: "pieces", PartitionKey: "k", Data: Buffer.from("4"),
  }));
  await settle(2);
  assert.deepEqual((await told("pieces", 1)).at(-1), ["4"]);
});

test("keys of a shard are processed side by side, each in its order", async () => {
  await kinesis.send(new CreateStreamCommand({ StreamName: "lanes", ShardCount: 1 }));
  await make("lanes");
  await settle();
  await map("lanes", `arn:aws:kinesis:us-east-1:${account}:stream/lanes`, {
    StartingPosition: "TRIM_HORIZON", ParallelizationFactor: 10,
  });
  const Records = Array.from({ length: 40 }, (_unused, index) => ({
    PartitionKey: `key ${index % 8}`, Data: Buffer.from(`${index % 8} ${index}`),
  }));
  await kinesis.send(new PutRecordsCommand({ StreamName: "lanes", Records }));
  await settle(2);
  const batches = await told("lanes", 40);
  assert.ok(batches.length > 2);
  for (const batch of batches) {
    for (let key = 0; key < 8; key += 1) {
      const numbers = batch.filter((text) => text.startsWith(`${key} `)).map((text) => Number(text.slice(2)));
      assert.ok(numbers.length === 0 || numbers.length === 5, "one key is in one batch");
      assert.deepEqual(numbers, [...numbers].sort((one, other) => one - other));
    }
  }
  assert.equal(batches.flat().length, 40);
});

test("lambda-esm-uses-execution-role: the role must be allowed to read, and reads", async () => {
  await queue("read");
  await bench.role("learner");
  await bench.make("learning", { Role: roleArn("learner"), Code: { ZipFile: teller } });
  assert.equal(
    await refusal(map("learning", queueArn("read"))),
    "InvalidParameterValueException: The provided execution role does not have permissions to call " +
      "ReceiveMessage on SQS",
  );
  const iam = bench.region.client(IAMClient);
  const policy = {
    RoleName: "learner", PolicyArn: "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole",
  };
  await iam.send(new AttachRolePolicyCommand(policy));
  await map("learning", queueArn("read"));
  const send = (MessageBody: string) => sqs.send(
    new SendMessageCommand({ QueueUrl: queueUrl("read"), MessageBody }));
  await send("one");
  await settle();
  assert.deepEqual(await told("learning", 1), [["one"]]);
  assert.equal(await left("read"), 0);
  await iam.send(new DetachRolePolicyCommand(policy));
  await settle(30);
  await send("two");
  await settle(30);
  assert.equal(await left("read"), 1);
  await iam.send(new AttachRolePolicyCommand(policy));
  await settle(30);
  assert.deepEqual((await told("learning", 2)).at(-1), ["two"]);
});
