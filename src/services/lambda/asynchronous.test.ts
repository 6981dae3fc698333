import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  CloudWatchLogsClient, DescribeLogStreamsCommand, FilterLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import {
  GetFunctionEventInvokeConfigCommand, InvokeCommand, PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand, PutFunctionRecursionConfigCommand, UpdateFunctionConfigurationCommand,
  UpdateFunctionEventInvokeConfigCommand,
} from "@aws-sdk/client-lambda";
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient, type Message } from "@aws-sdk/client-sqs";
import { account, arnOf, startBench, type Bench } from "../../../test/lambda-bench.ts";
import { refusal } from "../../../test/refusal.ts";
import { nodePackage } from "../../../test/zip-archive.ts";

let bench: Bench;
let sqs: SQSClient;
before(async () => {
  bench = await startBench();
  sqs = bench.region.client(SQSClient);
  await bench.role("sender", { Effect: "Allow", Action: ["sqs:SendMessage", "s3:PutObject"], Resource: "*" });
});
after(() => bench.region.stop());

const sender = `arn:aws:iam::${account}:role/sender`;
const queueArn = (name: string): string => `arn:aws:sqs:us-east-1:${account}:${name}`;

const failing = {
  Code: { ZipFile: nodePackage("export const handler = async () => { throw new Error('always'); };") },
};

async function queue(QueueName: string): Promise<string> {
  await sqs.send(new CreateQueueCommand({ QueueName }));
  return queueArn(QueueName);
}

async function received(QueueName: string): Promise<Message | undefined> {
  const { Messages } = await sqs.send(new ReceiveMessageCommand({
    QueueUrl: `http://localhost:4566/${account}/${QueueName}`, MessageAttributeNames: ["All"],
  }));
  return Messages?.[0];
}

const send = (FunctionName: string, event: unknown = {}) => bench.lambda.send(new InvokeCommand({
  FunctionName, InvocationType: "Event", Payload: Buffer.from(JSON.stringify(event)),
}));

/** The lines of a function's log that begin with a word, with the time of each. */
async function logged(name: string, word: string): Promise<[number, string][]> {
  const logs = bench.region.client(CloudWatchLogsClient);
  const { events } = await logs.send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}` }));
  return (events ?? []).flatMap(({ message = "", timestamp = 0 }) =>
    message.startsWith(word) ? [[timestamp, message] as [number, string]] : []);
}

test("lambda-async-invocation: an event is taken at once, and processed later", async () => {
  await bench.make(
    "later",
    { Code: { ZipFile: nodePackage("export const handler = async (e) => { console.log(e.say); };") } },
  );
  const { StatusCode, Payload, $metadata: { requestId } } = await send("later", { say: "heard" });
  assert.deepEqual([StatusCode, Payload?.length ?? 0], [202, 0]);
  await bench.region.clock.advance({ seconds: 1 });
  const logs = bench.region.client(CloudWatchLogsClient);
  const { events } = await logs.send(new FilterLogEventsCommand({ logGroupName: "/aws/lambda/later" }));
  assert.ok(events?.some(({ message }) => message?.endsWith(`${requestId}\tINFO\theard\n`)));
  const { logStreams } = await logs.send(
    new DescribeLogStreamsCommand({ logGroupName: "/aws/lambda/later" }),
  );
  assert.match(logStreams?.[0]?.logStreamName ?? "", /^2026\/01\/01\/\[\$LATEST\][0-9a-f]{32}$/);
});

test("streams in a log group of one's own say which function's they are", async () => {
  await bench.make("shares", { LoggingConfig: { LogGroup: "/team/all" } });
  await bench.invoke("shares");
  await bench.region.clock.advance({ seconds: 1 });
  const { logStreams } = await bench.region.client(CloudWatchLogsClient).send(
    new DescribeLogStreamsCommand({ logGroupName: "/team/all" }),
  );
  assert.match(logStreams?.[0]?.logStreamName ?? "", /^2026\/01\/01\/shares\[\$LATEST\]\[[0-9a-f]{32}\]$/);
});

test("what is said of the client reaches synchronous invocations alone", async () => {
  const name = "clients";
  await bench.make(name, {
    Code: {
      ZipFile: nodePackage(
        "export const handler = async (e, context) => console.log('by', context.clientContext?.custom.app);",
      ),
    },
  });
  const ClientContext = Buffer.from('{"custom":{"app":"mine"}}').toString("base64");
  const { log } = await bench.invoke(name, {}, { ClientContext, LogType: "Tail" });
  assert.match(log, /\tby mine\n/);
  await bench.invoke(name, {}, { ClientContext, InvocationType: "Event" });
  await bench.region.clock.advance({ seconds: 1 });
  const said = await logged(name, "2026");
  assert.deepEqual(said.map(([, line]) => line.split("\t").at(-1)), ["by mine\n", "by undefined\n"]);
  const wrong = { ClientContext: Buffer.from("no object").toString("base64") };
  assert.equal(
    await refusal(bench.invoke(name, {}, wrong)),
    "InvalidRequestContentException: Client context must be a valid Base64-encoded JSON object.",
  );
});

test("lambda-async-retries: three tries, one minute and two minutes apart", async () => {
  await bench.make("retried", failing);
  await send("retried");
  await bench.region.clock.advance({ seconds: 59 });
  assert.equal((await logged("retried", "START")).length, 1);
  await bench.region.clock.advance({ seconds: 3_600 });
  const times = (await logged("retried", "START")).map(([time]) => time);
  assert.equal(times.length, 3);
  const gaps = times.slice(1).map((time, index) => Math.round((time - (times[index] ?? 0)) / 1_000));
  assert.deepEqual(gaps, [60, 120]);
});

test("lambda-async-duplicate-logs: all tries log under one request id", async () => {
  const ids = (await logged("retried", "START")).map(([, message]) => /RequestId: (\S+)/.exec(message)?.[1]);
  assert.equal(ids.length, 3);
  assert.equal(new Set(ids).size, 1);
  assert.equal((await logged("retried", "END")).length, 3);
});

test("lambda-async-dlq: what failed comes into the dead-letter queue, if the role may", async () => {
  const TargetArn = await queue("dead");
  assert.equal(
    await refusal(bench.make("no-dead", { ...failing, DeadLetterConfig: { TargetArn } })),
    "InvalidParameterValueException: The provided execution role does not have permissions to call "
    + "SendMessage on SQS",
  );
  const inOrder = queueArn("dead.fifo");
  const DeadLetterConfig = { TargetArn: inOrder };
  assert.equal(
    await refusal(bench.make("no-dead", { ...failing, Role: sender, DeadLetterConfig })),
    `InvalidParameterValueException: The provided target ARN ${inOrder} is invalid. Only SQS standard queues `
    + "and SNS standard topics are supported.",
  );
  await bench.make("dying", { ...failing, Role: sender, DeadLetterConfig: { TargetArn } });
  await send("dying", { order: 7 });
  await bench.region.clock.advance({ seconds: 200 });
  const message = await received("dead");
  assert.equal(message?.Body, '{"order":7}');
  const { RequestID, ErrorCode, ErrorMessage } = message.MessageAttributes ?? {};
  assert.match(RequestID?.StringValue ?? "", /^[0-9a-f-]{36}$/);
  assert.deepEqual(
    [ErrorCode?.StringValue, ErrorCode?.DataType, ErrorMessage?.StringValue], ["200", "Number", "always"],
  );
});

test("destinations are told of success and failure, as often as is tried", async () => {
  const good = await queue("good");
  const bad = await queue("bad");
  await bench.make("told", { ...failing, Role: sender });
  const put = (FunctionName: string, more: object) =>
    bench.lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName, ...more }));
  await put("told", { MaximumRetryAttempts: 1, DestinationConfig: { OnFailure: { Destination: bad } } });
  await send("told", { n: 1 });
  await bench.region.clock.advance({ seconds: 61 });
  const failure = JSON.parse((await received("bad"))?.Body ?? "") as Record<string, Record<string, unknown>>;
  assert.deepEqual(failure["requestContext"]?.["condition"], "RetriesExhausted");
  assert.deepEqual(failure["requestContext"]?.["approximateInvokeCount"], 2);
  assert.deepEqual(failure["requestContext"]?.["functionArn"], `${arnOf("told")}:$LATEST`);
  assert.deepEqual(failure["requestPayload"], { n: 1 });
  assert.deepEqual(failure["responseContext"], {
    statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled",
  });
  assert.equal(failure["responsePayload"]?.["errorMessage"], "always");

  await bench.make("pleased", { Role: sender });
  await put("pleased", { DestinationConfig: { OnSuccess: { Destination: good } } });
  await send("pleased", { n: 2 });
  await bench.region.clock.advance({ seconds: 1 });
  const success = JSON.parse((await received("good"))?.Body ?? "") as Record<string, Record<string, unknown>>;
  assert.deepEqual(
    [success["requestContext"]?.["condition"], success["responsePayload"]], ["Success", { n: 2 }],
  );
});

test("a bucket takes records of failures", async () => {
  const s3 = bench.region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket: "failures" }));
  await bench.make("bucketed", { ...failing, Role: sender });
  await bench.lambda.send(new PutFunctionEventInvokeConfigCommand({
    FunctionName: "bucketed", MaximumRetryAttempts: 0,
    DestinationConfig: { OnFailure: { Destination: "arn:aws:s3:::failures" } },
  }));
  await send("bucketed");
  await bench.region.clock.advance({ seconds: 1 });
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: "failures" }));
  const Key = Contents[0]?.Key ?? "";
  assert.match(
    Key, /^aws\/lambda\/async\/bucketed\/2026\/01\/01\/2026-01-01T\d\d\.\d\d\.\d\d-[0-9a-f-]{36}$/,
  );
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: "failures", Key }));
  assert.match((await Body?.transformToString()) ?? "", /"condition":"RetriesExhausted"/);
});

test("configurations of invocations keep to their limits, and to what the role may", async () => {
  const FunctionName = "later";
  const put = (more: object) =>
    refusal(bench.lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName, ...more })));
  assert.match(await put({ MaximumRetryAttempts: 3 }), /^ValidationException: /);
  assert.match(await put({ MaximumEventAgeInSeconds: 59 }), /^ValidationException: /);
  assert.equal(
    await put({ DestinationConfig: { OnSuccess: { Destination: queueArn("good") } } }),
    "InvalidParameterValueException: The function's execution role does not have permissions to call "
    + `SendMessage on ${
      queueArn("good")}`,
  );
  assert.equal(
    await put({}),
    "InvalidParameterValueException: You must specify at least one of error handling or destination setting.",
  );
  assert.equal(
    await put({ DestinationConfig: { OnFailure: { Destination: arnOf(FunctionName) } } }),
    "InvalidParameterValueException: You can't specify the function as a destination for itself.",
  );
  assert.equal(
    await put({ DestinationConfig: { OnFailure: { Destination: arnOf("nobody") } } }),
    `InvalidParameterValueException: The destination ARN ${arnOf("nobody")} is invalid.`,
  );
  assert.equal(
    await put({ DestinationConfig: { OnSuccess: { Destination: queueArn("good.fifo") } } }),
    `InvalidParameterValueException: The destination ARN ${queueArn("good.fifo")} is invalid.`,
  );
  const absent = { FunctionName: "nobody", MaximumRetryAttempts: 1 };
  const thereIsNone = "ResourceNotFoundException: The function doesn't exist.";
  assert.equal(await put(absent), thereIsNone);
  assert.equal(await put({ MaximumRetryAttempts: 1, Qualifier: "unknown" }), thereIsNone);
  assert.equal(
    await refusal(bench.lambda.send(new GetFunctionEventInvokeConfigCommand({ FunctionName: "nobody" }))),
    `ResourceNotFoundException: The function ${arnOf("nobody")}:$LATEST doesn't have an EventInvokeConfig`,
  );
  const update = (more: object) =>
    bench.lambda.send(new UpdateFunctionEventInvokeConfigCommand({ FunctionName, ...more }));
  assert.equal(
    await refusal(update({ MaximumRetryAttempts: 1 })),
    `ResourceNotFoundException: The function ${arnOf(FunctionName)}:$LATEST doesn't have an `
    + "EventInvokeConfig",
  );
  assert.equal(await put({ MaximumRetryAttempts: 0 }), "no refusal");
  await update({ MaximumEventAgeInSeconds: 60 });
  const config = await bench.lambda.send(new GetFunctionEventInvokeConfigCommand({ FunctionName }));
  assert.deepEqual(
    [
      config.FunctionArn, config.MaximumRetryAttempts, config.MaximumEventAgeInSeconds,
      config.DestinationConfig,
    ],
    [`${arnOf(FunctionName)}:$LATEST`, 0, 60, { OnSuccess: {}, OnFailure: {} }],
  );
});

test("throttled events wait, until they are too old", async () => {
  const target = await queue("old");
  await bench.make("held", { Role: sender });
  await bench.lambda.send(new PutFunctionEventInvokeConfigCommand({
    FunctionName: "held", MaximumEventAgeInSeconds: 60, DestinationConfig: {
      OnFailure: { Destination: target },
    },
  }));
  await bench.lambda.send(
    new PutFunctionConcurrencyCommand({ FunctionName: "held", ReservedConcurrentExecutions: 0 }),
  );
  await send("held", { held: true });
  await bench.region.clock.advance({ seconds: 1 });
  const { Body = "" } = (await received("old")) ?? {};
  assert.match(Body, /"condition":"ZeroReservedConcurrency","approximateInvokeCount":0/);
});

test("an event past its greatest age is not tried again, and goes to the dead-letter queue", async () => {
  const TargetArn = await queue("aged");
  await bench.make("aging", { ...failing, Role: sender, DeadLetterConfig: { TargetArn } });
  await bench.lambda.send(
    new PutFunctionEventInvokeConfigCommand({ FunctionName: "aging", MaximumEventAgeInSeconds: 60 }),
  );
  await send("aging", { order: 8 });
  await bench.region.clock.advance({ seconds: 59 });
  assert.equal(await received("aged"), undefined);
  await bench.region.clock.advance({ seconds: 600 });
  assert.equal((await received("aged"))?.Body, '{"order":8}');
  assert.equal((await logged("aging", "START")).length, 2);
});

test("lambda-best-no-recursion: a function that invokes itself is stopped after 16 rounds", async () => {
  await bench.role("circular", { Effect: "Allow", Action: "lambda:InvokeFunction", Resource: "*" });
  const source = `
    import { LambdaClient, InvokeCommand } from "@aws-sdk/client-lambda";
    const lambda = new LambdaClient({});
    export const handler = async ({ round }) => {
      console.log("round " + round);
      const Payload = JSON.stringify({ round: round + 1 });
      const FunctionName = process.env.AWS_LAMBDA_FUNCTION_NAME;
      await lambda.send(new InvokeCommand({ FunctionName, InvocationType: "Event", Payload }));
    };
  `;
  const Role = `arn:aws:iam::${account}:role/circular`;
  await bench.make("circle", { Code: { ZipFile: nodePackage(source) }, Role, Timeout: 30 });
  await send("circle", { round: 1 });
  for (let index = 0; index < 30; index += 1) await bench.region.clock.advance({ seconds: 1 });
  assert.equal((await logged("circle", "START")).length, 16);
  await bench.lambda.send(
    new PutFunctionRecursionConfigCommand({ FunctionName: "circle", RecursiveLoop: "Allow" }),
  );
});

test("a role without permission for logs leaves no log, and the function runs", async () => {
  const { IAMClient, DetachRolePolicyCommand } = await import("@aws-sdk/client-iam");
  await bench.role("silent");
  await bench.region.client(IAMClient).send(new DetachRolePolicyCommand({
    RoleName: "silent", PolicyArn: "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
  }));
  await bench.make("silent", { Role: `arn:aws:iam::${account}:role/silent` });
  assert.deepEqual((await bench.invoke("silent", [1])).answer, [1]);
  await bench.region.clock.advance({ seconds: 1 });
  const logs = bench.region.client(CloudWatchLogsClient);
  assert.match(
    await refusal(logs.send(new FilterLogEventsCommand({ logGroupName: "/aws/lambda/silent" }))),
    /^ResourceNotFoundException: /,
  );
  assert.equal(
    await refusal(bench.lambda.send(new UpdateFunctionConfigurationCommand({
      FunctionName: "silent", Role: `arn:aws:iam::${account}:role/absent`,
    }))),
    "InvalidParameterValueException: The role defined for the function cannot be assumed by Lambda.",
  );
});
