/**
 * PartiQL statements with their parameters: what ExecuteStatement, BatchExecuteStatement and
 * ExecuteTransaction do, as far as it can be known without the table.
 *
 *     const parameters = normalizeParameters(input.Parameters);
 *     const statement = bindStatement(input.Statement, parameters, cache);
 *
 * All parameters of a request are looked at before any of its statements. What a statement says of keys is
 * for `readPlan`, `writeTarget`, `singleRead` and `conditionCheck`, which need the key schema. An UPDATE is
 * of an item that exists: of any other it fails its condition. A DELETE of what does not exist does nothing,
 * whatever its condition.
 *
 * @evidence floci's PartiQL tests and dynamodb-conformance, partiql, recorded in 2026-08 to 2026-10
 */

import type { Condition } from "../expressions/conditions.ts";
import { Recent } from "../expressions/recent.ts";
import type { Update } from "../expressions/updates.ts";
import { normalizeValue } from "../values/attribute-values.ts";
import type { AttributeValue, Item } from "../values/attribute-values.ts";
import { itemOf, kindOf } from "./literals.ts";
import { bindWhere } from "./statement-conditions.ts";
import {
  deleteReturning, insertIntoIndex, insertReturning, returnedColumn, severalItems, severalReturned,
  unknownFunction, unsupportedClause, unsupportedOperation, unsupportedToken, valueProjection, writeToIndex,
  wrongOrdering,
} from "./statement-errors.ts";
import { parseStatement } from "./statement-parser.ts";
import { columnsOf, pathOf, requireTableName, sourceOf } from "./statement-paths.ts";
import type { Column, TableName } from "./statement-paths.ts";
import type {
  Expression, Ordering, Returning, ReturningSyntax, Source, StatementSyntax,
} from "./statement-syntax.ts";
import { bindChanges } from "./statement-updates.ts";

export interface OrderTerm {
  readonly attribute: string;
  readonly descending: boolean;
}

export interface SelectStatement extends TableName {
  readonly kind: "select";
  /** Undefined for all of an item; `rowOf` makes the rows. */
  readonly columns: readonly Column[] | undefined;
  readonly where: Condition | undefined;
  readonly orderBy: readonly OrderTerm[] | undefined;
}

export interface InsertStatement {
  readonly kind: "insert";
  readonly table: string;
  readonly item: Item;
}

export interface UpdateStatement {
  readonly kind: "update";
  readonly table: string;
  readonly update: Update;
  readonly where: Condition | undefined;
  readonly returning: Returning | undefined;
}

export interface DeleteStatement {
  readonly kind: "delete";
  readonly table: string;
  readonly where: Condition | undefined;
  readonly returning: Returning | undefined;
}

/** A condition check: in transactions of writes and nowhere else. */
export interface ExistsStatement {
  readonly kind: "exists";
  readonly select: SelectStatement;
}

export type Statement =
  | SelectStatement | InsertStatement | UpdateStatement | DeleteStatement | ExistsStatement;

export interface StatementSource {
  statement(text: string): Expression;
}

/** Remembers the syntax of the statements that were parsed last. */
export class StatementCache implements StatementSource {
  readonly #statements = new Recent<Expression>();

  statement(text: string): Expression {
    return this.#statements.get(text, () => parseStatement(text));
  }
}

const PARSER: StatementSource = { statement: parseStatement };

/** @throws ValidationException for a parameter that is no value */
export function normalizeParameters(parameters: readonly AttributeValue[] | undefined): AttributeValue[] {
  return (parameters ?? []).map((parameter) => normalizeValue(parameter, "older"));
}

/**
 * @param parameters in normal form
 * @throws ValidationException for a text that is no statement of DynamoDB's
 */
export function bindStatement(
  text: string, parameters: readonly AttributeValue[], source: StatementSource = PARSER,
): Statement {
  const expression = source.statement(text);
  if (expression.kind === "call" && expression.name === "exists") return bindExists(expression, parameters);
  if (expression.kind !== "statement") throw unsupportedOperation(kindOf(expression));
  const { statement } = expression;
  switch (statement.kind) {
    case "select": return bindSelect(statement, parameters);
    case "insert": return bindInsert(statement, parameters);
    case "update": {
      const table = tableOf(statement.source);
      const returning = returningOf(statement.returning);
      const update = bindChanges(statement.changes, parameters);
      return { kind: "update", table, update, where: whereOf(statement.where, parameters), returning };
    }
    case "delete": {
      const table = tableOf(statement.source);
      const returning = returningOf(statement.returning);
      if (returning && (returning.which !== "ALL" || returning.version !== "OLD")) {
        throw deleteReturning(`${returning.which} ${returning.version}`);
      }
      return { kind: "delete", table, where: whereOf(statement.where, parameters), returning };
    }
  }
}

function bindExists(
  { operands, name, at }: Extract<Expression, { kind: "call" }>, parameters: readonly AttributeValue[],
): ExistsStatement {
  const [operand] = operands;
  if (operand?.kind !== "statement" || operand.statement.kind !== "select" || operands.length > 1) {
    throw unknownFunction(name, at);
  }
  return { kind: "exists", select: bindSelect(operand.statement, parameters) };
}

function bindSelect(
  syntax: Extract<StatementSyntax, { kind: "select" }>, parameters: readonly AttributeValue[],
): SelectStatement {
  const clause = syntax.unsupported.find((each) => each.clause !== "DISTINCT") ?? syntax.unsupported[0];
  if (clause?.clause === "DISTINCT") throw unsupportedToken(clause.clause);
  if (clause) throw unsupportedClause(clause.clause, clause.at);
  const { table, index } = sourceOf(syntax.source);
  if (syntax.valueOnly) throw valueProjection();
  const columns = syntax.columns && columnsOf(syntax.columns);
  const where = whereOf(syntax.where, parameters);
  return { kind: "select", table, index, columns, where, orderBy: syntax.orderBy?.map(orderTerm) };
}

function orderTerm({ expression, descending }: Ordering): OrderTerm {
  const isName = expression.kind === "path" && expression.parts.length === 0;
  if (!isName || expression.root === undefined) throw wrongOrdering(kindOf(expression));
  return { attribute: expression.root, descending };
}

function bindInsert(
  { target, single, value, returning }: Extract<StatementSyntax, { kind: "insert" }>,
  parameters: readonly AttributeValue[],
): InsertStatement {
  if (target.parts.length > 0) throw insertIntoIndex(target.at);
  const [table] = pathOf(target);
  requireTableName(table);
  if (!single) throw severalItems();
  if (returning.length > 0) throw insertReturning();
  return { kind: "insert", table, item: itemOf(value, parameters) };
}

function tableOf(source: Source): string {
  const { table, index } = sourceOf(source);
  if (index !== undefined) throw writeToIndex();
  return table;
}

function whereOf(
  where: Expression | undefined, parameters: readonly AttributeValue[],
): Condition | undefined {
  return where && bindWhere(where, parameters);
}

function returningOf(elements: readonly ReturningSyntax[]): Returning | undefined {
  const [first, second] = elements;
  if (!first) return undefined;
  if (second) throw severalReturned();
  if (!first.star) throw returnedColumn();
  return { which: first.which, version: first.version };
}
