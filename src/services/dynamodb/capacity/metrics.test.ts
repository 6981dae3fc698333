import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudWatchClient, GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { startRegion, testEpoch } from "../../../../test/region.ts";
import { createTable } from "../table-fixture.ts";

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
  const asked = [
    ["ConsumedWriteCapacityUnits", undefined, "Sum", 3], ["ConsumedReadCapacityUnits", undefined, "Sum", 1],
    ["SuccessfulRequestLatency", "PutItem", "SampleCount", 2], ["ReturnedItemCount", "Query", "Sum", 1],
    ["ConditionalCheckFailedRequests", undefined, "Sum", 1],
  ] as const;
  const { MetricDataResults = [] } = await region.client(CloudWatchClient).send(
    new GetMetricDataCommand({
      StartTime: new Date(testEpoch), EndTime: new Date(testEpoch + 3_600_000),
      MetricDataQueries: asked.map(([MetricName, Operation, Stat], index) => {
        const dimensions = { TableName: table.name, ...(Operation && { Operation }) };
        const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
        const Metric = { Namespace: "AWS/DynamoDB", MetricName, Dimensions };
        return { Id: `q${index}`, MetricStat: { Metric, Period: 3_600, Stat } };
      }),
    }),
  );
  const found = MetricDataResults.map(
    ({ Values }, index) => [...(asked[index] ?? []).slice(0, 3), Values?.[0]],
  );
  assert.deepEqual(found, asked.map((each) => [...each]));
});
