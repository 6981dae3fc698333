/** A batch of a shard goes to the function, again and in parts until it is taken or given up. */

import type { BodyContext } from "../../kernel/context.ts";
import { sendLost, type LostBatch } from "./event-source-failures.ts";
import { filterFor } from "./event-source-filters.ts";
import { invokeWithBatch, type BatchOutcome } from "./event-source-invoking.ts";
import { countEvents, measureAge } from "./event-source-metrics.ts";
import type { StreamEvent } from "./event-source-streams.ts";
import {
  currentMapping, noteResult, type EventSourceMapping, type OpenWindow,
} from "./event-source-table.ts";
import { byWindow, isTooLarge, stateIn, windowAt, windowMembers } from "./event-source-windows.ts";
import type { InvocationResult } from "./invocations.ts";

interface Batch {
  readonly ctx: BodyContext;
  readonly mapping: EventSourceMapping;
  readonly shardId: string;
  /** What the function makes of a tumbling window, from one invocation to the next. */
  readonly tumbling?: { window: OpenWindow };
}

const firstPauseMilliseconds = 1_000;
const pauseMillisecondsMax = 60_000;
/** @evidence Lambda quotas: 6 MB of payload for an invocation */
const payloadBytesMax = 6 * 1_048_576 - 65_536;

type Reading = Pick<Batch, "ctx" | "mapping">;

function wantedOf({ ctx, mapping }: Reading, events: readonly StreamEvent[]): readonly StreamEvent[] {
  const isWanted = filterFor(mapping, mapping.kind === "kinesis" ? "data" : undefined);
  const wanted = events.filter(({ filterable }) => isWanted(filterable));
  countEvents(ctx, mapping, "polled", events.length);
  countEvents(ctx, mapping, "filteredOut", events.length - wanted.length);
  return wanted;
}

interface Windowed {
  readonly shardId: string;
  /** The one that is open. */
  readonly window: OpenWindow | undefined;
  readonly events: readonly StreamEvent[];
  /** The shard has come to its end. */
  readonly isDone: boolean;
}

/**
 * With tumbling windows a shard is one lane. A window is closed when a record of a later one comes, or when
 * it is over and nothing came.
 *
 * @returns the window that is open now; undefined when the mapping was changed meanwhile
 */
export async function processWindows(
  { ctx, mapping }: Reading, { shardId, window, events, isDone }: Windowed,
): Promise<{ readonly window: OpenWindow | undefined } | undefined> {
  const seconds = mapping.settings.tumblingSeconds ?? 0;
  let open = window;
  for (const part of byWindow(wantedOf({ ctx, mapping }, events), seconds)) {
    const next = windowAt(part[0]?.at ?? 0, seconds);
    if (open && open.end !== next.end && !(await close({ ctx, mapping, shardId }, open))) return undefined;
    const tumbling = { window: open?.end === next.end ? open : next };
    const batch = { ctx, mapping, shardId, tumbling };
    if (!(await ctx.kernel.aside(ctx.kernel.track(takeLane(batch, part))))) return undefined;
    open = tumbling.window;
    if (!isTooLarge(open.state)) continue;
    if (!(await close(batch, open, true))) return undefined;
    open = { ...open, state: {} };
  }
  const isOver = open && (isDone || (events.length === 0 && ctx.clock.now() >= open.end));
  if (!open || !isOver) return { window: open };
  return (await close({ ctx, mapping, shardId }, open)) ? { window: undefined } : undefined;
}

/** The last invocation for a window, without records; tried again as a batch is. */
async function close(batch: Batch, window: OpenWindow, isEarly = false): Promise<boolean> {
  const { ctx, mapping, shardId } = batch;
  const members = windowMembers(mapping, shardId, window, { isFinal: true, isEarly });
  let pause = firstPauseMilliseconds;
  for (let attempts = 0; ;) {
    if (ctx.signal.aborted || !ctx.reading(() => currentMapping(ctx, mapping))) return false;
    const outcome = await invokeWithBatch(ctx, mapping, [], [], { members });
    note(batch, outcome.kind === "done" ? "OK" : "PROBLEM: Function call failed");
    if (outcome.kind === "done") return true;
    if (outcome.kind !== "refused") attempts += 1;
    const { retriesMax } = mapping.settings;
    if (retriesMax >= 0 && attempts > retriesMax) return true;
    await ctx.wait(pause);
    pause = Math.min(pause * 2, pauseMillisecondsMax);
  }
}

/** @returns false when the mapping was changed meanwhile: the batch is for who follows */
export async function processBatch(
  { ctx, mapping }: Reading, shardId: string, events: readonly StreamEvent[],
): Promise<boolean> {
  const wanted = wantedOf({ ctx, mapping }, events);
  const batch = { ctx, mapping, shardId };
  const lanes = lanesOf(wanted, mapping.settings.lanes);
  const outcomes = lanes.map((lane) => ctx.kernel.track(takeLane(batch, lane)));
  return (await ctx.kernel.aside(Promise.all(outcomes))).every(Boolean);
}

function hashOf(key: string): number {
  let hash = 0;
  for (let at = 0; at < key.length; at += 1) hash = (hash * 31 + key.charCodeAt(at)) >>> 0;
  return hash;
}

/** Records with one key are in one lane. */
function lanesOf(events: readonly StreamEvent[], count: number): StreamEvent[][] {
  const lanes = Array.from({ length: count }, (): StreamEvent[] => []);
  for (const event of events) {
    lanes[count > 1 ? hashOf(event.key) % count : 0]?.push(event);
  }
  return lanes.filter((lane) => lane.length > 0);
}

async function takeLane(batch: Batch, lane: readonly StreamEvent[]): Promise<boolean> {
  for (const part of payloadsOf(lane)) if (!(await take(batch, part, 0))) return false;
  return true;
}

function payloadsOf(events: readonly StreamEvent[]): StreamEvent[][] {
  const parts: StreamEvent[][] = [];
  let bytes = Infinity;
  for (const event of events) {
    const size = JSON.stringify(event.event).length;
    if (bytes + size > payloadBytesMax) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(event);
    bytes += size;
  }
  return parts;
}

/** @param before how often it was tried, as part of a larger batch */
async function take(batch: Batch, events: readonly StreamEvent[], before: number): Promise<boolean> {
  const { ctx, mapping } = batch;
  let pending = await withoutOld(batch, events, before);
  let attempts = before;
  let pause = firstPauseMilliseconds;
  while (pending.length > 0) {
    if (ctx.signal.aborted || !ctx.reading(() => currentMapping(ctx, mapping))) return false;
    countEvents(ctx, mapping, "invoked", pending.length);
    measureAge(ctx, mapping, pending.at(-1)?.at ?? 0);
    const outcome = await invokeWithBatch(
      ctx, mapping, pending.map(({ event }) => event), pending.map(({ sequence }) => sequence),
      windowOf(batch));
    keepState(batch, outcome);
    note(batch, outcome.kind === "done" ? "OK" : "PROBLEM: Function call failed");
    if (outcome.kind === "done") return true;
    if (outcome.kind !== "refused") {
      attempts += 1;
      const isPartly = outcome.kind === "partly";
      const rest = isPartly ? fromFirstFailed(pending, outcome.failed) : pending;
      countEvents(ctx, mapping, "failed", rest.length);
      const next = await afterFailure(batch, rest, { attempts, isPartly, result: outcome.result });
      if (next !== "again") return next;
      pending = rest;
    }
    await ctx.wait(pause);
    pause = Math.min(pause * 2, pauseMillisecondsMax);
    pending = await withoutOld(batch, pending, attempts);
  }
  return true;
}

function windowOf({ mapping, shardId, tumbling }: Batch): { readonly members?: object } {
  if (!tumbling) return {};
  const { window } = tumbling;
  return { members: windowMembers(mapping, shardId, window, { isFinal: false, isEarly: false }) };
}

/** Also of a part: what was taken of it is in the state. */
function keepState({ tumbling }: Batch, outcome: BatchOutcome): void {
  if (!tumbling || (outcome.kind !== "done" && outcome.kind !== "partly")) return;
  tumbling.window = { ...tumbling.window, state: stateIn(outcome.result.outcome.payload) };
}

function note({ ctx, mapping }: Batch, result: string): void {
  ctx.transaction((within) => noteResult(within, mapping, result));
}

/** @evidence Lambda Developer Guide: what comes before the lowest failed sequence number was taken */
function fromFirstFailed(
  events: readonly StreamEvent[], failed: ReadonlySet<string>,
): readonly StreamEvent[] {
  return events.slice(events.findIndex(({ sequence }) => failed.has(sequence)));
}

interface Failed {
  readonly attempts: number;
  /** The function said where it failed. */
  readonly isPartly: boolean;
  readonly result: InvocationResult;
}

/**
 * Given up, tried in two halves, or to be tried again. Halving does not count as a try.
 *
 * @evidence Lambda Developer Guide, "Configuring partial batch response", bisecting a batch: one that was
 *   taken in part is divided where it failed
 */
async function afterFailure(
  batch: Batch, events: readonly StreamEvent[], { attempts, isPartly, result }: Failed,
): Promise<boolean | "again"> {
  const { retriesMax, bisects } = batch.mapping.settings;
  if (bisects && !isPartly && events.length > 1) {
    const middle = Math.ceil(events.length / 2);
    return (await take(batch, events.slice(0, middle), attempts - 1))
      && take(batch, events.slice(middle), attempts - 1);
  }
  if (retriesMax < 0 || attempts <= retriesMax) return "again";
  await lose(batch, { events, condition: "RetryAttemptsExhausted", attempts, result });
  return true;
}

async function lose(batch: Batch, lost: Omit<LostBatch, "shardId">): Promise<void> {
  const { ctx, mapping, shardId } = batch;
  const isDelivered = await sendLost(ctx, mapping, { shardId, ...lost });
  countEvents(ctx, mapping, isDelivered ? "delivered" : "dropped", lost.events.length);
}

/** What has become too old while it waited is given up. */
async function withoutOld(
  batch: Batch, events: readonly StreamEvent[], attempts: number,
): Promise<readonly StreamEvent[]> {
  const { ageSecondsMax } = batch.mapping.settings;
  if (ageSecondsMax < 0) return events;
  const horizon = batch.ctx.clock.now() - ageSecondsMax * 1000;
  const old = events.filter(({ at }) => at < horizon);
  if (old.length === 0) return events;
  await lose(batch, { events: old, condition: "RecordAgeExceeded", attempts });
  return events.filter(({ at }) => at >= horizon);
}
