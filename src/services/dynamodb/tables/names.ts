/** How requests name tables, and which ARNs that makes. */

import { parseArn } from "../../../kernel/arn.ts";
import type { ReadContext } from "../../../kernel/context.ts";
import type { Owner } from "../../../kernel/operation.ts";
import { constraintMissed, resourceNotFound, tableNotFound, validation } from "../errors.ts";
import { requireUnlocked } from "./key-watch.ts";
import { settled, tables, type Table } from "./table-rows.ts";

const NAME = /^[a-zA-Z0-9_.-]+$/;
const CHARACTERS_MIN = 3;
const CHARACTERS_MAX = 255;
const badCharacters = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+";

interface Named {
  readonly TableName?: string | undefined;
}

/** The table within `arn:aws:dynamodb:region:account:table/name`; undefined where the text is no such ARN. */
export function tableInArn(
  text: string,
): { readonly name: string; readonly account: string; readonly region: string } | undefined {
  if (!text.startsWith("arn:")) return undefined;
  const arn = parseArn(text);
  const [kind, name, ...rest] = arn?.resource.split("/") ?? [];
  if (arn?.service !== "dynamodb" || kind !== "table" || !name || rest.length > 0) return undefined;
  return { name, account: arn.account, region: arn.region };
}

/** The name, whatever a request calls a table. */
export function nameIn(text: string | undefined): string {
  return text === undefined ? "" : (tableInArn(text)?.name ?? text);
}

export function tableArn(ctx: ReadContext, name: string): string {
  return ctx.arn(`table/${name}`);
}

export function indexArn(ctx: ReadContext, table: string, index: string): string {
  return ctx.arn(`table/${table}/index/${index}`);
}

/** For operations on a table that may be another account's. */
export const onTable = {
  owner: ({ TableName }: Named): Owner | undefined => ownerOf(TableName),
  resource: ({ TableName }: Named, ctx: ReadContext): string => tableArn(ctx, nameIn(TableName)),
};

/** Whose table it is; undefined for the caller's own. */
export function ownerOf(text: string | undefined): Owner | undefined {
  if (text === undefined || !text.startsWith("arn:")) return undefined;
  const arn = tableInArn(text);
  return arn && /^\d{12}$/.test(arn.account) ? { account: arn.account } : undefined;
}

/**
 * @param member how the request's member is named in refusals
 * @throws ValidationException for what cannot be the name of a table
 * @evidence recorded answers of the operations on tables; both constraints are named
 */
export function requireName(text: string, member = "tableName"): string {
  const missed: string[] = [];
  if (!NAME.test(text)) missed.push(badCharacters);
  if (text.length < CHARACTERS_MIN) missed.push(tooShort(CHARACTERS_MIN));
  if (text.length > CHARACTERS_MAX) missed.push(tooLong());
  if (missed.length > 0) throw constraintMissed(text, member, missed);
  return text;
}

function tooShort(min: number): string {
  return `Member must have length greater than or equal to ${min}`;
}

function tooLong(): string {
  return `Member must have length less than or equal to ${CHARACTERS_MAX}`;
}

/**
 * The name that an ARN or a name gives.
 *
 * @evidence recorded: an ARN of another region is refused as `Invalid AWS region in '…'`
 */
function requireReference(ctx: ReadContext, text: string): string {
  if (!text.startsWith("arn:")) return requireName(text);
  const arn = tableInArn(text);
  if (!arn) throw validation(`1 validation error detected: Invalid resource type in '${text}'`);
  if (arn.region !== ctx.region) {
    throw validation(`1 validation error detected: Invalid AWS region in '${text}'`);
  }
  return requireName(arn.name);
}

export function findTable(ctx: ReadContext, name: string): Table | undefined {
  const row = ctx.db(tables).get(name);
  if (!row?.transition && row?.indexes.every(({ transition }) => !transition)) return row;
  const now = ctx.clock.now();
  // Gone, although nobody has swept it up yet.
  if (row?.status === "DELETING" && row.transition && row.transition.until <= now) return undefined;
  return row && settled(row, now);
}

/** For operations on tables, which say which table they did not find. */
export function requireTable(ctx: ReadContext, text: string): Table {
  const name = requireReference(ctx, text);
  const found = findTable(ctx, name);
  if (!found) throw tableNotFound(name);
  return found;
}

/**
 * For operations on items, which look at what else is wrong with them before they miss the table.
 *
 * @throws ValidationException for what cannot be the name of a table
 */
export function findTableOfItems(ctx: ReadContext, text: string): Table | undefined {
  return findTable(ctx, text) ?? findTable(ctx, requireItemsName(ctx, text));
}

/** A table that is not ready yet is not there; one whose key cannot be used is not to be read. */
export function requireFound(table: Table | undefined): Table {
  if (!table || table.status === "CREATING" || table.status === "DELETING") throw resourceNotFound();
  if (table.encryption) requireUnlocked(table);
  return table;
}

export function requireTableOfItems(ctx: ReadContext, text: string): Table {
  return requireFound(findTableOfItems(ctx, text));
}

/** Operations on items do not mind a name that is only too short. */
function requireItemsName(ctx: ReadContext, text: string): string {
  if (text.startsWith("arn:")) return requireReference(ctx, text);
  const missed: string[] = [];
  if (!NAME.test(text)) missed.push(badCharacters);
  if (text.length > CHARACTERS_MAX) missed.push(tooLong());
  if (missed.length > 0) throw constraintMissed(text, "tableName", missed);
  return text;
}
