import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DescribeKinesisStreamingDestinationCommand, DisableKinesisStreamingDestinationCommand, DynamoDBClient,
  EnableKinesisStreamingDestinationCommand, UpdateKinesisStreamingDestinationCommand,
} from "@aws-sdk/client-dynamodb";
import {
  CreateStreamCommand, GetRecordsCommand, GetShardIteratorCommand, KinesisClient,
} from "@aws-sdk/client-kinesis";
import { startRegion, type TestRegion } from "../../../../test/region.ts";
import { createTable } from "../table-fixture.ts";

const StreamArn = "arn:aws:kinesis:us-east-1:000000000000:stream/changes";
const TableName = "table";

async function refusal(answer: Promise<unknown>): Promise<string> {
  return answer.then(() => "accepted", (error: Error) => `${error.name}: ${error.message}`);
}

async function recordsOf(region: TestRegion): Promise<Record<string, unknown>[]> {
  const kinesis = region.client(KinesisClient);
  const { ShardIterator } = await kinesis.send(new GetShardIteratorCommand({
    StreamName: "changes", ShardId: "shardId-000000000000", ShardIteratorType: "TRIM_HORIZON",
  }));
  const { Records } = await kinesis.send(new GetRecordsCommand({ ShardIterator }));
  return (Records ?? []).map(({ Data }) =>
    JSON.parse(Buffer.from(Data ?? []).toString()) as Record<string, unknown>);
}

test("changes of a table go to its stream, in order, under the service's role", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  const db = region.client(DynamoDBClient);
  const enable = (more = {}, client = db) => client.send(
    new EnableKinesisStreamingDestinationCommand({ TableName, StreamArn, ...more }));
  assert.equal(
    await refusal(enable()),
    "ResourceNotFoundException: Stream changes under account 000000000000 not found.",
  );
  await region.client(KinesisClient).send(new CreateStreamCommand({ StreamName: "changes", ShardCount: 1 }));
  await region.clock.advance({ seconds: 1 });
  const poor = await region.user("poor", {
    Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "dynamodb:*", Resource: "*" }],
  });
  assert.match(
    await refusal(enable({}, region.client(DynamoDBClient, { credentials: poor }))),
    /kinesis:PutRecords/,
  );
  assert.equal((await enable()).DestinationStatus, "ENABLING");
  await region.clock.advance({ seconds: 1 });
  assert.equal(
    await refusal(enable()),
    "ValidationException: Table is not in a valid state to enable Kinesis Streaming Destination: " +
      "KinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation.",
  );
  const status = async () => (await db.send(new DescribeKinesisStreamingDestinationCommand({ TableName })))
    .KinesisDataStreamDestinations?.map(({ DestinationStatus }) => DestinationStatus);
  assert.deepEqual(await status(), ["ACTIVE"]);

  await table.put({ pk: "a", n: 1 });
  await table.put({ pk: "a", n: 2 });
  await table.put({ pk: "a", n: 2 });
  await table.delete({ pk: "a" });
  await region.clock.advance({ seconds: 1 });
  const records = await recordsOf(region);
  assert.deepEqual(records.map(({ eventName }) => eventName), ["INSERT", "MODIFY", "REMOVE"]);
  const { eventID, ...second } = records[1] ?? {};
  assert.match(String(eventID), /^[0-9a-f-]{36}$/);
  assert.deepEqual(second, {
    awsRegion: "us-east-1", eventName: "MODIFY", userIdentity: null, recordFormat: "application/json",
    tableName: "table",
    dynamodb: {
      ApproximateCreationDateTime: region.clock.now() - 1_000,
      Keys: { pk: { S: "a" } },
      NewImage: { n: { N: "2" }, pk: { S: "a" } },
      OldImage: { n: { N: "1" }, pk: { S: "a" } },
      SizeBytes: 15,
    },
    eventSource: "aws:dynamodb",
  });

  const precise = { ApproximateCreationDateTimePrecision: "MICROSECOND" } as const;
  await db.send(new UpdateKinesisStreamingDestinationCommand({
    TableName, StreamArn, UpdateKinesisStreamingConfiguration: precise,
  }));
  await region.clock.advance({ seconds: 1 });
  await table.put({ pk: "b" });
  await region.clock.advance({ seconds: 1 });
  const fourth = (await recordsOf(region))[3]?.["dynamodb"] as Record<string, unknown>;
  assert.equal(fourth["ApproximateCreationDateTime"], (region.clock.now() - 1_000) * 1_000);
  assert.equal(fourth["ApproximateCreationDateTimePrecision"], "MICROSECOND");

  await db.send(new DisableKinesisStreamingDestinationCommand({ TableName, StreamArn }));
  await region.clock.advance({ seconds: 1 });
  assert.deepEqual(await status(), ["DISABLED"]);
  await table.put({ pk: "c" });
  await region.clock.advance({ seconds: 1 });
  assert.equal((await recordsOf(region)).length, 4);
});
