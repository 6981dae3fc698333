/**
 * Tables that are not to use more than was provisioned for them, or than they are limited to, are held to it.
 * Unused units are kept for five minutes, so a burst of that much is let through; what is let through may
 * cost more than is left, and is then paid back before anything else is let through.
 *
 * @evidence Developer Guide, "Burst and adaptive capacity": up to 300 seconds of unused capacity
 */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { Context } from "../../../kernel/context.ts";
import { modelled } from "../../../kernel/errors.ts";
import { table } from "../../../store/types.ts";
import { measureUsage } from "./metrics.ts";
import { indexArn, tableArn } from "../tables/names.ts";
import { isOnDemand, type Index, type Table } from "../tables/table-rows.ts";
import { isHeldBack, type Usage } from "./usage.ts";

export type Kind = "read" | "write";

interface Bucket {
  /** Of the table or the index. */
  readonly number: number;
  readonly kind: Kind;
  /** Less than nothing, when more was used than there was. */
  readonly units: number;
  /** Epoch milliseconds. */
  readonly at: number;
}

const buckets = table<Bucket>("dynamodb.buckets", { key: (row) => [row.number, row.kind] });

const burstSeconds = 300;

interface Rate {
  readonly unitsPerSecond: number;
  readonly burst: number;
}

/** How fast a table or index may be used; undefined where nothing limits it. */
function rateOf(subject: Table, place: Table | Index, kind: Kind): Rate | undefined {
  if (isOnDemand(subject)) {
    const limit = place.onDemand?.[kind];
    return limit === undefined ? undefined : { unitsPerSecond: limit, burst: limit };
  }
  const unitsPerSecond = place.throughput[kind];
  return { unitsPerSecond, burst: unitsPerSecond * burstSeconds };
}

function unitsLeft(ctx: Context, number: number, kind: Kind, rate: Rate): number {
  const bucket = ctx.db(buckets).get([number, kind]);
  if (!bucket) return rate.burst;
  const seconds = Math.max(0, ctx.clock.now() - bucket.at) / 1000;
  return Math.min(rate.burst, bucket.units + seconds * rate.unitsPerSecond);
}

/** @evidence Developer Guide, Best practices, partition keys: what one partition key can do in a second */
const partitionRates: Readonly<Record<Kind, number>> = { read: 3_000, write: 1_000 };

interface PartitionSecond {
  readonly units: number;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What there was too little of. */
export interface Shortage {
  readonly place: Table | Index;
  /** Of one partition key, not of all of it. */
  readonly isPartition?: boolean;
}

interface Draw {
  readonly place: Table | Index;
  readonly units: number;
}

/** A local index's use is its table's. */
function drawsOf({ table: subject, ofTable, ofIndexes }: Usage): Draw[] {
  let own = ofTable;
  const draws: Draw[] = [];
  for (const [index, units] of ofIndexes) {
    if (index.isGlobal) draws.push({ place: index, units });
    else own += units;
  }
  if (own > 0) draws.push({ place: subject, units: own });
  return draws;
}

/**
 * Takes what a request uses. Tables that nothing limits cost nothing here.
 *
 * @returns what was too much, and then nothing is taken; undefined when the request may go on
 */
export function take(ctx: Context, usage: Usage, kind: Kind): Shortage | undefined {
  const subject = usage.table;
  if (!isHeldBack(subject)) {
    measureUsage(ctx, usage, kind);
    return undefined;
  }
  const taken: Bucket[] = [];
  for (const { place, units } of drawsOf(usage)) {
    const rate = rateOf(subject, place, kind);
    if (!rate) continue;
    const left = unitsLeft(ctx, place.number, kind, rate);
    if (left < Math.min(units, 1)) return { place };
    taken.push({ number: place.number, kind, units: left - units, at: ctx.clock.now() });
  }
  const hot = takeOfPartitions(ctx, usage, kind);
  if (hot) return { place: hot, isPartition: true };
  for (const bucket of taken) ctx.db(buckets).put(bucket);
  measureUsage(ctx, usage, kind);
  return undefined;
}

/**
 * What is left of the second of each partition key. It is kept while it matters: nobody notices if it is gone
 * after a second, or with a restart.
 *
 * @returns whose partition was used too much, and then nothing is taken
 */
function takeOfPartitions(ctx: Context, usage: Usage, kind: Kind): Table | Index | undefined {
  const seconds = ctx.kernel.cacheFor<PartitionSecond>("dynamodb.partitions");
  const now = ctx.clock.now();
  const taken: (readonly [key: string, second: PartitionSecond])[] = [];
  for (const { space, text, units } of usage.partitions) {
    const key = `${kind} ${text}`;
    const rate = partitionRates[kind];
    const before = seconds.get(key) ?? { units: rate, at: now };
    const left = Math.min(rate, before.units + (Math.max(0, now - before.at) / 1000) * rate);
    if (left < Math.min(units, 1)) return space;
    taken.push([key, { units: left - units, at: now }]);
  }
  for (const [key, second] of taken) seconds.set(key, second);
  return undefined;
}

/** As `take`. @throws when it was too much */
export function requireUnits(ctx: Context, usage: Usage, kind: Kind): void {
  const exceeded = take(ctx, usage, kind);
  if (exceeded) throw throttled(ctx, usage.table, exceeded, kind);
}

/** @evidence users' reports of this text for hot partitions of tables that are paid by request */
const hotOnDemand = "Throughput exceeds the current capacity of your table or index. DynamoDB is " +
  "automatically scaling your table or index so please try again shortly. If exceptions persist, check if " +
  "you have a hot key: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/" +
  "bp-partition-key-design.html.";

/** @evidence API Reference, ThrottlingReason; Developer Guide, "Understanding DynamoDB throttling" */
export function throttled(
  ctx: Context, subject: Table, { place, isPartition }: Shortage, kind: Kind,
): Error {
  const isIndex = place.number !== subject.number;
  const verb = kind === "read" ? "Read" : "Write";
  const ofAll = isOnDemand(subject) ? "MaxOnDemandThroughputExceeded" : "ProvisionedThroughputExceeded";
  const cause = isPartition ? "KeyRangeThroughputExceeded" : ofAll;
  const resource = isIndex ? indexArn(ctx, subject.name, place.name) : tableArn(ctx, subject.name);
  const reasons = [{ reason: `${isIndex ? "Index" : "Table"}${verb}${cause}`, resource }];
  if (isOnDemand(subject)) {
    const message = isPartition ? hotOnDemand
      : "Throughput exceeds the maximum OnDemandThroughput configured on table or index";
    return modelled(dynamodb.ThrottlingException, message, { throttlingReasons: reasons });
  }
  const message = isIndex
    ? "The level of configured provisioned throughput for one or more global secondary indexes of the " +
      "table was exceeded. Consider increasing your provisioning level for the under-provisioned global " +
      "secondary indexes with the UpdateTable API"
    : "The level of configured provisioned throughput for the table was exceeded. " +
      "Consider increasing your provisioning level with the UpdateTable API.";
  return modelled(dynamodb.ProvisionedThroughputExceededException, message, { ThrottlingReasons: reasons });
}

/** A table that is gone leaves nothing behind. */
export function forgetBuckets(ctx: Context, number: number): void {
  for (const kind of ["read", "write"] as const) ctx.db(buckets).delete([number, kind]);
}
