/** Lookup tables: columns of reference data that the command `lookup` of queries brings in. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { readCsv } from "./csv.ts";
import { alreadyExists, invalidNextToken, invalidParameter, limitExceeded, notFound } from "./errors.ts";
import { setTags } from "./group-tags.ts";
import { lookupBodies, lookupTables, type LookupTable } from "./lookup-table-rows.ts";

/** @evidence CloudWatch Logs User Guide, "lookup": 100 tables an account and Region, 10 MB a table */
const tablesMax = 100;

function tableArn(ctx: Pick<ReadContext, "arn">, name: string): string {
  return ctx.arn(`lookup-table:${name}`);
}

const onTable = { resource: (input: { readonly lookupTableArn: string }) => input.lookupTableArn };

function requireTable(ctx: Pick<ReadContext, "db" | "arn">, arn: string): LookupTable {
  const found = ctx.db(lookupTables).get(arn.slice(arn.lastIndexOf(":") + 1));
  if (!found || tableArn(ctx, found.name) !== arn) throw notFound("lookup table");
  return found;
}

/** @throws InvalidParameterException for what has no header, or lines of other lengths */
function requireBody(body: string): { fields: readonly string[]; records: number } {
  const [header = [], ...records] = readCsv(body);
  const isNamed = header.length > 0 && header.every((name) => name.trim() !== "") &&
    new Set(header).size === header.length;
  if (!isNamed) throw invalidParameter("The table body must begin with a header of different column names.");
  const wrong = records.findIndex((record) => record.length !== header.length);
  if (wrong !== -1) {
    throw invalidParameter(`Row ${wrong + 1} of the table body must have ${header.length} columns.`);
  }
  return { fields: header, records: records.length };
}

interface Given {
  readonly description?: string | undefined;
  readonly tableBody: string;
  readonly kmsKeyId?: string | undefined;
}

function write(ctx: Context, name: string, given: Given, createdAt: number): LookupTable {
  if (given.kmsKeyId !== undefined) throw notImplemented("Lookup tables under a KMS key");
  const { fields, records } = requireBody(given.tableBody);
  ctx.db(lookupBodies).put({ name, body: given.tableBody });
  return ctx.db(lookupTables).put({
    name, fields, records, createdAt,
    ...(given.description !== undefined && { description: given.description }),
    sizeBytes: Buffer.byteLength(given.tableBody),
    updatedAt: ctx.clock.now(),
  });
}

export const CreateLookupTable = operation(logs.CreateLookupTable, {
  resource: (input, ctx) => tableArn(ctx, input.lookupTableName),
  run(input, ctx) {
    const name = input.lookupTableName;
    if (ctx.db(lookupTables).has(name)) throw alreadyExists("lookup table");
    if (ctx.db(lookupTables).count() >= tablesMax) throw limitExceeded();
    const { createdAt } = write(ctx, name, input, ctx.clock.now());
    const lookupTableArn = tableArn(ctx, name);
    setTags(ctx, lookupTableArn, input.tags);
    return { lookupTableArn, createdAt };
  },
});

export const UpdateLookupTable = operation(logs.UpdateLookupTable, {
  ...onTable,
  run(input, ctx) {
    const { name, createdAt, description } = requireTable(ctx, input.lookupTableArn);
    const { updatedAt } = write(ctx, name, { description, ...input }, createdAt);
    return { lookupTableArn: input.lookupTableArn, lastUpdatedTime: updatedAt };
  },
});

export const DeleteLookupTable = operation(logs.DeleteLookupTable, {
  ...onTable,
  run(input, ctx) {
    const { name } = requireTable(ctx, input.lookupTableArn);
    ctx.db(lookupTables).delete(name);
    ctx.db(lookupBodies).delete(name);
    ctx.tags(input.lookupTableArn).clear();
  },
});

function facts(ctx: ReadContext, table: LookupTable) {
  return {
    lookupTableArn: tableArn(ctx, table.name),
    lookupTableName: table.name,
    ...(table.description !== undefined && { description: table.description }),
    sizeBytes: table.sizeBytes,
    lastUpdatedTime: table.updatedAt,
  };
}

export const GetLookupTable = operation(logs.GetLookupTable, {
  ...onTable,
  run(input, ctx) {
    const table = requireTable(ctx, input.lookupTableArn);
    return { ...facts(ctx, table), tableBody: ctx.db(lookupBodies).get(table.name)?.body ?? "" };
  },
});

export const DescribeLookupTables = operation(logs.DescribeLookupTables, {
  run(input, ctx) {
    const prefix = input.lookupTableNamePrefix ?? "";
    const { items, next } = page<LookupTable>({
      rows: ctx.db(lookupTables),
      key: ({ name }) => name,
      keep: ({ name }) => name.startsWith(prefix),
      limit: input.maxResults ?? 50,
      token: input.nextToken,
      scope: `logs.DescribeLookupTables ${prefix}`,
      invalid: invalidNextToken,
    });
    return {
      lookupTables: items.map((table) => ({
        ...facts(ctx, table), tableFields: [...table.fields], recordsCount: table.records,
      })),
      nextToken: next,
    };
  },
});
