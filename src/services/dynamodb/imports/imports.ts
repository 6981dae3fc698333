/** ImportTable, DescribeImport, ListImports. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { ImportTableDescription, ImportTableInput } from "../../../generated/dynamodb.ts";
import type { Context, ReadContext } from "../../../kernel/context.ts";
import { modelled } from "../../../kernel/errors.ts";
import { idempotent } from "../../../kernel/idempotency.ts";
import { operation } from "../../../kernel/operation.ts";
import { page } from "../../../kernel/page.ts";
import { backupId } from "../backups/backup-rows.ts";
import { limitExceeded, tableExists, validation } from "../errors.ts";
import { askerOf } from "../exports/askers.ts";
import { newTable, requireDraft, requireFree } from "../tables/create-table.ts";
import {
  giveBack, managedKey, requireUsableKey, wantsKey, withKey, type UsableKey,
} from "../tables/encryption.ts";
import { creationMilliseconds } from "../tables/lifecycles.ts";
import { findTable, nameIn, tableArn } from "../tables/names.ts";
import { tables } from "../tables/table-rows.ts";
import { advanceImport } from "./importing.ts";
import { importArn, imports, logGroupArn, requireImport, shownImport, type Import } from "./import-rows.ts";

/** @evidence API Reference: a client token is good for eight hours */
const tokenMilliseconds = 8 * 3_600_000;
/** @evidence Developer Guide, "Import format quotas and validation": 50 imports at a time */
const runningMax = 50;

function requireFormat(input: ImportTableInput): void {
  if (input.InputFormatOptions?.Csv && input.InputFormat !== "CSV") {
    throw validation(
      `Invalid Request: Unsupported InputFormatOptions for the given input format: ${input.InputFormat}.`,
    );
  }
}

/** The table is CREATING until all of its items are there. */
function begin(
  input: ImportTableInput, ctx: Context, key: UsableKey | undefined,
): { ImportTableDescription: ImportTableDescription } {
  const draft = input.TableCreationParameters;
  requireFree(ctx, draft.TableName);
  if (ctx.db(imports).by("running").count() >= runningMax) {
    throw limitExceeded(
      `Subscriber limit exceeded: Only ${runningMax} import operations can be in progress simultaneously`,
    );
  }
  const { transition: _transition, ...made } = newTable(ctx, draft, key);
  const row = {
    ...made,
    indexes: made.indexes.map(({ transition: _own, ...index }) => ({ ...index, status: "ACTIVE" as const })),
  };
  ctx.db(tables).put(row);
  const now = ctx.clock.now();
  const { S3BucketSource: source } = input;
  const begun: Import = {
    table: row.name, id: backupId(now, ctx.ids.hex(8)), tableId: row.id, number: row.number,
    status: "IN_PROGRESS", startedAt: now,
    request: { ...input, S3BucketSource: { ...source, S3BucketOwner: source.S3BucketOwner ?? ctx.account } },
    processedItems: 0, processedBytes: 0, importedItems: 0, errors: 0,
    work: { caller: askerOf(ctx), objects: 0 },
  };
  ctx.db(imports).put(begun);
  const named = { table: begun.table, id: begun.id };
  ctx.schedule(advanceImport, { at: now + creationMilliseconds, input: named, id: begun.id });
  return { ImportTableDescription: shownImport(ctx, begun) };
}

/** @param key that the table is to be encrypted with: a repetition gives the leave to use it back */
function beginOnce(input: ImportTableInput, ctx: Context, key: UsableKey | undefined) {
  let isBegun = false;
  const once = idempotent(
    dynamodb.ImportTable,
    {
      keepMilliseconds: tokenMilliseconds,
      mismatch: () => modelled(
        dynamodb.ImportConflictException,
        "Import conflict: Duplicate request detected with conflicting parameters",
      ),
    },
    (given: ImportTableInput, within: Context) => {
      isBegun = true;
      return begin(given, within, key);
    },
  );
  const output = once(input, ctx);
  if (!isBegun && key) giveBack(ctx, key);
  return output;
}

/** @evidence recorded: also a request that is repeated is refused once its table is there */
function requireNew(ctx: ReadContext, name: string): void {
  const taken = findTable(ctx, name);
  if (taken && taken.status !== "CREATING") throw tableExists(name);
}

export const ImportTable = operation(dynamodb.ImportTable, {
  resource: (input, ctx) => tableArn(ctx, nameIn(input.TableCreationParameters.TableName)),
  async body(input, ctx) {
    const draft = input.TableCreationParameters;
    requireFormat(input);
    requireDraft(draft);
    ctx.reading(() => requireNew(ctx, draft.TableName));
    const key = wantsKey(draft.SSESpecification)
      ? await requireUsableKey(ctx, draft.SSESpecification?.KMSMasterKeyId ?? managedKey, draft.TableName)
      : undefined;
    return withKey(ctx, key, (within) => beginOnce(input, within, key));
  },
});

export const DescribeImport = operation(dynamodb.DescribeImport, {
  resource: ({ ImportArn }) => ImportArn,
  run(input, ctx) {
    return { ImportTableDescription: shownImport(ctx, requireImport(ctx, input.ImportArn)) };
  },
});

/** @evidence recorded: ten a page, the newest first; API Reference, ListImports: 25 at most */
const pageSize = 10;

export const ListImports = operation(dynamodb.ListImports, {
  run(input, ctx) {
    const name = input.TableArn === undefined ? undefined : nameIn(input.TableArn);
    const { items, next } = page<Import>({
      rows: name === undefined ? ctx.db(imports).by("time") : ctx.db(imports),
      range: { reverse: true, ...(name !== undefined && { prefix: [name] }) },
      key: (row) => (name === undefined ? [row.id, row.table] : [row.table, row.id]),
      limit: input.PageSize ?? pageSize,
      token: input.NextToken === undefined ? undefined : tokenOf(input.NextToken),
      scope: `dynamodb.imports ${name ?? ""}`,
      invalid: () => validation(`Invalid Request: Provided nextToken is invalid: ${input.NextToken}`),
    });
    return {
      ImportSummaryList: items.map((row) => ({
        ImportArn: importArn(ctx, row),
        ImportStatus: row.status,
        TableArn: tableArn(ctx, row.table),
        CloudWatchLogGroupArn: logGroupArn(ctx),
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
