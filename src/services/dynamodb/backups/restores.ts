/** RestoreTableFromBackup and RestoreTableToPointInTime: a new table, as another was. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type {
  GlobalSecondaryIndex, LocalSecondaryIndex, RestoreTableFromBackupInput, TableDescription,
} from "../../../generated/dynamodb.ts";
import type { BodyContext, Context } from "../../../kernel/context.ts";
import { modelled } from "../../../kernel/errors.ts";
import { operation } from "../../../kernel/operation.ts";
import { backedTableNotFound, invalidParameters, limitExceeded, validation } from "../errors.ts";
import { tableElsewhere } from "../replicas/members.ts";
import { newTable, requireDraft, type TableDraft } from "../tables/create-table.ts";
import { describe, shownKey, shownOnDemand, shownProjection } from "../tables/description.ts";
import { managedKey, requireUsableKey, wantsKey, type UsableKey } from "../tables/encryption.ts";
import { findTable, requireName, tableArn, tableInArn } from "../tables/names.ts";
import { keyNames, tables, type Index, type Table } from "../tables/table-rows.ts";
import { backupArn, backupInArn, backupInUse, backups, requireBackup, type Backup } from "./backup-rows.ts";
import { requireBacked } from "./backups.ts";
import { restorable } from "./continuous-backups.ts";
import { beginCopy, copies, type Copy } from "./copies.ts";

/** @evidence recorded: the 51st restore of an account is refused */
const restoresMax = 50;

type Overrides = Omit<RestoreTableFromBackupInput, "BackupArn">;

interface Source {
  readonly table: Table;
  readonly backup: Backup | undefined;
  /** When the items were as they are to be. */
  readonly at: number;
  readonly region: string;
}

function sameIndex(index: Index, given: GlobalSecondaryIndex | LocalSecondaryIndex): boolean {
  const shape = (key: unknown, projection: unknown): string => JSON.stringify([key, projection]);
  const { NonKeyAttributes: names, ProjectionType } = given.Projection;
  const projection = { ProjectionType, NonKeyAttributes: names && [...names].sort() };
  const keys = given.KeySchema.map(({ AttributeName, KeyType }) => ({ AttributeName, KeyType }));
  return shape(shownKey(index.key), shownProjection(index)) === shape(keys, projection);
}

/** Indexes may be left out, or have other names; others than there were cannot be made. */
function requireKnown(
  indexes: readonly Index[], given: readonly (GlobalSecondaryIndex | LocalSecondaryIndex)[],
): void {
  const unknown = given.find((each) => !indexes.some((index) => sameIndex(index, each)));
  if (!unknown) return;
  throw validation(
    `Index ${unknown.IndexName} does not match a secondary index that existed in the source table ` +
      "and cannot be created during the restore operation",
  );
}

function unitsOf({ throughput: { read, write } }: Table | Index): dynamodb.ProvisionedThroughput {
  return { ReadCapacityUnits: read, WriteCapacityUnits: write };
}

function localOf(index: Index): LocalSecondaryIndex {
  return { IndexName: index.name, KeySchema: shownKey(index.key), Projection: shownProjection(index) };
}

/** Provisioned as it was, as far as the table is provisioned at all. */
function globalOf(index: Index, isProvisioned: boolean): GlobalSecondaryIndex {
  return {
    ...localOf(index),
    ...(isProvisioned && { ProvisionedThroughput: unitsOf(index) }),
    ...(!isProvisioned && index.onDemand && { OnDemandThroughput: shownOnDemand(index.onDemand) }),
  };
}

function requireThroughput(input: Overrides, source: Table): void {
  const mode = input.BillingModeOverride ?? source.billingMode;
  if (input.ProvisionedThroughputOverride && mode !== "PROVISIONED") {
    throw validation("Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED");
  }
  const isChanged = input.BillingModeOverride === "PROVISIONED" && source.billingMode !== "PROVISIONED";
  if (isChanged && !input.ProvisionedThroughputOverride) {
    throw validation("Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED");
  }
  const limits = input.OnDemandThroughputOverride;
  for (const member of ["MaxReadRequestUnits", "MaxWriteRequestUnits"] as const) {
    const value = limits?.[member];
    if (value === undefined || value > 0 || value === -1) continue;
    throw invalidParameters(`Requested ${member} for OnDemandThroughput is outside of valid range`);
  }
}

/** What the restored table would be created as. */
function draftOf(input: Overrides, source: Table): TableDraft {
  requireThroughput(input, source);
  const BillingMode = input.BillingModeOverride ?? source.billingMode;
  const isProvisioned = BillingMode === "PROVISIONED";
  const [locals, globals] = [false, true].map((isGlobal) =>
    source.indexes.filter((index) => index.isGlobal === isGlobal)) as [Index[], Index[]];
  const { LocalSecondaryIndexOverride: givenLocals, GlobalSecondaryIndexOverride: givenGlobals } = input;
  if (givenLocals) requireKnown(locals, givenLocals);
  if (givenGlobals) requireKnown(globals, givenGlobals);
  const LocalSecondaryIndexes = givenLocals ?? locals.map(localOf);
  const GlobalSecondaryIndexes = givenGlobals ?? globals.map((index) => globalOf(index, isProvisioned));
  const used = new Set([
    ...keyNames(source.key),
    ...[...LocalSecondaryIndexes, ...GlobalSecondaryIndexes].flatMap(({ KeySchema }) =>
      KeySchema.map(({ AttributeName }) => AttributeName)),
  ]);
  const limits = input.OnDemandThroughputOverride ?? shownOnDemand(source.onDemand);
  return {
    TableName: input.TargetTableName,
    AttributeDefinitions: source.attributes.filter(({ name }) => used.has(name)).map(({ name, type }) => ({
      AttributeName: name, AttributeType: type,
    })),
    KeySchema: shownKey(source.key),
    BillingMode,
    ...(isProvisioned && {
      ProvisionedThroughput: input.ProvisionedThroughputOverride ?? unitsOf(source),
    }),
    ...(!isProvisioned && limits && { OnDemandThroughput: limits }),
    ...(LocalSecondaryIndexes.length > 0 && { LocalSecondaryIndexes }),
    ...(GlobalSecondaryIndexes.length > 0 && { GlobalSecondaryIndexes }),
  };
}

/** The key that the restored table is encrypted with: its source's, unless the request says otherwise. */
async function keyOf(ctx: BodyContext, input: Overrides, source: Table): Promise<UsableKey | undefined> {
  const given = input.SSESpecificationOverride;
  if (given) {
    if (!wantsKey(given)) return undefined;
    return requireUsableKey(ctx, given.KMSMasterKeyId ?? managedKey, input.TargetTableName);
  }
  return source.encryption && requireUsableKey(ctx, source.encryption.keyArn, input.TargetTableName);
}

function requireTarget(ctx: Context, name: string, from: string): void {
  const row = findTable(ctx, name);
  if (row?.restored && row.status === "CREATING") {
    throw modelled(dynamodb.TableInUseException, `Table: ${name} is already being restored from ${from}`);
  }
  if (row) throw modelled(dynamodb.TableAlreadyExistsException, `Table already exists: ${name}`);
  const isRestore = (copy: Copy): boolean => copy.targetTable !== undefined;
  if ([...ctx.db(copies).list()].filter(isRestore).length < restoresMax) return;
  throw limitExceeded(
    `Subscriber limit exceeded: Only ${restoresMax} restore operations can be in progress simultaneously`,
  );
}

/** A restore asks for these as well. @evidence Service Authorization Reference, dependent actions */
const dependentActions = [
  "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem",
];

function authorizeTarget(ctx: Context, name: string): void {
  for (const each of dependentActions) {
    ctx.authorize({ action: `dynamodb:${each}`, resource: tableArn(ctx, name) });
  }
}

function inRegion(ctx: Context, arn: string, region: string): string {
  return arn.replace(`:${ctx.region}:`, `:${region}:`);
}

function originOf(ctx: Context, { table, backup, region }: Source): Partial<Copy> {
  const key = backup && [backup.table, backup.id] as const;
  if (region !== ctx.region) {
    return { origin: { region, ...(key ? { backup: key } : { table: table.name }) } };
  }
  return key ? { backup: key } : { sourceTable: table.name };
}

/** The row of the new table, which is CREATING until all of its items are there. */
function begin(ctx: Context, input: Overrides, source: Source, key: UsableKey | undefined): TableDescription {
  const { table, backup, at, region } = source;
  const { transition: _transition, ...made } = newTable(ctx, draftOf(input, table), key);
  const row: Table = {
    ...made,
    indexes: made.indexes.map(({ transition, ...index }) => ({
      ...index, ...(transition && index.isGlobal && { status: "ACTIVE" as const }),
    })),
    restored: {
      tableArn: inRegion(ctx, tableArn(ctx, table.name), region), at,
      ...(backup && { backupArn: inRegion(ctx, backupArn(ctx, backup), region) }),
    },
  };
  ctx.db(tables).put(row);
  if (backup && region === ctx.region) ctx.db(backups).put({ ...backup, restoring: row.name });
  beginCopy(ctx, {
    source: backup?.number ?? table.number, target: row.number, targetTable: row.name,
    // A backup has no changes to undo.
    since: backup ? [Number.MAX_SAFE_INTEGER, 0] : [at, Number.MAX_SAFE_INTEGER],
    ...originOf(ctx, source),
  });
  return describe(ctx, row);
}

export const RestoreTableFromBackup = operation(dynamodb.RestoreTableFromBackup, {
  resource: ({ BackupArn, TargetTableName }, ctx) => [BackupArn, tableArn(ctx, TargetTableName)],
  async body(input, ctx) {
    requireName(input.TargetTableName, "targetTableName");
    const { region } = backupInArn(input.BackupArn);
    requireOverride(ctx, region, input);
    const look = (within: Context): Backup => {
      authorizeTarget(within, input.TargetTableName);
      const backup = requireBackup(within, input.BackupArn, region);
      if (backup.status === "CREATING") throw backupInUse(`Backup is being created: ${input.BackupArn}`);
      requireDraft(draftOf(input, backup.source));
      requireTarget(within, input.TargetTableName, `backup: ${input.BackupArn}`);
      if (backup.restoring === undefined) return backup;
      throw backupInUse(`Backup is being used to restore another table: ${input.BackupArn}`);
    };
    const { source } = ctx.transaction(look);
    const key = await keyOf(ctx, input, source);
    return ctx.transaction((within) => {
      const backup = look(within);
      const origin = { table: backup.source, backup, at: backup.createdAt, region };
      return { TableDescription: begin(within, input, origin, key) };
    });
  },
});

/** @evidence recorded: keys are a region's own, so who restores from another one has to say which to use */
function requireOverride(ctx: BodyContext, region: string, input: Overrides): void {
  if (region === ctx.region || input.SSESpecificationOverride) return;
  throw validation("Invalid Request: sseSpecificationOverride must be provided for cross-region restores");
}

type TimeInput = dynamodb.RestoreTableToPointInTimeInput;

/** @evidence recorded, in the order of the refusals */
function requireTimeOrLatest({ RestoreDateTime: at, UseLatestRestorableTime: isLatest }: TimeInput): void {
  if (at !== undefined && isLatest) {
    throw validation(
      "Invalid Request: Both RestoreDateTime and UseLatestRestorableTime cannot be set " +
        "for point-in-time restore request. Please specify only one of them",
    );
  }
  if (at !== undefined || isLatest) return;
  throw validation(
    "Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be specified, " +
      "but not both",
  );
}

function sourceOf(ctx: BodyContext, input: TimeInput): { readonly name: string; readonly region: string } {
  const { SourceTableName: name, SourceTableArn: arn } = input;
  if (name !== undefined && arn !== undefined) {
    throw validation("Must provide exactly one of: sourceTableArn, sourceTableName");
  }
  if (arn === undefined) {
    if (name === undefined) throw validation("The parameter 'TableName' is required");
    return { name, region: ctx.region };
  }
  const parsed = tableInArn(arn);
  if (!parsed) throw validation(`sourceTableArn is not a valid ARN: ${arn}`);
  if (parsed.account !== ctx.account) {
    throw validation("This action is only supported by accounts that match the resource owner's account");
  }
  requireOverride(ctx, parsed.region, input);
  return parsed;
}

function seconds(at: number): string {
  return new Date(Math.floor(at / 1000) * 1000).toISOString().replace(".000Z", "Z");
}

/** The moment that is wanted. Tables are restored to the second. */
function momentOf(row: Table, input: TimeInput, now: number): number {
  const window = restorable(row, now);
  if (!window) {
    throw modelled(
      dynamodb.PointInTimeRecoveryUnavailableException,
      `Point in time recovery is not enabled for table '${row.name}'`,
    );
  }
  const { RestoreDateTime: at = window.latest } = input;
  const second = (time: number): number => Math.floor(time / 1000);
  if (second(at) >= second(window.earliest) && second(at) <= second(window.latest)) return at;
  throw modelled(
    dynamodb.InvalidRestoreTimeException,
    `RestoreDateTime '${seconds(at)}' must be within EarliestRestorableDateTime ` +
      `'${seconds(window.earliest)}' and LatestRestorableDateTime '${seconds(window.latest)}'`,
  );
}

export const RestoreTableToPointInTime = operation(dynamodb.RestoreTableToPointInTime, {
  resource: ({ SourceTableArn, SourceTableName, TargetTableName }, ctx) => [
    SourceTableArn ?? tableArn(ctx, SourceTableName ?? ""), tableArn(ctx, TargetTableName),
  ],
  async body(input, ctx) {
    requireTimeOrLatest(input);
    const { name, region } = sourceOf(ctx, input);
    requireName(input.TargetTableName, "targetTableName");
    const look = (within: Context): Source => {
      authorizeTarget(within, input.TargetTableName);
      const table = region === within.region ? requireBacked(within, name)
        : tableElsewhere(within, region, name);
      if (!table || table.status === "CREATING") throw backedTableNotFound(name);
      const at = momentOf(table, input, within.clock.now());
      requireTarget(within, input.TargetTableName, `table: ${name}`);
      requireDraft(draftOf(input, table));
      return { table, backup: undefined, at, region };
    };
    const { table } = ctx.transaction(look);
    const key = await keyOf(ctx, input, table);
    return ctx.transaction((within) =>
      ({ TableDescription: begin(within, input, look(within), key) }));
  },
});
