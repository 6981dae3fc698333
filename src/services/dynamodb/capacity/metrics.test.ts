/** What tables measure of themselves, as CloudWatch has it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudWatchClient, GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import {
  BatchWriteItemCommand, UpdateTableCommand, UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion, testEpoch, type TestRegion } from "../../../../test/region.ts";
import { createTable, keyOf, values } from "../table-fixture.ts";

type Asked = readonly [name: string, dimensions: Record<string, string>, stat: string];

/** Of the first hours. */
async function measured(region: TestRegion, asked: readonly Asked[]): Promise<(number | undefined)[]> {
  const { MetricDataResults = [] } = await region.client(CloudWatchClient).send(
    new GetMetricDataCommand({
      StartTime: new Date(testEpoch), EndTime: new Date(testEpoch + 6 * 3_600_000),
      MetricDataQueries: asked.map(([MetricName, dimensions, Stat], index) => {
        const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
        const Metric = { Namespace: "AWS/DynamoDB", MetricName, Dimensions };
        return { Id: `q${index}`, MetricStat: { Metric, Period: 6 * 3_600, Stat } };
      }),
    }),
  );
  return MetricDataResults.map(({ Values }) => Values?.[0]);
}

test("a table's metrics are what its requests used, returned and were refused for", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  await table.put({ pk: "a", text: "x".repeat(1_500) });
  await table.put({ pk: "b" });
  await table.get({ pk: "a" });
  await table.query("pk = :a", { ":a": "a" });
  const ConditionExpression = "attribute_not_exists(pk)";
  await assert.rejects(table.put({ pk: "a" }, { ConditionExpression }));
  await region.clock.advance({ minutes: 1 });
  const TableName = table.name;
  assert.deepEqual(await measured(region, [
    ["ConsumedWriteCapacityUnits", { TableName }, "Sum"],
    ["ConsumedReadCapacityUnits", { TableName }, "Sum"],
    ["SuccessfulRequestLatency", { TableName, Operation: "PutItem" }, "SampleCount"],
    ["ReturnedItemCount", { TableName, Operation: "Query" }, "Sum"],
    ["ConditionalCheckFailedRequests", { TableName }, "Sum"],
  ]), [3, 1, 2, 1, 1]);
});

test("items whose time came are counted, and what their replicas were late by", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  const { db, name: TableName } = table;
  await db.send(new UpdateTimeToLiveCommand({
    TableName, TimeToLiveSpecification: { Enabled: true, AttributeName: "until" },
  }));
  await db.send(new UpdateTableCommand({
    TableName, ReplicaUpdates: [{ Create: { RegionName: "us-west-2" } }],
  }));
  await region.clock.advance({ seconds: 5 });
  region.engine.lags.set({ "dynamodb.replicas": 3_000 });
  const until = Math.floor(region.clock.now() / 1_000) + 60;
  for (const pk of ["a", "b"]) await table.put({ pk, until });
  await table.put({ pk: "c" });
  await region.clock.advance({ seconds: 30 });
  const latency: Asked = ["ReplicationLatency", { TableName, ReceivingRegion: "us-west-2" }, "Average"];
  const count: Asked = ["ReplicationLatency", { TableName, ReceivingRegion: "us-west-2" }, "SampleCount"];
  await region.clock.advance({ minutes: 1 });
  await region.clock.advance({ minutes: 1 });
  assert.deepEqual(
    await measured(region, [["TimeToLiveDeletedItemCount", { TableName }, "Sum"], latency, count]),
    [2, 3_000, 5], "those that went are told, too",
  );
});

test("what is provisioned, and how much of what the account may have", async () => {
  await using region = await startRegion();
  const { AttributeDefinitions } = keyOf("pk:S g:S");
  const table = await createTable(region, "pk:S", {
    AttributeDefinitions, BillingMode: "PROVISIONED",
    ProvisionedThroughput: { ReadCapacityUnits: 400, WriteCapacityUnits: 20 },
    GlobalSecondaryIndexes: [{
      IndexName: "by-g", KeySchema: [{ AttributeName: "g", KeyType: "HASH" }],
      Projection: { ProjectionType: "KEYS_ONLY" },
      ProvisionedThroughput: { ReadCapacityUnits: 1_200, WriteCapacityUnits: 60 },
    }],
  });
  await table.put({ pk: "a" });
  await region.clock.advance({ minutes: 10 });
  const TableName = table.name;
  assert.deepEqual(await measured(region, [
    ["AccountMaxReads", {}, "Maximum"], ["AccountMaxTableLevelWrites", {}, "Maximum"],
    ["AccountProvisionedReadCapacityUtilization", {}, "Maximum"],
    ["AccountProvisionedWriteCapacityUtilization", {}, "Maximum"],
    ["MaxProvisionedTableReadCapacityUtilization", {}, "Maximum"],
    ["MaxProvisionedTableWriteCapacityUtilization", {}, "Maximum"],
    ["ProvisionedReadCapacityUnits", { TableName }, "Maximum"],
    ["ProvisionedWriteCapacityUnits", { TableName, GlobalSecondaryIndexName: "by-g" }, "Maximum"],
  ]), [80_000, 40_000, 2, 0.1, 3, 0.15, 400, 60]);
});

test("what was throttled is counted where, and for the reason that, it was", async () => {
  await using region = await startRegion();
  const { AttributeDefinitions } = keyOf("pk:S g:S");
  const table = await createTable(region, "pk:S", {
    AttributeDefinitions, OnDemandThroughput: { MaxWriteRequestUnits: 2 },
    GlobalSecondaryIndexes: [{
      IndexName: "by-g", KeySchema: [{ AttributeName: "g", KeyType: "HASH" }],
      Projection: { ProjectionType: "ALL" }, OnDemandThroughput: { MaxWriteRequestUnits: 1 },
    }],
  });
  const put = (pk: string) => ({ PutRequest: { Item: values({ pk }) } });
  const TableName = table.name;
  await table.put({ pk: "a", g: "g" });
  assert.match(await refusal(table.put({ pk: "b", g: "g" })), /^ThrottlingException: /);
  await table.db.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: [put("c"), put("d")] } }));
  assert.match(await refusal(table.put({ pk: "e" })), /^ThrottlingException: /);
  await region.clock.advance({ minutes: 1 });
  const index = { TableName, GlobalSecondaryIndexName: "by-g" };
  assert.deepEqual(await measured(region, [
    ["WriteThrottleEvents", { TableName }, "Sum"], ["WriteThrottleEvents", index, "Sum"],
    ["WriteMaxOnDemandThroughputThrottleEvents", { TableName }, "Sum"],
    ["WriteMaxOnDemandThroughputThrottleEvents", index, "Sum"],
    ["WriteProvisionedThroughputThrottleEvents", { TableName }, "Sum"],
    ["ThrottledRequests", { TableName, Operation: "PutItem" }, "Sum"],
    ["ThrottledRequests", { TableName, Operation: "BatchWriteItem" }, "Sum"],
  ]), [2, 1, 2, 1, undefined, 2, undefined]);
});
