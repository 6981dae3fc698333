/** CreateTable: what a table may be, and how it begins. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { CreateTableInput } from "../../../generated/dynamodb.ts";
import type { Context } from "../../../kernel/context.ts";
import { notImplemented } from "../../../kernel/errors.ts";
import { operation } from "../../../kernel/operation.ts";
import {
  inUse, invalidParameters, missingParameter, tableExists, tooManyTables, validation,
} from "../errors.ts";
import { policyToKeep, putPolicy } from "../policies/policy-rows.ts";
import { withSettingsReplication } from "../replicas/settings-replication.ts";
import { openStream } from "../streams/stream-rows.ts";
import { requireTags, setTags } from "../tags/tag-rules.ts";
import { describe } from "./description.ts";
import { managedKey, requireUsableKey, wantsKey, withKey, type UsableKey } from "./encryption.ts";
import {
  globalIndexOf, localIndexOf, requireGlobalIndexes, requireLocalIndexes, requireProjectedCount,
} from "./index-definitions.ts";
import {
  attributesOf, keySchemaOf, requireAllUsed, requireDistinct, requireTableKey,
} from "./key-schemas.ts";
import { creationMilliseconds, putTable, requireFewTransitions } from "./lifecycles.ts";
import { findTable, nameIn, requireName, tableArn } from "./names.ts";
import { tables, type Index, type Table } from "./table-rows.ts";
import {
  mergedOnDemand, requireBounds, requireMode, requireOnDemand, throughputOf, warmAtCreation,
} from "./throughput.ts";

/** @evidence Developer Guide, Quotas: an initial quota of 2,500 tables an account and region */
export const tablesMax = 2_500;

/** What CreateTable and the restoring operations have in common. */
export interface TableDraft
  extends Omit<CreateTableInput, "TableName" | "Tags" | "ResourcePolicy" | "StreamSpecification"> {
  readonly TableName: string;
}

function required<Value>(value: Value | undefined, member: string): Value {
  if (value !== undefined) return value;
  throw validation(
    `1 validation error detected: Value null at '${member}' failed to satisfy constraint: ` +
      "Member must not be null",
  );
}

/** Everything that can be wrong with a table before anybody looks at what is there. */
export function requireDraft(input: TableDraft): void {
  requireName(input.TableName);
  const definitions = required(input.AttributeDefinitions, "attributeDefinitions");
  const elements = required(input.KeySchema, "keySchema");
  const mode = input.BillingMode ?? "PROVISIONED";
  requireMode(mode, input.ProvisionedThroughput);
  requireOnDemand(input.OnDemandThroughput, mode);
  if (input.ProvisionedThroughput) requireBounds(input.ProvisionedThroughput);
  requireDistinct(definitions);
  requireTableKey(elements, definitions);
  const { LocalSecondaryIndexes: locals, GlobalSecondaryIndexes: globals } = input;
  requireAllUsed(elements, definitions, [...(locals ?? []), ...(globals ?? [])]);
  const taken = new Set<string>();
  const tableKey = { partition: elements[0]?.AttributeName ?? "", hasSort: elements.length > 1 };
  if (locals) requireLocalIndexes(locals, definitions, tableKey, taken);
  if (globals) requireGlobalIndexes(globals, { definitions, billingMode: mode }, taken);
  requireProjectedCount(
    [...(locals ?? []), ...(globals ?? [])].map(({ Projection }) => Projection.NonKeyAttributes),
  );
  wantsKey(input.SSESpecification);
}

function requireStream(given: CreateTableInput["StreamSpecification"]): void {
  if (given?.StreamEnabled && given.StreamViewType === undefined) {
    throw invalidParameters("Table is being created with a stream enabled, UpdateViewType is required");
  }
  if (given?.StreamEnabled === false && given.StreamViewType !== undefined) {
    throw invalidParameters(
      "Table is being created with a stream disabled, UpdateViewType should not be specified",
    );
  }
}

/** @throws ResourceInUseException where the name is taken, in whatever state the table is */
export function requireFree(ctx: Context, name: string): void {
  const taken = findTable(ctx, name);
  if (taken?.status === "CREATING") throw inUse(`Table is being created: ${name}`);
  if (taken) throw tableExists(name);
  if (ctx.db(tables).count() >= tablesMax) throw tooManyTables(tablesMax);
  requireFewTransitions(ctx);
}

/** The row of a table that begins; `requireDraft` has looked at the draft. */
export function newTable(ctx: Context, input: TableDraft, key: UsableKey | undefined): Table {
  const now = ctx.clock.now();
  const billingMode = input.BillingMode ?? "PROVISIONED";
  const attributes = attributesOf(input.AttributeDefinitions ?? []);
  const tableKey = keySchemaOf(input.KeySchema ?? [], attributes);
  const throughput = throughputOf(input.ProvisionedThroughput);
  const onDemand = mergedOnDemand(undefined, input.OnDemandThroughput);
  const indexes = [
    ...(input.LocalSecondaryIndexes ?? []).map((index) => localIndexOf(ctx, index, attributes, tableKey)),
    ...(input.GlobalSecondaryIndexes ?? []).map((index) =>
      globalIndexOf(ctx, index, attributes, tableKey, billingMode)),
  ];
  return {
    name: input.TableName,
    number: ctx.ids.sequence(),
    id: ctx.ids.uuid(),
    createdAt: now,
    status: "CREATING",
    transition: { until: now + creationMilliseconds, becomes: {} },
    attributes,
    key: tableKey,
    indexes: indexes.map((index) => creating(index, now)),
    billingMode,
    throughput,
    warm: warmAtCreation(input.WarmThroughput, billingMode, throughput),
    isProtected: input.DeletionProtectionEnabled ?? false,
    ...(onDemand && { onDemand }),
    ...(billingMode === "PAY_PER_REQUEST" && { onDemandSince: now }),
    ...(input.TableClass && input.TableClass !== "STANDARD" && { tableClass: { name: input.TableClass } }),
    ...(key && { encryption: { ...key, status: "ENABLED" as const } }),
  };
}

/** Indexes that come with their table are ready with it. */
function creating(index: Index, now: number): Index {
  if (!index.isGlobal) return index;
  return { ...index, transition: { until: now + creationMilliseconds, becomes: {} } };
}

/**
 * The answer says CREATING; so does DescribeTable for a moment. What is warm and since when a table is paid
 * by request is only told later.
 *
 * @evidence recorded answers of CreateTable
 */
export const CreateTable = operation(dynamodb.CreateTable, {
  resource: (input, ctx) => tableArn(ctx, nameIn(input.TableName)),
  async body({ TableName, ...input }, ctx) {
    if (TableName === undefined) throw missingParameter("TableName");
    const draft = { ...input, TableName };
    requireDraft(draft);
    requireStream(input.StreamSpecification);
    requireTags(input.Tags ?? []);
    if (input.GlobalTableSourceArn !== undefined) {
      throw notImplemented("CreateTable with GlobalTableSourceArn");
    }
    const key = wantsKey(input.SSESpecification)
      ? await requireUsableKey(ctx, input.SSESpecification?.KMSMasterKeyId ?? managedKey, TableName)
      : undefined;
    return withKey(ctx, key, (within) => {
      const arn = tableArn(within, TableName);
      if (input.Tags?.length) within.authorize({ action: "dynamodb:TagResource", resource: arn });
      const policy = input.ResourcePolicy;
      if (policy !== undefined) within.authorize({ action: "dynamodb:PutResourcePolicy", resource: arn });
      const kept = policy === undefined ? undefined : policyToKeep(within, policy);
      requireFree(within, TableName);
      const made = withSettingsReplication(newTable(within, draft, key), input);
      const view = input.StreamSpecification?.StreamEnabled && input.StreamSpecification.StreamViewType;
      const row = putTable(within, view ? openStream(within, made, view) : made);
      setTags(within, arn, input.Tags ?? []);
      if (kept !== undefined) putPolicy(within, arn, kept);
      const shown = describe(within, row);
      if (!input.WarmThroughput) delete shown.WarmThroughput;
      delete shown.BillingModeSummary?.LastUpdateToPayPerRequestDateTime;
      return { TableDescription: shown };
    });
  },
});
