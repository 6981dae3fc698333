/** The one item that an UPDATE, a DELETE, a condition check or a read of several statements is about. */

import type { Condition } from "../expressions/conditions.ts";
import type { KeySchema } from "../expressions/key-ranges.ts";
import { emptyItem } from "../values/attribute-values.ts";
import type { AttributeValue, Item } from "../values/attribute-values.ts";
import { valuesEqual } from "../values/comparison.ts";
import {
  incompleteKey, keyElementMismatch, multipleKeyAttributes, noConditionCheck, noSingleRead, severalKeys,
  wrongKeyType,
} from "./key-errors.ts";
import type { ReadingOperation } from "./key-errors.ts";
import { joined, readPlan, requireKeyValue } from "./read-plans.ts";
import type { SelectStatement } from "./statements.ts";

export interface ItemTarget {
  readonly key: Item;
  /** What else the WHERE says, as a condition of the write. */
  readonly condition: Condition | undefined;
}

/** The error of a key that is not one item's; in a transaction they are all one, and cancel it. */
export interface TargetOptions {
  readonly inTransaction?: boolean;
}

/**
 * The item of an UPDATE or a DELETE: its WHERE has an equality for each key attribute, at its top.
 *
 * @throws ValidationException
 */
export function writeTarget(
  where: Condition | undefined, schema: KeySchema, { inTransaction = false }: TargetOptions = {},
): ItemTarget {
  const { values, others, conflict } = equalities(where, schema);
  const fail = (error: Error): Error => (inTransaction ? keyElementMismatch() : error);
  if (conflict !== undefined) throw fail(severalKeys(conflict));
  const key = keyOf(values, schema, (name) => fail(wrongKeyType(name)));
  if (!key) throw fail(incompleteKey());
  return { key, condition: joined(others) };
}

/**
 * The item of an `EXISTS(SELECT …)`, and the condition that it is to meet.
 *
 * @throws ValidationException
 */
export function conditionCheck({ where }: SelectStatement, schema: KeySchema): ItemTarget & {
  readonly condition: Condition;
} {
  const { values, others } = equalities(where, schema);
  const key = keyOf(values, schema, keyElementMismatch);
  const condition = joined(others);
  if (!key || !condition) throw noConditionCheck();
  return { key, condition };
}

/**
 * The key of a SELECT in a batch or a transaction, which may say nothing else.
 *
 * @throws ValidationException
 */
export function singleRead(select: SelectStatement, schema: KeySchema, operation: ReadingOperation): Item {
  const mismatch = operation === "ExecuteTransaction" ? keyElementMismatch : wrongKeyType;
  const plan = readPlan({ where: select.where, orderBy: undefined }, schema, mismatch);
  const [read, ...others] = plan.kind === "reads" ? plan.reads : [];
  if (!read || others.length > 0 || read.filter || read.range.bounds) throw noSingleRead(operation);
  const values = [...read.range.partition, ...read.range.sort];
  const attributes = [...schema.partition, ...schema.sort];
  if (values.length < attributes.length) throw noSingleRead(operation);
  const key = emptyItem();
  for (const [index, { name }] of attributes.entries()) {
    const value = values[index];
    if (value !== undefined) key[name] = value;
  }
  return key;
}

interface Equalities {
  /** The first value of each key attribute. */
  readonly values: ReadonlyMap<string, AttributeValue>;
  readonly others: readonly Condition[];
  /** The first key attribute with two values; all but the first are among the others. */
  readonly conflict: string | undefined;
}

function equalities(where: Condition | undefined, { partition, sort }: KeySchema): Equalities {
  if (partition.length > 1 || sort.length > 1) throw multipleKeyAttributes();
  const names = new Set([...partition, ...sort].map(({ name }) => name));
  const values = new Map<string, AttributeValue>();
  const others: Condition[] = [];
  let conflict: string | undefined;
  for (const condition of conjuncts(where)) {
    const equality = equalityOf(condition, names);
    const known = equality && values.get(equality.name);
    if (!equality) others.push(condition);
    else if (!known) values.set(equality.name, equality.value);
    else if (!valuesEqual(known, equality.value)) {
      conflict ??= equality.name;
      others.push(condition);
    }
  }
  return { values, others, conflict };
}

/** All that must hold together. The parser has one AND where a statement has several, but for parentheses. */
function conjuncts(where: Condition | undefined): Condition[] {
  if (!where) return [];
  return where.kind === "and" ? where.conditions.flatMap(conjuncts) : [where];
}

function equalityOf(
  condition: Condition, names: ReadonlySet<string>,
): { readonly name: string; readonly value: AttributeValue } | undefined {
  if (condition.kind !== "comparison" || condition.operator !== "=") return undefined;
  const { left, right } = condition;
  for (const [one, other] of [[left, right], [right, left]] as const) {
    if (one.kind !== "path" || one.path.length > 1 || other.kind !== "value") continue;
    const [name] = one.path;
    if (names.has(name)) return { name, value: other.value };
  }
  return undefined;
}

/** Undefined where a key attribute has no value. */
function keyOf(
  values: ReadonlyMap<string, AttributeValue>, { partition, sort }: KeySchema,
  mismatch: (name: string) => Error,
): Item | undefined {
  const key = emptyItem();
  for (const attribute of [...partition, ...sort]) {
    const value = values.get(attribute.name);
    if (!value) return undefined;
    requireKeyValue(attribute, value, mismatch);
    key[attribute.name] = value;
  }
  return key;
}
