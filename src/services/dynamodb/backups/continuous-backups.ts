/** UpdateContinuousBackups, DescribeContinuousBackups: whether and how far back a table can be restored. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { ContinuousBackupsDescription } from "../../../generated/dynamodb.ts";
import { job } from "../../../jobs/job.ts";
import type { Context, ReadContext } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import { validation } from "../errors.ts";
import { onTable } from "../tables/names.ts";
import { tables, type Table } from "../tables/table-rows.ts";
import { requireBacked } from "./backups.ts";
import { backupId, backups } from "./backup-rows.ts";
import { expireBackup, extentOf } from "./backups.ts";
import { isCopied } from "./copies.ts";
import { keptChanges } from "./changes.ts";

const dayMilliseconds = 24 * 3_600_000;
/** @evidence Developer Guide: 35 days; the latest restorable time is typically five minutes ago */
const daysMax = 35;
const latestMilliseconds = 5 * 60_000;
const purgeEveryMilliseconds = 3_600_000;
const purgedAtOnce = 500;

export interface Restorable {
  readonly earliest: number;
  readonly latest: number;
}

/** Between when a table can be restored to any second. */
export function restorable(row: Table, now: number): Restorable | undefined {
  const { recovery } = row;
  if (!recovery) return undefined;
  return {
    earliest: Math.max(recovery.since, now - recovery.days * dayMilliseconds),
    latest: Math.max(recovery.since, now - latestMilliseconds),
  };
}

/** @evidence recorded: the backups themselves are enabled on every table */
function shown(ctx: ReadContext, row: Table): ContinuousBackupsDescription {
  const window = restorable(row, ctx.clock.now());
  return {
    ContinuousBackupsStatus: "ENABLED",
    PointInTimeRecoveryDescription: window ? {
      PointInTimeRecoveryStatus: "ENABLED",
      RecoveryPeriodInDays: row.recovery?.days,
      EarliestRestorableDateTime: window.earliest,
      LatestRestorableDateTime: window.latest,
    } : { PointInTimeRecoveryStatus: "DISABLED" },
  };
}

interface Purge {
  readonly table: string;
  readonly number: number;
}

/** Takes away the changes that nobody can go back behind any more. */
export const purgeChanges = job<Purge>("dynamodb.purgeChanges", ({ table: name, number }, ctx) => {
  const now = ctx.clock.now();
  // A copy that is under way may need them.
  const isHeld = isCopied(ctx, number);
  const row = ctx.db(tables).get(name);
  const recovery = row?.number === number ? row.recovery : undefined;
  const horizon = recovery ? now - recovery.days * dayMilliseconds : Infinity;
  let count = 0;
  if (!isHeld) {
    for (const { at, sequence } of ctx.db(keptChanges).list({ prefix: [number], limit: purgedAtOnce })) {
      if (at >= horizon) break;
      ctx.db(keptChanges).delete([number, at, sequence]);
      count += 1;
    }
  }
  const isMore = count === purgedAtOnce || isHeld;
  if (!isMore && !recovery) return;
  schedulePurge(ctx, { table: name, number }, now + (isMore ? 1_000 : purgeEveryMilliseconds));
});

export function schedulePurge(ctx: Context, input: Purge, at: number): void {
  ctx.schedule(purgeChanges, { at, input, id: String(input.number) });
}

export const UpdateContinuousBackups = operation(dynamodb.UpdateContinuousBackups, {
  ...onTable,
  run(input, ctx) {
    const { PointInTimeRecoveryEnabled: isEnabled, RecoveryPeriodInDays: days } =
      input.PointInTimeRecoverySpecification;
    if (!isEnabled && days !== undefined) {
      throw validation("RecoveryPeriodInDays cannot be specified when PointInTimeRecoveryEnabled is false");
    }
    const row = requireBacked(ctx, input.TableName);
    const now = ctx.clock.now();
    const { recovery: before, ...rest } = row;
    const recovery = { since: before?.since ?? now, days: days ?? before?.days ?? daysMax };
    const changed: Table = isEnabled ? { ...rest, recovery } : rest;
    ctx.db(tables).put(changed);
    const purge = { table: row.name, number: row.number };
    if (isEnabled && !before) schedulePurge(ctx, purge, now + purgeEveryMilliseconds);
    if (!isEnabled && before) schedulePurge(ctx, purge, now + 1);
    return { ContinuousBackupsDescription: shown(ctx, changed) };
  },
});

export const DescribeContinuousBackups = operation(dynamodb.DescribeContinuousBackups, {
  ...onTable,
  run(input, ctx) {
    return { ContinuousBackupsDescription: shown(ctx, requireBacked(ctx, input.TableName)) };
  },
});

/**
 * A table that could be restored leaves a backup behind when it is deleted: its items themselves.
 *
 * @returns whether there is one
 * @evidence recorded: `<table>$DeletedTableBackup`, for 35 days
 */
export function leaveBackup(ctx: Context, row: Table): boolean {
  if (!row.recovery) return false;
  const now = ctx.clock.now();
  const id = backupId(now, "00000000");
  const expiresAt = now + daysMax * dayMilliseconds;
  ctx.db(backups).put({
    table: row.name, id, name: `${row.name}$DeletedTableBackup`, number: row.number, createdAt: now,
    type: "SYSTEM", expiresAt, status: "AVAILABLE", source: row, extent: extentOf(ctx, row),
  });
  ctx.schedule(expireBackup, { at: expiresAt, input: { table: row.name, id } });
  return true;
}
