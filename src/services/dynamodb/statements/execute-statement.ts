/** ExecuteStatement: one statement, a page of its rows at a time. */

import { createHash } from "node:crypto";
import * as dynamodb from "../../../generated/dynamodb.ts";
import type { Context } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import { openPageToken, pageToken } from "../../../kernel/page.ts";
import { recordedStatement, tablesInStatements } from "../access/recorded.ts";
import { shownUsage } from "../capacity/usage.ts";
import { itemOf, itemTextOf } from "../items/item-rows.ts";
import { existsAlone, invalidNextToken, otherNextToken } from "../partiql/operation-errors.ts";
import { normalizeParameters, type SelectStatement } from "../partiql/statements.ts";
import { requireTableOfItems } from "../tables/names.ts";
import { requireStart } from "../queries/start-keys.ts";
import { findIndex, type Table } from "../tables/table-rows.ts";
import { readSelection, type Position } from "./select.ts";
import { authorizeStatement, boundStatement, ownerOfStatements, tableNameOf } from "./statements.ts";
import { runWrite } from "./writes.ts";

const scope = "dynamodb:ExecuteStatement";

/** A token is good for the statement, with its parameters, that it was made for. */
function digestOf({ Statement, Parameters }: dynamodb.ExecuteStatementInput): string {
  return createHash("sha256").update(JSON.stringify([Statement, Parameters ?? []])).digest("base64");
}

function tokenOf(input: dynamodb.ExecuteStatementInput, { read, key }: Position): string {
  return pageToken(scope, [digestOf(input), read, key && itemTextOf(key)]);
}

function openToken(input: dynamodb.ExecuteStatementInput): Position | undefined {
  if (input.NextToken === undefined) return undefined;
  const state = openPageToken(scope, input.NextToken);
  if (!Array.isArray(state)) throw invalidNextToken();
  const [digest, read, text] = state as [unknown, unknown, unknown];
  if (digest !== digestOf(input)) throw otherNextToken();
  const isPosition = Number.isSafeInteger(read) && (text === undefined || text === null
    || typeof text === "string");
  if (!isPosition) throw invalidNextToken();
  const key = typeof text === "string" ? itemOf({ key: [], text, sizeBytes: 0, isBinary: true }) : undefined;
  return { read: Number(read), key };
}

function select(
  ctx: Context, table: Table, statement: SelectStatement, input: dynamodb.ExecuteStatementInput,
): dynamodb.ExecuteStatementOutput {
  const start = openToken(input);
  const index = statement.index === undefined ? undefined : findIndex(table, statement.index);
  if (start?.key) requireStart(table, index, start.key);
  const isConsistent = input.ConsistentRead ?? false;
  const page = readSelection(ctx, { select: statement, table, isConsistent, limit: input.Limit, start });
  return {
    Items: page.rows,
    NextToken: page.next && tokenOf(input, page.next),
    LastEvaluatedKey: page.next?.key as dynamodb.ExecuteStatementOutput["LastEvaluatedKey"],
    ConsumedCapacity: shownUsage(page.usage, input.ReturnConsumedCapacity),
  };
}

export const ExecuteStatement = operation(dynamodb.ExecuteStatement, {
  owner: ({ Statement }) => ownerOfStatements([Statement]),
  access: "signed",
  dataEvent: true,
  recorded: recordedStatement,
  touches: (input, ctx) => tablesInStatements([input], ctx),
  run(input, ctx) {
    const statement = boundStatement(ctx, input.Statement, normalizeParameters(input.Parameters));
    if (statement.kind === "exists") throw existsAlone();
    const { ReturnConsumedCapacity: returns } = input;
    authorizeStatement(ctx, statement, { name: "ExecuteStatement", returns });
    const table = requireTableOfItems(ctx, tableNameOf(statement));
    if (statement.kind === "select") return select(ctx, table, statement, input);
    const { item, usage } = runWrite(ctx, table, statement, input.ReturnValuesOnConditionCheckFailure);
    return { Items: item ? [item] : [], ConsumedCapacity: shownUsage(usage, returns) };
  },
});
