/** Streams of tables. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DeleteTableCommand, UpdateTableCommand, UpdateTimeToLiveCommand,
  type StreamViewType,
} from "@aws-sdk/client-dynamodb";
import {
  DescribeStreamCommand, DynamoDBStreamsClient, GetRecordsCommand, GetShardIteratorCommand,
  ListStreamsCommand,
} from "@aws-sdk/client-dynamodb-streams";
import { refusal } from "../../../test/refusal.ts";
import { startRegion, type TestRegion } from "../../../test/region.ts";
import { createTable, type TableFixture } from "../dynamodb/table-fixture.ts";
import { shownRecord, streamOf, type StreamFixture } from "./stream-fixture.ts";

async function streamed(
  region: TestRegion, key = "pk:S", StreamViewType: StreamViewType = "NEW_AND_OLD_IMAGES",
): Promise<{ table: TableFixture; stream: StreamFixture }> {
  const table = await createTable(region, key, {
    StreamSpecification: { StreamEnabled: true, StreamViewType },
  });
  return { table, stream: await streamOf(table, region.client(DynamoDBStreamsClient)) };
}

test("dynamodb-streams-capture: every change of a table is a record, in the order of changes", async () => {
  await using region = await startRegion();
  const { table, stream } = await streamed(region);
  await table.put({ pk: "a", count: 1 });
  await table.update(
    { pk: "a" }, "SET #c = :two", { ":two": 2 }, { ExpressionAttributeNames: { "#c": "count" } },
  );
  await table.put({ pk: "b" });
  await table.delete({ pk: "a" });
  const records = await stream.records();
  assert.deepEqual(records.map(shownRecord), [
    ["INSERT", { pk: "a" }, undefined, { pk: "a", count: 1 }],
    ["MODIFY", { pk: "a" }, { pk: "a", count: 1 }, { pk: "a", count: 2 }],
    ["INSERT", { pk: "b" }, undefined, { pk: "b" }],
    ["REMOVE", { pk: "a" }, { pk: "a", count: 2 }, undefined],
  ]);
  const numbers = records.map(({ dynamodb }) => dynamodb?.SequenceNumber ?? "");
  assert.deepEqual(numbers, [...numbers].sort());
  assert.ok(numbers.every((number) => /^[0-9]{21,40}$/.test(number)));
  const [first] = records;
  assert.match(first?.eventID ?? "", /^[0-9a-f]{32}$/);
  assert.deepEqual(
    [first?.eventVersion, first?.eventSource, first?.awsRegion, first?.userIdentity],
    ["1.1", "aws:dynamodb", "us-east-1", undefined],
  );
  assert.equal(first?.dynamodb?.StreamViewType, "NEW_AND_OLD_IMAGES");
  // The key, and the image: three bytes of key, and three and seven.
  assert.equal(first.dynamodb.SizeBytes, 3 + 3 + "count".length + 2);
});

test("dynamodb-writes-in-order: the last write is read, and the stream has all in order", async () => {
  await using region = await startRegion();
  const { table, stream } = await streamed(region);
  const written = Array.from({ length: 100 }, (_, index) => index + 1);
  for (const v of written) await table.put({ pk: "a", v });
  assert.deepEqual(await table.item({ pk: "a" }), { pk: "a", v: 100 });
  const images = (await stream.records()).map(({ dynamodb }) => Number(dynamodb?.NewImage?.["v"]?.N));
  assert.deepEqual(images, written);
});

test("dynamodb-stream-insert-image: a new item is recorded whole", async () => {
  await using region = await startRegion();
  const { table, stream } = await streamed(region);
  const item = {
    pk: "a", text: "x", number: 1.5, flag: true, nothing: null, bytes: Buffer.from("bytes"),
    list: [1, "two", [3]], map: {
      inner: { deep: "x" },
    }, texts: new Set(["x", "y"]), numbers: new Set([1, 2]),
    blobs: new Set([Buffer.from("one"), Buffer.from("two")]),
  };
  await table.put(item);
  const [record] = await stream.records();
  assert.equal(record?.eventName, "INSERT");
  assert.deepEqual(record?.dynamodb?.NewImage, (await table.get({ pk: "a" })).Item);
  assert.equal(record?.dynamodb?.OldImage, undefined);
});

test("dynamodb-stream-update-images: an update is recorded with the item before and after", async () => {
  await using region = await startRegion();
  const { table, stream } = await streamed(region);
  await table.put({ pk: "a", price: 1, name: "x" });
  await table.update({ pk: "a" }, "SET price = :p", { ":p": 2 });
  const record = (await stream.records())[1];
  assert.deepEqual(record && shownRecord(record), [
    "MODIFY", { pk: "a" }, { pk: "a", price: 1, name: "x" }, { pk: "a", price: 2, name: "x" },
  ]);
});

test("dynamodb-stream-delete-image: a deletion is recorded with the item that was, if one was", async () => {
  await using region = await startRegion();
  const { table, stream } = await streamed(region);
  await table.delete({ pk: "a" });
  assert.deepEqual(await stream.records(), []);
  await table.put({ pk: "a", name: "x" });
  await table.delete({ pk: "a" });
  const record = (await stream.records())[1];
  assert.deepEqual(record && shownRecord(record), ["REMOVE", { pk: "a" }, { pk: "a", name: "x" }, undefined]);
});

test("what changes nothing is no record", async () => {
  await using region = await startRegion();
  const { table, stream } = await streamed(region);
  await table.put({ pk: "a", x: 1, y: new Set([1, 2]) });
  await table.put({ pk: "a", x: 1, y: new Set([1, 2]) });
  await table.put({ pk: "a", y: new Set([2, 1]), x: 1 });
  await table.update({ pk: "a" }, "SET x = :x", { ":x": 1 });
  assert.equal((await stream.records()).length, 1);
});

test("a stream holds what its view says", async () => {
  await using region = await startRegion();
  const item = { pk: "a", x: 1 };
  const changed = { pk: "a", x: 2 };
  const seen: Record<StreamViewType, readonly (readonly [unknown, unknown])[]> = {
    KEYS_ONLY: [[undefined, undefined], [undefined, undefined], [undefined, undefined]],
    NEW_IMAGE: [[undefined, item], [undefined, changed], [undefined, undefined]],
    OLD_IMAGE: [[undefined, undefined], [item, undefined], [changed, undefined]],
    NEW_AND_OLD_IMAGES: [[undefined, item], [item, changed], [changed, undefined]],
  };
  for (const view of Object.keys(seen) as StreamViewType[]) {
    const table = await createTable(region, "pk:S", {
      TableName: view, StreamSpecification: { StreamEnabled: true, StreamViewType: view },
    });
    const stream = await streamOf(table, region.client(DynamoDBStreamsClient));
    await table.put(item);
    await table.put(changed);
    await table.delete({ pk: "a" });
    const records = (await stream.records()).map(shownRecord);
    assert.deepEqual(records.map(([, key]) => key), [{ pk: "a" }, { pk: "a" }, { pk: "a" }], view);
    assert.deepEqual(records.map(([, , old, next]) => [old, next]), seen[view], view);
  }
});

test("shards follow one another, and together hold every record once and in order", async () => {
  await using region = await startRegion();
  const { table, stream } = await streamed(region);
  for (let at = 0; at < 30; at += 1) {
    await table.put({ pk: "a", at });
    await region.clock.advance({ minutes: 37 });
  }
  const shards = await stream.shards();
  assert.ok(shards.length > 3);
  shards.forEach((shard, index) => {
    assert.equal(shard.ParentShardId, shards[index - 1]?.ShardId);
    const isOpen = shard.SequenceNumberRange?.EndingSequenceNumber === undefined;
    assert.equal(isOpen, index === shards.length - 1);
  });
  const seen = (await stream.records()).map(({ dynamodb }) => Number(dynamodb?.NewImage?.["at"]?.N));
  assert.deepEqual(seen, Array.from({ length: 30 }, (_, at) => at));
  const [first] = shards;
  const { StreamDescription: children } = await stream.client.send(new DescribeStreamCommand({
    StreamArn: stream.arn, ShardFilter: { Type: "CHILD_SHARDS", ShardId: first?.ShardId },
  }));
  assert.deepEqual(children?.Shards?.map(({ ShardId }) => ShardId), [shards[1]?.ShardId]);
});

test("reading begins at the oldest, at the newest, or at a record", async () => {
  await using region = await startRegion();
  const { table, stream } = await streamed(region);
  for (const at of [1, 2, 3, 4]) await table.put({ pk: "a", at });
  const [shard = {}] = await stream.shards();
  const all = await stream.records();
  const third = all[2]?.dynamodb?.SequenceNumber;
  const read = async (type: Parameters<StreamFixture["iterator"]>[1], sequence?: string) => {
    const { records } = await stream.page(await stream.iterator(shard, type, sequence));
    return records.map(({ dynamodb }) => Number(dynamodb?.NewImage?.["at"]?.N));
  };
  assert.deepEqual(await read("TRIM_HORIZON"), [1, 2, 3, 4]);
  assert.deepEqual(await read("LATEST"), []);
  assert.deepEqual(await read("AT_SEQUENCE_NUMBER", third), [3, 4]);
  assert.deepEqual(await read("AFTER_SEQUENCE_NUMBER", third), [4]);
  const latest = await stream.iterator(shard, "LATEST");
  await table.put({ pk: "a", at: 5 });
  const next = await stream.page(latest);
  assert.deepEqual(next.records.map(({ dynamodb }) => dynamodb?.NewImage?.["at"]?.N), ["5"]);
  const one = await stream.page(await stream.iterator(shard, "TRIM_HORIZON"), 1);
  assert.equal(one.records.length, 1);
  const rest = await stream.page(one.next ?? "");
  assert.equal(rest.records.length, 4);
});

test("an iterator is good for 15 minutes", async () => {
  await using region = await startRegion();
  const { table, stream } = await streamed(region);
  await table.put({ pk: "a" });
  const [shard = {}] = await stream.shards();
  const iterator = await stream.iterator(shard, "TRIM_HORIZON");
  await region.clock.advance({ minutes: 15 });
  assert.equal((await stream.page(iterator)).records.length, 1);
  await region.clock.advance({ seconds: 1 });
  assert.match(await refusal(stream.page(iterator)), /^ExpiredIteratorException: /);
});

test("dynamodb-stream-24h: records are kept for 24 hours", async () => {
  await using region = await startRegion();
  const { table, stream } = await streamed(region);
  await table.put({ pk: "old" });
  const [shard = {}] = await stream.shards();
  const [record] = await stream.records();
  const sequence = record?.dynamodb?.SequenceNumber;
  await region.clock.advance({ hours: 23 });
  await table.put({ pk: "young" });
  assert.deepEqual((await stream.records()).map(shownRecord).map(([, key]) => key), [
    { pk: "old" }, { pk: "young" },
  ]);
  await region.clock.advance({ minutes: 46 });
  const iterator = await stream.iterator(shard, "AT_SEQUENCE_NUMBER", sequence);
  await region.clock.advance({ minutes: 14 });
  assert.match(await refusal(stream.page(iterator)), /^TrimmedDataAccessException: /);
  assert.deepEqual((await stream.records()).map(shownRecord).map(([, key]) => key), [{ pk: "young" }]);
  await region.clock.advance({ hours: 24 });
  assert.deepEqual(await stream.records(), []);
});

test("items that expire are removed by the service itself", async () => {
  await using region = await startRegion();
  const { table, stream } = await streamed(region);
  const { db, name: TableName } = table;
  await db.send(new UpdateTimeToLiveCommand({
    TableName, TimeToLiveSpecification: { Enabled: true, AttributeName: "until" },
  }));
  const now = Math.floor(region.clock.now() / 1000);
  await table.put({ pk: "a", until: now + 60 });
  await table.put({ pk: "b", until: now + 90 });
  await table.delete({ pk: "b" });
  await region.clock.advance({ seconds: 61 });
  const removals = (await stream.records()).filter(({ eventName }) => eventName === "REMOVE");
  assert.deepEqual(removals.map(({ dynamodb, userIdentity }) => [dynamodb?.Keys?.["pk"]?.S, userIdentity]), [
    ["b", undefined],
    ["a", { PrincipalId: "dynamodb.amazonaws.com", Type: "Service" }],
  ]);
});

test("a stream that is disabled can be read for a day, and the next has another name", async () => {
  await using region = await startRegion();
  const { table, stream } = await streamed(region);
  const enable = (StreamEnabled: boolean) => table.db.send(new UpdateTableCommand({
    TableName: table.name,
    StreamSpecification: { StreamEnabled, ...(StreamEnabled && { StreamViewType: "KEYS_ONLY" }) },
  }));
  await table.put({ pk: "a" });
  await enable(false);
  await region.clock.advance({ seconds: 1 });
  await table.put({ pk: "b" });
  const { LatestStreamArn, StreamSpecification } = await table.description();
  assert.deepEqual([LatestStreamArn, StreamSpecification], [stream.arn, undefined]);
  const describe = async () =>
    (await stream.client.send(new DescribeStreamCommand({ StreamArn: stream.arn }))).StreamDescription;
  assert.equal((await describe())?.StreamStatus, "DISABLED");
  assert.deepEqual((await stream.records()).map(shownRecord).map(([, key]) => key), [{ pk: "a" }]);
  await enable(true);
  await region.clock.advance({ seconds: 1 });
  const next = await streamOf(table, stream.client);
  assert.notEqual(next.arn, stream.arn);
  await table.put({ pk: "c" });
  assert.deepEqual((await next.records()).map(shownRecord).map(([, key]) => key), [{ pk: "c" }]);
  const listed = async () => ((await stream.client.send(new ListStreamsCommand({ TableName: "table" })))
    .Streams ?? []).map(({ StreamArn }) => StreamArn);
  assert.deepEqual(await listed(), [stream.arn, next.arn]);
  await table.db.send(new DeleteTableCommand({ TableName: "table" }));
  await region.clock.advance({ hours: 23 });
  assert.deepEqual((await next.records()).map(shownRecord).map(([, key]) => key), [{ pk: "c" }]);
  await region.clock.advance({ hours: 2 });
  assert.deepEqual(await listed(), []);
  assert.match(
    await refusal(describe()), /^ResourceNotFoundException: Requested resource not found: Stream: /,
  );
});

test("pages of streams, of shards and of records go on where they ended", async () => {
  await using region = await startRegion();
  const client = region.client(DynamoDBStreamsClient);
  for (const TableName of ["aaa", "bbb", "ccc"]) {
    await createTable(region, "pk:S", {
      TableName, StreamSpecification: { StreamEnabled: true, StreamViewType: "KEYS_ONLY" },
    });
  }
  const names: (string | undefined)[] = [];
  let start: string | undefined;
  do {
    const page = await client.send(new ListStreamsCommand({ Limit: 2, ExclusiveStartStreamArn: start }));
    names.push(...(page.Streams ?? []).map(({ TableName }) => TableName));
    start = page.LastEvaluatedStreamArn;
  } while (start !== undefined);
  assert.deepEqual(names, ["aaa", "bbb", "ccc"]);
});

test("a page of records is a thousand, or a megabyte", async () => {
  await using region = await startRegion();
  const { table, stream } = await streamed(region, "pk:S", "NEW_IMAGE");
  await table.fill(Array.from({ length: 1_100 }, (_, at) => ({ pk: `${at}` })));
  const [shard = {}] = await stream.shards();
  const page = await stream.page(await stream.iterator(shard, "TRIM_HORIZON"));
  assert.equal(page.records.length, 1_000);
  assert.equal((await stream.page(page.next ?? "")).records.length, 100);
  for (let at = 0; at < 6; at += 1) await table.put({ pk: `large-${at}`, x: "x".repeat(300_000) });
  const large = await stream.page((await stream.page(page.next ?? "")).next ?? "");
  assert.equal(large.records.length, 3);
  assert.equal((await stream.records()).length, 1_106);
});

test("what is no stream, shard or iterator is refused", async () => {
  await using region = await startRegion();
  const { stream } = await streamed(region);
  const [shard] = await stream.shards();
  const { client, arn } = stream;
  const other = arn.replace("table/table", "table/other");
  const iterate = (more: object) => client.send(new GetShardIteratorCommand({
    StreamArn: arn, ShardId: shard?.ShardId, ShardIteratorType: "TRIM_HORIZON", ...more,
  }));
  const notFound = "ResourceNotFoundException: Requested resource not found: ";
  assert.equal(
    await refusal(client.send(new DescribeStreamCommand({ StreamArn: other }))),
    `${notFound}Stream: ${other} not found`,
  );
  assert.equal(await refusal(iterate({ StreamArn: other })), `${notFound}Stream: ${other} not found`);
  const none = "shardId-00000000000000000000-00000000";
  assert.equal(
    await refusal(iterate({ ShardId: none })), `${notFound}Shard: ${none} in stream: ${arn} not found`,
  );
  assert.match(await refusal(iterate({ ShardIteratorType: "AT_SEQUENCE_NUMBER" })), /^ValidationException: /);
  for (const ShardIterator of ["x", `${arn}|1|x`, `${arn}|1|`, `${other}|1|AAAA`]) {
    assert.match(
      await refusal(client.send(new GetRecordsCommand({ ShardIterator }))),
      /^(ValidationException: Invalid ShardIterator|ResourceNotFoundException: )/,
    );
  }
});
