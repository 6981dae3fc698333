/** ExecuteTransaction: statements that all happen, or all are read, at one moment. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { ParameterizedStatement } from "../../../generated/dynamodb.ts";
import type { Context } from "../../../kernel/context.ts";
import { AwsError } from "../../../kernel/errors.ts";
import { operation } from "../../../kernel/operation.ts";
import { recordedStatements, tablesInStatements } from "../access/recorded.ts";
import { SeveralTables } from "../batches/several-tables.ts";
import type { Condition } from "../expressions/conditions.ts";
import { conditionCheck, singleRead, writeTarget } from "../partiql/item-targets.ts";
import { KEY_ELEMENT_MISMATCH } from "../partiql/key-errors.ts";
import {
  indexInTransaction, inTransactStatement, readsAndWrites, returningInTransaction,
} from "../partiql/operation-errors.ts";
import { joined } from "../partiql/read-plans.ts";
import { rowOf } from "../partiql/statement-paths.ts";
import {
  normalizeParameters, type SelectStatement, type Statement,
} from "../partiql/statements.ts";
import type { Table } from "../tables/table-rows.ts";
import type { TransactionalAction } from "../transactions/actions.ts";
import { digestOf, isRepeated, remember } from "../transactions/tokens.ts";
import { readAll, type TransactionalGet } from "../transactions/transact-get.ts";
import { chargeRepeated, writeAll } from "../transactions/write-all.ts";
import { measured } from "../items/measures.ts";
import { requireSize } from "../items/put-item.ts";
import { authorizeStatement, boundStatement, ownerOfStatements, tableNameOf } from "./statements.ts";

/** Errors of a statement say which one it is. */
function within<Result>(index: number, work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    const isOwn = cause instanceof AwsError && cause.code === "ValidationException";
    throw isOwn ? inTransactStatement(index, cause) : cause;
  }
}

function requireTransactional(statement: Statement): void {
  if ("returning" in statement && statement.returning) throw returningInTransaction();
  const select = statement.kind === "exists" ? statement.select : statement;
  if (select.kind === "select" && select.index !== undefined) throw indexInTransaction();
}

function readStatements(ctx: Context, given: readonly ParameterizedStatement[]): Statement[] {
  const parameters = given.map(({ Parameters }) => normalizeParameters(Parameters));
  const statements = given.map(({ Statement: text }, index) => within(index, () => {
    const statement = boundStatement(ctx, text, parameters[index] ?? []);
    requireTransactional(statement);
    return statement;
  }));
  const reads = statements.filter(({ kind }) => kind === "select").length;
  if (reads > 0 && reads < statements.length) throw readsAndWrites();
  return statements;
}

function isMismatch(cause: unknown): cause is AwsError {
  return cause instanceof AwsError && cause.message === KEY_ELEMENT_MISMATCH;
}

function getOf(table: Table, select: SelectStatement): TransactionalGet {
  const { columns } = select;
  const part = columns && ((item: TransactionalGet["key"]) => rowOf(columns, item));
  try {
    return { text: select.table, key: singleRead(select, table.key, "ExecuteTransaction"), part };
  } catch (cause) {
    if (!isMismatch(cause)) throw cause;
    return { text: select.table, key: {}, part, refusal: cause };
  }
}

/** What must be there to be updated. */
function existing(table: Table, condition: Condition | undefined): Condition {
  const exists = { kind: "exists", path: [table.key.partition[0]?.name ?? ""] } as const;
  return condition ? { kind: "and", conditions: [exists, condition] } : exists;
}

/** What need not be there to be deleted. */
function existingOrNot(table: Table, condition: Condition | undefined): Condition | undefined {
  if (!condition) return undefined;
  const missing = { kind: "not-exists", path: [table.key.partition[0]?.name ?? ""] } as const;
  return { kind: "or", conditions: [missing, condition] };
}

type Target = Pick<TransactionalAction, "kind" | "item" | "condition" | "update" | "isInsert">;

function targetOf(table: Table, statement: Exclude<Statement, SelectStatement>): Target {
  const options = { inTransaction: true };
  switch (statement.kind) {
    case "insert":
      requireSize(measured(statement.item));
      return { kind: "Put", item: statement.item, condition: undefined, update: undefined, isInsert: true };
    case "update": {
      const { key, condition } = writeTarget(statement.where, table.key, options);
      const { update } = statement;
      return { kind: "Update", item: key, condition: existing(table, condition), update };
    }
    case "delete": {
      const { key, condition } = writeTarget(statement.where, table.key, options);
      return { kind: "Delete", item: key, condition: existingOrNot(table, condition), update: undefined };
    }
    case "exists": {
      const { key, condition } = conditionCheck(statement.select, table.key);
      return { kind: "ConditionCheck", item: key, condition: joined([condition]), update: undefined };
    }
  }
}

function actionOf(
  table: Table, statement: Exclude<Statement, SelectStatement>, given: ParameterizedStatement | undefined,
): TransactionalAction {
  const text = tableNameOf(statement);
  const returnsOnFailure = given?.ReturnValuesOnConditionCheckFailure;
  try {
    return { text, returnsOnFailure, ...targetOf(table, statement) };
  } catch (cause) {
    if (!isMismatch(cause)) throw cause;
    const nothing = { kind: "ConditionCheck", item: {}, condition: undefined, update: undefined } as const;
    return { text, returnsOnFailure, ...nothing, refusal: cause };
  }
}

function isSelect(statement: Statement): statement is SelectStatement {
  return statement.kind === "select";
}

function readThem(
  ctx: Context, selects: readonly SelectStatement[], returns: dynamodb.ReturnConsumedCapacity | undefined,
): dynamodb.ExecuteTransactionOutput {
  const tables = new SeveralTables(ctx);
  const gets = selects.map((select, index) =>
    within(index, () => getOf(tables.get(select.table), select)));
  const Responses = readAll(ctx, tables, gets);
  return { Responses, ConsumedCapacity: tables.shown(returns, "ReadCapacityUnits") };
}

export const ExecuteTransaction = operation(dynamodb.ExecuteTransaction, {
  owner: ({ TransactStatements }) =>
    ownerOfStatements(TransactStatements.map(({ Statement }) => Statement)),
  access: "signed",
  dataEvent: true,
  recorded: ({ TransactStatements }, ctx) => recordedStatements(TransactStatements, ctx),
  touches: ({ TransactStatements }, ctx) => tablesInStatements(TransactStatements, ctx),
  run(input, ctx) {
    const { TransactStatements: given, ReturnConsumedCapacity: returns } = input;
    const statements = readStatements(ctx, given);
    for (const each of statements) authorizeStatement(ctx, each, { name: "ExecuteTransaction", returns });
    if (statements.every(isSelect)) return readThem(ctx, statements, returns);
    const tables = new SeveralTables(ctx);
    const actions = statements.flatMap((statement, index) => (isSelect(statement) ? [] : [
      within(index, () => actionOf(tables.get(tableNameOf(statement)), statement, given[index])),
    ]));
    const Responses = actions.map(() => ({}));
    const digest = (): string => digestOf(given);
    if (isRepeated(ctx, input.ClientRequestToken, digest)) {
      chargeRepeated(ctx, tables, actions);
      return { Responses, ConsumedCapacity: tables.shown(returns, "ReadCapacityUnits") };
    }
    writeAll(ctx, tables, actions);
    remember(ctx, input.ClientRequestToken, digest);
    return { Responses, ConsumedCapacity: tables.shown(returns, "WriteCapacityUnits") };
  },
});
