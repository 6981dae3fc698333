/** ExportTableToPointInTime, DescribeExport, ListExports. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { ExportDescription, ExportTableToPointInTimeInput } from "../../../generated/dynamodb.ts";
import type { Context } from "../../../kernel/context.ts";
import { modelled } from "../../../kernel/errors.ts";
import { idempotent } from "../../../kernel/idempotency.ts";
import { operation } from "../../../kernel/operation.ts";
import { page } from "../../../kernel/page.ts";
import { backupId } from "../backups/backup-rows.ts";
import { restorable } from "../backups/continuous-backups.ts";
import { beginCopy, type Moment } from "../backups/copies.ts";
import { backedTableNotFound, invalidParameters, limitExceeded, validation } from "../errors.ts";
import { creationMilliseconds } from "../tables/lifecycles.ts";
import { findTable, nameIn, tableInArn } from "../tables/names.ts";
import type { Table } from "../tables/table-rows.ts";
import { askerOf } from "./askers.ts";
import { exportArn, exports, requireExport, shownExport, type Export, type Period } from "./export-rows.ts";
import { advanceExport, newFileName } from "./exporting.ts";

/** @evidence API Reference: a client token is good for eight hours */
const tokenMilliseconds = 8 * 3_600_000;
/** @evidence Developer Guide, Quotas: 300 exports at a time */
const runningMax = 300;
/** @evidence Developer Guide, "Requesting a table export": an export period of 15 minutes to 24 hours */
const periodMillisecondsMin = 15 * 60_000;
const periodMillisecondsMax = 24 * 3_600_000;

function invalidRequest(detail: string): Error {
  return validation(`Invalid Request: ${detail}`);
}

function invalidTime(message: string): Error {
  return modelled(dynamodb.InvalidExportTimeException, message);
}

/** @evidence recorded refusals */
function requireSource(ctx: Context, text: string): Table {
  if (!text.startsWith("arn:")) throw invalidParameters("tableArn is not a valid ARN");
  const arn = tableInArn(text);
  if (!arn) throw invalidRequest("Table ARN is invalid.");
  const isHere = arn.account === ctx.account && arn.region === ctx.region;
  const row = isHere ? findTable(ctx, arn.name) : undefined;
  if (!row || row.status === "CREATING") throw backedTableNotFound(text);
  return row;
}

/** @evidence recorded refusals */
function requireSpecification(input: ExportTableToPointInTimeInput): void {
  const { ExportType: type, IncrementalExportSpecification: given } = input;
  if (given && type === undefined) {
    throw invalidRequest(
      "Export Type expected to be Incremental Export when incremental export specification is provided",
    );
  }
  if (given && type === "FULL_EXPORT") {
    throw invalidRequest(
      "When Export Type is Full Export , Incremental Export Specification should not be provided",
    );
  }
  if (type === "INCREMENTAL_EXPORT" && !given) {
    throw invalidRequest(
      "Incremental Export Specification expected when export type is set as Incremental Export",
    );
  }
  if (given && given.ExportFromTime === undefined) {
    throw invalidRequest("ExportFromTime must be provided in IncrementalExportSpecification");
  }
  if (input.S3SseKmsKeyId !== undefined && input.S3SseAlgorithm !== "KMS") {
    throw invalidRequest("KMS Key Id is not supported for this encryption type");
  }
}

function isRestorable(at: number, row: Table, now: number): boolean {
  const earliest = restorable(row, now)?.earliest ?? now;
  return Math.floor(at / 1000) >= Math.floor(earliest / 1000) && at <= now;
}

/** @evidence recorded refusals and their order; the text for more than a day is not */
function periodOf(input: ExportTableToPointInTimeInput, row: Table, now: number): Period | undefined {
  if (input.ExportType !== "INCREMENTAL_EXPORT") return undefined;
  const { ExportFromTime: from = now, ExportToTime: to = now, ExportViewType: view } =
    input.IncrementalExportSpecification ?? {};
  const second = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;
  if (!isRestorable(from, row, now)) {
    throw invalidTime(
      `Incremental export period from time cannot be less than the table creation time : ${second(from)}`,
    );
  }
  if (to > now) {
    throw invalidTime(
      `Incremental export period to time cannot be greater than the current time : ${second(to)}`,
    );
  }
  const difference = "Difference between export period from time and export period to time is";
  if (to - from < periodMillisecondsMin) throw invalidTime(`${difference} less than 15 minutes`);
  if (to - from > periodMillisecondsMax) throw invalidTime(`${difference} greater than 24 hours`);
  if (input.ExportTime !== undefined) {
    throw invalidRequest("ExportTime cannot be provided for Incremental Export");
  }
  return { from, to, view: view ?? "NEW_AND_OLD_IMAGES" };
}

function begin(input: ExportTableToPointInTimeInput, ctx: Context): { ExportDescription: ExportDescription } {
  const { TableArn, ...request } = input;
  requireSpecification(input);
  const row = requireSource(ctx, TableArn);
  const { recovery } = row;
  if (!recovery) {
    throw modelled(
      dynamodb.PointInTimeRecoveryUnavailableException,
      `Point in time recovery is not enabled for table '${row.name}'`,
    );
  }
  const now = ctx.clock.now();
  const period = periodOf(input, row, now);
  const at = period ? period.to : (input.ExportTime ?? now);
  if (!period && !isRestorable(at, row, now)) throw invalidTime("Export Time is invalid");
  if (ctx.db(exports).by("running").count() >= runningMax) {
    throw limitExceeded(
      `Subscriber limit exceeded: Only ${runningMax} export operations can be in progress simultaneously`,
    );
  }
  const target = ctx.ids.sequence();
  const begun: Export = {
    table: row.name, id: backupId(now, ctx.ids.hex(8)), tableId: row.id, key: row.key,
    status: "IN_PROGRESS", request, startedAt: now, ...(period ? { period } : { at }), items: 0, sizeBytes: 0,
    work: {
      caller: askerOf(ctx), source: row.number, target, recoverySince: recovery.since,
      stage: period ? "collecting" : "writing", files: 0, fileName: newFileName(ctx),
    },
  };
  ctx.db(exports).put(begun);
  const since = momentOf(at, now, target, period);
  beginCopy(ctx, { source: row.number, target, since, sourceTable: row.name });
  const named = { table: begun.table, id: begun.id };
  ctx.schedule(advanceExport, { at: now + creationMilliseconds, input: named, id: begun.id });
  return { ExportDescription: shownExport(ctx, begun) };
}

/** A period ends before its last millisecond; a moment that is now ends with this request. */
function momentOf(at: number, now: number, sequence: number, period: Period | undefined): Moment {
  if (period) return [period.to - 1, Number.MAX_SAFE_INTEGER];
  return [at, at === now ? sequence : Number.MAX_SAFE_INTEGER];
}

export const ExportTableToPointInTime = operation(dynamodb.ExportTableToPointInTime, {
  resource: ({ TableArn }) => TableArn,
  run: idempotent(
    dynamodb.ExportTableToPointInTime,
    {
      keepMilliseconds: tokenMilliseconds,
      mismatch: () => modelled(
        dynamodb.ExportConflictException,
        "Export conflict: Duplicate request detected with conflicting parameters",
      ),
    },
    begin,
  ),
});

export const DescribeExport = operation(dynamodb.DescribeExport, {
  resource: ({ ExportArn }) => ExportArn,
  run(input, ctx) {
    return { ExportDescription: shownExport(ctx, requireExport(ctx, input.ExportArn)) };
  },
});

/**
 * @evidence recorded: ten a page, the newest first, none of a table that is gone; API Reference, ListExports:
 *   25 at most
 */
const pageSize = 10;

export const ListExports = operation(dynamodb.ListExports, {
  run(input, ctx) {
    const name = input.TableArn === undefined ? undefined : nameIn(input.TableArn);
    const { items, next } = page<Export>({
      rows: name === undefined ? ctx.db(exports).by("time") : ctx.db(exports),
      range: { reverse: true, ...(name !== undefined && { prefix: [name] }) },
      keep: (row) => name === undefined || findTable(ctx, name)?.id === row.tableId,
      key: (row) => (name === undefined ? [row.id, row.table] : [row.table, row.id]),
      limit: input.MaxResults ?? pageSize,
      token: input.NextToken,
      scope: `dynamodb.exports ${name ?? ""}`,
      invalid: () => invalidRequest(`Provided nextToken is invalid: ${input.NextToken}`),
    });
    return {
      ExportSummaries: items.map((row) => ({
        ExportArn: exportArn(ctx, row),
        ExportStatus: row.status,
        ExportType: row.period ? "INCREMENTAL_EXPORT" as const : "FULL_EXPORT" as const,
      })),
      NextToken: next,
    };
  },
});
