/** Replays: events of an archive come to their bus once more. */

import * as events from "../../generated/eventbridge.ts";
import { asynchronousJob } from "../../jobs/job.ts";
import { formatArn, parseArn } from "../../kernel/arn.ts";
import type { BodyContext, Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { table } from "../../store/types.ts";
import {
  archiveArn, archivedEvents, archives, type Archive, type ArchivedEvent,
} from "./archive-table.ts";
import { busArn, requireBus } from "./bus-table.ts";
import { alreadyExists, illegalStatus, invalidParameter, invalidToken, notFound } from "./errors.ts";
import { openEvent, withKeys, type Keyring } from "./encryption.ts";
import type { Event } from "./event.ts";
import { routeEvent } from "./routing.ts";

interface Replay {
  readonly name: string;
  readonly description?: string | undefined;
  readonly archive: string;
  readonly bus: string;
  readonly filterArns: readonly string[];
  /** What is replayed: epoch milliseconds, the end not included. */
  readonly from: number;
  readonly until: number;
  readonly state: events.ReplayState;
  readonly stateReason?: string;
  readonly startedAt: number;
  readonly endedAt?: number;
  /** The last one that came to the bus. */
  readonly lastEventAt?: number;
}

const replays = table<Replay>("eventbridge.replays", { key: (row) => row.name });

function replayArn(ctx: ReadContext, name: string): string {
  return formatArn({
    service: "events", region: ctx.region, account: ctx.account, resource: `replay/${name}`,
  });
}

function requireReplay(ctx: ReadContext, name: string): Replay {
  const replay = ctx.db(replays).get(name);
  if (!replay) throw notFound(`Replay ${name} does not exist.`);
  return replay;
}

const onReplay = {
  resource: ({ ReplayName }: { readonly ReplayName: string }, ctx: ReadContext): string =>
    replayArn(ctx, ReplayName),
};

function nameIn(arn: string, kind: string): string | undefined {
  return new RegExp(`^${kind}/(.+)$`).exec(parseArn(arn)?.resource ?? "")?.[1];
}

/**
 * @evidence recorded: `Parameter EventSourceArn is not valid. Reason: Archive … does not exist.`
 * @throws ValidationException
 */
function requireArchiveArn(ctx: ReadContext, arn: string): Archive {
  const name = nameIn(arn, "archive");
  if (name === undefined) throw invalidParameter("EventSourceArn", "Must contain an archive ARN.");
  const archive = ctx.db(archives).get(name);
  if (!archive) throw invalidParameter("EventSourceArn", `Archive ${name} does not exist.`);
  return archive;
}

export const StartReplay = operation(events.StartReplay, {
  ...onReplay,
  run(input, ctx) {
    const { ReplayName: name, EventSourceArn, EventStartTime, EventEndTime, Destination } = input;
    if (!nameIn(Destination.Arn, "event-bus")) {
      throw invalidParameter("Destination.Arn", "Must contain an event bus ARN.");
    }
    const { name: bus } = requireBus(ctx, Destination.Arn);
    const archive = requireArchiveArn(ctx, EventSourceArn);
    if (archive.bus !== bus) {
      throw invalidParameter("Destination.Arn", "Cross event bus replay is not permitted.");
    }
    if (EventEndTime <= EventStartTime) {
      throw invalidParameter("EventEndTime", "EventStartTime must be before EventEndTime.");
    }
    if (ctx.db(replays).has(name)) throw alreadyExists(`Replay ${name} already exists.`);
    const startedAt = ctx.clock.now();
    ctx.db(replays).put({
      name, description: input.Description, archive: archive.name, bus,
      filterArns: Destination.FilterArns ?? [], from: EventStartTime, until: EventEndTime,
      state: "STARTING", startedAt,
    });
    ctx.schedule(replayEvents, { at: startedAt, id: name, input: { replay: name, startedAt } });
    return { ReplayArn: replayArn(ctx, name), State: "STARTING" as const, ReplayStartTime: startedAt };
  },
});

interface Progress {
  readonly replay: string;
  /** Tells replays of one name apart. */
  readonly startedAt: number;
  /** The last event that is done. */
  readonly after?: readonly [ingestedAt: number, id: string];
}

const batchMax = 100;

export const replayEvents = asynchronousJob<Progress>("eventbridge.replayEvents", async (progress, ctx) => {
  const begun = ctx.reading(() => {
    const replay = currentOf(ctx, progress);
    return replay && { bus: replay.bus, rows: batchOf(ctx, replay, progress) };
  });
  if (!begun) return;
  const opened = await openAll(ctx, begun.bus, begun.rows);
  if ("reason" in opened) {
    ctx.transaction((within) => {
      const replay = currentOf(within, progress);
      const failed = { state: "FAILED" as const, stateReason: opened.reason, endedAt: ctx.clock.now() };
      if (replay) within.db(replays).put({ ...replay, ...failed });
    });
    return;
  }
  await withKeys(ctx, [begun.bus], (within, keyring) => {
    replayBatch(within, progress, opened.events, keyring);
  });
});

function currentOf(ctx: ReadContext, { replay: name, startedAt }: Progress): Replay | undefined {
  const replay = ctx.db(replays).get(name);
  return replay?.startedAt === startedAt ? replay : undefined;
}

/** What no key opens any more can't be replayed. */
async function openAll(
  ctx: BodyContext, bus: string, rows: readonly ArchivedEvent[],
): Promise<{ readonly events: readonly Event[] } | { readonly reason: string }> {
  const opened: Event[] = [];
  for (const { event } of rows) {
    const one = await openEvent(ctx, bus, event);
    if ("failure" in one) return { reason: one.failure.message };
    opened.push(one);
  }
  return { events: opened };
}

function replayBatch(ctx: Context, progress: Progress, batch: readonly Event[], keyring: Keyring): void {
  const replay = currentOf(ctx, progress);
  if (!replay) return;
  const now = ctx.clock.now();
  if (replay.state === "CANCELLING") {
    ctx.db(replays).put({ ...replay, state: "CANCELLED", endedAt: now });
    return;
  }
  for (const event of batch) {
    const { name: replayName, filterArns } = replay;
    const replayed = { ...event, replayName, ingestedAt: now };
    routeEvent(ctx, replay.bus, replayed, { only: filterArns, keyring });
  }
  const last = batch.at(-1);
  const seen = last && { lastEventAt: last.time };
  if (batch.length < batchMax || !last) {
    ctx.db(replays).put({ ...replay, ...seen, state: "COMPLETED", endedAt: now });
    return;
  }
  ctx.db(replays).put({ ...replay, ...seen, state: "RUNNING" });
  const input: Progress = { ...progress, after: [last.ingestedAt, last.id] };
  ctx.schedule(replayEvents, { at: now, id: replay.name, input });
}

function batchOf(ctx: ReadContext, { archive, from, until }: Replay, { after }: Progress): ArchivedEvent[] {
  const start = after ? { after: [archive, ...after] } : { from: [archive, from] };
  return [...ctx.db(archivedEvents).list({
    prefix: archive, ...start, before: [archive, until], limit: batchMax,
  })];
}

export const CancelReplay = operation(events.CancelReplay, {
  ...onReplay,
  run({ ReplayName }, ctx) {
    const replay = requireReplay(ctx, ReplayName);
    if (replay.state !== "STARTING" && replay.state !== "RUNNING") {
      throw illegalStatus(`Replay ${ReplayName} is not in a valid state for this operation.`);
    }
    ctx.db(replays).put({ ...replay, state: "CANCELLING" });
    return { ReplayArn: replayArn(ctx, ReplayName), State: "CANCELLING" as const };
  },
});

function shownReplay(ctx: ReadContext, replay: Replay): events.Replay {
  return {
    ReplayName: replay.name,
    EventSourceArn: archiveArn(ctx, replay.archive),
    State: replay.state,
    StateReason: replay.stateReason,
    EventStartTime: replay.from,
    EventEndTime: replay.until,
    EventLastReplayedTime: replay.lastEventAt,
    ReplayStartTime: replay.startedAt,
    ReplayEndTime: replay.endedAt,
  };
}

export const DescribeReplay = operation(events.DescribeReplay, {
  ...onReplay,
  run({ ReplayName }, ctx) {
    const replay = requireReplay(ctx, ReplayName);
    return {
      ...shownReplay(ctx, replay),
      ReplayArn: replayArn(ctx, replay.name),
      Description: replay.description,
      Destination: { Arn: busArn(ctx, replay.bus), FilterArns: [...replay.filterArns] },
    };
  },
});

export const ListReplays = operation(events.ListReplays, {
  run({ NamePrefix: prefix = "", State, EventSourceArn, Limit, NextToken }, ctx) {
    const { items, next } = page({
      rows: ctx.db(replays),
      range: prefix === "" ? {} : { prefix, prefixOfLastPart: true },
      key: (replay) => replay.name,
      keep: (replay) =>
        (State === undefined || replay.state === State) &&
        (EventSourceArn === undefined || archiveArn(ctx, replay.archive) === EventSourceArn),
      limit: Limit ?? 100,
      token: NextToken,
      scope: `eventbridge.ListReplays ${prefix}`,
      invalid: invalidToken,
    });
    return { Replays: items.map((replay) => shownReplay(ctx, replay)), NextToken: next };
  },
});
