/** Writes of INSERT, UPDATE and DELETE statements, one by one. */

import type { ReturnValue, ReturnValuesOnConditionCheckFailure } from "../../../generated/dynamodb.ts";
import type { Context } from "../../../kernel/context.ts";
import { requireUnits } from "../capacity/throttling.ts";
import { Usage, writeUnits } from "../capacity/usage.ts";
import { conditionFailed, Subject } from "../items/conditional.ts";
import { requirePaths } from "../items/expressions.ts";
import { requireKey, storeKeyOf } from "../items/item-keys.ts";
import { requireFit } from "../items/put-item.ts";
import { returned, updatedItem } from "../items/update-item.ts";
import { applyWrite, findItem, planWrite, type Change } from "../items/writing.ts";
import { writeTarget } from "../partiql/item-targets.ts";
import type { Returning } from "../partiql/statement-syntax.ts";
import type { DeleteStatement, InsertStatement, UpdateStatement } from "../partiql/statements.ts";
import type { Table } from "../tables/table-rows.ts";
import { duplicateItem } from "../transactions/write-all.ts";
import type { AttributeValue } from "../values/attribute-values.ts";
import { itemToUpdateTooLarge, itemTooLarge } from "../values/value-errors.ts";

export type WriteStatement = InsertStatement | UpdateStatement | DeleteStatement;

export interface StatementResult {
  /** What RETURNING asks for. */
  readonly item: Record<string, AttributeValue> | undefined;
  readonly usage: Usage;
}

type OnFailure = ReturnValuesOnConditionCheckFailure | undefined;

function made(ctx: Context, change: Change, tooLarge: () => Error): Usage {
  const plan = planWrite(change, tooLarge);
  requireUnits(ctx, plan.usage, "write");
  applyWrite(ctx, plan);
  return plan.usage;
}

function insert(ctx: Context, table: Table, { item }: InsertStatement): StatementResult {
  requireFit(table, item);
  const place = storeKeyOf(table.number, table.key, item);
  const change = { table, place, before: undefined, after: item };
  const before = findItem(ctx, place);
  // What is too large is too large, whether or not there is such an item.
  if (before) {
    planWrite(change, itemTooLarge);
    throw duplicateItem();
  }
  return { item: undefined, usage: made(ctx, change, itemTooLarge) };
}

/** What a RETURNING clause is as ReturnValues. */
function returnValue(returning: Returning | undefined): ReturnValue | undefined {
  if (!returning) return undefined;
  const { which, version } = returning;
  return which === "ALL" ? `ALL_${version}` : `UPDATED_${version}`;
}

/** There must be an item to update. */
function update(
  ctx: Context, table: Table, statement: UpdateStatement, onFailure: OnFailure,
): StatementResult {
  const { key, condition } = writeTarget(statement.where, table.key);
  requireKey(table, key);
  requirePaths(table, { update: statement.update, condition });
  const place = storeKeyOf(table.number, table.key, key);
  const subject = new Subject(findItem(ctx, place));
  if (!subject.row || !subject.meets(condition)) throw conditionFailed(subject, onFailure);
  const after = updatedItem(table, subject, key, statement.update);
  const before = subject.item;
  const change = { table, place, before: subject.row, after, itemBefore: before };
  const usage = made(ctx, change, itemToUpdateTooLarge);
  return { item: returned(returnValue(statement.returning), statement.update, before, after), usage };
}

/** Where there is nothing to delete, that is no failure, whatever the condition. */
function remove(
  ctx: Context, table: Table, statement: DeleteStatement, onFailure: OnFailure,
): StatementResult {
  const { key, condition } = writeTarget(statement.where, table.key);
  requireKey(table, key);
  requirePaths(table, { condition });
  const place = storeKeyOf(table.number, table.key, key);
  const subject = new Subject(findItem(ctx, place));
  if (!subject.row) {
    const usage = new Usage(table);
    usage.add(writeUnits(0));
    requireUnits(ctx, usage, "write");
    return { item: undefined, usage };
  }
  if (!subject.meets(condition)) throw conditionFailed(subject, onFailure);
  const item = statement.returning ? subject.item : undefined;
  const change = { table, place, before: subject.row, after: undefined, itemBefore: subject.itemRead };
  const usage = made(ctx, change, itemTooLarge);
  return { item: item as StatementResult["item"], usage };
}

export function runWrite(
  ctx: Context, table: Table, statement: WriteStatement, onFailure: OnFailure,
): StatementResult {
  switch (statement.kind) {
    case "insert": return insert(ctx, table, statement);
    case "update": return update(ctx, table, statement, onFailure);
    case "delete": return remove(ctx, table, statement, onFailure);
  }
}
