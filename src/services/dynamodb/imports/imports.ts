/** ImportTable, DescribeImport, ListImports. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { ImportTableDescription, ImportTableInput } from "../../../generated/dynamodb.ts";
import type { Context } from "../../../kernel/context.ts";
import { modelled, notImplemented } from "../../../kernel/errors.ts";
import { idempotent } from "../../../kernel/idempotency.ts";
import { operation } from "../../../kernel/operation.ts";
import { page } from "../../../kernel/page.ts";
import { backupId } from "../backups/backup-rows.ts";
import { limitExceeded, validation } from "../errors.ts";
import { askerOf } from "../exports/askers.ts";
import { newTable, requireDraft, requireFree } from "../tables/create-table.ts";
import { wantsKey } from "../tables/encryption.ts";
import { creationMilliseconds } from "../tables/lifecycles.ts";
import { nameIn, tableArn } from "../tables/names.ts";
import { tables } from "../tables/table-rows.ts";
import { advanceImport } from "./importing.ts";
import { importArn, imports, requireImport, shownImport, type Import } from "./import-rows.ts";

/** @evidence API Reference: a client token is good for eight hours */
const tokenMilliseconds = 8 * 3_600_000;
/** @evidence Developer Guide, "Import format quotas and validation": 50 imports at a time */
const runningMax = 50;

function requireFormat(input: ImportTableInput): void {
  if (input.InputFormatOptions?.Csv && input.InputFormat !== "CSV") {
    throw validation("InputFormatOptions can only be specified for the CSV input format");
  }
  if (input.InputFormat === "ION") throw notImplemented("ImportTable with InputFormat ION");
  if (input.InputCompressionType === "ZSTD") {
    throw notImplemented("ImportTable with InputCompressionType ZSTD");
  }
}

/** The table is CREATING until all of its items are there. */
function begin(
  input: ImportTableInput, ctx: Context,
): { ImportTableDescription: ImportTableDescription } {
  const draft = input.TableCreationParameters;
  requireFree(ctx, draft.TableName);
  if (ctx.db(imports).by("running").count() >= runningMax) {
    throw limitExceeded(
      `Subscriber limit exceeded: Only ${runningMax} import operations can be in progress simultaneously`,
    );
  }
  const { transition: _transition, ...made } = newTable(ctx, draft, undefined);
  const row = {
    ...made,
    indexes: made.indexes.map(({ transition: _own, ...index }) => ({ ...index, status: "ACTIVE" as const })),
  };
  ctx.db(tables).put(row);
  const now = ctx.clock.now();
  const begun: Import = {
    table: row.name, id: backupId(now, ctx.ids.hex(8)), tableId: row.id, number: row.number,
    status: "IN_PROGRESS", request: input, startedAt: now,
    processedItems: 0, processedBytes: 0, importedItems: 0, errors: 0,
    work: { caller: askerOf(ctx), objects: 0 },
  };
  ctx.db(imports).put(begun);
  const named = { table: begun.table, id: begun.id };
  ctx.schedule(advanceImport, { at: now + creationMilliseconds, input: named, id: begun.id });
  return { ImportTableDescription: shownImport(ctx, begun) };
}

const beginOnce = idempotent(
  dynamodb.ImportTable,
  {
    keepMilliseconds: tokenMilliseconds,
    mismatch: (token) => modelled(
      dynamodb.ImportConflictException,
      `An import with the client token ${token} was requested with other parameters.`,
    ),
  },
  begin,
);

export const ImportTable = operation(dynamodb.ImportTable, {
  resource: (input, ctx) => tableArn(ctx, nameIn(input.TableCreationParameters.TableName)),
  run(input, ctx) {
    requireFormat(input);
    requireDraft(input.TableCreationParameters);
    if (wantsKey(input.TableCreationParameters.SSESpecification)) {
      throw notImplemented("ImportTable into a table that is encrypted with a KMS key");
    }
    return beginOnce(input, ctx);
  },
});

export const DescribeImport = operation(dynamodb.DescribeImport, {
  resource: ({ ImportArn }) => ImportArn,
  run(input, ctx) {
    return { ImportTableDescription: shownImport(ctx, requireImport(ctx, input.ImportArn)) };
  },
});

/** @evidence API Reference, ListImports: 25 a page at most */
const pageSizeMax = 25;

export const ListImports = operation(dynamodb.ListImports, {
  run(input, ctx) {
    const name = input.TableArn === undefined ? undefined : nameIn(input.TableArn);
    const { items, next } = page<Import>({
      rows: name === undefined ? ctx.db(imports).by("time") : ctx.db(imports),
      ...(name !== undefined && { range: { prefix: [name] } }),
      key: (row) => (name === undefined ? [row.id, row.table] : [row.table, row.id]),
      limit: input.PageSize ?? pageSizeMax,
      token: input.NextToken === undefined ? undefined : tokenOf(input.NextToken),
      scope: `dynamodb.imports ${name ?? ""}`,
      invalid: () => validation(`Invalid NextToken: ${input.NextToken}`),
    });
    return {
      ImportSummaryList: items.map((row) => ({
        ImportArn: importArn(ctx, row),
        ImportStatus: row.status,
        TableArn: tableArn(ctx, row.table),
        S3BucketSource: row.request.S3BucketSource,
        InputFormat: row.request.InputFormat,
        StartTime: row.startedAt,
        EndTime: row.endedAt,
      })),
      NextToken: next && shownToken(next),
    };
  },
});

/**
 * This operation's tokens are groups of sixteen hexadecimal digits, at least 112 of these.
 *
 * @evidence the API's model
 */
function shownToken(token: string): string {
  const hex = Buffer.from(token).toString("hex");
  return hex.padEnd(Math.max(112, Math.ceil(hex.length / 16) * 16), "0");
}

function tokenOf(text: string): string {
  return Buffer.from(text, "hex").toString().replace(/\0+$/, "");
}
