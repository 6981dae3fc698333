import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import {
  CloudWatchClient, GetMetricStatisticsCommand, type Dimension,
} from "@aws-sdk/client-cloudwatch";
import {
  EnableEnhancedMonitoringCommand, GetRecordsCommand, PutRecordsCommand,
} from "@aws-sdk/client-kinesis";
import { startRegion } from "../../../test/region.ts";
import { refusal, StreamFixture, textsOf } from "./stream-fixture.ts";

const account = "000000000000";

test("kinesis-realtime-stream: records of a shard are read in their order, by several readers", async () => {
  await using region = await startRegion();
  const stream = await StreamFixture.create(region, { ShardCount: 2 });
  const put = [];
  for (let index = 0; index < 40; index += 1) put.push(await stream.put(`record ${index}`, `key ${index}`));
  const [half] = await stream.shards();
  const border = BigInt(half?.HashKeyRange?.EndingHashKey ?? 0);
  put.forEach(({ ShardId }, index) => {
    const hash = BigInt(`0x${createHash("md5").update(`key ${index}`).digest("hex")}`);
    assert.equal(ShardId, hash <= border ? "shardId-000000000000" : "shardId-000000000001");
  });
  const numbers = put.map(({ SequenceNumber }) => BigInt(SequenceNumber ?? 0));
  assert.ok(numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0n)));
  assert.ok(put.every(({ SequenceNumber }) => SequenceNumber?.length === 56));
  for (const ShardId of ["shardId-000000000000", "shardId-000000000001"]) {
    const expected: string[] = put.flatMap((answer, index) =>
      (answer.ShardId === ShardId ? [`record ${index}`] : []));
    assert.ok(expected.length > 5);
    const [one, other] = [await stream.iterator({ ShardId }), await stream.iterator({ ShardId })];
    assert.deepEqual(textsOf(await stream.read(one)), expected);
    assert.deepEqual(textsOf(await stream.read(other)), expected);
  }
});

test("PutRecords puts what it can and says of each what became of it", async () => {
  await using region = await startRegion();
  const stream = await StreamFixture.create(region);
  const Records = Array.from({ length: 500 }, (_unused, index) => ({
    Data: Buffer.from(`${index}`), PartitionKey: "k",
  }));
  const putAll = () => stream.client.send(new PutRecordsCommand({ StreamName: "stream", Records }));
  assert.equal((await putAll()).FailedRecordCount, 0);
  assert.equal((await putAll()).FailedRecordCount, 0);
  const third = await putAll();
  assert.equal(third.FailedRecordCount, 500);
  assert.deepEqual(third.Records?.[0], {
    ErrorCode: "ProvisionedThroughputExceededException",
    ErrorMessage: "Rate exceeded for shard shardId-000000000000 in stream stream under account " +
      `${account}.`,
  });
  await region.clock.advance({ seconds: 1 });
  assert.equal((await putAll()).FailedRecordCount, 0);
  const page = await stream.read(await stream.iterator());
  assert.equal(page.Records?.length, 1_500);
});

test("a shard takes a megabyte a second", async () => {
  await using region = await startRegion();
  const stream = await StreamFixture.create(region, { ShardCount: 2 });
  const large = "x".repeat(524_288 - 1);
  await stream.put(large, "k");
  await stream.put(large, "k");
  assert.equal(
    await refusal(stream.put("y", "k")),
    `ProvisionedThroughputExceededException: Rate exceeded for shard shardId-000000000001 in stream stream ` +
      `under account ${account}.`,
  );
  await stream.put("elsewhere", "k", "0");
  await region.clock.advance({ seconds: 1 });
  await stream.put("y", "k");
});

test("an explicit hash key goes before the partition key", async () => {
  await using region = await startRegion();
  const stream = await StreamFixture.create(region, { ShardCount: 2 });
  const last = String(2n ** 128n - 1n);
  assert.equal((await stream.put("x", "k", "0")).ShardId, "shardId-000000000000");
  assert.equal((await stream.put("x", "k", last)).ShardId, "shardId-000000000001");
  assert.equal(
    await refusal(stream.put("x", "k", String(2n ** 128n))),
    "InvalidArgumentException: Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, " +
      `2^128-1]. Specified value was ${2n ** 128n}`,
  );
});

test("reading begins at the oldest, the newest, a sequence number, or a time", async () => {
  await using region = await startRegion();
  const stream = await StreamFixture.create(region);
  const times: Date[] = [];
  const numbers: (string | undefined)[] = [];
  for (let index = 0; index < 5; index += 1) {
    times.push(new Date(region.clock.now()));
    numbers.push((await stream.put(`${index}`)).SequenceNumber);
    await region.clock.advance({ minutes: 1 });
  }
  const at = { ShardIteratorType: "AT_SEQUENCE_NUMBER", StartingSequenceNumber: numbers[2] } as const;
  assert.deepEqual(await stream.texts(), ["0", "1", "2", "3", "4"]);
  assert.deepEqual(await stream.texts(at), ["2", "3", "4"]);
  const behind = { ...at, ShardIteratorType: "AFTER_SEQUENCE_NUMBER" } as const;
  assert.deepEqual(await stream.texts(behind), ["3", "4"]);
  for (const [index, Timestamp] of times.entries()) {
    const texts = await stream.texts({ ShardIteratorType: "AT_TIMESTAMP", Timestamp });
    assert.equal(texts[0], `${index}`);
  }
  const latest = await stream.iterator({ ShardIteratorType: "LATEST" });
  await stream.put("new");
  assert.deepEqual(textsOf(await stream.read(latest)), ["new"]);
});

test("a page says how far behind it is, and where to go on", async () => {
  await using region = await startRegion();
  const stream = await StreamFixture.create(region);
  await stream.put("a");
  await region.clock.advance({ seconds: 30 });
  await stream.put("b");
  const first = await stream.read(await stream.iterator(), 1);
  assert.deepEqual([textsOf(first), first.MillisBehindLatest], [["a"], 30_000]);
  const second = await stream.read(first.NextShardIterator ?? "", 1);
  assert.deepEqual([textsOf(second), second.MillisBehindLatest], [["b"], 0]);
  const third = await stream.read(second.NextShardIterator ?? "");
  assert.deepEqual([textsOf(third), third.NextShardIterator !== undefined], [[], true]);
});

test("an iterator is good for five minutes", async () => {
  await using region = await startRegion();
  const stream = await StreamFixture.create(region);
  const iterator = await stream.iterator();
  await region.clock.advance({ minutes: 5 });
  await stream.read(iterator);
  await region.clock.advance({ milliseconds: 1 });
  assert.equal(
    await refusal(stream.read(iterator)),
    "ExpiredIteratorException: Iterator expired. The iterator was created at time Thu Jan 01 00:00:01 UTC " +
      "2026 while right now it is Thu Jan 01 00:05:01 UTC 2026 which is further in the future than the " +
      "tolerated delay of 300000 milliseconds.",
  );
  assert.equal(
    await refusal(stream.client.send(new GetRecordsCommand({ ShardIterator: "AAAA" }))),
    "InvalidArgumentException: Invalid ShardIterator.",
  );
});

test("what is no shard, no sequence number or no beginning is refused", async () => {
  await using region = await startRegion();
  const stream = await StreamFixture.create(region, { ShardCount: 2 });
  const { SequenceNumber } = await stream.put("x", "k", "0");
  const start = (more: object) => refusal(stream.iterator(more));
  assert.equal(
    await start({ ShardId: "shardId-000000000007" }),
    "ResourceNotFoundException: Shard shardId-000000000007 in stream stream under account " +
      `${account} does not exist`,
  );
  assert.equal(
    await start({ ShardId: "x" }),
    `ResourceNotFoundException: Could not find shard x in stream stream under account ${account}.`,
  );
  assert.equal(
    await start({ ShardIteratorType: "AT_SEQUENCE_NUMBER" }),
    "InvalidArgumentException: Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and " +
      "StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request " +
      "specified AT_SEQUENCE_NUMBER and no StartingSequenceNumber.",
  );
  const at = { ShardIteratorType: "AT_SEQUENCE_NUMBER" };
  assert.equal(
    await start({ ...at, StartingSequenceNumber: "5" }),
    "InvalidArgumentException: StartingSequenceNumber 5 used in GetShardIterator on shard " +
      `shardId-000000000000 in stream stream under account ${account} is invalid.`,
  );
  assert.equal(
    await start({ ...at, ShardId: "shardId-000000000001", StartingSequenceNumber: SequenceNumber }),
    "InvalidArgumentException: Invalid StartingSequenceNumber. It encodes shardId-000000000000, while it " +
      "was used in a call to a shard with shardId-000000000001",
  );
  const future = region.clock.now() + 1;
  assert.equal(
    await start({ ShardIteratorType: "AT_TIMESTAMP", Timestamp: new Date(future) }),
    "InvalidArgumentException: The timestampInMillis parameter cannot be greater than the " +
      `currentTimestampInMillis. timestampInMillis: ${future}, currentTimestampInMillis: ${future - 1}`,
  );
});

test("CloudWatch is told what a stream takes and gives, and a shard where that is enabled", async () => {
  await using region = await startRegion();
  const stream = await StreamFixture.create(region);
  await stream.client.send(new EnableEnhancedMonitoringCommand({
    StreamName: "stream", ShardLevelMetrics: ["IncomingBytes"],
  }));
  await stream.put("12345", "key");
  await stream.put("123", "key");
  await stream.read(await stream.iterator());
  const cloudwatch = region.client(CloudWatchClient);
  const sum = async (MetricName: string, more: Dimension[] = []) => {
    const now = region.clock.now();
    const { Datapoints } = await cloudwatch.send(new GetMetricStatisticsCommand({
      Namespace: "AWS/Kinesis", MetricName, Period: 60, Statistics: ["Sum"],
      StartTime: new Date(now - 60_000), EndTime: new Date(now + 60_000),
      Dimensions: [...more, { Name: "StreamName", Value: "stream" }],
    }));
    return Datapoints?.[0]?.Sum;
  };
  assert.equal(await sum("IncomingRecords"), 2);
  assert.equal(await sum("IncomingBytes"), 14);
  assert.equal(await sum("GetRecords.Records"), 2);
  assert.equal(await sum("PutRecord.Success"), 2);
  const shard = [{ Name: "ShardId", Value: "shardId-000000000000" }];
  assert.equal(await sum("IncomingBytes", shard), 14);
  assert.equal(await sum("IncomingRecords", shard), undefined);
});

test("readers of a shard are held to five calls a second while time goes on", async () => {
  await using region = await startRegion();
  const stream = await StreamFixture.create(region);
  const iterator = await stream.iterator();
  for (let call = 0; call < 12; call += 1) await stream.read(iterator);
  // However busy the machine is, all of them come within a second.
  region.clock.scale(0.001);
  const answers = [];
  for (let call = 0; call < 12; call += 1) answers.push(await refusal(stream.read(iterator)));
  assert.ok(answers.includes(
    "ProvisionedThroughputExceededException: Rate exceeded for shard shardId-000000000000 in stream stream " +
      `under account ${account}.`,
  ));
});
