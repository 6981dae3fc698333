/** Scans, whole and in segments. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DynamoDBClient, ScanCommand, type ScanCommandInput, type ScanCommandOutput,
} from "@aws-sdk/client-dynamodb";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion } from "../../../../test/region.ts";
import { createTable, values, type TableFixture } from "../table-fixture.ts";

const invalid = "ValidationException: ";

test("dynamodb-scan-examines-all: a scan examines every item, page after page", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  const items = Array.from(
    { length: 500 }, (_, index) => ({ pk: `item ${index}`, index, body: "x".repeat(5_000) }),
  );
  await table.fill(items);
  let scanned = 0;
  let pages = 0;
  const found: unknown[] = [];
  let ExclusiveStartKey: ScanCommandOutput["LastEvaluatedKey"];
  do {
    const page: ScanCommandOutput = await table.scan({ ExclusiveStartKey });
    scanned += page.ScannedCount ?? 0;
    pages += 1;
    found.push(...(page.Items ?? []));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  assert.deepEqual([scanned, pages], [500, 3]);
  const sorted = (all: readonly unknown[]) => all.map((item) => JSON.stringify(item)).sort();
  assert.deepEqual(sorted(found), sorted(items.map(values)));
});

test("dynamodb-scan-filter-after-read: a filter leaves out what was read and paid for", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  await table.fill(
    Array.from({ length: 100 }, (_, index) => ({ pk: String(index), index, body: "x".repeat(100) })),
  );
  const scan = async (more: Partial<ScanCommandInput>) => {
    const { Count, ScannedCount, ConsumedCapacity } = await table.scan(
      { ReturnConsumedCapacity: "TOTAL", ...more },
    );
    return [Count, ScannedCount, ConsumedCapacity?.CapacityUnits];
  };
  const all = await scan({});
  const filtered = await scan({
    FilterExpression: "#i < :ten", ExpressionAttributeNames: { "#i": "index" },
    ExpressionAttributeValues: values({ ":ten": 10 }),
  });
  assert.deepEqual([all, filtered], [[100, 100, 1.5], [10, 100, 1.5]]);
});

test("dynamodb-scan-projection: a projection answers with parts, at the price of the whole", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  await table.put({ pk: "a", b: { c: 1, d: "x".repeat(5_000) } });
  const { Items, ConsumedCapacity } = await table.scan({
    ProjectionExpression: "pk, b.c", ReturnConsumedCapacity: "TOTAL",
  });
  assert.deepEqual(Items, [values({ pk: "a", b: { c: 1 } })]);
  assert.equal(ConsumedCapacity?.CapacityUnits, 1);
});

async function filled(region: Parameters<typeof createTable>[0], count: number): Promise<TableFixture> {
  const table = await createTable(region, "pk:S sk:N");
  await table.fill(Array.from({ length: count }, (_, index) => ({ pk: `p${index >> 1}`, sk: index })));
  return table;
}

test("dynamodb-partition-key-hash: segments share items by their partition keys", async () => {
  await using region = await startRegion();
  const table = await filled(region, 400);
  const all = await table.all();
  assert.equal(all.length, 400);
  for (const TotalSegments of [1, 2, 3, 7, 100]) {
    const segments = await Promise.all(
      Array.from({ length: TotalSegments }, (_, Segment) => table.all({ Segment, TotalSegments, Limit: 9 })),
    );
    assert.deepEqual(segments.flat(), all, "in the order of the whole");
    const segmentOf = new Map<unknown, number>();
    for (const [segment, items] of segments.entries()) {
      for (const { pk } of items) {
        assert.equal(segmentOf.get(pk) ?? segment, segment, "a partition is in one segment");
        segmentOf.set(pk, segment);
      }
    }
    const largest = Math.max(...segments.map(({ length }) => length));
    if (TotalSegments <= 7) assert.ok(
      largest < (400 / TotalSegments) * 1.8, `${largest} in one of ${TotalSegments}`,
    );
  }
});

test("a scan of an index meets what is in the index", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S", {
    AttributeDefinitions: ["pk", "g"].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
    GlobalSecondaryIndexes: [{
      IndexName: "by-g", KeySchema: [{ AttributeName: "g", KeyType: "HASH" }],
      Projection: { ProjectionType: "KEYS_ONLY" },
    }],
  });
  await table.fill(Array.from({ length: 30 }, (_, index) => ({
    pk: String(index), more: 1, ...(index % 3 === 0 && { g: String(index % 5) }),
  })));
  const found = await table.all({ IndexName: "by-g", Limit: 4 });
  assert.equal(found.length, 10);
  assert.deepEqual(Object.keys(found[0] ?? {}).sort(), ["g", "pk"]);
});

test("what a scan cannot be asked is refused", async () => {
  await using region = await startRegion();
  const table = await filled(region, 100);
  const scan = (more: Partial<ScanCommandInput>) => refusal(table.scan(more));
  assert.equal(
    await scan({ Segment: 0 }),
    `${invalid}The TotalSegments parameter is required but was not present in the request ` +
      "when Segment parameter is present",
  );
  assert.equal(
    await scan({ TotalSegments: 4 }),
    `${invalid}The Segment parameter is required but was not present in the request ` +
      "when parameter TotalSegments is present",
  );
  assert.equal(
    await scan({ Segment: 5, TotalSegments: 5 }),
    `${invalid}The Segment parameter is zero-based and must be less than parameter TotalSegments: ` +
      "Segment: 5 is not less than TotalSegments: 5",
  );
  assert.equal(
    await scan({ Limit: 0 }),
    `${invalid}1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: ` +
      "Member must have value greater than or equal to 1",
  );
  assert.equal(
    await scan({ ExclusiveStartKey: { pk: { S: "p0" } } }),
    `${invalid}The provided starting key is invalid: The provided key element does not match the schema`,
  );
  const first = (await table.scan({ Segment: 0, TotalSegments: 4, Limit: 1 })).LastEvaluatedKey;
  assert.equal(
    await scan({ ExclusiveStartKey: first, Segment: 3, TotalSegments: 4 }),
    `${invalid}The provided starting key is invalid: Invalid ExclusiveStartKey. ` +
      "Please use ExclusiveStartKey with correct Segment. TotalSegments: 4 Segment: 3",
  );
  const none = region.client(DynamoDBClient).send(new ScanCommand({ TableName: "none" }));
  assert.equal(await refusal(none), "ResourceNotFoundException: Requested resource not found");
});
