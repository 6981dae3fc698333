import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateKeyCommand, DescribeKeyCommand, KMSClient, ListKeysCommand, ScheduleKeyDeletionCommand,
} from "@aws-sdk/client-kms";
import { RegionClock } from "./kernel/clock.ts";
import { startRegion, testEpoch } from "../test/region.ts";
import { refusal } from "../test/refusal.ts";

const day = 86_400_000;

test("a snapshot brings its clock back: what was to come is still to come", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const KeyId = KeyMetadata?.KeyId;
  await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
  await region.clock.advance({ days: 1 });
  await region.state.save("one");

  await region.clock.advance({ days: 30 });
  assert.match(await refusal(kms.send(new DescribeKeyCommand({ KeyId }))), /^NotFoundException/);
  await region.state.restore("one");
  assert.equal(region.clock.now(), testEpoch + day);
  assert.equal(
    (await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyState, "PendingDeletion",
  );
  await region.clock.advance({ days: 5 });
  assert.equal((await kms.send(new ListKeysCommand({}))).Keys?.length, 1);
  await region.clock.advance({ days: 1 });
  assert.equal((await kms.send(new ListKeysCommand({}))).Keys?.length, 0);
});

test("a clock that was never touched, or runs ahead, goes on as such; a reset leaves it", async () => {
  await using region = await startRegion();
  const machine = new RegionClock();
  const isAhead = (days: number) => Math.abs(region.clock.now() - machine.now() - days * day) < 60_000;
  region.clock.set(machine.now());
  region.clock.run();
  await region.state.save("real");
  await region.clock.advance({ days: 400 });
  await region.state.save("ahead");
  region.clock.freeze(testEpoch);
  await region.state.restore("real");
  assert.ok(isAhead(0));
  assert.equal(region.engine.clock.state().mode, "real");
  await region.state.restore("ahead");
  assert.ok(isAhead(400));
  await region.state.reset();
  assert.ok(isAhead(400));
});

test("the clock jumps: what is overdue runs after it, at the new time, and nothing runs again", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const gone: number[] = [];
  region.engine.bus.listen((event) => {
    if (event.detailType === "KMS CMK Deletion") gone.push((region.clock.now() - testEpoch) / day);
  });
  for (const PendingWindowInDays of [7, 8, 30]) {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId: KeyMetadata?.KeyId, PendingWindowInDays }));
  }
  region.clock.set(testEpoch + 20 * day);
  await region.clock.advance({});
  assert.deepEqual(gone, [20, 20]);
  region.clock.set(testEpoch);
  await region.clock.advance({ days: 29 });
  assert.equal(gone.length, 2);
  await region.clock.advance({ days: 1 });
  assert.deepEqual(gone, [20, 20, 30]);
});
