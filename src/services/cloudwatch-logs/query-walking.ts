/**
 * Events on their way into a query: block after block, so that no more of them is in memory than one holds.
 */

import { setImmediate } from "node:timers/promises";
import type { BodyContext } from "../../kernel/context.ts";
import type { StoredEvent } from "./block-format.ts";
import { liveness } from "./block-scan.ts";
import { blocks, readBlock, type Block, type DataKeys } from "./block-table.ts";
import { eventOverheadBytes } from "./block-writing.ts";
import { dataKeysOf } from "./data-keys.ts";
import { expiredBefore, findGroup, usageOf, type LogGroup } from "./group-table.ts";
import { indexedFieldsOf } from "./index-policies.ts";
import { Guard } from "./insights/guard.ts";
import type { Range } from "./insights/patterns.ts";
import type { Query } from "./insights/query.ts";
import { Row, type Source } from "./insights/rows.ts";
import type { Stage } from "./insights/stages.ts";
import { openMask, type Mask } from "./masking.ts";
import { pointerText } from "./pointers.ts";
import { openTransforms } from "./transformer-table.ts";

/** Work on so much of a query gets so long: far more than it takes, where no expression runs wild. */
export const guardMilliseconds = 10_000;
const blocksATurn = 4;
/** How far a query is, is written down every so many blocks. */
const blocksANote = 64;

export class Counts {
  matched = 0;
  scanned = 0;
  bytes = 0;
  skipped = 0;
  skippedBytes = 0;
}

interface Walk extends Range {
  readonly group: LogGroup;
  readonly keys: DataKeys;
  readonly mask: Mask;
  readonly transform: ReturnType<typeof openTransforms>;
  readonly isBaseline: boolean;
}

/** An event of a block, as a row's source; what names it is worked out only where it is shown. */
class EventSource implements Source {
  readonly timestamp: number;
  readonly ingestedAt: number;
  readonly message: string;
  readonly transformed: string | undefined;
  readonly stream: string;
  readonly log: string;
  readonly group: string;
  readonly #sequence: number;

  constructor(event: StoredEvent, { mask, transform, group }: Walk, stream: string, log: string) {
    this.timestamp = event.timestamp;
    this.ingestedAt = event.ingestedAt;
    this.message = mask(event.message, event.ingestedAt);
    const transformed = transform?.(event.message, event.sequence);
    this.transformed = transformed && mask(transformed, event.ingestedAt);
    this.stream = stream;
    this.group = group.name;
    this.log = log;
    this.#sequence = event.sequence;
  }

  get pointer(): string {
    return pointerText(this.group, { timestamp: this.timestamp, sequence: this.#sequence });
  }
}

/** Where rows go, and who is told how far it is: false ends the walk. */
export interface Walker {
  readonly stage: Stage;
  readonly counts: Counts;
  note(): boolean;
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

async function walkGroup(ctx: BodyContext, walk: Walk, { stage, counts, note }: Walker): Promise<boolean> {
  const guard = new Guard(guardMilliseconds);
  const log = `${ctx.account}:${walk.group.name}`;
  const { isBaseline } = walk;
  let since = 0;
  for await (const stretch of stretches(ctx, walk)) {
    guard.run(() => {
      for (const { block, events } of stretch) {
        for (const event of events) {
          if (event.timestamp < walk.from || event.timestamp >= walk.before) continue;
          counts.scanned++;
          counts.bytes += event.message.length + eventOverheadBytes;
          stage.push(new Row(new EventSource(event, walk, block.streamName, log), isBaseline));
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

/** Without an index on what `filterIndex` names, none of a group's events is looked at. */
function skipUnindexed(ctx: BodyContext, group: LogGroup, range: Range, query: Query,
  counts: Counts): boolean {
  if (query.indexed.length === 0) return false;
  return ctx.reading(() => {
    const fields = indexedFieldsOf(ctx, group);
    if (query.indexed.every((field) => fields.includes(field))) return false;
    for (const block of ctx.db(blocks).by("byGroup").list({ prefix: [group.id] })) {
      if (block.lastAt < range.from || block.firstAt >= range.before) continue;
      counts.skipped += block.count;
      counts.skippedBytes += block.sizeBytes;
    }
    return true;
  });
}

/** @returns false when it was stopped meanwhile */
export async function walkGroups(
  ctx: BodyContext, query: Query, names: readonly string[], range: Range, walker: Walker, isBaseline = false,
): Promise<boolean> {
  for (const name of names) {
    const group = ctx.reading(() => findGroup(ctx, name));
    if (!group || skipUnindexed(ctx, group, range, query, walker.counts)) continue;
    const keys = await dataKeysOf(ctx, group);
    const mask = openMask(ctx, group, query.unmasks);
    const from = Math.max(range.from, expiredBefore(group, ctx.clock.now()));
    const transform = ctx.reading(() => openTransforms(ctx, group));
    const walk = { group, keys, mask, transform, from, before: range.before, isBaseline };
    if (!(await walkGroup(ctx, walk, walker))) return false;
  }
  return true;
}
