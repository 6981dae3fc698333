/** How a table is paid, and what is provisioned for it and its indexes. */

import type { UpdateTableInput } from "../../../generated/dynamodb.ts";
import type { Context } from "../../../kernel/context.ts";
import { forgetBuckets } from "../capacity/throttling.ts";
import { indexToUpdateNotFound, invalidParameters, validation } from "../errors.ts";
import { updating } from "./lifecycles.ts";
import { findIndex, isOnDemand, type Index, type Table } from "./table-rows.ts";
import {
  changedThroughput, initialOnDemand, nothingProvisioned, requireBounds, requireMode, warmOf,
} from "./throughput.ts";

/** What is warm never becomes less. */
function warmer(before: Index["warm"], now: Required<Index["warm"]>): Index["warm"] {
  return { read: Math.max(before.read ?? 0, now.read), write: Math.max(before.write ?? 0, now.write) };
}

function toOnDemand(ctx: Context, row: Table, input: UpdateTableInput): Table {
  if (input.ProvisionedThroughput) requireMode("PAY_PER_REQUEST", input.ProvisionedThroughput);
  if (isOnDemand(row)) return row;
  const globals = row.indexes.map((index): Index => (index.isGlobal
    ? { ...index, throughput: nothingProvisioned, warm: warmer(index.warm, initialOnDemand) } : index));
  const { decreasedAt, decreases } = row.throughput;
  const kept = decreasedAt === undefined ? {} : { decreasedAt, decreases: decreases ?? 0 };
  for (const { number } of [row, ...row.indexes]) forgetBuckets(ctx, number);
  return updating(ctx, row, "throughput", {
    billingMode: "PAY_PER_REQUEST",
    onDemandSince: ctx.clock.now(),
    throughput: { ...nothingProvisioned, ...kept },
    warm: warmer(row.warm, initialOnDemand),
    indexes: globals,
  });
}

/** Everything that is provisioned must be said, for the table and for each of its global indexes. */
function toProvisioned(ctx: Context, row: Table, input: UpdateTableInput): Table {
  const given = input.ProvisionedThroughput;
  if (row.replicas) {
    throw validation("Table write capacity should either be Pay-Per-Request or AutoScaled.");
  }
  if (!given) {
    throw invalidParameters("ProvisionedThroughput must be specified when BillingMode is PROVISIONED");
  }
  requireBounds(given);
  const now = ctx.clock.now();
  const throughput = changedThroughput({ ...row.throughput, read: 0, write: 0 }, given, now);
  const indexes = row.indexes.map((index): Index => {
    if (!index.isGlobal) return index;
    const update = input.GlobalSecondaryIndexUpdates?.find(({ Update }) => Update?.IndexName === index.name);
    const ofIndex = update?.Update?.ProvisionedThroughput;
    if (!ofIndex) throw invalidParameters(`ProvisionedThroughput must be specified for index: ${index.name}`);
    requireBounds(ofIndex, index.name);
    const { onDemand: _onDemand, ...rest } = index;
    const changed = changedThroughput(nothingProvisioned, ofIndex, now, index.name);
    return { ...rest, throughput: changed, warm: warmer(index.warm, warmOf("PROVISIONED", changed)) };
  });
  const warm = warmer(row.warm, warmOf("PROVISIONED", throughput));
  const { onDemand: _onDemand, ...unlimited } = row;
  for (const { number } of [row, ...row.indexes]) forgetBuckets(ctx, number);
  return updating(ctx, unlimited, "throughput", { billingMode: "PROVISIONED", throughput, warm, indexes });
}

/** @throws for an index that is not there, or whose throughput does not change */
export function changedIndexThroughput(
  ctx: Context, row: Table, name: string, given: UpdateTableInput["ProvisionedThroughput"],
): Index {
  const index = findIndex(row, name);
  if (!index) throw indexToUpdateNotFound(name, row.name);
  if (!given) return index;
  requireBounds(given, name);
  const throughput = changedThroughput(index.throughput, given, ctx.clock.now(), name);
  return { ...index, throughput, warm: warmer(index.warm, warmOf("PROVISIONED", throughput)) };
}

/** The answer still shows what was; it is changed once the table is ACTIVE again. */
export function changeBilling(ctx: Context, row: Table, input: UpdateTableInput): Table {
  if (input.BillingMode === "PAY_PER_REQUEST") return toOnDemand(ctx, row, input);
  if (isOnDemand(row)) {
    if (input.BillingMode === "PROVISIONED") return toProvisioned(ctx, row, input);
    requireMode("PAY_PER_REQUEST", input.ProvisionedThroughput);
  }
  const given = input.ProvisionedThroughput;
  if (!given) {
    throw invalidParameters("ProvisionedThroughput must be specified when BillingMode is PROVISIONED");
  }
  requireBounds(given);
  const throughput = changedThroughput(row.throughput, given, ctx.clock.now());
  const changedIndexes = new Map((input.GlobalSecondaryIndexUpdates ?? []).flatMap(({ Update: update }) =>
    (update ? [[update.IndexName, changedIndexThroughput(
      ctx, row, update.IndexName, update.ProvisionedThroughput)] as const] : [])));
  return updating(ctx, row, "throughput", {
    throughput,
    warm: warmer(row.warm, warmOf("PROVISIONED", throughput)),
    indexes: row.indexes.map((index) => changedIndexes.get(index.name) ?? index),
  });
}
