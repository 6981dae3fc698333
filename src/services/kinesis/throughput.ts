/**
 * How much a shard takes and gives in a second. What is more than a second's worth at once, as a large record
 * is, is let through and used up before anything else is.
 *
 * @evidence Developer Guide, "Quotas and limits": 1 MB and 1,000 records a second are written; 2 MB and five
 *   calls of GetRecords are read; a call that returns 10 MB keeps others away for the next five seconds
 */

import type { Context } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { shardIdOf } from "./addresses.ts";
import { rateExceeded } from "./errors.ts";
import { countReadExceeded } from "./metrics.ts";
import type { Shard, Stream } from "./stream-table.ts";

/** What is written in a minute counts too, where a stream grows by it. */
export const rateKinds = ["read", "write", "minute"] as const;

export interface Rate {
  readonly stream: number;
  readonly shard: number;
  readonly kind: (typeof rateKinds)[number];
  /**
   * The second since the epoch that the counts are of, with what is left over of those before. Of a minute,
   * its first.
   */
  readonly second: number;
  readonly bytes: number;
  readonly count: number;
}

export const rates = table<Rate>("kinesis.rates", { key: (row) => [row.stream, row.shard, row.kind] });

const mebibyte = 1_048_576;
const limits = {
  write: { bytes: mebibyte, count: 1_000 },
  read: { bytes: 2 * mebibyte, count: 5 },
} as const;

type Use = Pick<Rate, "bytes" | "count" | "second">;

function usedSoFar(ctx: Context, shard: Shard, kind: "read" | "write"): Use {
  const second = Math.floor(ctx.clock.now() / 1000);
  const row = ctx.db(rates).get([shard.stream, shard.index, kind]);
  if (!row) return { second, bytes: 0, count: 0 };
  if (row.second === second) return row;
  const passed = Math.max(second - row.second, 0) * limits[kind].bytes;
  return { second, bytes: Math.max(0, row.bytes - passed), count: 0 };
}

function put(ctx: Context, shard: Shard, kind: Rate["kind"], used: Use): void {
  const { second, bytes, count } = used;
  ctx.db(rates).put({ stream: shard.stream, shard: shard.index, kind, second, bytes, count });
}

/** @returns false where the record would be too much */
export function takeWrite(ctx: Context, shard: Shard, bytes: number): boolean {
  const used = usedSoFar(ctx, shard, "write");
  const isTooMuch = used.bytes > 0 && used.bytes + bytes > limits.write.bytes;
  if (isTooMuch || used.count >= limits.write.count) return false;
  put(ctx, shard, "write", { ...used, bytes: used.bytes + bytes, count: used.count + 1 });
  return true;
}

/**
 * Readers are not held back while time stands still: it may never go on.
 *
 * @throws ProvisionedThroughputExceededException
 */
export function requireRead(ctx: Context, stream: Stream, shard: Shard): void {
  if (ctx.clock.isFrozen) return;
  const used = usedSoFar(ctx, shard, "read");
  if (used.count >= limits.read.count || used.bytes >= limits.read.bytes) {
    countReadExceeded(ctx, stream, shard);
    throw rateExceeded(ctx, stream.name, shardIdOf(shard.index));
  }
  put(ctx, shard, "read", { ...used, count: used.count + 1 });
}

export function countRead(ctx: Context, shard: Shard, bytes: number): void {
  if (ctx.clock.isFrozen || bytes === 0) return;
  const used = usedSoFar(ctx, shard, "read");
  put(ctx, shard, "read", { ...used, bytes: used.bytes + bytes });
}

/** What was written in this minute, with `bytes` more. */
export function countMinute(ctx: Context, shard: Shard, bytes: number): Use {
  const second = Math.floor(ctx.clock.now() / 60_000) * 60;
  const row = ctx.db(rates).get([shard.stream, shard.index, "minute"]);
  const before = row?.second === second ? row : { bytes: 0, count: 0 };
  const used = { second, bytes: before.bytes + bytes, count: before.count + 1 };
  put(ctx, shard, "minute", used);
  return used;
}
