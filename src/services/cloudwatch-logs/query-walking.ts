/**
 * Events on their way into a query: block after block, so that no more of them is in memory than two hold.
 */

import type { BodyContext } from "../../kernel/context.ts";
import { inflated, unpackEvents, type StoredEvent } from "./block-format.ts";
import { liveness } from "./block-scan.ts";
import { blocks, bodies, packedOf, type Block, type DataKeys, type Packed } from "./block-table.ts";
import { eventOverheadBytes } from "./block-writing.ts";
import { dataKeysOf } from "./data-keys.ts";
import { expiredBefore, findGroup, usageOf, type LogGroup } from "./group-table.ts";
import { indexedFieldsOf } from "./index-policies.ts";
import type { Range } from "./insights/patterns.ts";
import type { Query } from "./insights/query.ts";
import { Row, type Source } from "./insights/rows.ts";
import type { Stage } from "./insights/stages.ts";
import { openMask, type Mask } from "./masking.ts";
import { pointerText } from "./pointers.ts";
import { openTransforms } from "./transformer-table.ts";
import { nextTurn, pieceOfWork } from "./turns.ts";

/** So many events, or bytes of them, are looked at before the clock is. */
const eventsALook = 8;
const bytesALook = 16_384;
/** Heads of blocks that are not wanted are passed so many at a time. */
const headsATurn = 64;
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
  readonly #event: StoredEvent;
  readonly #walk: Walk;

  constructor(event: StoredEvent, walk: Walk, stream: string, log: string) {
    const { mask, transform, group } = walk;
    this.#event = event;
    this.#walk = walk;
    this.timestamp = event.timestamp;
    this.ingestedAt = event.ingestedAt;
    this.message = mask(event.message, event.ingestedAt);
    const transformed = transform?.(event.message, event.sequence);
    this.transformed = transformed && mask(transformed, event.ingestedAt);
    this.stream = stream;
    this.group = group.name;
    this.log = log;
  }

  unmasked(): EventSource {
    const walk = { ...this.#walk, mask: (message: string) => message };
    return new EventSource(this.#event, walk, this.stream, this.log);
  }

  get pointer(): string {
    return pointerText(this.group, { timestamp: this.timestamp, sequence: this.#event.sequence });
  }
}

/** What is said of a query under way, and what it is told. */
export interface Progress {
  /** Writes down how far it is. */
  note(): void;
  /** False once it was stopped. */
  goesOn(): boolean;
}

/** Where rows go. */
export interface Walker {
  readonly stage: Stage;
  readonly counts: Counts;
  readonly progress: Progress;
}

interface Loaded {
  readonly streamName: string;
  readonly events: readonly StoredEvent[];
}

/** The next block behind a place that is wanted, still packed; a place to go on from where none was found. */
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
async function* loadedBlocks(ctx: BodyContext, walk: Walk): AsyncGenerator<Loaded> {
  let next = nextBlock(ctx, walk, undefined);
  let bytes = next?.packed && inflated(next.packed);
  while (next) {
    const { block } = next;
    const events = bytes ? unpackEvents(await bytes) : [];
    next = nextBlock(ctx, walk, block);
    bytes = next?.packed && inflated(next.packed);
    // When the query ends before its turn comes, nobody is there to hear of it.
    bytes?.catch(() => undefined);
    yield { streamName: block.streamName, events };
  }
}

/** A piece of work on a block, from an event on. @returns where to go on */
function lookAt(
  walk: Walk, { stage, counts }: Walker, { streamName, events }: Loaded, log: string, start: number,
): number {
  const isTimeOver = pieceOfWork();
  const { from, before, isBaseline } = walk;
  let bytes = 0;
  for (let index = start; index < events.length; index++) {
    const event = events[index] as StoredEvent;
    if (event.timestamp < from || event.timestamp >= before) continue;
    counts.scanned++;
    counts.bytes += event.message.length + eventOverheadBytes;
    stage.push(new Row(new EventSource(event, walk, streamName, log), isBaseline));
    bytes += event.message.length;
    if (counts.scanned % eventsALook !== 0 && bytes < bytesALook) continue;
    if (isTimeOver()) return index + 1;
    bytes = 0;
  }
  return events.length;
}

async function walkGroup(ctx: BodyContext, walk: Walk, walker: Walker): Promise<boolean> {
  const log = `${ctx.account}:${walk.group.name}`;
  const { progress } = walker;
  let blocksDone = 0;
  for await (const loaded of loadedBlocks(ctx, walk)) {
    for (let at = 0; at < loaded.events.length;) {
      await nextTurn(ctx.kernel);
      if (!progress.goesOn() || ctx.signal.aborted) return false;
      at = lookAt(walk, walker, loaded, log, at);
    }
    if (++blocksDone % blocksANote === 0) progress.note();
  }
  return progress.goesOn();
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
    const mask = openMask(ctx, group, query.unmasks === "all");
    const from = Math.max(range.from, expiredBefore(group, ctx.clock.now()));
    const transform = ctx.reading(() => openTransforms(ctx, group));
    const walk = { group, keys, mask, transform, from, before: range.before, isBaseline };
    if (!(await walkGroup(ctx, walk, walker))) return false;
  }
  return true;
}
