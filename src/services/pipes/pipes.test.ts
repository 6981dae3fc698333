import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { CreateTableCommand, DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateStreamCommand, KinesisClient, PutRecordCommand } from "@aws-sdk/client-kinesis";
import {
  CreatePipeCommand, DeletePipeCommand, DescribePipeCommand, ListPipesCommand, ListTagsForResourceCommand,
  PipesClient, StartPipeCommand, StopPipeCommand, TagResourceCommand, UntagResourceCommand, UpdatePipeCommand,
  type CreatePipeCommandInput,
} from "@aws-sdk/client-pipes";
import {
  CreateQueueCommand, DeleteMessageCommand, GetQueueUrlCommand, ReceiveMessageCommand, SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { allow, trust } from "../../../test/policies.ts";
import { refusal } from "../../../test/refusal.ts";
import { startRegion, type TestRegion } from "../../../test/region.ts";

let region: TestRegion;
let pipes: PipesClient;
let sqs: SQSClient;
const queueArn = (name: string): string => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const RoleArn = "arn:aws:iam::000000000000:role/piper";

before(async () => {
  region = await startRegion();
  pipes = region.client(PipesClient);
  sqs = region.client(SQSClient);
  const iam = region.client(IAMClient);
  for (const RoleName of ["piper", "poor"]) {
    await iam.send(new CreateRoleCommand({
      RoleName, AssumeRolePolicyDocument: trust("pipes.amazonaws.com"),
    }));
  }
  await iam.send(new PutRolePolicyCommand({
    RoleName: "piper", PolicyName: "move",
    PolicyDocument: JSON.stringify(allow(["sqs:*", "kinesis:*", "dynamodb:*"])),
  }));
  for (const QueueName of ["in", "out", "dead"]) await sqs.send(new CreateQueueCommand({ QueueName }));
});
after(() => region.stop());

async function url(QueueName: string): Promise<string> {
  return (await sqs.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl ?? "";
}

async function send(...bodies: unknown[]): Promise<void> {
  for (const body of bodies) {
    const MessageBody = typeof body === "string" ? body : JSON.stringify(body);
    await sqs.send(new SendMessageCommand({ QueueUrl: await url("in"), MessageBody }));
  }
  await region.engine.settled();
}

async function drain(name = "out"): Promise<string[]> {
  const QueueUrl = await url(name);
  const bodies: string[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
    );
    if (Messages.length === 0) return bodies.sort();
    for (const { Body = "", ReceiptHandle } of Messages) {
      bodies.push(Body);
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }
}

const seconds = (count: number): Promise<unknown> => region.clock.advance({ seconds: count });

async function create(Name: string, more: Partial<CreatePipeCommandInput> = {}): Promise<void> {
  await pipes.send(
    new CreatePipeCommand({ Name, Source: queueArn("in"), Target: queueArn("out"), RoleArn, ...more }),
  );
  await seconds(4);
}

async function remove(Name: string): Promise<void> {
  await pipes.send(new DeletePipeCommand({ Name }));
  await seconds(4);
}

test("a pipe goes through its states, and moves what is in a queue at once while it runs", async () => {
  const { CurrentState, DesiredState, Arn } = await pipes.send(new CreatePipeCommand({
    Name: "first", Source: queueArn("in"), Target: queueArn("out"), RoleArn,
    TargetParameters: { InputTemplate: "<$.body>" },
  }));
  assert.deepEqual([CurrentState, DesiredState], ["CREATING", "RUNNING"]);
  assert.equal(Arn, "arn:aws:pipes:us-east-1:000000000000:pipe/first");
  const busy = "ConflictException: Pipe first is CREATING.";
  assert.equal(await refusal(pipes.send(new StopPipeCommand({ Name: "first" }))), busy);
  await send("early");
  assert.deepEqual(await drain(), []);
  await seconds(4);
  assert.deepEqual(await drain(), ["early"]);
  await send("now");
  assert.deepEqual(await drain(), ["now"]);
  assert.deepEqual(await drain("in"), []);
  assert.equal((await pipes.send(new StopPipeCommand({ Name: "first" }))).CurrentState, "STOPPING");
  await seconds(4);
  await send("waits");
  await seconds(60);
  assert.deepEqual(await drain(), []);
  assert.equal((await pipes.send(new StartPipeCommand({ Name: "first" }))).CurrentState, "STARTING");
  await seconds(4);
  assert.deepEqual(await drain(), ["waits"]);
  assert.equal((await pipes.send(new DeletePipeCommand({ Name: "first" }))).CurrentState, "DELETING");
  assert.equal((await pipes.send(new DescribePipeCommand({ Name: "first" }))).DesiredState, "DELETED");
  await seconds(4);
  assert.equal(
    await refusal(pipes.send(new DescribePipeCommand({ Name: "first" }))),
    "NotFoundException: Pipe first does not exist.",
  );
});

test("what matches no filter is taken from the queue, and goes nowhere", async () => {
  await create("filtered", {
    SourceParameters: {
      FilterCriteria: { Filters: [{ Pattern: `{"body":{"kind":["order"],"sum":[{"numeric":[">",9]}]}}` }] },
    },
    TargetParameters: {
      InputTemplate: `{"id":<$.body.id>,"pipe":"<aws.pipes.pipe-name>","text":<$.body.text>}`,
    },
  });
  await send({ kind: "order", sum: 10, id: 1, text: `a "b"` }, { kind: "order", sum: 9, id: 2 }, "no JSON");
  assert.deepEqual(await drain(), [`{"id":1,"pipe":"filtered","text":"a \\"b\\""}`]);
  await seconds(120);
  assert.deepEqual(await drain("in"), []);
  await remove("filtered");
});

test("without a template the target gets the event", async () => {
  await create("whole");
  await send("text");
  const [event = ""] = await drain();
  const { messageId, receiptHandle, attributes, ...rest } = JSON.parse(event) as Record<string, unknown>;
  assert.ok(messageId && receiptHandle && attributes);
  assert.deepEqual(rest, {
    body: "text", messageAttributes: {}, md5OfBody: "1cb251ec0d568de6a929b520c4aed8d1",
    eventSource: "aws:sqs",
    eventSourceARN: queueArn("in"), awsRegion: "us-east-1",
  });
  await remove("whole");
});

test("what the target does not take stays in the queue", async () => {
  await create("lost", { Target: queueArn("nowhere"), TargetParameters: { InputTemplate: "<$.body>" } });
  await send("kept");
  await pipes.send(new UpdatePipeCommand({ Name: "lost", RoleArn, Target: queueArn("out") }));
  await seconds(60);
  assert.deepEqual(await drain(), ["kept"]);
  await remove("lost");
});

test("messages in order are not passed by those behind them", async () => {
  const Attributes = { FifoQueue: "true", ContentBasedDeduplication: "true" };
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "in.fifo", Attributes }));
  await sqs.send(new CreateQueueCommand({ QueueName: "out.fifo", Attributes }));
  await create("ordered", {
    Source: queueArn("in.fifo"), Target: queueArn("out.fifo"), DesiredState: "STOPPED",
    TargetParameters: { InputTemplate: "<$.body.n>", SqsQueueParameters: { MessageGroupId: "$.body.group" } },
  });
  // The second has no group, so that the target does not take it.
  for (const body of [{ n: 1, group: "g" }, { n: 2 }, { n: 3, group: "g" }]) {
    const MessageBody = JSON.stringify(body);
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId: "all" }));
  }
  await pipes.send(new StartPipeCommand({ Name: "ordered" }));
  await seconds(90);
  assert.deepEqual(await drain("out.fifo"), ["1"]);
  await remove("ordered");
});

test("a role that may not read the source makes a pipe that says so", async () => {
  await create("poor", { RoleArn: "arn:aws:iam::000000000000:role/poor" });
  const { CurrentState, StateReason } = await pipes.send(new DescribePipeCommand({ Name: "poor" }));
  assert.equal(CurrentState, "CREATE_FAILED");
  assert.match(StateReason ?? "", /is not authorized to perform: sqs:ReceiveMessage/i);
  await remove("poor");
});

/** A stream of one shard, and what puts records into it. */
async function stream(name: string): Promise<(key: string, data: object) => Promise<unknown>> {
  const kinesis = region.client(KinesisClient);
  await kinesis.send(new CreateStreamCommand({ StreamName: name, ShardCount: 1 }));
  await seconds(60);
  return (PartitionKey, data) => kinesis.send(new PutRecordCommand({
    StreamName: name, PartitionKey, Data: Buffer.from(JSON.stringify(data)),
  }));
}

test("a lane that fails holds up its own records alone", async () => {
  const record = await stream("lanes");
  await sqs.send(new CreateQueueCommand({ QueueName: "lanes.fifo", Attributes: {
    FifoQueue: "true", ContentBasedDeduplication: "true",
  } }));
  // The first record has no group, so that the target never takes it. Of `a` and `c` the lanes differ.
  for (const [key, data] of [["a", { n: 1 }], ["c", { n: 2, group: "g" }], ["a", { n: 3, group: "g" }],
    ["c", { n: 4, group: "g" }]] as const) await record(key, data);
  const lanes = (Name: string, ParallelizationFactor: number): Promise<void> => create(Name, {
    Source: "arn:aws:kinesis:us-east-1:000000000000:stream/lanes", Target: queueArn("lanes.fifo"),
    SourceParameters: { KinesisStreamParameters: {
      StartingPosition: "TRIM_HORIZON", ParallelizationFactor, BatchSize: 1,
    } },
    TargetParameters: {
      InputTemplate: `${Name} <$.data.n>`, SqsQueueParameters: { MessageGroupId: "$.data.group" },
    },
  });
  await lanes("single", 1);
  await seconds(30);
  assert.deepEqual(await drain("lanes.fifo"), []);
  await remove("single");
  await lanes("double", 2);
  await seconds(30);
  assert.deepEqual(await drain("lanes.fifo"), ["double 2"]);
  await record("c", { n: 5, group: "g" });
  await remove("double");
});

test("a batch of a stream waits for its window, unless it is full", async () => {
  const record = await stream("window");
  await create("window", {
    Source: "arn:aws:kinesis:us-east-1:000000000000:stream/window",
    SourceParameters: { KinesisStreamParameters: {
      StartingPosition: "TRIM_HORIZON", BatchSize: 2, MaximumBatchingWindowInSeconds: 10,
    } },
    TargetParameters: { InputTemplate: "<$.data.n>" },
  });
  await record("k", { n: 1 });
  await seconds(9);
  assert.deepEqual(await drain(), []);
  await seconds(1);
  assert.deepEqual(await drain(), ["1"]);
  await record("k", { n: 2 });
  await record("k", { n: 3 });
  await region.engine.settled();
  assert.deepEqual(await drain(), ["2", "3"]);
  await remove("window");
});

test("records of a Kinesis stream are moved in order, from where the pipe begins", async () => {
  const kinesis = region.client(KinesisClient);
  await kinesis.send(new CreateStreamCommand({ StreamName: "events", ShardCount: 1 }));
  await seconds(60);
  const record = (data: object): Promise<unknown> => kinesis.send(new PutRecordCommand({
    StreamName: "events", PartitionKey: "key", Data: Buffer.from(JSON.stringify(data)),
  }));
  await record({ n: 1 });
  await create("stream", {
    Source: "arn:aws:kinesis:us-east-1:000000000000:stream/events",
    SourceParameters: {
      KinesisStreamParameters: { StartingPosition: "TRIM_HORIZON" },
      FilterCriteria: { Filters: [{ Pattern: `{"data":{"n":[{"anything-but":2}]}}` }] },
    },
    TargetParameters: { InputTemplate: "<$.partitionKey> <$.data.n>" },
  });
  assert.deepEqual(await drain(), ["key 1"]);
  await record({ n: 2 });
  await record({ n: 3 });
  await region.engine.settled();
  assert.deepEqual(await drain(), ["key 3"]);
  await remove("stream");
});

test("records of a table are moved; what is given up is told of in the dead-letter queue", async () => {
  const dynamodb = region.client(DynamoDBClient);
  const { TableDescription } = await dynamodb.send(new CreateTableCommand({
    TableName: "items", BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
  }));
  await seconds(60);
  const put = (pk: string): Promise<unknown> =>
    dynamodb.send(new PutItemCommand({ TableName: "items", Item: { pk: { S: pk } } }));
  const source = {
    Source: TableDescription?.LatestStreamArn ?? "",
    TargetParameters: { InputTemplate: "<$.eventName> <$.dynamodb.NewImage.pk.S>" },
  };
  await create("table", {
    ...source, SourceParameters: { DynamoDBStreamParameters: { StartingPosition: "LATEST" } },
  });
  await put("a");
  await region.engine.settled();
  await seconds(30);
  assert.deepEqual(await drain(), ["INSERT a"]);
  await remove("table");
  await create("broken", {
    ...source, Target: queueArn("nowhere"), SourceParameters: { DynamoDBStreamParameters: {
      StartingPosition: "TRIM_HORIZON", MaximumRetryAttempts: 2, DeadLetterConfig: { Arn: queueArn("dead") },
    } },
  });
  await seconds(60);
  const [letter = "{}"] = await drain("dead");
  const { context, DDBStreamBatchInfo: info } = JSON.parse(letter) as Record<string, Record<string, unknown>>;
  assert.deepEqual(context, {
    partnerResourceArn: "arn:aws:pipes:us-east-1:000000000000:pipe/broken",
    condition: "RetryAttemptsExhausted", approximateInvokeCount: 3,
  });
  assert.equal(info?.["batchSize"], 1);
  await remove("broken");
});

test("an update with empty filter criteria and dead-letter queue takes them away", async () => {
  const Source = "arn:aws:kinesis:us-east-1:000000000000:stream/unfiltered";
  await create("unfiltered", { Source, DesiredState: "STOPPED", SourceParameters: {
    FilterCriteria: { Filters: [{ Pattern: '{"data":["a"]}' }] },
    KinesisStreamParameters: {
      StartingPosition: "LATEST", BatchSize: 5, MaximumRecordAgeInSeconds: 60,
      DeadLetterConfig: { Arn: queueArn("dead") },
    },
  } });
  const update = (age: number): Promise<unknown> => pipes.send(new UpdatePipeCommand({
    Name: "unfiltered", RoleArn, SourceParameters: {
      FilterCriteria: {}, KinesisStreamParameters: {
        BatchSize: 6, DeadLetterConfig: {}, MaximumRecordAgeInSeconds: age,
      },
    },
  }));
  assert.equal(await refusal(update(0)), `ValidationException: ${JSON.stringify({ ValidationErrorFields: [
    {
      Name: "MaximumRecordAgeInSeconds",
      Message: "MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)",
    },
    {
      Name: "MaximumBatchingWindowInSeconds",
      Message: "MaximumBatchingWindowInSeconds must be less than MaximumRecordAgeInSeconds.",
    },
  ] })}`);
  await update(604_800);
  assert.deepEqual(
    (await pipes.send(new DescribePipeCommand({ Name: "unfiltered" }))).SourceParameters,
    { KinesisStreamParameters: {
      StartingPosition: "LATEST", BatchSize: 6, MaximumBatchingWindowInSeconds: 0,
      MaximumRecordAgeInSeconds: 604_800,
    } },
  );
  await seconds(4);
  const FilterCriteria = { Filters: [{ Pattern: '{"data":["b"]}' }] };
  await pipes.send(new UpdatePipeCommand({
    Name: "unfiltered", RoleArn, SourceParameters: { FilterCriteria },
  }));
  const { SourceParameters } = await pipes.send(new DescribePipeCommand({ Name: "unfiltered" }));
  assert.deepEqual(SourceParameters?.FilterCriteria, FilterCriteria);
  assert.equal(SourceParameters?.KinesisStreamParameters?.MaximumRecordAgeInSeconds, 604_800);
  await seconds(4);
  await remove("unfiltered");
});

test("an update without a template keeps it, and one with an empty template takes it away", async () => {
  const parameters = { InputTemplate: "<$.body>", SqsQueueParameters: { MessageGroupId: "a" } };
  await create("templated", { DesiredState: "STOPPED", TargetParameters: parameters });
  const updated = async (TargetParameters?: object): Promise<unknown> => {
    await pipes.send(
      new UpdatePipeCommand({ Name: "templated", RoleArn, ...(TargetParameters && { TargetParameters }) }),
    );
    await seconds(4);
    return (await pipes.send(new DescribePipeCommand({ Name: "templated" }))).TargetParameters;
  };
  assert.deepEqual(await updated(), parameters);
  assert.deepEqual(
    await updated({ SqsQueueParameters: { MessageGroupId: "b" } }),
    { ...parameters, SqsQueueParameters: { MessageGroupId: "b" } },
  );
  assert.deepEqual(await updated({}), { InputTemplate: "<$.body>" });
  assert.equal(await updated({ InputTemplate: "" }), undefined);
  await remove("templated");
});

test("pipes are listed and tagged", async () => {
  for (const name of ["list-a", "list-b"]) {
    await create(name, { DesiredState: "STOPPED", Tags: { team: "shop" } });
  }
  const { Pipes: [first] = [], NextToken } = await pipes.send(
    new ListPipesCommand({ NamePrefix: "list-", Limit: 1 }),
  );
  assert.deepEqual([first?.Name, first?.CurrentState, first?.Target], ["list-a", "STOPPED", queueArn("out")]);
  const { Pipes: rest = [] } = await pipes.send(
    new ListPipesCommand({ NamePrefix: "list-", Limit: 1, NextToken }),
  );
  assert.deepEqual(rest.map(({ Name }) => Name), ["list-b"]);
  const resourceArn = first?.Arn ?? "";
  await pipes.send(new TagResourceCommand({ resourceArn, tags: { more: "1" } }));
  await pipes.send(new UntagResourceCommand({ resourceArn, tagKeys: ["team"] }));
  assert.deepEqual((await pipes.send(new ListTagsForResourceCommand({ resourceArn }))).tags, { more: "1" });
  for (const name of ["list-a", "list-b"]) await remove(name);
});
