/**
 * Events in the order of their places, over blocks that overlap: only those blocks are open in which the
 * next event may be.
 */

import type { ReadContext } from "../../kernel/context.ts";
import { decompress, inflated, isLarge, unpackEvents, type StoredEvent } from "./block-format.ts";
import {
  blocks, bodies, packedOf, readBlock, type Block, type DataKeys, type Packed,
} from "./block-table.ts";
import { usageOf } from "./group-table.ts";
import { Heap } from "./heap.ts";
import { precedes, type Place } from "./places.ts";
import { streams } from "./stream-table.ts";

export interface Scope {
  readonly groupId: string;
  /** Only this stream. */
  readonly streamId?: string;
  /** Only streams of such names. */
  readonly stream?: (name: string) => boolean;
  /** Inclusive; epoch milliseconds. */
  readonly from: number;
  /** Exclusive. */
  readonly before: number;
  /** Only events behind this place; when going backward, only those before it. */
  readonly past?: Place;
}

export interface FoundEvent extends StoredEvent {
  readonly streamName: string;
}

type Reader = Pick<ReadContext, "db">;

interface Cursor {
  readonly streamName: string;
  readonly block: Block;
  readonly events: readonly StoredEvent[];
  at: number;
}

/** Blocks of deleted streams are still there for a while. */
export function liveness(ctx: Reader, scope: Scope): (block: Block) => boolean {
  if (scope.streamId !== undefined) return () => true;
  const known = new Map<string, boolean>();
  return ({ groupId, streamId, streamName }) => {
    let isLive = known.get(streamId);
    if (isLive === undefined) {
      isLive = (scope.stream?.(streamName) ?? true) &&
        ctx.db(streams).get([groupId, streamName])?.id === streamId;
      known.set(streamId, isLive);
    }
    return isLive;
  };
}

/** Heads by their first event, from the earliest that can hold an event of the scope. */
function headsOf(ctx: Reader, scope: Scope, span: number, reverse: boolean): Iterator<Block> {
  const of = scope.streamId ?? scope.groupId;
  const ordered = scope.streamId === undefined ? ctx.db(blocks).by("byGroup") : ctx.db(blocks);
  const from = Math.max(scope.from, reverse ? 0 : (scope.past?.timestamp ?? 0)) - span;
  const before = Math.min(scope.before, reverse ? (scope.past?.timestamp ?? Infinity) + 1 : Infinity);
  return ordered.list({
    prefix: [of],
    ...(Number.isFinite(from) && { from: [of, from] }),
    ...(Number.isFinite(before) && { before: [of, before] }),
    reverse,
  })[Symbol.iterator]();
}

function eventAt(cursor: Cursor): StoredEvent {
  return cursor.events[cursor.at] as StoredEvent;
}

/** Where a block's events of the scope begin. */
function startIn(events: readonly StoredEvent[], { from, past }: Scope): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const event = events[middle] as StoredEvent;
    const isEarlier = event.timestamp < from || (past !== undefined && !precedes(past, event));
    if (isEarlier) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Where a scan has its blocks from. */
interface OpenBlocks {
  /** Undefined for one that is not there yet: the scan ends, to be taken up again once it is. */
  read(ctx: Reader, block: Block, keys: DataKeys): readonly StoredEvent[] | undefined;
  /** It has been read to its end. */
  close(block: Block): void;
}

const readAtOnce: OpenBlocks = { read: readBlock, close: () => undefined };

/** Blocks that a scan has open, while it ends and is taken up again; they are unpacked in another thread. */
export class UnpackedBlocks implements OpenBlocks {
  readonly #events = new Map<number, readonly StoredEvent[]>();
  #wanted: { readonly sequence: number; readonly packed: Packed } | undefined;

  read(ctx: Reader, block: Block, keys: DataKeys): readonly StoredEvent[] | undefined {
    const sequence = block.lastSequence;
    const known = this.#events.get(sequence);
    const body = known ? undefined : ctx.db(bodies).get([block.groupId, sequence]);
    if (!body) return known ?? [];
    const packed = packedOf(body, keys);
    if (isLarge(packed)) {
      this.#wanted = { sequence, packed };
      return undefined;
    }
    const events = unpackEvents(decompress(packed.packing, packed.bytes));
    this.#events.set(sequence, events);
    return events;
  }

  close({ lastSequence }: Block): void {
    this.#events.delete(lastSequence);
  }

  /** Gets what the scan ended for. @returns false where it ended for nothing of the kind */
  async unpack(): Promise<boolean> {
    const wanted = this.#wanted;
    if (!wanted) return false;
    this.#wanted = undefined;
    this.#events.set(wanted.sequence, unpackEvents(await inflated(wanted.packed)));
    return true;
  }
}

export function* scanForward(ctx: Reader, scope: Scope, keys: DataKeys): Generator<FoundEvent> {
  yield* scanUnpacked(ctx, scope, keys, readAtOnce);
}

/** As `scanForward`, until a block is wanted that is not there yet. */
export function* scanUnpacked(
  ctx: Reader, scope: Scope, keys: DataKeys, opened: OpenBlocks,
): Generator<FoundEvent> {
  const { spanMilliseconds } = usageOf(ctx, scope.groupId);
  const isLive = liveness(ctx, scope);
  const heads = headsOf(ctx, scope, spanMilliseconds, false);
  const open = new Heap<Cursor>((left, right) => precedes(eventAt(left), eventAt(right)));
  const begin = Math.max(scope.from, scope.past?.timestamp ?? -Infinity);
  let head = heads.next();
  for (;;) {
    while (!head.done && (open.size === 0 || head.value.firstAt <= eventAt(open.first as Cursor).timestamp)) {
      const block = head.value;
      if (block.lastAt >= begin && isLive(block)) {
        const events = opened.read(ctx, block, keys);
        if (!events) return;
        const at = startIn(events, scope);
        if (at < events.length) open.push({ streamName: block.streamName, block, events, at });
        else opened.close(block);
      }
      head = heads.next();
    }
    const cursor = open.first;
    if (!cursor) return;
    const event = eventAt(cursor);
    if (event.timestamp >= scope.before) return;
    yield { ...event, streamName: cursor.streamName };
    cursor.at++;
    if (cursor.at < cursor.events.length) open.replaceFirst(cursor);
    else {
      open.pop();
      opened.close(cursor.block);
    }
  }
}

/** The same from the latest to the earliest. */
export function* scanBackward(ctx: Reader, scope: Scope, keys: DataKeys): Generator<FoundEvent> {
  const { spanMilliseconds } = usageOf(ctx, scope.groupId);
  const isLive = liveness(ctx, scope);
  const heads = headsOf(ctx, scope, spanMilliseconds, true);
  const closed = new Heap<Block>((left, right) => left.lastAt > right.lastAt);
  const open = new Heap<Cursor>((left, right) => precedes(eventAt(right), eventAt(left)));
  let head = heads.next();
  for (;;) {
    // A block that was not seen yet ends no later than this long behind the first event of the next head.
    const latest = (): number => Math.max(
      open.first ? eventAt(open.first).timestamp : -Infinity, closed.first?.lastAt ?? -Infinity,
    );
    while (!head.done && head.value.firstAt + spanMilliseconds >= latest()) {
      if (head.value.lastAt >= scope.from && isLive(head.value)) closed.push(head.value);
      head = heads.next();
    }
    const block = closed.first;
    if (block && (!open.first || block.lastAt >= eventAt(open.first).timestamp)) {
      closed.pop();
      const events = readBlock(ctx, block, keys);
      const at = events.length - 1;
      if (at >= 0) open.push({ streamName: block.streamName, block, events, at });
      continue;
    }
    const cursor = open.first;
    if (!cursor) return;
    const event = eventAt(cursor);
    if (event.timestamp < scope.from) return;
    if (event.timestamp < scope.before && (!scope.past || precedes(event, scope.past))) {
      yield { ...event, streamName: cursor.streamName };
    }
    cursor.at--;
    if (cursor.at >= 0) open.replaceFirst(cursor);
    else open.pop();
  }
}
