import assert from "node:assert/strict";
import { test } from "node:test";
import { startRegion } from "../../../test/region.ts";
import { StreamFixture } from "./stream-fixture.ts";

const mebibyte = "x".repeat(1_048_573);

/** Writes a mebibyte a second to the first shard. */
async function write(stream: StreamFixture, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    await stream.put(mebibyte, "key", "0");
    await stream.region.clock.advance({ seconds: 1 });
  }
}

test("a shard of an on-demand stream that a minute uses by half is split in the middle", async () => {
  await using region = await startRegion();
  const stream = await StreamFixture.create(region, {});
  await write(stream, 29);
  assert.equal((await stream.shards()).length, 4);
  await write(stream, 2);
  const ranges = (await stream.shards()).map(({ ShardId, ParentShardId, HashKeyRange }) => [
    ShardId?.slice(-1), ParentShardId?.slice(-1), HashKeyRange?.StartingHashKey,
  ]);
  assert.deepEqual(ranges.slice(4), [["4", "0", "0"], ["5", "0", String(2n ** 125n)]]);
  assert.equal(await stream.status(), "ACTIVE");
  assert.equal((await stream.put("on", "key", "0")).ShardId, "shardId-000000000004");
});

test("minutes that use less, and shards of a provisioned stream, split nothing", async () => {
  await using region = await startRegion();
  const [slow, provisioned] = [
    await StreamFixture.create(region, { StreamName: "slow" }),
    await StreamFixture.create(region, { StreamName: "provisioned", ShardCount: 1 }),
  ];
  await write(slow, 20);
  await region.clock.advance({ seconds: 60 });
  await write(slow, 20);
  await region.clock.advance({ seconds: 60 });
  await write(provisioned, 40);
  assert.deepEqual([(await slow.shards()).length, (await provisioned.shards()).length], [4, 1]);
});
