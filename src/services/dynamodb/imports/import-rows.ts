/** Imports: their rows, and what is said of imports that are not there. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { ImportTableDescription, ImportTableInput } from "../../../generated/dynamodb.ts";
import { job } from "../../../jobs/job.ts";
import { parseArn } from "../../../kernel/arn.ts";
import type { Caller } from "../../../kernel/auth/caller.ts";
import type { ReadContext } from "../../../kernel/context.ts";
import { modelled } from "../../../kernel/errors.ts";
import { table } from "../../../store/types.ts";
import { validation } from "../errors.ts";
import { tableArn } from "../tables/names.ts";

/** What is still to be done. */
export interface ImportWork {
  /** Whoever asked for it: the objects are read in their name. */
  readonly caller: Caller;
  /** Where the bucket is, if elsewhere. */
  readonly region?: string;
  /** Of the objects, which are read in the order of their keys, the last that is finished. */
  readonly after?: string;
  /** The object that is being read, and how many of its records are done. */
  readonly current?: { readonly key: string; readonly etag: string; readonly records: number };
  readonly objects: number;
  /** Where errors are told of is there. */
  readonly isLogged?: true;
}

export interface Import {
  readonly table: string;
  /** Begins with the time of the request, so that the order of ids is that of time. */
  readonly id: string;
  readonly tableId: string;
  /** What the table's items are stored under. */
  readonly number: number;
  readonly status: "IN_PROGRESS" | "COMPLETED" | "CANCELLED" | "FAILED";
  readonly request: ImportTableInput;
  /** Epoch milliseconds, as all times here. */
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly processedItems: number;
  readonly processedBytes: number;
  readonly importedItems: number;
  readonly errors: number;
  readonly failure?: { readonly code: string; readonly message: string };
  readonly work?: ImportWork;
}

export const imports = table<Import, "time" | "running">("dynamodb.imports", {
  key: (row) => [row.table, row.id],
  indexes: {
    time: (row) => [row.id, row.table],
    running: (row) => (row.work ? row.id : undefined),
  },
});

export function importArn(ctx: ReadContext, { table: name, id }: Pick<Import, "table" | "id">): string {
  return `${tableArn(ctx, name)}/import/${id}`;
}

/** The text of an import that is not there is inferred from that of exports. */
export function requireImport(ctx: ReadContext, text: string): Import {
  const arn = parseArn(text);
  const [kind, name, within, id, ...rest] = arn?.resource.split("/") ?? [];
  const isImport = kind === "table" && within === "import" && rest.length === 0;
  if (arn?.service !== "dynamodb" || !isImport || !name || !id) throw validation("Invalid Import ARN");
  const isHere = arn.account === ctx.account && arn.region === ctx.region;
  const found = isHere ? ctx.db(imports).get([name, id]) : undefined;
  if (!found) throw modelled(dynamodb.ImportNotFoundException, `Import not found: Import not found: ${text}`);
  return found;
}

/** @evidence Developer Guide, "Import format quotas and validation", CloudWatch logs */
export const logGroupName = "/aws-dynamodb/imports";

export function logGroupArn(ctx: ReadContext): string {
  return `arn:aws:logs:${ctx.region}:${ctx.account}:log-group:${logGroupName}:*`;
}

export function shownImport(ctx: ReadContext, row: Import): ImportTableDescription {
  const { request, failure } = row;
  return {
    ImportArn: importArn(ctx, row),
    ImportStatus: row.status,
    TableArn: tableArn(ctx, row.table),
    TableId: row.tableId,
    ClientToken: request.ClientToken,
    S3BucketSource: request.S3BucketSource,
    ErrorCount: row.errors,
    CloudWatchLogGroupArn: logGroupArn(ctx),
    InputFormat: request.InputFormat,
    InputFormatOptions: request.InputFormatOptions,
    InputCompressionType: request.InputCompressionType ?? "NONE",
    TableCreationParameters: request.TableCreationParameters,
    StartTime: row.startedAt,
    EndTime: row.endedAt,
    ProcessedSizeBytes: row.processedBytes,
    ProcessedItemCount: row.processedItems,
    ImportedItemCount: row.importedItems,
    FailureCode: failure?.code,
    FailureMessage: failure?.message,
  };
}

/** @evidence API Reference, ListImports: those of the last 90 days */
export const keptMilliseconds = 90 * 24 * 3_600_000;

export const forgetImport = job<{ readonly table: string; readonly id: string }>(
  "dynamodb.forgetImport", ({ table: name, id }, ctx) => {
    ctx.db(imports).delete([name, id]);
  },
);
