/** Backups: their rows, and what is said of those that are not there. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import { parseArn } from "../../../kernel/arn.ts";
import type { ReadContext } from "../../../kernel/context.ts";
import { AwsError, modelled, unmodelled } from "../../../kernel/errors.ts";
import type { Owner } from "../../../kernel/operation.ts";
import { table } from "../../../store/types.ts";
import { validation } from "../errors.ts";
import type { Extent, Table } from "../tables/table-rows.ts";

export interface Backup {
  /** Of the table; tables that had the name one after the other share it. */
  readonly table: string;
  /** Begins with the time of creation, so that the order of ids is that of time. */
  readonly id: string;
  readonly name: string;
  /** What its items are stored under. */
  readonly number: number;
  /** Epoch milliseconds, as all times here. */
  readonly createdAt: number;
  readonly type: "USER" | "SYSTEM";
  readonly expiresAt?: number;
  readonly status: "CREATING" | "AVAILABLE";
  /** The table as it was. */
  readonly source: Table;
  readonly extent: Omit<Extent, "number">;
  /** The table that is being restored from it. */
  readonly restoring?: string;
}

export const backups = table<Backup, "time">("dynamodb.backups", {
  key: (row) => [row.table, row.id],
  indexes: { time: (row) => [row.id, row.table] },
});

export function backupArn(ctx: ReadContext, backup: Pick<Backup, "table" | "id">): string {
  return ctx.arn(`table/${backup.table}/backup/${backup.id}`);
}

/** The time in milliseconds, and eight digits more that tell backups of one time apart. */
export function backupId(createdAt: number, suffix: string): string {
  return `${String(createdAt).padStart(14, "0")}-${suffix}`;
}

interface BackupName {
  readonly table: string;
  readonly id: string;
  readonly account: string;
  readonly region: string;
}

/** @evidence recorded refusals of DescribeBackup */
export function backupInArn(text: string): BackupName {
  const arn = parseArn(text);
  const [kind, table, within, id, ...rest] = arn?.resource.split("/") ?? [];
  const isBackup = kind === "table" && within === "backup" && rest.length === 0;
  if (!arn || !table || !id || !isBackup) throw validation(`Invalid Backup ARN: ${text}`);
  if (arn.service !== "dynamodb" || !text.startsWith("arn:aws:")) {
    throw validation(`BackupArn is not valid: ${text}`);
  }
  return { table, id, account: arn.account, region: arn.region };
}

/** @param region where the backup is: the region of the ARN is not looked at */
export function requireBackup(ctx: ReadContext, text: string, region = ctx.region): Backup {
  const { table, id, account } = backupInArn(text);
  if (account !== ctx.account) throw unmodelled("AccessDeniedException", "Access is denied");
  const found = region === ctx.region ? ctx.db(backups).get([table, id])
    : ctx.kernel.read({ account, region }, (there) => there.rows(backups).get([table, id]));
  if (!found) throw modelled(dynamodb.BackupNotFoundException, `Backup not found: ${text}`);
  return found;
}

interface Named {
  readonly BackupArn: string;
}

export const onBackup = {
  /** Backups are used in their own account: another's is denied in its own words. */
  owner: (): Owner | undefined => undefined,
  resource: ({ BackupArn }: Named): string => BackupArn,
};

export function backupInUse(message: string): AwsError {
  return modelled(dynamodb.BackupInUseException, message);
}
