import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CancelReplayCommand, CreateArchiveCommand, CreateEventBusCommand, DeleteArchiveCommand,
  DescribeArchiveCommand, DescribeReplayCommand, EventBridgeClient, ListArchivesCommand, StartReplayCommand,
  UpdateArchiveCommand,
} from "@aws-sdk/client-eventbridge";
import { startRegion, testEpoch } from "../../../test/region.ts";
import { refusal } from "../../../test/refusal.ts";
import { createInbox, entry, put, rule } from "./events-fixture.ts";

const arn = (resource: string) => `arn:aws:events:us-east-1:000000000000:${resource}`;
const bus = arn("event-bus/default");

test("an archive keeps what matches and gives it back in a replay", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  const inbox = await createInbox(region, "in");
  const created = await events.send(new CreateArchiveCommand({
    ArchiveName: "a", EventSourceArn: bus, EventPattern: '{"detail":{"keep":[true]}}', RetentionDays: 2,
  }));
  assert.deepEqual([created.ArchiveArn, created.State], [arn("archive/a"), "ENABLED"]);
  await rule(events, "r", { source: ["my.app"] }, [{ Arn: inbox.arn }]);
  await rule(events, "other", { source: ["my.app"] }, [{ Arn: inbox.arn }]);
  await put(events, entry({ keep: true, n: 1 }), entry({ keep: false, n: 2 }));
  await region.clock.advance({ minutes: 10 });
  await put(events, entry({ keep: true, n: 3 }));
  await region.engine.settled();
  await inbox.messages();
  assert.equal((await events.send(new DescribeArchiveCommand({ ArchiveName: "a" }))).EventCount, 2);
  const started = await events.send(new StartReplayCommand({
    ReplayName: "again", EventSourceArn: arn("archive/a"), EventStartTime: new Date(testEpoch),
    EventEndTime: new Date(testEpoch + 60_000), Destination: { Arn: bus, FilterArns: [arn("rule/r")] },
  }));
  assert.equal(started.State, "STARTING");
  await region.engine.settled();
  const bodies = await inbox.bodies() as Record<string, unknown>[];
  assert.deepEqual(bodies.map((body) => [body["replay-name"], body["detail"]]), [["again", { keep: true,
    n: 1 }]]);
  const replay = await events.send(new DescribeReplayCommand({ ReplayName: "again" }));
  assert.equal(replay.State, "COMPLETED");
  assert.equal((await events.send(new DescribeArchiveCommand({ ArchiveName: "a" }))).EventCount, 2);
  assert.equal(await refusal(events.send(new CancelReplayCommand({ ReplayName: "again" }))),
    "IllegalStatusException: Replay again is not in a valid state for this operation.");
});

test("archived events go when their time is over", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  await events.send(new CreateArchiveCommand({ ArchiveName: "a", EventSourceArn: bus, RetentionDays: 1 }));
  const count = async () => (await events.send(new DescribeArchiveCommand({ ArchiveName: "a" }))).EventCount;
  await put(events, entry({ n: 1 }));
  await region.clock.advance({ hours: 12 });
  await put(events, entry({ n: 2 }));
  await region.clock.advance({ hours: 11 });
  assert.equal(await count(), 2);
  await region.clock.advance({ hours: 1 });
  assert.equal(await count(), 1);
  await events.send(new UpdateArchiveCommand({ ArchiveName: "a", RetentionDays: 0 }));
  await region.clock.advance({ hours: 100 });
  assert.equal(await count(), 1);
});

test("what archives and replays refuse", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  await events.send(new CreateEventBusCommand({ Name: "b" }));
  await events.send(new CreateArchiveCommand({ ArchiveName: "a", EventSourceArn: bus }));
  const replay = (EventSourceArn: string, Arn: string) => events.send(new StartReplayCommand({
    ReplayName: "x", EventSourceArn, EventStartTime: new Date(0), EventEndTime: new Date(1),
      Destination: { Arn },
  }));
  const refusals: readonly (readonly [Promise<unknown>, string])[] = [
    [events.send(new CreateArchiveCommand({ ArchiveName: "a", EventSourceArn: bus })),
      "ResourceAlreadyExistsException: Archive a already exists."],
    [events.send(new CreateArchiveCommand({ ArchiveName: "c", EventSourceArn: arn("event-bus/no") })),
      "ResourceNotFoundException: Event bus no does not exist."],
    [events.send(new DeleteArchiveCommand({ ArchiveName: "c" })),
      "ResourceNotFoundException: Archive c does not exist."],
    [events.send(new ListArchivesCommand({ EventSourceArn: arn("event-bus/no") })),
      "ResourceNotFoundException: Event bus no does not exist."],
    [replay(arn("archive/a"), arn("event-bus/no")),
      "ResourceNotFoundException: Event bus no does not exist."],
    [replay(arn("archive/no"), bus),
      "ValidationException: Parameter EventSourceArn is not valid. Reason: Archive no does not exist."],
    [replay(bus, bus),
      "ValidationException: Parameter EventSourceArn is not valid. Reason: Must contain an archive ARN."],
    [replay(arn("archive/a"), arn("rule/r")),
      "ValidationException: Parameter Destination.Arn is not valid. Reason: Must contain an event bus ARN."],
    [replay(arn("archive/a"), arn("event-bus/b")),
      "ValidationException: Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not " +
        "permitted."],
  ];
  for (const [work, text] of refusals) assert.equal(await refusal(work), text);
});
