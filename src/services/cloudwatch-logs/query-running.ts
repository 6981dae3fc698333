/** Queries at work: block after block, so that no more of the events is in memory than two of them hold. */

import { asynchronousJob } from "../../jobs/job.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { inflated, unpackEvents, type StoredEvent } from "./block-format.ts";
import { liveness } from "./block-scan.ts";
import { blocks, bodies, packedOf, type Block, type DataKeys, type Packed } from "./block-table.ts";
import { eventOverheadBytes } from "./block-writing.ts";
import { dataKeysOf } from "./data-keys.ts";
import { expiredBefore, findGroup, usageOf, type LogGroup } from "./group-table.ts";
import { Guard, TookTooLong } from "./insights/guard.ts";
import { parseQuery, type Pipeline } from "./insights/query.ts";
import { Row, type Source } from "./insights/rows.ts";
import { TooManyRows } from "./insights/stages.ts";
import { openMask, type Mask } from "./masking.ts";
import { pointerText } from "./pointers.ts";
import { queries, resultsParts, type QueryRow, type QueryStatus } from "./query-table.ts";
import { nextTurn, pieceOfWork } from "./turns.ts";

/** A piece of work gets so long: far more than it takes, where no expression runs wild. */
const guardMilliseconds = 3_000;
const endMilliseconds = 10_000;
/** So many events are looked at before the clock is. */
/** Heads of blocks that are not wanted are passed so many at a time. */
const headsATurn = 64;
const eventsALook = 64;
/** How far a query is, is written down every so many blocks. */
const blocksANote = 64;
const rowsAPart = 500;

class Counts {
  matched = 0;
  scanned = 0;
  bytes = 0;
}

/** An event of a block, as a row's source; what names it is worked out only where it is shown. */
class EventSource implements Source {
  readonly timestamp: number;
  readonly ingestedAt: number;
  readonly message: string;
  readonly stream: string;
  readonly log: string;
  readonly group: string;
  readonly #sequence: number;

  constructor(event: StoredEvent, message: string, stream: string, group: string, log: string) {
    this.timestamp = event.timestamp;
    this.ingestedAt = event.ingestedAt;
    this.message = message;
    this.stream = stream;
    this.group = group;
    this.log = log;
    this.#sequence = event.sequence;
  }

  get pointer(): string {
    return pointerText(this.group, { timestamp: this.timestamp, sequence: this.#sequence });
  }
}

interface Walk {
  readonly group: LogGroup;
  readonly keys: DataKeys;
  readonly mask: Mask;
  readonly from: number;
  readonly before: number;
}

interface Loaded {
  readonly streamName: string;
  readonly events: readonly StoredEvent[];
}

/** The next block behind a place that is wanted, still packed. */
function nextBlock(
  ctx: BodyContext, walk: Walk, after: Block | undefined,
): { readonly block: Block; readonly packed: Packed | undefined } | undefined {
  const { group, keys } = walk;
  return ctx.reading(() => {
    const { spanMilliseconds } = usageOf(ctx, group.id);
    const isLive = liveness(ctx, { groupId: group.id, from: walk.from, before: walk.before });
    const heads = ctx.db(blocks).by("byGroup").list({
      prefix: [group.id],
      ...(after ? { after: [group.id, after.firstAt, after.lastSequence] }
        : { from: [group.id, Math.max(0, walk.from - spanMilliseconds)] }),
      before: [group.id, walk.before],
      limit: headsATurn,
    });
    let last: Block | undefined;
    for (const block of heads) {
      last = block;
      if (block.lastAt < walk.from || !isLive(block)) continue;
      const body = ctx.db(bodies).get([block.groupId, block.lastSequence]);
      if (body) return { block, packed: packedOf(body, keys) };
    }
    return last && { block: last, packed: undefined };
  });
}

/** While a block is being looked at, the next is unpacked in another thread. */
async function* loadedBlocks(ctx: BodyContext, walk: Walk): AsyncGenerator<Loaded | undefined> {
  let next = nextBlock(ctx, walk, undefined);
  let bytes = next?.packed && inflated(next.packed);
  while (next) {
    const { block } = next;
    const unpacked = bytes && unpackEvents(await bytes);
    next = nextBlock(ctx, walk, block);
    bytes = next?.packed && inflated(next.packed);
    // Nobody may be there to hear of it, when the query ends before its turn comes.
    bytes?.catch(() => undefined);
    yield unpacked && { streamName: block.streamName, events: unpacked };
  }
}

interface Work {
  readonly walk: Walk;
  readonly pipeline: Pipeline;
  readonly counts: Counts;
  readonly guard: Guard;
  readonly log: string;
}

/** @returns where to go on */
function lookAt({ walk, pipeline, counts, log }: Work, { streamName, events }: Loaded, from: number): number {
  const isTimeOver = pieceOfWork();
  const { group, mask, before } = walk;
  for (let index = from; index < events.length; index++) {
    const event = events[index] as StoredEvent;
    if (event.timestamp < walk.from || event.timestamp >= before) continue;
    counts.scanned++;
    counts.bytes += event.message.length + eventOverheadBytes;
    const message = mask(event.message, event.ingestedAt);
    pipeline.push(new Row(new EventSource(event, message, streamName, group.name, log)));
    if (counts.scanned % eventsALook === 0 && isTimeOver()) return index + 1;
  }
  return events.length;
}

async function walkGroup(
  ctx: BodyContext, walk: Walk, pipeline: Pipeline, counts: Counts, progress: Progress,
): Promise<boolean> {
  const guard = new Guard(guardMilliseconds);
  const work = { walk, pipeline, counts, guard, log: `${ctx.account}:${walk.group.name}` };
  for await (const loaded of loadedBlocks(ctx, walk)) {
    for (let at = 0; loaded && at < loaded.events.length;) {
      await nextTurn(ctx.kernel);
      if (!progress.goesOn() || ctx.signal.aborted) return false;
      guard.run(() => (at = lookAt(work, loaded, at)));
    }
    progress.note();
  }
  return progress.goesOn();
}

/** What the query's row says, and what it is told. */
class Progress {
  readonly #ctx: BodyContext;
  readonly #id: string;
  readonly #counts: Counts;
  #blocks = 0;

  constructor(ctx: BodyContext, id: string, counts: Counts) {
    this.#ctx = ctx;
    this.#id = id;
    this.#counts = counts;
  }

  /** False once it was stopped. */
  goesOn(): boolean {
    return this.#ctx.reading(() => this.#ctx.db(queries).get(this.#id)?.status === "Running");
  }

  /** Another block is done. */
  note(): void {
    if (++this.#blocks % blocksANote !== 0) return;
    this.#ctx.transaction((within) => {
      const known = within.db(queries).get(this.#id);
      if (known?.status === "Running") within.db(queries).put(counted(known, this.#counts));
    });
  }
}

/** @returns false when it was stopped meanwhile */
async function walkGroups(
  ctx: BodyContext, query: QueryRow, pipeline: Pipeline, counts: Counts
): Promise<boolean> {
  const progress = new Progress(ctx, query.id, counts);
  for (const name of query.groups) {
    const group = ctx.reading(() => findGroup(ctx, name));
    if (!group) continue;
    const keys = await dataKeysOf(ctx, group);
    const mask = openMask(ctx, group, query.unmasks);
    const from = Math.max(query.from, expiredBefore(group, ctx.clock.now()));
    const walk = { group, keys, mask, from, before: query.before };
    if (!(await walkGroup(ctx, walk, pipeline, counts, progress))) return false;
  }
  return true;
}

function counted(query: QueryRow, counts: Counts): QueryRow {
  return {
    ...query, recordsMatched: counts.matched, recordsScanned: counts.scanned, bytesScanned: counts.bytes,
  };
}

async function statusOf(
  ctx: BodyContext, query: QueryRow, pipeline: Pipeline, counts: Counts
): Promise<QueryStatus> {
  try {
    if (!(await walkGroups(ctx, query, pipeline, counts))) return "Cancelled";
    new Guard(endMilliseconds).run(() => pipeline.end());
    return "Complete";
  } catch (error) {
    if (error instanceof TookTooLong) return "Timeout";
    // A key that is disabled, more different rows than there is room for.
    if (error instanceof TooManyRows || (error instanceof AwsError && error.status < 500)) return "Failed";
    throw error;
  }
}

export const runQuery = asynchronousJob<{
  readonly id: string,
}>("cloudwatch-logs.runQuery", async ({ id }, ctx) => {
  const query = ctx.transaction((within) => begin(within, id));
  if (!query) return;
  const counts = new Counts();
  const { start, filters } = parseQuery(query.text);
  const pipeline = start({ limit: query.limit, matched: () => counts.matched++ });
  const status = await statusOf(ctx, query, pipeline, counts);
  if (!filters) counts.matched = counts.scanned;
  ctx.transaction((within) => finish(within, id, status, counts, pipeline));
});

function begin(ctx: Context, id: string): QueryRow | undefined {
  const query = ctx.db(queries).get(id);
  if (query?.status !== "Scheduled" && query?.status !== "Running") return undefined;
  return ctx.db(queries).put({ ...query, status: "Running" });
}

function finish(ctx: Context, id: string, status: QueryStatus, counts: Counts, { rows }: Pipeline): void {
  const query = ctx.db(queries).get(id);
  if (query?.status !== "Running") return;
  const durationMilliseconds = ctx.clock.now() - query.createdAt;
  ctx.db(queries).put({ ...counted(query, counts), status, durationMilliseconds, resultsCount: rows.length });
  if (status !== "Complete") return;
  for (let at = 0; at < rows.length; at += rowsAPart) {
    ctx.db(resultsParts).put({ query: id, part: at / rowsAPart, rows: rows.slice(at, at + rowsAPart) });
  }
}
