/** Exports: their rows, the files they have written, and what is said of exports that are not there. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { ExportDescription, ExportTableToPointInTimeInput } from "../../../generated/dynamodb.ts";
import { parseArn } from "../../../kernel/arn.ts";
import type { Caller } from "../../../kernel/auth/caller.ts";
import type { Context, ReadContext } from "../../../kernel/context.ts";
import { modelled } from "../../../kernel/errors.ts";
import { job } from "../../../jobs/job.ts";
import { table, type KeyPart } from "../../../store/types.ts";
import { validation } from "../errors.ts";
import type { ItemRow } from "../items/item-rows.ts";
import { tableArn } from "../tables/names.ts";
import type { KeySchema } from "../tables/table-rows.ts";

/** From when until when changes are exported: the end is not part of it. */
export interface Period {
  readonly from: number;
  readonly to: number;
  readonly view: "NEW_IMAGE" | "NEW_AND_OLD_IMAGES";
}

/** What is still to be done. */
export interface ExportWork {
  /** Whoever asked for it: the objects are written in their name. */
  readonly caller: Caller;
  /** What the table's items, and the copy of them as they were, are stored under. */
  readonly source: number;
  readonly target: number;
  /** The recovery that the changes are read by: another than this knows less. */
  readonly recoverySince: number;
  readonly stage: "collecting" | "writing" | "closing";
  /** Up to which change the stage has come. */
  readonly collected?: readonly [at: number, sequence: number];
  readonly isStarted?: true;
  /** Where the bucket is, if elsewhere. */
  readonly region?: string;
  /** How many files are written, and after which row the next goes on. */
  readonly files: number;
  readonly after?: readonly KeyPart[];
  /** The file that is next: named before it is written, so that a repetition replaces it. */
  readonly fileName: string;
}

export interface Export {
  readonly table: string;
  /** Begins with the time of the request, so that the order of ids is that of time. */
  readonly id: string;
  readonly tableId: string;
  readonly key: KeySchema;
  readonly status: "IN_PROGRESS" | "COMPLETED" | "FAILED";
  readonly request: Omit<ExportTableToPointInTimeInput, "TableArn">;
  /** Epoch milliseconds, as all times here. */
  readonly startedAt: number;
  readonly endedAt?: number;
  /** Of a full export. */
  readonly at?: number;
  readonly period?: Period;
  readonly items: number;
  readonly sizeBytes: number;
  readonly failure?: { readonly code: string; readonly message: string };
  readonly work?: ExportWork;
}

export const exports = table<Export, "time" | "running">("dynamodb.exports", {
  key: (row) => [row.table, row.id],
  indexes: {
    time: (row) => [row.id, row.table],
    running: (row) => (row.work ? row.id : undefined),
  },
});

/** A data file in the bucket. */
export interface ExportFile {
  /** Of the export. */
  readonly id: string;
  readonly order: number;
  readonly key: string;
  readonly items: number;
  readonly etag: string;
  /** Base64. */
  readonly md5: string;
}

export const exportFiles = table<ExportFile>("dynamodb.exportFiles", {
  key: (row) => [row.id, row.order],
});

/** An item that changed within the period of an incremental export. */
export interface ChangedItem {
  /** What the export's copy is stored under. */
  readonly number: number;
  /** The place without the number of its space. */
  readonly place: readonly KeyPart[];
  /** Of the last change. */
  readonly at: number;
  /** As it was before the first change. */
  readonly before: Omit<ItemRow, "key"> | undefined;
  /** The item at some time, for its key. */
  readonly sample: string | undefined;
}

export const changedItems = table<ChangedItem>("dynamodb.exportedChanges", {
  key: (row) => [row.number, ...row.place],
  seldomRead: true,
});

export function exportArn(ctx: ReadContext, { table: name, id }: Pick<Export, "table" | "id">): string {
  return `${tableArn(ctx, name)}/export/${id}`;
}

/** @evidence recorded refusals */
export function requireExport(ctx: ReadContext, text: string): Export {
  const arn = parseArn(text);
  const [kind, name, within, id, ...rest] = arn?.resource.split("/") ?? [];
  const isExport = kind === "table" && within === "export" && rest.length === 0;
  if (arn?.service !== "dynamodb" || !isExport || !name || !id) throw validation("Invalid Export ARN");
  const notFound = (detail: string) =>
    modelled(dynamodb.ExportNotFoundException, `Export not found: ${detail}`);
  if (arn.account !== ctx.account || arn.region !== ctx.region) throw notFound("Invalid export arn");
  const found = ctx.db(exports).get([name, id]);
  if (!found) throw notFound(`Export not found: ${text}`);
  return found;
}

/** What AWS keeps in the bucket: `prefix/AWSDynamoDB/id/…`. */
export function folderOf({ id, request: { S3Prefix: prefix } }: Pick<Export, "id" | "request">): string {
  return `${rootOf(prefix)}${id}/`;
}

/** The data of incremental exports lies in one folder. @evidence Developer Guide, "Table export output" */
export function dataFolderOf(row: Pick<Export, "id" | "request" | "period">): string {
  return row.period ? `${rootOf(row.request.S3Prefix)}data/` : `${folderOf(row)}data/`;
}

function rootOf(prefix: string | undefined): string {
  if (!prefix) return "AWSDynamoDB/";
  return `${prefix.endsWith("/") ? prefix : `${prefix}/`}AWSDynamoDB/`;
}

export function shownExport(ctx: ReadContext, row: Export): ExportDescription {
  const { request, period, failure } = row;
  return {
    ExportArn: exportArn(ctx, row),
    ExportStatus: row.status,
    StartTime: row.startedAt,
    EndTime: row.endedAt,
    ExportManifest: row.status === "COMPLETED" ? `${folderOf(row)}manifest-summary.json` : undefined,
    TableArn: tableArn(ctx, row.table),
    TableId: row.tableId,
    ExportTime: row.at,
    ClientToken: request.ClientToken,
    S3Bucket: request.S3Bucket,
    S3BucketOwner: request.S3BucketOwner,
    S3Prefix: request.S3Prefix,
    S3SseAlgorithm: request.S3SseAlgorithm ?? "AES256",
    S3SseKmsKeyId: request.S3SseKmsKeyId,
    FailureCode: failure?.code,
    FailureMessage: failure?.message,
    ExportFormat: request.ExportFormat ?? "DYNAMODB_JSON",
    BilledSizeBytes: row.status === "COMPLETED" ? row.sizeBytes : undefined,
    ItemCount: row.status === "COMPLETED" ? row.items : undefined,
    // @evidence recorded: not said where it was not asked for
    ExportType: request.ExportType,
    IncrementalExportSpecification: period && {
      ExportFromTime: period.from, ExportToTime: period.to, ExportViewType: period.view,
    },
  };
}

/** @evidence API Reference, ListExports: those of the last 90 days */
const keptMilliseconds = 90 * 24 * 3_600_000;
const forgottenAtOnce = 500;

interface Named {
  readonly table: string;
  readonly id: string;
}

export const forgetExport = job<Named>("dynamodb.forgetExport", ({ table: name, id }, ctx) => {
  const files = [...ctx.db(exportFiles).list({ prefix: [id], limit: forgottenAtOnce })];
  for (const { order } of files) ctx.db(exportFiles).delete([id, order]);
  if (files.length < forgottenAtOnce) ctx.db(exports).delete([name, id]);
  else ctx.schedule(forgetExport, { at: ctx.clock.now() + 1, input: { table: name, id } });
});

export function forgetLater(ctx: Context, { table: name, id }: Named): void {
  ctx.schedule(forgetExport, { at: ctx.clock.now() + keptMilliseconds, input: { table: name, id } });
}
