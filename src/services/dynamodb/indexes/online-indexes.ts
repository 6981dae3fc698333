/** Global indexes that come and go while their table is in use. */

import type {
  AttributeDefinition, CreateGlobalSecondaryIndexAction, UpdateGlobalSecondaryIndexAction,
  UpdateTableInput,
} from "../../../generated/dynamodb.ts";
import { job } from "../../../jobs/job.ts";
import type { Context } from "../../../kernel/context.ts";
import type { KeyPart } from "../../../store/types.ts";
import { indexToUpdateNotFound, inUse, invalidParameters, limitExceeded, validation } from "../errors.ts";
import { itemOf, items } from "../items/item-rows.ts";
import { grow } from "../items/growth.ts";
import { changedIndexThroughput } from "../tables/billing.ts";
import { dropSpace } from "../tables/delete-table.ts";
import { globalIndexesMax, globalIndexOf, requireGlobalIndex } from "../tables/index-definitions.ts";
import { attributesOf, requireDistinct } from "../tables/key-schemas.ts";
import {
  putTable, updateMilliseconds, updating, updatingIndex, withIndex,
} from "../tables/lifecycles.ts";
import { findTable } from "../tables/names.ts";
import {
  findIndex, isOnDemand, keyNames, type Index, type KeyAttribute, type Table,
} from "../tables/table-rows.ts";
import { mergedOnDemand, requireOnDemand, warmAfter } from "../tables/throughput.ts";
import { oneIndexAtATime } from "../tables/update-rules.ts";
import { entryOf } from "./entries.ts";

const backfilledAtOnce = 500;

function requireGlobal(row: Table, name: string, verb: "delete" | "update"): Index {
  const index = findIndex(row, name);
  if (!index) throw indexToUpdateNotFound(name, row.name);
  if (index.isGlobal) return index;
  throw validation(`Cannot ${verb} an index that is not a GlobalSecondaryIndex: ${name}`);
}

function requireNoneOnline(row: Table): void {
  const isOnline = ({ status }: Index): boolean => status === "CREATING" || status === "DELETING";
  if (row.indexes.some(isOnline)) throw oneIndexAtATime();
}

/** Definitions of the request count; those the table has already may be left out, and cannot be changed. */
function definitionsOf(row: Table, input: UpdateTableInput, index: string): AttributeDefinition[] {
  const given = input.AttributeDefinitions;
  if (!given) throw invalidParameters(`AttributeDefinitions is not specified for index: ${index}`);
  requireDistinct(given);
  const known = row.attributes.map(({ name, type }) => ({ AttributeName: name, AttributeType: type }));
  return [...known, ...given.filter(({ AttributeName }) =>
    !known.some((each) => each.AttributeName === AttributeName))];
}

function createIndex(
  ctx: Context, row: Table, input: UpdateTableInput, action: CreateGlobalSecondaryIndexAction,
): Table {
  const definitions = definitionsOf(row, input, action.IndexName);
  requireGlobalIndex(action, { definitions, billingMode: row.billingMode });
  if (findIndex(row, action.IndexName)) {
    throw validation("Attempting to create an index which already exists");
  }
  requireNoneOnline(row);
  if (row.indexes.filter(({ isGlobal }) => isGlobal).length >= globalIndexesMax) {
    throw limitExceeded(
      "Subscriber limit exceeded: GlobalSecondaryIndex count exceeds the per-table limit of " +
        String(globalIndexesMax),
    );
  }
  const all = attributesOf(definitions);
  return addIndex(ctx, row, globalIndexOf(ctx, action, all, row.key, row.billingMode), all);
}

/** @param all the attributes that are defined, used or not */
export function addIndex(ctx: Context, row: Table, index: Index, all: readonly KeyAttribute[]): Table {
  const used = new Set(keyNames(row.key, index.key, ...row.indexes.map(({ key }) => key)));
  const until = ctx.clock.now() + updateMilliseconds;
  ctx.schedule(backfill, { at: until, input: { table: row.name, number: index.number } });
  return updating(ctx, {
    ...row, attributes: all.filter(({ name }) => used.has(name)), indexes: [...row.indexes, index],
  }, "index");
}

export function removeGlobalIndex(ctx: Context, row: Table, name: string): Table {
  const index = requireGlobal(row, name, "delete");
  if (index.status === "CREATING" && !index.isBackfilling) {
    throw inUse(
      "Index creation is in resource allocation phase. Retry deletion during backfilling phase " +
        `or when the index is active. Table: ${row.name} Index: ${name}`,
    );
  }
  if (index.status === "DELETING") throw inUse(`Index is being deleted. Table: ${row.name} Index: ${name}`);
  if (row.indexes.some((other) => other !== index && other.status !== "ACTIVE")) throw oneIndexAtATime();
  const until = ctx.clock.now() + updateMilliseconds;
  const { transition: _transition, isBackfilling: _isBackfilling, ...rest } = index;
  ctx.schedule(removeIndex, { at: until, input: { table: row.name, number: index.number } });
  const indexes = row.indexes.filter((other) => other !== index);
  const used = new Set(keyNames(row.key, ...indexes.map(({ key }) => key)));
  return updating(ctx, withIndex(row, { ...rest, status: "DELETING" }), "index", {
    indexes, attributes: row.attributes.filter((attribute) => used.has(attribute.name)),
  });
}

function updateIndex(ctx: Context, row: Table, action: UpdateGlobalSecondaryIndexAction): Table {
  const { IndexName: name, ProvisionedThroughput: provisioned, OnDemandThroughput: limits } = action;
  const index = requireGlobal(row, name, "update");
  if (index.status !== "ACTIVE") throw inUse(`Index is being updated. Table: ${row.name} Index: ${name}`);
  if (action.WarmThroughput) {
    return withIndex(row, { ...index, warm: warmAfter(action.WarmThroughput, index.warm, name) });
  }
  if (isOnDemand(row)) {
    const hasLimits = limits?.MaxReadRequestUnits !== undefined || limits?.MaxWriteRequestUnits !== undefined;
    if (!hasLimits || provisioned) {
      throw invalidParameters(
        `The only Updates for index: ${name} when TableThroughputMode is PAY_PER_REQUEST can be to ` +
          "OnDemandThroughput, WarmThroughput",
      );
    }
    requireOnDemand(limits, row.billingMode, name, true);
    const { onDemand: _onDemand, ...unlimited } = index;
    const onDemand = mergedOnDemand(index.onDemand, limits);
    return withUnits(ctx, row, updatingIndex(ctx, onDemand ? { ...unlimited, onDemand } : unlimited, {}));
  }
  requireOnDemand(limits, row.billingMode, name);
  if (!provisioned) {
    throw invalidParameters(
      `Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: ${name}`,
    );
  }
  const { throughput, warm } = changedIndexThroughput(ctx, row, name, provisioned);
  return withUnits(ctx, row, updatingIndex(ctx, index, { throughput, warm }));
}

/**
 * The table is being updated, too, as with every change of units.
 *
 * @evidence DynamoDB API Reference, UpdateTable: the table status changes from ACTIVE to UPDATING
 */
function withUnits(ctx: Context, row: Table, index: Index): Table {
  const changed = withIndex(row, index);
  return changed.transition ? changed : updating(ctx, changed, "throughput");
}

/** `GlobalSecondaryIndexUpdates`, which have been looked at as far as they go by themselves. */
export function updateIndexes(ctx: Context, row: Table, input: UpdateTableInput): Table {
  let changed = row;
  for (const { Create: create, Delete: remove, Update: update } of input.GlobalSecondaryIndexUpdates ?? []) {
    if (create) changed = createIndex(ctx, changed, input, create);
    else if (remove) changed = removeGlobalIndex(ctx, changed, remove.IndexName);
    else if (update) changed = updateIndex(ctx, changed, update);
  }
  return changed;
}

interface IndexOfTable {
  readonly table: string;
  /** The index's. */
  readonly number: number;
  readonly after?: readonly KeyPart[];
}

/**
 * Makes the entries of the items that were there before the index: some at a time, so that requests come in
 * between. What is written meanwhile keeps the index in step by itself.
 */
export const backfill = job<IndexOfTable>("dynamodb.backfill", ({ table: name, number, after }, ctx) => {
  const row = findTable(ctx, name);
  const index = row?.indexes.find((each) => each.number === number);
  if (!row || !index || index.status !== "CREATING") return;
  let last: readonly KeyPart[] | undefined;
  let count = 0;
  const range = { prefix: [row.number], ...(after && { after }), limit: backfilledAtOnce };
  for (const item of ctx.db(items).list(range)) {
    addEntry(ctx, row, index, item);
    last = item.key;
    count += 1;
  }
  if (last && count === backfilledAtOnce) {
    if (!index.isBackfilling) putTable(ctx, withIndex(row, { ...index, isBackfilling: true }));
    const input = { table: name, number, after: last };
    ctx.schedule(backfill, { at: ctx.clock.now() + 1, input });
    return;
  }
  finishBackfill(ctx, row, index);
});

function addEntry(ctx: Context, row: Table, index: Index, item: Parameters<typeof itemOf>[0]): void {
  const entry = entryOf(row, index, { item: itemOf(item), row: item });
  // What was written since the index began has its entry already.
  if (!entry || ctx.db(items).has(entry.key)) return;
  ctx.db(items).put(entry);
  grow(ctx, index.number, 1, entry.sizeBytes);
}

/** Backfilling can be seen, however little there was to do. */
function finishBackfill(ctx: Context, row: Table, index: Index): void {
  const until = ctx.clock.now() + updateMilliseconds;
  const transition = { until, becomes: { isBackfilling: false } };
  putTable(ctx, withIndex(row, { ...index, isBackfilling: true, transition }));
}

export const removeIndex = job<IndexOfTable>("dynamodb.removeIndex", ({ number }, ctx) => {
  dropSpace(ctx, number);
});
