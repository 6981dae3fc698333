import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudTrailClient, LookupEventsCommand } from "@aws-sdk/client-cloudtrail";
import { CloudWatchLogsClient, CreateLogGroupCommand } from "@aws-sdk/client-cloudwatch-logs";
import { startRegion } from "../../test/region.ts";
import type { CellName, Rows } from "../store/types.ts";
import {
  eventsBackwards,
  trailRetentionMilliseconds,
  trailSegments,
  trim,
  type TrailPlace,
  type TrailSegment,
} from "./trail.ts";

const cell: CellName = { account: "000000000000", region: "eu-central-1" };

/** A segment whose records tell only when and which they are. */
function segment(at: number, sequence: number, ...ids: readonly string[]): TrailSegment {
  const eventTime = `${new Date(Math.floor(at / 1000) * 1000).toISOString().slice(0, 19)}Z`;
  return {
    at,
    order: [0, sequence],
    records: ids.map((eventID) => JSON.stringify({ eventID, eventTime })).join("\n"),
  };
}

async function withSegments(
  segments: readonly TrailSegment[],
  work: (rows: Rows<TrailSegment>) => void,
): Promise<void> {
  await using region = await startRegion();
  region.engine.store.transact(cell, (transaction) => {
    const rows = transaction.rows(trailSegments);
    for (const each of segments) rows.put(each);
    work(rows);
  });
}

function ids(rows: Rows<TrailSegment>, start = 0, end?: number, from?: TrailPlace): string {
  return [...eventsBackwards(rows, start, end, from)].map(({ event }) => event.record.eventID).join("");
}

const segments = [
  segment(1_000, 0, "a", "b"),
  segment(2_000, 1, "c"),
  segment(2_000, 2, "d", "e"),
  segment(9_500, 3, "f"),
];

test("events come newest first, within a commit and between commits of one millisecond", async () => {
  await withSegments(segments, (rows) => assert.equal(ids(rows), "fedcba"));
});

test("events are found between two times, both included", async () => {
  await withSegments(segments, (rows) => {
    assert.equal(ids(rows, 2_000), "fedc");
    assert.equal(ids(rows, 0, 2_000), "edcba");
    assert.equal(ids(rows, 1_001, 1_999), "ba", "times of events are whole seconds, and so is the start");
    assert.equal(ids(rows, 3_000, 9_000), "f");
    assert.equal(ids(rows, 10_000), "");
  });
});

test("reading goes on behind any place, and what happened since does not matter", async () => {
  await withSegments(segments, (rows) => {
    const all = [...eventsBackwards(rows, 0, undefined, undefined)];
    rows.put(segment(10_000, 4, "g"));
    for (const [index, { place }] of all.entries()) {
      assert.equal(ids(rows, 0, undefined, place), "fedcba".slice(index + 1));
    }
  });
});

test("only what holds a text is read, wherever in a commit it is, and places are those of all", async () => {
  await withSegments(segments, (rows) => {
    const found = [...eventsBackwards(rows, 0, undefined, undefined, '"eventID":"a"')];
    const all = [...eventsBackwards(rows, 0, undefined, undefined)];
    assert.deepEqual(found, all.slice(-1));
    assert.deepEqual([...eventsBackwards(rows, 0, undefined, undefined, '"eventID":"z"')], []);
  });
});

test("of a long message of an error the trail keeps a kilobyte", async () => {
  await using region = await startRegion();
  const logs = region.client(CloudWatchLogsClient);
  const { message } = await logs.send(new CreateLogGroupCommand({ logGroupName: "a".repeat(100_000) }))
    .then(() => new Error("no refusal"), (error: unknown) => error as Error);
  assert.ok(message.length > 100_000);
  const { Events = [] } = await region.client(CloudTrailClient).send(new LookupEventsCommand({}));
  const record = JSON.parse(Events[0]?.CloudTrailEvent ?? "{}") as { errorMessage?: string };
  assert.equal(record.errorMessage, message.slice(0, 1_024));
});

test("what is older than ninety days goes, a few segments at a time", async () => {
  const old = Array.from({ length: 100 }, (_, index) => segment(index, index, "x"));
  await withSegments([...old, segment(1_000_000, 1_000, "kept")], (rows) => {
    const now = trailRetentionMilliseconds + 900_000;
    trim(rows, now);
    assert.equal(rows.count(), 37);
    trim(rows, now);
    assert.equal(rows.count(), 1);
    trim(rows, now);
    assert.equal(ids(rows), "kept");
  });
});
