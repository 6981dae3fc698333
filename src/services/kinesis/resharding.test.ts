import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DescribeStreamCommand, ListShardsCommand, MergeShardsCommand, SplitShardCommand, UpdateShardCountCommand,
  type Shard,
} from "@aws-sdk/client-kinesis";
import { startRegion } from "../../../test/region.ts";
import { refusal, StreamFixture, textsOf } from "./stream-fixture.ts";

const account = "000000000000";
const StreamName = "stream";

function lineage({ ShardId, ParentShardId, AdjacentParentShardId }: Shard): (string | undefined)[] {
  return [ShardId, ParentShardId, AdjacentParentShardId].map((id) => id?.slice(-1));
}

test("a split shard is read to its end, and on in its children", async () => {
  await using region = await startRegion();
  const stream = await StreamFixture.create(region);
  await stream.put("before");
  const middle = String(2n ** 127n);
  const split = (more = {}) => stream.client.send(new SplitShardCommand({
    StreamName, ShardToSplit: "shardId-000000000000", NewStartingHashKey: middle, ...more,
  }));
  await split();
  assert.equal(await stream.status(), "UPDATING");
  await stream.put("during");
  assert.equal(
    await refusal(split()),
    `ResourceInUseException: Stream stream under account ${account} not ACTIVE, instead in state UPDATING`,
  );
  await region.clock.advance({ seconds: 1 });
  await stream.put("left", "k", "0");
  const right = await stream.put("right", "k", middle);
  assert.equal(right.ShardId, "shardId-000000000002");
  assert.deepEqual((await stream.shards()).map(lineage), [
    ["0", undefined, undefined], ["1", "0", undefined], ["2", "0", undefined],
  ]);
  const end = await stream.read(await stream.iterator());
  assert.deepEqual(textsOf(end), ["before", "during"]);
  assert.equal(end.NextShardIterator, undefined);
  assert.deepEqual(end.ChildShards?.map(({ ShardId, ParentShards, HashKeyRange }) =>
    [ShardId, ParentShards, HashKeyRange?.StartingHashKey]), [
    ["shardId-000000000001", ["shardId-000000000000"], "0"],
    ["shardId-000000000002", ["shardId-000000000000"], middle],
  ]);
  const [parent, child] = await stream.shards();
  const ending = parent?.SequenceNumberRange?.EndingSequenceNumber ?? "";
  assert.ok(BigInt(ending) < BigInt(child?.SequenceNumberRange?.StartingSequenceNumber ?? 0));
  assert.deepEqual(await stream.texts({ ShardId: "shardId-000000000001" }), ["left"]);
  assert.equal(
    await refusal(split()),
    `ResourceInUseException: Shard shardId-000000000000 in stream stream under account ${account} has ` +
      "already been merged or split, and thus is not eligible for merging or splitting.",
  );
  assert.equal(
    await refusal(split({ ShardToSplit: "shardId-000000000001", NewStartingHashKey: "1" })),
    "InvalidArgumentException: NewStartingHashKey 1 used in SplitShard() on shard shardId-000000000001 in " +
      `stream stream under account ${account} is not both greater than one plus the shard's ` +
      `StartingHashKey 0 and less than the shard's EndingHashKey ${2n ** 127n - 1n}.`,
  );
});

test("neighbours merge, others do not", async () => {
  await using region = await startRegion();
  const stream = await StreamFixture.create(region, { ShardCount: 3 });
  const merge = (one: number, other: number) => stream.client.send(new MergeShardsCommand({
    StreamName,
    ShardToMerge: `shardId-00000000000${one}`,
    AdjacentShardToMerge: `shardId-00000000000${other}`,
  }));
  assert.equal(
    await refusal(merge(0, 2)),
    "InvalidArgumentException: Shards shardId-000000000000 and shardId-000000000002 in stream stream under " +
      `account ${account} are not an adjacent pair of shards eligible for merging`,
  );
  await merge(1, 2);
  await region.clock.advance({ seconds: 1 });
  const shards = await stream.shards();
  assert.deepEqual(shards.map(lineage).at(-1), ["3", "1", "2"]);
  const open = await stream.shards({ ShardFilter: { Type: "AT_LATEST" } });
  assert.deepEqual(open.map(({ ShardId }) => ShardId?.slice(-1)), ["0", "3"]);
  const after = await stream.shards({ ShardFilter: {
    Type: "AFTER_SHARD_ID", ShardId: "shardId-000000000001",
  } });
  assert.deepEqual(after.map(({ ShardId }) => ShardId?.slice(-1)), ["2", "3"]);
  await region.clock.advance({ hours: 25 });
  assert.deepEqual((await stream.shards()).map(({ ShardId }) => ShardId?.slice(-1)), ["0", "3"]);
});

function covers(shards: readonly Shard[]): boolean {
  const ranges = shards.map(({ HashKeyRange }) =>
    [BigInt(HashKeyRange?.StartingHashKey ?? 0), BigInt(HashKeyRange?.EndingHashKey ?? 0)] as const);
  ranges.sort(([one], [other]) => (one < other ? -1 : 1));
  let next = 0n;
  for (const [start, end] of ranges) {
    if (start !== next) return false;
    next = end + 1n;
  }
  return next === 2n ** 128n;
}

test("scaling makes even shards, each with its parents", async () => {
  await using region = await startRegion();
  const stream = await StreamFixture.create(region, { ShardCount: 2 });
  const scale = (TargetShardCount: number) => stream.client.send(
    new UpdateShardCountCommand({ StreamName, TargetShardCount, ScalingType: "UNIFORM_SCALING" }));
  assert.equal(
    await refusal(scale(5)),
    "LimitExceededException: UpdateShardCount cannot scale up over double your current open shard count. " +
      "Current open shard count: 2, Target shard count: 5",
  );
  for (const count of [4, 3, 5, 3, 2, 1, 2, 3, 6, 5]) {
    const answer = await scale(count);
    assert.equal(answer.TargetShardCount, count);
    await region.clock.advance({ seconds: 1 });
    const open = await stream.shards({ ShardFilter: { Type: "AT_LATEST" } });
    assert.equal(open.length, count);
    assert.ok(covers(open));
    const sizes = open.map(({ HashKeyRange: range }) =>
      BigInt(range?.EndingHashKey ?? 0) - BigInt(range?.StartingHashKey ?? 0));
    assert.ok(sizes.every((size) => size - (sizes[0] ?? 0n) < 10n));
  }
  assert.match(await refusal(scale(6)), /^LimitExceededException: Stream stream .* scaled 10 times /);
  const all = new Set((await stream.shards()).map(({ ShardId }) => ShardId));
  for (const { ParentShardId } of (await stream.shards()).slice(2)) assert.ok(all.has(ParentShardId));
});

test("pages of shards go on where they ended, for five minutes", async () => {
  await using region = await startRegion();
  const stream = await StreamFixture.create(region, { ShardCount: 5 });
  const described = await stream.client.send(new DescribeStreamCommand({ StreamName, Limit: 3 }));
  assert.equal(described.StreamDescription?.HasMoreShards, true);
  const rest = await stream.client.send(new DescribeStreamCommand({
    StreamName, ExclusiveStartShardId: "shardId-000000000002",
  }));
  assert.deepEqual(rest.StreamDescription?.Shards?.map(({ ShardId }) => ShardId?.slice(-1)), ["3", "4"]);
  const first = await stream.client.send(new ListShardsCommand({ StreamName, MaxResults: 3 }));
  const next = () => stream.client.send(new ListShardsCommand({ NextToken: first.NextToken }));
  assert.deepEqual((await next()).Shards?.map(({ ShardId }) => ShardId?.slice(-1)), ["3", "4"]);
  assert.equal(
    await refusal(stream.client.send(new ListShardsCommand({ StreamName, NextToken: first.NextToken }))),
    "InvalidArgumentException: NextToken and StreamName cannot be provided together.",
  );
  assert.equal(
    await refusal(stream.client.send(new ListShardsCommand({}))),
    "InvalidArgumentException: Either NextToken or StreamName should be provided.",
  );
  await region.clock.advance({ minutes: 6 });
  assert.match(await refusal(next()), /^ExpiredNextTokenException: /);
});
