/** Powertools for AWS Lambda and Middy inside of functions: what they are used for happens in the region. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import {
  CloudWatchLogsClient, DescribeLogGroupsCommand, FilterLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { CreateTableCommand, DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { CreateEventSourceMappingCommand, DeleteEventSourceMappingCommand } from "@aws-sdk/client-lambda";
import {
  CreateQueueCommand, ReceiveMessageCommand, SendMessageBatchCommand, SQSClient,
} from "@aws-sdk/client-sqs";
import { build } from "esbuild";
import { account, roleArn, startBench, type Bench } from "../lambda-bench.ts";
import { zipOf } from "../zip-archive.ts";
import { packageFolder } from "./clients.ts";

let bench: Bench;
let folder: string;
before(async () => {
  bench = await startBench();
  // Functions have the machine's clock, and write its time into what they say.
  bench.region.clock.freeze(Date.now());
  folder = mkdtempSync(join(tmpdir(), "bundles-"));
  await bench.role("powerful", { Effect: "Allow", Action: ["dynamodb:*", "sqs:*"], Resource: "*" });
});
after(async () => {
  await bench.region.stop();
  rmSync(folder, { recursive: true });
});

/** A function of one file, as a bundler makes it; the SDK is Lambda's. */
async function bundled(source: string): Promise<Buffer> {
  const outfile = join(folder, "index.js");
  writeFileSync(join(folder, "entry.mjs"), source);
  await build({
    entryPoints: [join(folder, "entry.mjs")], outfile, bundle: true, platform: "node", target: "node20",
    format: "cjs", external: ["@aws-sdk/*"], nodePaths: [join(packageFolder, "node_modules")],
    logLevel: "error",
  });
  return zipOf({ "index.js": readFileSync(outfile) });
}

async function make(name: string, source: string, variables: Record<string, string> = {}): Promise<void> {
  await bench.make(name, {
    Code: { ZipFile: await bundled(source) }, Role: roleArn("powerful"), Timeout: 30, MemorySize: 512,
    Environment: { Variables: { POWERTOOLS_SERVICE_NAME: "orders", ...variables } },
  });
}

type Line = Readonly<Record<string, unknown>>;

/** Nothing as long as there is no group: it comes with the first event. */
async function logged(name: string): Promise<string[]> {
  const logs = bench.region.client(CloudWatchLogsClient);
  const { logGroups = [] } = await logs.send(
    new DescribeLogGroupsCommand({ logGroupNamePrefix: `/aws/lambda/${name}` }),
  );
  const logGroupName = logGroups[0]?.logGroupName;
  if (logGroupName === undefined) return [];
  const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName }));
  return events.map(({ message = "" }) => message);
}

/** What a function said that this finds, once there are so many: logs are written behind invocations. */
async function said(name: string, pattern: RegExp, count: number): Promise<string[]> {
  for (let look = 0; ; look += 1) {
    const found = (await logged(name)).flatMap((message) => pattern.exec(message)?.[1] ?? []);
    if (found.length >= count || look === 300) return found;
    await bench.region.clock.advance({ milliseconds: 10 });
  }
}

test("the logger's lines are events of the function's log group", async () => {
  await make("logs", `
    import { Logger } from "@aws-lambda-powertools/logger";
    const logger = new Logger({ persistentKeys: { shop: "one" } });
    export const handler = async (event, context) => {
      logger.addContext(context);
      logger.info("took an order", { order: event.order });
      logger.debug("not said");
    };
  `);
  await bench.invoke("logs", { order: 7 });
  const lines = (await said("logs", /^(\{.*\})\s*$/, 1)).map((line) => JSON.parse(line) as Line);
  assert.equal(lines.length, 1);
  const { level, message, service, shop, order, cold_start: cold, function_name: name } = lines[0] ?? {};
  assert.deepEqual(
    [level, message, service, shop, order, cold, name],
    ["INFO", "took an order", "orders", "one", 7, true, "logs"],
  );
});

test("metrics in the embedded format are CloudWatch's", async () => {
  await make("measures", `
    import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
    const metrics = new Metrics({ namespace: "shop" });
    export const handler = async ({ amount }) => {
      metrics.addMetric("sold", MetricUnit.Count, amount);
      metrics.publishStoredMetrics();
    };
  `);
  for (const amount of [2, 3]) await bench.invoke("measures", { amount });
  const cloudwatch = bench.region.client(CloudWatchClient);
  await said("measures", /^(\{.*\})\s*$/, 2);
  await bench.region.clock.advance({ minutes: 1 });
  const now = bench.region.clock.now();
  const halfADay = 43_200_000;
  const { Datapoints } = await cloudwatch.send(new GetMetricStatisticsCommand({
    Namespace: "shop", MetricName: "sold", Dimensions: [{ Name: "service", Value: "orders" }],
    StartTime: new Date(now - halfADay), EndTime: new Date(now + halfADay), Period: 86_400,
    Statistics: ["Sum"],
  }));
  const sums = (Datapoints ?? []).map(({ Sum = 0 }) => Sum);
  assert.equal(sums.reduce((left, right) => left + right, 0), 5);
});

test("an idempotent function runs once for one event, and answers twice", async () => {
  const dynamodb = bench.region.client(DynamoDBClient);
  await dynamodb.send(new CreateTableCommand({
    TableName: "done", BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
  }));
  await make("pays", `
    import { makeIdempotent } from "@aws-lambda-powertools/idempotency";
    import { DynamoDBPersistenceLayer } from "@aws-lambda-powertools/idempotency/dynamodb";
    const persistenceStore = new DynamoDBPersistenceLayer({ tableName: "done" });
    let runs = 0;
    export const handler = makeIdempotent(async ({ order }) => ({ order, runs: ++runs }), {
      persistenceStore,
    });
  `);
  const answers = [];
  for (const order of ["a", "a", "b"]) answers.push((await bench.invoke("pays", { order })).answer);
  assert.deepEqual(answers, [{ order: "a", runs: 1 }, { order: "a", runs: 1 }, { order: "b", runs: 2 }]);
  const { Items = [] } = await dynamodb.send(new ScanCommand({ TableName: "done" }));
  assert.deepEqual(Items.map(({ status }) => status?.S), ["COMPLETED", "COMPLETED"]);
});

test("of a batch only the messages that failed come back to the queue", async () => {
  const sqs = bench.region.client(SQSClient);
  const Attributes = { VisibilityTimeout: "60" };
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "orders", Attributes }));
  await make("takes", `
    import { BatchProcessor, EventType, processPartialResponse } from "@aws-lambda-powertools/batch";
    const processor = new BatchProcessor(EventType.SQS);
    const take = async ({ body }) => {
      if (body === "bad") throw new Error("bad");
      console.log("took", body);
    };
    export const handler = (event, context) => processPartialResponse(event, take, processor, { context });
  `);
  await sqs.send(new SendMessageBatchCommand({
    QueueUrl, Entries: ["one", "bad", "two"].map((MessageBody, index) => ({ Id: `m${index}`, MessageBody })),
  }));
  const { UUID } = await bench.lambda.send(new CreateEventSourceMappingCommand({
    FunctionName: "takes", EventSourceArn: `arn:aws:sqs:us-east-1:${account}:orders`,
    FunctionResponseTypes: ["ReportBatchItemFailures"],
  }));
  await bench.region.clock.advance({ seconds: 2 });
  const took = await said("takes", /took (\w+)/, 2);
  assert.deepEqual(took.sort(), ["one", "two"]);
  await bench.lambda.send(new DeleteEventSourceMappingCommand({ UUID }));
  await bench.region.clock.advance({ seconds: 120 });
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  assert.deepEqual(Messages.map(({ Body }) => Body), ["bad"]);
});

test("Middy's middleware runs around the handler", async () => {
  await make("layered", `
    import middy from "@middy/core";
    const doubles = {
      before: ({ event }) => { event.n *= 2; },
      after: (request) => { request.response = { answer: request.response }; },
      onError: (request) => { request.response = { refused: request.error.message }; },
    };
    export const handler = middy().use(doubles).handler(async ({ n }) => {
      if (n > 10) throw new Error("too many");
      return n;
    });
  `);
  assert.deepEqual((await bench.invoke("layered", { n: 4 })).answer, { answer: 8 });
  assert.deepEqual((await bench.invoke("layered", { n: 6 })).answer, { refused: "too many" });
});
