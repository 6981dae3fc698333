/** Indexes as requests define them. */

import type {
  AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction, LocalSecondaryIndex,
} from "../../../generated/dynamodb.ts";
import type { Context } from "../../../kernel/context.ts";
import { invalidParameters } from "../errors.ts";
import {
  keySchemaOf, projectedAttributesMax, projectedNames, requireGlobalKey, requireLocalKey, requireProjection,
} from "./key-schemas.ts";
import type { Index, KeyAttribute, KeySchema } from "./table-rows.ts";
import {
  mergedOnDemand, nothingProvisioned, requireBounds, requireOnDemand, throughputOf, warmAtCreation,
} from "./throughput.ts";

export const localIndexesMax = 5;
export const globalIndexesMax = 20;

type GlobalIndex = CreateGlobalSecondaryIndexAction;

export interface IndexSubject {
  readonly definitions: readonly AttributeDefinition[];
  readonly billingMode: BillingMode;
}

function requireNewName(name: string, taken: Set<string>): void {
  if (taken.has(name)) throw invalidParameters(`Duplicate index name: ${name}`);
  taken.add(name);
}

export function requireLocalIndexes(
  indexes: readonly LocalSecondaryIndex[], definitions: readonly AttributeDefinition[],
  tableKey: { readonly partition: string; readonly hasSort: boolean }, taken: Set<string>,
): void {
  if (indexes.length === 0) throw invalidParameters("List of LocalSecondaryIndexes is empty");
  if (!tableKey.hasSort) {
    throw invalidParameters(
      "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex",
    );
  }
  for (const { IndexName, KeySchema, Projection } of indexes) {
    requireLocalKey(IndexName, KeySchema, definitions, tableKey.partition);
    requireProjection(Projection);
    requireNewName(IndexName, taken);
  }
  if (indexes.length > localIndexesMax) {
    throw invalidParameters(`Number of LocalSecondaryIndexes exceeds per-table limit of ${localIndexesMax}`);
  }
}

/** What must be right of one global index, whether it comes with its table or later. */
export function requireGlobalIndex(index: GlobalIndex, subject: IndexSubject): void {
  const { IndexName: name, KeySchema, Projection, ProvisionedThroughput: provisioned } = index;
  requireGlobalKey(KeySchema, subject.definitions);
  requireProjection(Projection);
  if (subject.billingMode === "PAY_PER_REQUEST" && provisioned) {
    throw invalidParameters(
      `ProvisionedThroughput should not be specified for index: ${name} when BillingMode is PAY_PER_REQUEST`,
    );
  }
  if (subject.billingMode === "PROVISIONED" && !provisioned) {
    throw invalidParameters(`ProvisionedThroughput is not specified for index: ${name}`);
  }
  if (provisioned) requireBounds(provisioned, name);
  requireOnDemand(index.OnDemandThroughput, subject.billingMode, name);
}

export function requireGlobalIndexes(
  indexes: readonly GlobalIndex[], subject: IndexSubject, taken: Set<string>,
): void {
  if (indexes.length === 0) throw invalidParameters("List of GlobalSecondaryIndexes is empty");
  for (const index of indexes) {
    requireGlobalIndex(index, subject);
    requireNewName(index.IndexName, taken);
  }
  if (indexes.length > globalIndexesMax) {
    throw invalidParameters(
      `GlobalSecondaryIndex count exceeds the per-table limit of ${globalIndexesMax}`,
    );
  }
}

/** @evidence Developer Guide, Quotas: 100 attributes over all indexes of a table with INCLUDE */
export function requireProjectedCount(lists: readonly (readonly string[] | undefined)[]): void {
  const count = lists.reduce((sum, names) => sum + (names?.length ?? 0), 0);
  if (count <= projectedAttributesMax) return;
  throw invalidParameters(
    `The number of projected attributes exceeds the limit of ${projectedAttributesMax} over all indexes`,
  );
}

export function localIndexOf(
  ctx: Context, index: LocalSecondaryIndex, attributes: readonly KeyAttribute[], tableKey: KeySchema,
): Index {
  const key = keySchemaOf(index.KeySchema, attributes);
  return {
    ...placed(ctx, index, key, tableKey),
    isGlobal: false,
    status: "ACTIVE",
    throughput: nothingProvisioned,
    warm: {},
  };
}

export function globalIndexOf(
  ctx: Context, index: GlobalIndex, attributes: readonly KeyAttribute[], tableKey: KeySchema,
  billingMode: BillingMode,
): Index {
  const key = keySchemaOf(index.KeySchema, attributes);
  const throughput = throughputOf(index.ProvisionedThroughput);
  const onDemand = mergedOnDemand(undefined, index.OnDemandThroughput);
  return {
    ...placed(ctx, index, key, tableKey),
    isGlobal: true,
    status: "CREATING",
    throughput,
    warm: warmAtCreation(index.WarmThroughput, billingMode, throughput, index.IndexName),
    ...(onDemand && { onDemand }),
  };
}

function placed(
  ctx: Context, index: LocalSecondaryIndex, key: KeySchema, tableKey: KeySchema,
): Pick<Index, "name" | "number" | "key" | "projection" | "nonKeyAttributes" | "projected"> {
  const { Projection } = index;
  const projected = projectedNames(Projection, key, tableKey);
  return {
    name: index.IndexName,
    number: ctx.ids.sequence(),
    key,
    projection: Projection.ProjectionType ?? "ALL",
    ...(Projection.NonKeyAttributes && { nonKeyAttributes: Projection.NonKeyAttributes }),
    ...(projected && { projected }),
  };
}
