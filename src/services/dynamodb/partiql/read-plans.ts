/**
 * How a SELECT is read: by keys where all its alternatives name a partition, and by a scan otherwise.
 *
 *     const plan = readPlan(select, schema);
 *     if (plan.kind === "scan") …the whole table or index, with plan.filter
 *     for (const { range, filter } of plan.reads) …storeRange(range, …), with plan.reverse and filter
 *
 * The rows of the reads follow one another; no item is read twice.
 *
 * @evidence floci's PartiQL tests, recorded in 2026-09; dynamodb-conformance, partiql/whereOverlap
 */

import type { Condition } from "../expressions/conditions.ts";
import type { KeyCondition } from "../expressions/key-conditions.ts";
import { emptyKeyValue } from "../expressions/key-errors.ts";
import type { Bound, KeyAttribute, KeyRange, KeySchema, SortBounds } from "../expressions/key-ranges.ts";
import { conditionPaths } from "../expressions/used-paths.ts";
import { typeOf } from "../values/attribute-values.ts";
import type { AttributeValue } from "../values/attribute-values.ts";
import { compareValues, valuesEqual } from "../values/comparison.ts";
import { bindsPartition, keyBranches, negatesSort } from "./key-branches.ts";
import type { KeyBranch } from "./key-branches.ts";
import {
  columnsNotProjected, filterNotProjected, multipleKeyAttributes, noKeyType, orderByOther, orderOfSeveral,
  orderWithoutKey, orderWithoutWhere, tooManyReads, wrongKeyType,
} from "./key-errors.ts";
import { compareReads, requireApart } from "./read-order.ts";
import type { Column } from "./statement-paths.ts";
import type { OrderTerm, SelectStatement } from "./statements.ts";

export interface KeyedRead {
  /** Has a value for every key attribute where the read is of one item. */
  readonly range: KeyRange;
  readonly filter: Condition | undefined;
}

export type ReadPlan =
  | { readonly kind: "scan"; readonly filter: Condition | undefined }
  | { readonly kind: "reads"; readonly reads: readonly KeyedRead[]; readonly reverse: boolean };

const READS_MAX = 50;

/**
 * @param schema the key of the table or of the index that the statement names
 * @param mismatch the error of a value that is not of its key attribute's type
 * @throws ValidationException for conditions that cannot be read by, and for orders that keys do not have
 */
export function readPlan(
  { where, orderBy }: Pick<SelectStatement, "where" | "orderBy">, schema: KeySchema,
  mismatch: (name: string) => Error = wrongKeyType,
): ReadPlan {
  if (schema.partition.length > 1 || schema.sort.length > 1) throw multipleKeyAttributes();
  if (orderBy) requireOrderable(where, orderBy, schema);
  const plan = where ? planOf(where, schema, mismatch) : undefined;
  if (!orderBy) return plan ?? { kind: "scan", filter: where };
  if (!plan) throw orderWithoutKey();
  return ordered(plan.reads, orderBy, schema);
}

type KeyedPlan = Extract<ReadPlan, { kind: "reads" }>;

function planOf(
  where: Condition, schema: KeySchema, mismatch: (name: string) => Error,
): KeyedPlan | undefined {
  const branches = keyBranches(where, schema);
  if (!branches) {
    if (bindsPartition(where, schema)) throw tooManyReads();
    return undefined;
  }
  const partitions = branches.map((branch) => partitionOf(branch, schema));
  if (!partitions.every((partition) => partition !== undefined)) return undefined;
  const isNegated = branches.some(({ filters }) => filters.some((filter) => negatesSort(filter, schema)));
  if (branches.length > 1 && isNegated) return undefined;
  for (const branch of branches) for (const key of branch.keys) requireKeyType(key, schema, mismatch);
  if (branches.length > READS_MAX) throw tooManyReads();
  const reads = branches.map((branch, index) => readOf(branch, partitions[index] ?? {}, schema));
  requireApart(reads.map(({ range }) => range));
  return { kind: "reads", reads, reverse: false };
}

/** The one value that the branch gives the partition attribute. */
function partitionOf({ keys }: KeyBranch, { partition }: KeySchema): AttributeValue | undefined {
  let found: AttributeValue | undefined;
  for (const { attribute, values: [value] } of keys) {
    if (attribute !== partition[0]?.name || value === undefined) continue;
    if (found && !valuesEqual(found, value)) return undefined;
    found = value;
  }
  return found;
}

function requireKeyType(
  { attribute: name, values }: KeyCondition, schema: KeySchema, mismatch: (name: string) => Error,
): void {
  const attribute = [...schema.partition, ...schema.sort].find((each) => each.name === name);
  for (const value of values) if (attribute) requireKeyValue(attribute, value, mismatch);
}

/** @throws ValidationException, or `mismatch`, for a value that the key attribute cannot have */
export function requireKeyValue(
  { name, type }: KeyAttribute, value: AttributeValue, mismatch: (name: string) => Error,
): void {
  const valueType = typeOf(value);
  if (valueType !== "S" && valueType !== "N" && valueType !== "B") throw noKeyType(name, valueType);
  if (valueType !== type) throw mismatch(name);
  if (value.S === "") throw emptyKeyValue(name, "string");
  if (value.B?.length === 0) throw emptyKeyValue(name, "binary");
}

/** The first equality, or all bounds together, make the range; what else is said of the key is a filter. */
function readOf({ keys, filters }: KeyBranch, partition: AttributeValue, { sort }: KeySchema): KeyedRead {
  const left: Condition[] = [];
  const conditions = keys.filter(({ attribute }) => attribute === sort[0]?.name);
  const equal = conditions.find(({ operator }) => operator === "=")?.values[0];
  let bounds: SortBounds = {};
  for (const condition of conditions) {
    if (equal) {
      const isSame = condition.operator === "=" && condition.values.some((each) => valuesEqual(each, equal));
      if (!isSame) left.push(conditionOf(condition));
    } else if (condition.operator === "begins-with") {
      if (bounds.prefix) left.push(conditionOf(condition));
      else bounds = { ...bounds, prefix: condition.values[0] };
    } else {
      bounds = narrowed(bounds, condition);
    }
  }
  if (bounds.prefix && (bounds.lower ?? bounds.upper)) {
    left.push(prefixCondition(sort[0]?.name ?? "", bounds.prefix));
    bounds = { lower: bounds.lower, upper: bounds.upper };
  }
  const isBounded = bounds.lower ?? bounds.upper ?? bounds.prefix;
  return {
    range: { partition: [partition], sort: equal ? [equal] : [], bounds: isBounded ? bounds : undefined },
    filter: joined([...left, ...filters]),
  };
}

function narrowed(bounds: SortBounds, { operator, values: [first, second] }: KeyCondition): SortBounds {
  if (first === undefined) return bounds;
  const bound = (value: AttributeValue): Bound => ({ value, inclusive: operator.endsWith("=") });
  switch (operator) {
    case ">": case ">=": return { ...bounds, lower: tighter(bounds.lower, bound(first), 1) };
    case "<": case "<=": return { ...bounds, upper: tighter(bounds.upper, bound(first), -1) };
    default: return {
      ...bounds,
      lower: tighter(bounds.lower, { value: first, inclusive: true }, 1),
      upper: tighter(bounds.upper, { value: second ?? first, inclusive: true }, -1),
    };
  }
}

function tighter(known: Bound | undefined, other: Bound, sign: 1 | -1): Bound {
  const order = known ? (compareValues(other.value, known.value) ?? 0) * sign : 1;
  if (!known || order > 0) return other;
  return order === 0 && !other.inclusive ? other : known;
}

function conditionOf({ attribute, operator, values: [first, second] }: KeyCondition): Condition {
  const operand = { kind: "path", path: [attribute] } as const;
  const value = { kind: "value", value: first ?? {} } as const;
  switch (operator) {
    case "begins-with": return prefixCondition(attribute, first ?? {});
    case "between": {
      const high = { kind: "value", value: second ?? {} } as const;
      return { kind: "between", operand, low: value, high };
    }
    case "other": throw new Error("No comparison of a statement is of this kind.");
    default: return { kind: "comparison", operator, left: operand, right: value };
  }
}

function prefixCondition(attribute: string, prefix: AttributeValue): Condition {
  const operand = { kind: "path", path: [attribute] } as const;
  return { kind: "begins-with", operand, part: { kind: "value", value: prefix } };
}

/** All of the conditions as one; undefined where there are none. */
export function joined(conditions: readonly Condition[]): Condition | undefined {
  return conditions.length > 1 ? { kind: "and", conditions } : conditions[0];
}

function requireOrderable(
  where: Condition | undefined, orderBy: readonly OrderTerm[], { partition, sort }: KeySchema,
): asserts where {
  if (!where) throw orderWithoutWhere();
  const keys = [...partition, ...sort].map(({ name }) => name);
  const other = orderBy.find(({ attribute }) => !keys.includes(attribute));
  if (other) throw orderByOther(other.attribute);
}

/** What has no term of its own: partitions ascend, and within them items descend. */
function ordered(
  reads: readonly KeyedRead[], orderBy: readonly OrderTerm[], { partition, sort }: KeySchema,
): KeyedPlan {
  const term = (attribute: KeyAttribute | undefined): OrderTerm | undefined =>
    orderBy.find((each) => each.attribute === attribute?.name);
  const [first] = reads;
  const isOne = reads.every(({ range }) => first && samePartition(range, first.range));
  if (!isOne && !term(partition[0])) throw orderOfSeveral();
  const descending = term(partition[0])?.descending ?? false;
  const reverse = term(sort[0])?.descending ?? true;
  const sorted = [...reads].sort((left, right) => compareReads(left.range, right.range, descending, reverse));
  return { kind: "reads", reads: sorted, reverse };
}

function samePartition(left: KeyRange, right: KeyRange): boolean {
  return valuesEqual(left.partition[0] ?? {}, right.partition[0] ?? {});
}

/**
 * A read by keys of an index filters by what is in the index.
 *
 * @param projected the attributes of the index's items
 * @throws ValidationException unless some alternative filters by nothing else
 */
export function requireFiltersProjected(
  plan: ReadPlan, index: string, projected: ReadonlySet<string>,
): void {
  if (plan.kind === "scan") return;
  let last: Set<string> | undefined;
  const reads = [...plan.reads].sort((left, right) => compareReads(left.range, right.range, false, false));
  for (const { filter } of reads) {
    const heads = filter ? [...conditionPaths(filter)].map(([head]) => head) : [];
    last = new Set(heads.filter((head) => !projected.has(head)));
    if (last.size === 0) return;
  }
  if (last) throw filterNotProjected(index, inHashOrder(last));
}

/**
 * A global index answers with what is in it; a local one fetches the rest from the table.
 *
 * @throws ValidationException
 */
export function requireColumnsProjected(
  columns: readonly Column[] | undefined, index: string, projected: ReadonlySet<string>,
): void {
  const others = (columns ?? []).map(({ path: [head] }) => head).filter((head) => !projected.has(head));
  if (others.length > 0) throw columnsNotProjected(index, others);
}

/** AWS lists them in the order of a Java hash set. */
function inHashOrder(names: ReadonlySet<string>): string[] {
  let buckets = 16;
  while (names.size > buckets * 0.75) buckets *= 2;
  const bucket = (name: string): number => {
    let hash = 0;
    for (let index = 0; index < name.length; index++) {
      hash = (Math.imul(hash, 31) + name.charCodeAt(index)) | 0;
    }
    return (hash ^ (hash >>> 16)) & (buckets - 1);
  };
  return [...names].sort((left, right) => bucket(left) - bucket(right));
}
