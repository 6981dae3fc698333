/**
 * Requests as CloudTrail writes them down: keys as plain values, of items the names of their attributes, and
 * no other values.
 *
 * @evidence Developer Guide, "Understanding DynamoDB log file entries": its examples; "Non key attribute
 *   values will be redacted in the CloudTrail logs of actions using the PartiQL API, and will not appear in
 *   logs of actions using the classic API"
 */

import type {
  AttributeValue, BatchGetItemInput, BatchWriteItemInput, TransactGetItem, TransactWriteItem,
} from "../../../generated/dynamodb.ts";
import type { ReadContext } from "../../../kernel/context.ts";
import { findTable, nameIn, tableArn } from "../tables/names.ts";
import { keyNames } from "../tables/table-rows.ts";

type Attributes = Readonly<Record<string, AttributeValue>>;

interface OfOneTable {
  readonly TableName?: string | undefined;
  readonly Item?: Attributes | undefined;
  readonly Key?: Attributes | undefined;
  readonly ExclusiveStartKey?: Attributes | undefined;
}

/** They hold values, or stand for some. */
const valued = new Set([
  "ExpressionAttributeValues", "Expected", "AttributeUpdates", "KeyConditions", "QueryFilter", "ScanFilter",
  "Parameters",
]);

function keyNamesOf(ctx: ReadContext, text: string | undefined): ReadonlySet<string> {
  const table = findTable(ctx, nameIn(text));
  return new Set(table ? keyNames(table.key) : []);
}

function plain({ S, N, B }: AttributeValue): string | number | undefined {
  if (N !== undefined) return Number(N);
  return S ?? (B && Buffer.from(B).toString("base64"));
}

function plainKey(key: Attributes, names?: ReadonlySet<string>): Record<string, unknown> {
  const entries = Object.entries(key).filter(([name]) => !names || names.has(name));
  return Object.fromEntries(entries.map(([name, value]) => [name, plain(value)]));
}

/** Everything without values, under CloudTrail's names. */
function others(members: object): object {
  const kept = Object.entries(members).filter(([name]) => !valued.has(name));
  return Object.fromEntries(
    kept.map(([name, value]) => [`${name.charAt(0).toLowerCase()}${name.slice(1)}`, value as unknown]));
}

/** Of PutItem, GetItem, UpdateItem, DeleteItem, Query and Scan. */
export function recordedRequest(input: OfOneTable, ctx: ReadContext): object {
  return recordedAction(input, ctx, "item");
}

function recordedAction(input: OfOneTable, ctx: ReadContext, itemName: "item" | "items"): object {
  const { Item, Key, ExclusiveStartKey, TableName: tableName, ...rest } = input;
  return {
    tableName,
    ...(Item && { key: plainKey(Item, keyNamesOf(ctx, tableName)), [itemName]: Object.keys(Item) }),
    ...(Key && { key: plainKey(Key) }),
    ...(ExclusiveStartKey && { exclusiveStartKey: plainKey(ExclusiveStartKey) }),
    ...others(rest),
  };
}

/** Of TransactWriteItems and TransactGetItems: a list of what is to be done. */
export function recordedTransaction(
  { TransactItems, ...rest }: { readonly TransactItems: readonly (TransactWriteItem | TransactGetItem)[] },
  ctx: ReadContext,
): object {
  const requestItems = TransactItems.flatMap((item) =>
    Object.entries(item as Record<string, OfOneTable | undefined>).flatMap(([operation, action]) =>
      (action ? [{ operation, ...recordedAction(action, ctx, "items") }] : [])));
  return { requestItems, ...others(rest) };
}

/** As those of transactions: how AWS writes batches down is not in its examples. */
export function recordedBatchWrite({ RequestItems, ...rest }: BatchWriteItemInput, ctx: ReadContext): object {
  const requestItems = Object.entries(RequestItems).flatMap(([TableName, requests]) =>
    requests.map(({ PutRequest, DeleteRequest }) => ({
      operation: PutRequest ? "Put" : "Delete",
      ...recordedAction({ TableName, ...PutRequest, ...DeleteRequest }, ctx, "items"),
    })));
  return { requestItems, ...others(rest) };
}

export function recordedBatchGet({ RequestItems, ...rest }: BatchGetItemInput): object {
  const requestItems = Object.entries(RequestItems).map(([TableName, { Keys, ...how }]) =>
    ({ tableName: TableName, keys: Keys.map((key) => plainKey(key)), ...others(how) }));
  return { requestItems, ...others(rest) };
}

interface WithStatement {
  readonly Statement: string;
}

export function recordedStatement(input: WithStatement, ctx: ReadContext): object {
  return { ...others(input), statement: redacted(input.Statement, ctx) };
}

/** Of BatchExecuteStatement and ExecuteTransaction. */
export function recordedStatements(statements: readonly WithStatement[], ctx: ReadContext): object {
  return { requestItems: statements.map(({ Statement }) => ({ statement: redacted(Statement, ctx) })) };
}

const literalForm =
  /("(?:[^"]|"")*"|[A-Za-z_$][\w$]*)|('(?:[^']|'')*'|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|`[^`]*`)/g;
/** Key names have 255 characters at most: what is further away is not looked through for each literal. */
const comparedLengthMax = 600;
const comparedForm = /(?:"((?:[^"]|"")*)"|([A-Za-z_$][\w$]*))\s*=\s*$/;
const tableForm = /\b(?:FROM|INTO|UPDATE)\s+(?:"((?:[^"]|"")*)"|([\w$.-]+))/i;

function tableNameIn(statement: string): string | undefined {
  const [, quoted, bare] = tableForm.exec(statement) ?? [];
  return quoted ?? bare;
}

/** The tables that statements are about, as far as they can be read. */
export function tablesInStatements(statements: readonly WithStatement[], ctx: ReadContext): string[] {
  const names = statements.flatMap(({ Statement }) => tableNameIn(Statement) ?? []);
  return [...new Set(names)].map((name) => tableArn(ctx, nameIn(name)));
}

/** Values stay that a key is compared with. Those of an item that is put are none of them. */
function redacted(statement: string, ctx: ReadContext): string {
  const keys = keyNamesOf(ctx, tableNameIn(statement));
  const conditionsAt = statement.search(/\bWHERE\b/i);
  return statement.replaceAll(
    literalForm, (found: string, _name: unknown, literal: string | undefined, at: number) => {
      const isAttribute = /^\s*:/.test(statement.slice(at + found.length));
      if (literal === undefined || isAttribute) return found;
      const before = statement.slice(Math.max(0, at - comparedLengthMax), at);
      const [, quotedName, name] = comparedForm.exec(before) ?? [];
      const isKey = conditionsAt >= 0 && at > conditionsAt && keys.has(quotedName ?? name ?? "");
      return isKey ? found : "***(Redacted)";
    });
}
