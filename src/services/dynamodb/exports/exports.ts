/** ExportTableToPointInTime, DescribeExport, ListExports. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { ExportDescription, ExportTableToPointInTimeInput } from "../../../generated/dynamodb.ts";
import type { Context } from "../../../kernel/context.ts";
import { modelled, notImplemented } from "../../../kernel/errors.ts";
import { idempotent } from "../../../kernel/idempotency.ts";
import { operation } from "../../../kernel/operation.ts";
import { page } from "../../../kernel/page.ts";
import { backupId } from "../backups/backup-rows.ts";
import { restorable } from "../backups/continuous-backups.ts";
import { beginCopy, type Moment } from "../backups/copies.ts";
import { backedTableNotFound, limitExceeded, validation } from "../errors.ts";
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

/** @evidence recorded (moto's tests that ran against AWS): the ARN is named, as it was given */
function requireSource(ctx: Context, text: string): Table {
  const arn = tableInArn(text);
  if (text.startsWith("arn:") && !arn) throw validation(`Invalid TableArn: ${text}`);
  const isHere = !arn || (arn.account === ctx.account && arn.region === ctx.region);
  const row = isHere ? findTable(ctx, arn?.name ?? text) : undefined;
  if (!row || row.status === "CREATING") throw backedTableNotFound(text);
  return row;
}

function requireWithin(at: number, row: Table, now: number): void {
  const earliest = restorable(row, now)?.earliest ?? now;
  const second = (time: number): number => Math.floor(time / 1000);
  if (second(at) >= second(earliest) && at <= now) return;
  throw modelled(
    dynamodb.InvalidExportTimeException,
    "The specified ExportTime is outside of the point in time recovery window.",
  );
}

function periodOf(input: ExportTableToPointInTimeInput, row: Table, now: number): Period | undefined {
  const given = input.IncrementalExportSpecification;
  if (input.ExportType !== "INCREMENTAL_EXPORT") {
    if (given) {
      throw validation("IncrementalExportSpecification can only be specified for INCREMENTAL_EXPORT");
    }
    return undefined;
  }
  if (input.ExportTime !== undefined) {
    throw validation("ExportTime cannot be specified for INCREMENTAL_EXPORT");
  }
  const { ExportFromTime: from, ExportToTime: to = now, ExportViewType: view } = given ?? {};
  if (from === undefined) throw validation("ExportFromTime must be specified for INCREMENTAL_EXPORT");
  requireWithin(from, row, now);
  requireWithin(to, row, now);
  if (to - from < periodMillisecondsMin || to - from > periodMillisecondsMax) {
    throw validation("The export period must be between 15 minutes and 24 hours");
  }
  return { from, to, view: view ?? "NEW_AND_OLD_IMAGES" };
}

function begin(input: ExportTableToPointInTimeInput, ctx: Context): { ExportDescription: ExportDescription } {
  const { TableArn, ...request } = input;
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
  if (!period) requireWithin(at, row, now);
  if (input.ExportFormat === "ION") throw notImplemented("ExportTableToPointInTime with ExportFormat ION");
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
      mismatch: (token) => modelled(
        dynamodb.ExportConflictException,
        `An export with the client token ${token} was requested with other parameters.`,
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

/** @evidence API Reference, ListExports: 25 a page at most */
const pageSizeMax = 25;

export const ListExports = operation(dynamodb.ListExports, {
  run(input, ctx) {
    const name = input.TableArn === undefined ? undefined : nameIn(input.TableArn);
    const { items, next } = page<Export>({
      rows: name === undefined ? ctx.db(exports).by("time") : ctx.db(exports),
      ...(name !== undefined && { range: { prefix: [name] } }),
      key: (row) => (name === undefined ? [row.id, row.table] : [row.table, row.id]),
      limit: input.MaxResults ?? pageSizeMax,
      token: input.NextToken,
      scope: `dynamodb.exports ${name ?? ""}`,
      invalid: () => validation(`Invalid NextToken: ${input.NextToken}`),
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
