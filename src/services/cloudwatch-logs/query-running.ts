/** Queries at work: block after block, so that no more of the events is in memory than one of them holds. */

import { setImmediate } from "node:timers/promises";
import { asynchronousJob } from "../../jobs/job.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import type { StoredEvent } from "./block-format.ts";
import { liveness } from "./block-scan.ts";
import { blocks, readBlock, type Block, type DataKeys } from "./block-table.ts";
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

/** Work on so much of a query gets so long: far more than it takes, where no expression runs wild. */
const guardMilliseconds = 10_000;
const blocksATurn = 4;
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

/** The next blocks behind a place, with their events. */
function nextBlocks(
  ctx: BodyContext, walk: Walk, after: Block | undefined
): { block: Block; events: StoredEvent[] }[] {
  const { group, keys } = walk;
  return ctx.reading(() => {
    const { spanMilliseconds } = usageOf(ctx, group.id);
    const isLive = liveness(ctx, { groupId: group.id, from: walk.from, before: walk.before });
    const heads = [...ctx.db(blocks).by("byGroup").list({
      prefix: [group.id],
      ...(after ? { after: [group.id, after.firstAt, after.lastSequence] }
        : { from: [group.id, Math.max(0, walk.from - spanMilliseconds)] }),
      before: [group.id, walk.before],
      limit: blocksATurn,
    })];
    return heads.map((block) => {
      const isWanted = block.lastAt >= walk.from && isLive(block);
      return { block, events: isWanted ? readBlock(ctx, block, keys) : [] };
    });
  });
}

async function* stretches(
  ctx: BodyContext, walk: Walk
): AsyncGenerator<{ block: Block; events: StoredEvent[] }[]> {
  for (let after: Block | undefined; ;) {
    const some = nextBlocks(ctx, walk, after);
    if (some.length === 0) return;
    yield some;
    after = some.at(-1)?.block;
    await setImmediate();
  }
}

async function walkGroup(
  ctx: BodyContext, walk: Walk, pipeline: Pipeline, counts: Counts, note: () => boolean,
): Promise<boolean> {
  const guard = new Guard(guardMilliseconds);
  const log = `${ctx.account}:${walk.group.name}`;
  const { mask } = walk;
  let since = 0;
  for await (const stretch of stretches(ctx, walk)) {
    guard.run(() => {
      for (const { block, events } of stretch) {
        for (const event of events) {
          if (event.timestamp < walk.from || event.timestamp >= walk.before) continue;
          counts.scanned++;
          counts.bytes += event.message.length + eventOverheadBytes;
          pipeline.push(new Row(new EventSource(
            event, mask(event.message, event.ingestedAt), block.streamName, walk.group.name, log,
          )));
        }
      }
    });
    since += stretch.length;
    if (since < blocksANote) continue;
    since = 0;
    if (!note() || ctx.signal.aborted) return false;
  }
  return true;
}

/** @returns false when it was stopped meanwhile */
async function walkGroups(
  ctx: BodyContext, query: QueryRow, pipeline: Pipeline, counts: Counts
): Promise<boolean> {
  const note = (): boolean => ctx.transaction((within) => {
    const known = within.db(queries).get(query.id);
    if (known?.status !== "Running") return false;
    within.db(queries).put(counted(known, counts));
    return true;
  });
  for (const name of query.groups) {
    const group = ctx.reading(() => findGroup(ctx, name));
    if (!group) continue;
    const keys = await dataKeysOf(ctx, group);
    const mask = openMask(ctx, group, query.unmasks);
    const from = Math.max(query.from, expiredBefore(group, ctx.clock.now()));
    const walk = { group, keys, mask, from, before: query.before };
    if (!(await walkGroup(ctx, walk, pipeline, counts, note))) return false;
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
    new Guard(guardMilliseconds).run(() => pipeline.end());
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
