/** Statements of a region: the syntax of the latest is remembered, and what each asks leave for. */

import type { ReturnConsumedCapacity } from "../../../generated/dynamodb.ts";
import type { Context } from "../../../kernel/context.ts";
import { AwsError } from "../../../kernel/errors.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import type { Owner } from "../../../kernel/operation.ts";
import { distinctTexts, equalTo } from "../access/accesses.ts";
import { listed, partitionConditions } from "../access/conditions.ts";
import { requireOneOwner } from "../batches/several-tables.ts";
import type { Condition } from "../expressions/conditions.ts";
import { conditionPaths, updatePaths } from "../expressions/used-paths.ts";
import { readPlan } from "../partiql/read-plans.ts";
import {
  bindStatement, StatementCache, type SelectStatement, type Statement,
} from "../partiql/statements.ts";
import { findTable, indexArn, nameIn, tableArn } from "../tables/names.ts";
import { findIndex, type Index, type Table } from "../tables/table-rows.ts";
import type { AttributeValue } from "../values/attribute-values.ts";

/** A table in a statement, named by an ARN. */
const namedByArn = /"arn:aws[a-z-]*:dynamodb:[a-z0-9-]*:(\d{12}):table\//;

/** Whose tables statements are about: their first ARN says so, or they are the caller's. */
export function ownerOfStatements(texts: readonly string[]): Owner | undefined {
  for (const text of texts) {
    const account = namedByArn.exec(text)?.[1];
    if (account !== undefined) return { account };
  }
  return undefined;
}

const caches = new WeakMap<Kernel, StatementCache>();

/** @param parameters in normal form */
export function boundStatement(
  ctx: Context, text: string, parameters: readonly AttributeValue[],
): Statement {
  let cache = caches.get(ctx.kernel);
  if (!cache) caches.set(ctx.kernel, (cache = new StatementCache()));
  return bindStatement(text, parameters, cache);
}

export function tableNameOf(statement: Statement): string {
  return statement.kind === "exists" ? statement.select.table : statement.table;
}

/** @evidence Developer Guide, "IAM security policies with PartiQL"; Service Authorization Reference */
const iamActions = {
  select: "dynamodb:PartiQLSelect", insert: "dynamodb:PartiQLInsert", update: "dynamodb:PartiQLUpdate",
  delete: "dynamodb:PartiQLDelete", exists: "dynamodb:ConditionCheckItem",
} as const;

function whereOf(statement: Statement): Condition | undefined {
  switch (statement.kind) {
    case "insert": return undefined;
    case "exists": return statement.select.where;
    default: return statement.where;
  }
}

function attributesOf(statement: Statement): string[] {
  const names = new Set<string>();
  const where = whereOf(statement);
  if (where) for (const [name] of conditionPaths(where)) names.add(name);
  if (statement.kind === "insert") for (const name of Object.keys(statement.item)) names.add(name);
  if (statement.kind === "update") for (const [name] of updatePaths(statement.update)) names.add(name);
  if (statement.kind === "select") for (const { path } of statement.columns ?? []) names.add(path[0]);
  return [...names];
}

/** The partitions that a SELECT reads; undefined where it reads all of them. */
function partitionsRead(select: SelectStatement, space: Table | Index): AttributeValue[] | undefined {
  try {
    const plan = readPlan(select, space.key);
    return plan.kind === "scan" ? undefined : plan.reads.flatMap(({ range }) => range.partition);
  } catch (cause) {
    // What is wrong with it is told to who may use the table at all.
    if (cause instanceof AwsError) return [];
    throw cause;
  }
}

interface Reach {
  readonly leadingKeys: readonly AttributeValue[];
  readonly isWhole: boolean;
}

function reachOf(statement: Statement, table: Table | undefined): Reach {
  if (!table) return { leadingKeys: [], isWhole: false };
  if (statement.kind === "select") {
    const index = statement.index === undefined ? undefined : findIndex(table, statement.index);
    const partitions = partitionsRead(statement, index ?? table);
    return { leadingKeys: partitions ?? [], isWhole: partitions === undefined };
  }
  const name = table.key.partition[0]?.name ?? "";
  if (statement.kind === "insert") {
    const value = Object.hasOwn(statement.item, name) ? statement.item[name] : undefined;
    return { leadingKeys: value ? [value] : [], isWhole: false };
  }
  return { leadingKeys: [...equalTo(whereOf(statement), name)], isWhole: false };
}

export interface StatementOperation {
  readonly name: "ExecuteStatement" | "BatchExecuteStatement" | "ExecuteTransaction";
  readonly returns: ReturnConsumedCapacity | undefined;
}

/** Each statement needs the permission for what it does, on the table or the index that it names. */
export function authorizeStatement(ctx: Context, statement: Statement, operation: StatementOperation): void {
  const text = tableNameOf(statement);
  requireOneOwner(ctx, [text]);
  const name = nameIn(text);
  const index = statement.kind === "select" ? statement.index : undefined;
  const { leadingKeys, isWhole } = reachOf(statement, findTable(ctx, name));
  const isSelect = statement.kind === "select";
  ctx.authorize({
    action: iamActions[statement.kind],
    resource: index === undefined ? tableArn(ctx, name) : indexArn(ctx, name, index),
    conditions: {
      ...partitionConditions([distinctTexts(leadingKeys)]),
      "dynamodb:attributes": listed(attributesOf(statement)),
      "dynamodb:fulltablescan": isSelect ? String(isWhole) : undefined,
      "dynamodb:select": isSelect ? selectionOf(statement) : undefined,
      "dynamodb:returnconsumedcapacity": operation.returns,
      "dynamodb:enclosingoperation": operation.name === "ExecuteStatement" ? undefined : operation.name,
    },
  });
}

function selectionOf({ columns, index }: SelectStatement): string {
  if (columns) return "SPECIFIC_ATTRIBUTES";
  return index === undefined ? "ALL_ATTRIBUTES" : "ALL_PROJECTED_ATTRIBUTES";
}
