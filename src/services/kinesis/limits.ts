/** What an account may have, and how much of it there is. */

import * as kinesis from "../../generated/kinesis.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { table } from "../../store/types.ts";
import { shardLimitExceeded } from "./errors.ts";
import { openShardsOf, streams } from "./stream-table.ts";

/** @evidence Developer Guide, "Quotas and limits" */
export const onDemandStreamsMax = 50;
const largeRegions = new Set(["us-east-1", "us-west-2", "eu-west-1"]);
const onDemandShardsDefault = 4;

function shardLimitOf({ region }: ReadContext): number {
  return largeRegions.has(region) ? 20_000 : 6_000;
}

/** One MiB a second a shard. */
export function onDemandShards(warmMiBps = 0): number {
  return Math.max(onDemandShardsDefault, warmMiBps);
}

function openShardCount(ctx: ReadContext): number {
  let count = 0;
  for (const stream of ctx.db(streams).list()) {
    if (stream.mode === "PROVISIONED") count += openShardsOf(ctx, stream).length;
  }
  return count;
}

/** @throws LimitExceededException when the account may not have so many more shards */
export function requireShardRoom(ctx: ReadContext, additional: number): void {
  const limit = shardLimitOf(ctx);
  const current = openShardCount(ctx);
  if (current + additional > limit) throw shardLimitExceeded(ctx, { current, limit, additional });
}

export const DescribeLimits = operation(kinesis.DescribeLimits, {
  run(_input, ctx) {
    let onDemand = 0;
    for (const { mode } of ctx.db(streams).list()) if (mode === "ON_DEMAND") onDemand += 1;
    return {
      ShardLimit: shardLimitOf(ctx),
      OpenShardCount: openShardCount(ctx),
      OnDemandStreamCount: onDemand,
      OnDemandStreamCountLimit: onDemandStreamsMax,
    };
  },
});

/** The account commits itself to pay for a minimum of throughput: "On-demand Advantage". */
interface Commitment {
  readonly id: "commitment";
  readonly startedAt: number;
  /** When it was asked to end. */
  readonly endsAt?: number;
}

const commitments = table<Commitment>("kinesis.commitments", { key: (row) => row.id });

/** @evidence API Reference, UpdateAccountSettings: once enabled, it stays so for at least 24 hours */
const commitmentMilliseconds = 24 * 3_600_000;

export function isAdvantage(ctx: ReadContext): boolean {
  const row = ctx.db(commitments).get("commitment");
  return row !== undefined && !(row.endsAt !== undefined && row.endsAt <= ctx.clock.now());
}

function shownCommitment(ctx: ReadContext): kinesis.MinimumThroughputBillingCommitmentOutput {
  const row = ctx.db(commitments).get("commitment");
  if (!row) return { Status: "DISABLED" };
  const { startedAt, endsAt } = row;
  const EarliestAllowedEndAt = startedAt + commitmentMilliseconds;
  if (endsAt === undefined) return { Status: "ENABLED", StartedAt: startedAt, EarliestAllowedEndAt };
  if (endsAt <= ctx.clock.now()) return { Status: "DISABLED", StartedAt: startedAt, EndedAt: endsAt };
  return { Status: "ENABLED_UNTIL_EARLIEST_ALLOWED_END", StartedAt: startedAt, EarliestAllowedEndAt };
}

export const DescribeAccountSettings = operation(kinesis.DescribeAccountSettings, {
  run: (_input, ctx) => ({ MinimumThroughputBillingCommitment: shownCommitment(ctx) }),
});

/** What was to end goes on. */
function enable(ctx: Context): void {
  const going = isAdvantage(ctx) ? ctx.db(commitments).get("commitment") : undefined;
  ctx.db(commitments).put({ id: "commitment", startedAt: going?.startedAt ?? ctx.clock.now() });
}

function disable(ctx: Context): void {
  const row = ctx.db(commitments).get("commitment");
  if (!row || !isAdvantage(ctx)) return;
  const endsAt = Math.max(row.startedAt + commitmentMilliseconds, ctx.clock.now());
  ctx.db(commitments).put({ ...row, endsAt });
}

export const UpdateAccountSettings = operation(kinesis.UpdateAccountSettings, {
  run(input, ctx) {
    if (input.MinimumThroughputBillingCommitment.Status === "DISABLED") disable(ctx);
    else enable(ctx);
    return { MinimumThroughputBillingCommitment: shownCommitment(ctx) };
  },
});
