/**
 * Reads that are behind, where a lag has been set: what rows were before their latest changes is kept for as
 * long, and laid over them.
 */

import { job } from "../../../jobs/job.ts";
import type { Context } from "../../../kernel/context.ts";
import type { LagName } from "../../../kernel/lags.ts";
import { table, type KeyPart, type Range } from "../../../store/types.ts";
import { items, type ItemRow } from "./item-rows.ts";
import { comparePlaces, placeText } from "./places.ts";
import type { WritePlan } from "./writing.ts";

/** That a row changed: an item's, or that of its entry in an index. */
interface LateChange {
  readonly place: readonly KeyPart[];
  /** Epoch milliseconds. */
  readonly at: number;
  readonly sequence: number;
  /** Undefined for a row that was not there. */
  readonly before: ItemRow | undefined;
}

export const lateChanges = table<LateChange>("dynamodb.lateChanges", {
  key: ({ place, at, sequence }) => [...place, at, sequence],
});

const forgottenAtOnce = 1_000;

function longestLag({ kernel: { lags } }: Context): number {
  return Math.max(lags.of("dynamodb.reads"), lags.of("dynamodb.indexes"));
}

/** Before the write is made. */
export function keepLate(ctx: Context, { place, before, entries }: WritePlan): void {
  const lag = longestLag(ctx);
  if (lag === 0) return;
  keep(ctx, place, before);
  for (const entry of entries) {
    if (entry.before) keep(ctx, entry.before.key, entry.before);
    if (entry.after) keep(ctx, entry.after.key, ctx.db(items).get(entry.after.key));
  }
  ctx.schedule(forgetLate, { at: ctx.clock.now() + lag, input: {}, id: "all" });
}

function keep(ctx: Context, place: readonly KeyPart[], before: ItemRow | undefined): void {
  ctx.db(lateChanges).add({ place, at: ctx.clock.now(), sequence: ctx.ids.sequence(), before });
}

export const forgetLate = job<object>("dynamodb.forgetLateChanges", (_input, ctx) => {
  const rows = ctx.db(lateChanges);
  const horizon = ctx.clock.now() - longestLag(ctx);
  let oldest = Infinity;
  let count = 0;
  for (const row of rows.list()) {
    if (row.at > horizon) oldest = Math.min(oldest, row.at);
    else if (count < forgottenAtOnce) {
      rows.delete([...row.place, row.at, row.sequence]);
      count += 1;
    }
  }
  const next = count === forgottenAtOnce ? ctx.clock.now() + 1 : oldest + longestLag(ctx);
  if (next < Infinity) ctx.schedule(forgetLate, { at: next, input: {}, id: "all" });
});

/** Rows as one may read them: as they are, or as they were. */
export interface ReadRows {
  get(place: readonly KeyPart[]): ItemRow | undefined;
  list(range: Range): Iterable<ItemRow>;
}

/** @param lag undefined for consistent reads */
export function readRows(ctx: Context, lag: LagName | undefined): ReadRows {
  const milliseconds = lag === undefined ? 0 : ctx.kernel.lags.of(lag);
  return milliseconds === 0 ? ctx.db(items) : new LateRows(ctx, ctx.clock.now() - milliseconds);
}

/** The item where it is, or was, if it is there. */
export function readItem(
  ctx: Context, place: readonly KeyPart[], isConsistent: boolean,
): ItemRow | undefined {
  return readRows(ctx, isConsistent ? undefined : "dynamodb.reads").get(place);
}

class LateRows implements ReadRows {
  readonly #ctx: Context;
  /** Changes after it are not seen. */
  readonly #horizon: number;

  constructor(ctx: Context, horizon: number) {
    this.#ctx = ctx;
    this.#horizon = horizon;
  }

  get(place: readonly KeyPart[]): ItemRow | undefined {
    const [late] = this.#late({ prefix: place });
    return late ? late.before : this.#ctx.db(items).get(place);
  }

  *list(range: Range): Iterable<ItemRow> {
    const { limit = Infinity, ...unlimited } = range;
    const direction = range.reverse ? -1 : 1;
    const late = this.#late(unlimited);
    let next = 0;
    let count = 0;
    const rows = this.#ctx.db(items).list(unlimited)[Symbol.iterator]();
    let row = rows.next().value as ItemRow | undefined;
    while (count < limit) {
      const change = late[next];
      const order = compareOptional(change?.place, row?.key) * direction;
      if (change === undefined && row === undefined) return;
      const seen = row === undefined || (change !== undefined && order <= 0) ? change?.before : row;
      if (change !== undefined && (row === undefined || order <= 0)) next += 1;
      if (row !== undefined && (change === undefined || order >= 0)) {
        row = rows.next().value as ItemRow | undefined;
      }
      if (!seen) continue;
      count += 1;
      yield seen;
    }
  }

  /** Of each place the first change that is not seen, in the order of places. */
  #late(range: Range): LateChange[] {
    const first = new Map<string, LateChange>();
    for (const change of this.#ctx.db(lateChanges).list(range)) {
      if (change.at <= this.#horizon) continue;
      // Changes of a place come after the place itself.
      if (range.after !== undefined && isPlace(range.after, change.place)) continue;
      const text = placeText(change.place);
      const other = first.get(text);
      if (!other || isEarlier(change, other)) first.set(text, change);
    }
    return [...first.values()];
  }
}

function isEarlier(left: LateChange, right: LateChange): boolean {
  return left.at < right.at || (left.at === right.at && left.sequence < right.sequence);
}

function isPlace(key: NonNullable<Range["after"]>, place: readonly KeyPart[]): boolean {
  return Array.isArray(key) && comparePlaces(key as readonly KeyPart[], place) === 0;
}

function compareOptional(
  left: readonly KeyPart[] | undefined, right: readonly KeyPart[] | undefined,
): number {
  return left && right ? comparePlaces(left, right) : 0;
}
