/** CreateBackup, DescribeBackup, DeleteBackup, ListBackups. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { BackupDescription, BackupDetails, BackupSummary } from "../../../generated/dynamodb.ts";
import { job } from "../../../jobs/job.ts";
import type { Context, ReadContext } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import { backedTableNotFound, validation } from "../errors.ts";
import { dropItems } from "../items/item-rows.ts";
import { shownEncryption, shownKey, shownOnDemand, shownProjection } from "../tables/description.ts";
import { requireUnlocked } from "../tables/key-watch.ts";
import { findTable, nameIn, onTable, tableArn } from "../tables/names.ts";
import { extents, type Index, type Table } from "../tables/table-rows.ts";
import {
  backupArn, backupId, backupInArn, backupInUse, backups, onBackup, requireBackup, type Backup,
} from "./backup-rows.ts";
import { beginCopy } from "./copies.ts";

/** A table that can be backed up: one that is being made is not there yet. */
export function requireBacked(ctx: ReadContext, text: string): Table {
  const name = nameIn(text);
  const row = findTable(ctx, name);
  if (!row || row.status === "CREATING") throw backedTableNotFound(name);
  return row;
}

export function detailsOf(ctx: ReadContext, backup: Backup): BackupDetails {
  return {
    BackupArn: backupArn(ctx, backup),
    BackupName: backup.name,
    BackupSizeBytes: backup.extent.sizeBytes,
    BackupStatus: backup.status,
    BackupType: backup.type,
    BackupCreationDateTime: backup.createdAt,
    BackupExpiryDateTime: backup.expiresAt,
  };
}

function shownIndex(index: Index): dynamodb.LocalSecondaryIndexInfo {
  return { IndexName: index.name, KeySchema: shownKey(index.key), Projection: shownProjection(index) };
}

function unitsOf({ throughput: { read, write } }: Table | Index): dynamodb.ProvisionedThroughput {
  return { ReadCapacityUnits: read, WriteCapacityUnits: write };
}

/** @evidence recorded: a backup says of its table's settings these and no others */
function featuresOf({ type, source }: Backup): dynamodb.SourceTableFeatureDetails {
  if (type === "SYSTEM") return {};
  const locals = source.indexes.filter(({ isGlobal }) => !isGlobal);
  const globals = source.indexes.filter(({ isGlobal }) => isGlobal);
  return {
    LocalSecondaryIndexes: locals.length > 0 ? locals.map(shownIndex) : undefined,
    GlobalSecondaryIndexes: globals.length > 0 ? globals.map((index) => ({
      ...shownIndex(index),
      ProvisionedThroughput: unitsOf(index),
      OnDemandThroughput: shownOnDemand(index.onDemand),
    })) : undefined,
    StreamDescription: source.streamView && { StreamEnabled: true, StreamViewType: source.streamView },
    TimeToLiveDescription: source.expiryAttribute === undefined ? undefined
      : { TimeToLiveStatus: "ENABLED", AttributeName: source.expiryAttribute },
    SSEDescription: shownEncryption(source),
  };
}

function shownBackup(ctx: ReadContext, backup: Backup): BackupDescription {
  const { source, extent } = backup;
  return {
    BackupDetails: detailsOf(ctx, backup),
    SourceTableDetails: {
      TableName: source.name,
      TableId: source.id,
      TableArn: tableArn(ctx, source.name),
      TableSizeBytes: extent.sizeBytes,
      KeySchema: shownKey(source.key),
      TableCreationDateTime: source.createdAt,
      ProvisionedThroughput: unitsOf(source),
      OnDemandThroughput: shownOnDemand(source.onDemand),
      ItemCount: extent.items,
      BillingMode: source.billingMode,
    },
    SourceTableFeatureDetails: featuresOf(backup),
  };
}

export function extentOf(ctx: ReadContext, { number }: Table): Backup["extent"] {
  const { items = 0, sizeBytes = 0 } = ctx.db(extents).get(number) ?? {};
  return { items, sizeBytes };
}

export const CreateBackup = operation(dynamodb.CreateBackup, {
  ...onTable,
  run(input, ctx) {
    const source = requireBacked(ctx, input.TableName);
    requireUnlocked(source);
    const createdAt = ctx.clock.now();
    const id = backupId(createdAt, ctx.ids.hex(8));
    const number = ctx.ids.sequence();
    const backup: Backup = {
      table: source.name, id, name: input.BackupName, number, createdAt, type: "USER", status: "CREATING",
      source, extent: extentOf(ctx, source),
    };
    ctx.db(backups).put(backup);
    beginCopy(ctx, {
      source: source.number, target: number, since: [createdAt, number], sourceTable: source.name,
      backup: [source.name, id],
    });
    return { BackupDetails: detailsOf(ctx, backup) };
  },
});

export const DescribeBackup = operation(dynamodb.DescribeBackup, {
  ...onBackup,
  run(input, ctx) {
    return { BackupDescription: shownBackup(ctx, requireBackup(ctx, input.BackupArn)) };
  },
});

/** The items of the backup go with it, some at a time. */
function forget(ctx: Context, backup: Backup): void {
  ctx.db(backups).delete([backup.table, backup.id]);
  dropItems(ctx, backup.number);
}

export const DeleteBackup = operation(dynamodb.DeleteBackup, {
  ...onBackup,
  run(input, ctx) {
    const backup = requireBackup(ctx, input.BackupArn);
    if (backup.expiresAt !== undefined) {
      throw validation(
        `User is not allowed to delete the system backup with arn ${input.BackupArn}. ` +
          `It will automatically expire on ${new Date(backup.expiresAt).toISOString()}`,
      );
    }
    if (backup.status === "CREATING") throw backupInUse(`Backup is being created: ${input.BackupArn}`);
    if (backup.restoring !== undefined) {
      throw backupInUse(`Backup is being used to restore table: ${input.BackupArn}`);
    }
    forget(ctx, backup);
    const BackupDetails: BackupDetails = { ...detailsOf(ctx, backup), BackupStatus: "DELETED" };
    return { BackupDescription: { ...shownBackup(ctx, backup), BackupDetails } };
  },
});

/** The backup of a table that is gone goes in its turn. */
export const expireBackup = job<{ readonly table: string; readonly id: string }>(
  "dynamodb.expireBackup", ({ table, id }, ctx) => {
    const backup = ctx.db(backups).get([table, id]);
    if (!backup) return;
    if (backup.restoring === undefined) forget(ctx, backup);
    else ctx.schedule(expireBackup, { at: ctx.clock.now() + 60_000, input: { table, id } });
  },
);

const pageSizeMax = 100;

function summaryOf(ctx: ReadContext, backup: Backup): BackupSummary {
  return {
    TableName: backup.table,
    TableId: backup.source.id,
    TableArn: tableArn(ctx, backup.table),
    ...detailsOf(ctx, backup),
  };
}

/** Where a page goes on: behind the backup of this ARN, whether or not it is still there. */
function startOf(ctx: ReadContext, arn: string | undefined): { table: string; id: string } | undefined {
  if (arn === undefined) return undefined;
  const { table, id, region } = backupInArn(arn);
  if (region !== ctx.region) {
    throw validation(`ExclusiveStartBackupArn does not match the region: ${arn}`);
  }
  return { table, id };
}

/** @evidence recorded: USER unless asked for others; the lower bound is included, the upper is not */
export const ListBackups = operation(dynamodb.ListBackups, {
  run(input, ctx) {
    const { TimeRangeLowerBound: lower, TimeRangeUpperBound: upper, BackupType: type = "USER" } = input;
    if (lower !== undefined && upper !== undefined && lower > upper) {
      throw validation("Time range lower bound must be less than or equal to upper bound");
    }
    const name = input.TableName === undefined ? undefined : nameIn(input.TableName);
    const start = startOf(ctx, input.ExclusiveStartBackupArn);
    const rows = name === undefined
      ? ctx.db(backups).by("time").list(start ? { after: [start.id, start.table] } : {})
      : ctx.db(backups).list({ prefix: [name], ...(start && { after: [name, start.id] }) });
    const limit = input.Limit ?? pageSizeMax;
    const page: Backup[] = [];
    let isMore = false;
    for (const backup of rows) {
      if (type !== "ALL" && backup.type !== type) continue;
      if (lower !== undefined && backup.createdAt < lower) continue;
      if (upper !== undefined && backup.createdAt >= upper) continue;
      isMore = page.length === limit;
      if (isMore) break;
      page.push(backup);
    }
    const last = page.at(-1);
    return {
      BackupSummaries: page.map((backup) => summaryOf(ctx, backup)),
      LastEvaluatedBackupArn: isMore && last ? backupArn(ctx, last) : undefined,
    };
  },
});
