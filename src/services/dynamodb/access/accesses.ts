/** Which partitions and which attributes a request is about. */

import type {
  AttributeValueUpdate, Condition as LegacyCondition, ExpectedAttributeValue, ReturnConsumedCapacity,
  ReturnValue, Select,
} from "../../../generated/dynamodb.ts";
import type { ReadContext } from "../../../kernel/context.ts";
import { AwsError } from "../../../kernel/errors.ts";
import type { Condition } from "../expressions/conditions.ts";
import type { BoundExpressions, ExpressionRequest } from "../expressions/requests.ts";
import { conditionPaths, updatePaths } from "../expressions/used-paths.ts";
import { bound } from "../items/expressions.ts";
import { findTable, nameIn } from "../tables/names.ts";
import { findIndex } from "../tables/table-rows.ts";
import { attributeOf, type AttributeValue, type Item } from "../values/attribute-values.ts";

/** What the requests on items have that matters here; no request has all of it. */
export interface AccessRequest extends ExpressionRequest {
  readonly TableName?: string | undefined;
  readonly IndexName?: string | undefined;
  readonly Key?: Item | undefined;
  readonly Item?: Item | undefined;
  readonly ReturnValues?: ReturnValue | undefined;
  readonly ReturnConsumedCapacity?: ReturnConsumedCapacity | undefined;
  readonly Select?: Select | undefined;
  readonly AttributesToGet?: readonly string[] | undefined;
  readonly AttributeUpdates?: Readonly<Record<string, AttributeValueUpdate>> | undefined;
  readonly Expected?: Readonly<Record<string, ExpectedAttributeValue>> | undefined;
  readonly KeyConditions?: Readonly<Record<string, LegacyCondition>> | undefined;
  readonly QueryFilter?: Readonly<Record<string, LegacyCondition>> | undefined;
  readonly ScanFilter?: Readonly<Record<string, LegacyCondition>> | undefined;
}

export type PartitionValues = readonly (readonly string[])[];

export interface Access {
  /** Names of top-level attributes. */
  readonly attributes: readonly string[];
  /** For each attribute of the partition's key, the values it has, as text. */
  readonly partitions: PartitionValues;
}

/** Expressions that are wrong are refused later, in their own words. */
function boundOrNone(ctx: ReadContext, input: AccessRequest): Partial<BoundExpressions> {
  try {
    return bound(ctx, input);
  } catch (cause) {
    if (cause instanceof AwsError) return {};
    throw cause;
  }
}

function* namesInExpressions(expressions: Partial<BoundExpressions>): Generator<string> {
  const { update, condition, keyCondition, filter, projection } = expressions;
  for (const each of [condition, keyCondition, filter]) {
    if (each) for (const [name] of conditionPaths(each)) yield name;
  }
  for (const [name] of projection?.paths ?? []) yield name;
  if (update) for (const [name] of updatePaths(update)) yield name;
}

function textOf(value: AttributeValue | undefined): string | undefined {
  return value?.S ?? value?.N ?? value?.B?.toString("base64");
}

export function distinctTexts(values: readonly (AttributeValue | undefined)[]): string[] {
  return [...new Set(values.flatMap((value) => textOf(value) ?? []))];
}

/** The values that a condition wants an attribute to be equal to. */
export function* equalTo(condition: Condition | undefined, name: string): Generator<AttributeValue> {
  if (condition?.kind === "and") {
    for (const each of condition.conditions) yield* equalTo(each, name);
  }
  if (condition?.kind !== "comparison" || condition.operator !== "=") return;
  const { left, right } = condition;
  for (const [path, value] of [[left, right], [right, left]] as const) {
    if (path.kind === "path" && path.path[0] === name && value.kind === "value") yield value.value;
  }
}

/** The attributes of the partition's key that the request reads by. */
function partitionNames(ctx: ReadContext, input: AccessRequest): readonly string[] {
  const table = findTable(ctx, nameIn(input.TableName));
  const index = table && input.IndexName !== undefined ? findIndex(table, input.IndexName) : undefined;
  return (index ?? table)?.key.partition.map(({ name }) => name) ?? [];
}

/** @evidence Developer Guide: the keys of all items that a request names; an item may have an index's key */
export function accessOf(ctx: ReadContext, input: AccessRequest): Access {
  const expressions = boundOrNone(ctx, input);
  const attributes = new Set<string>(namesInExpressions(expressions));
  for (const named of [
    input.Key, input.Item, input.AttributeUpdates, input.Expected, input.KeyConditions, input.QueryFilter,
    input.ScanFilter,
  ]) {
    for (const name of Object.keys(named ?? {})) attributes.add(name);
  }
  for (const name of input.AttributesToGet ?? []) attributes.add(name);
  const partitions = partitionNames(ctx, input).map((name) => distinctTexts([
    input.Key && attributeOf(input.Key, name),
    input.Item && attributeOf(input.Item, name),
    ...equalTo(expressions.keyCondition, name),
    ...legacyValues(input, name),
  ]));
  return { attributes: [...attributes], partitions };
}

function legacyValues({ KeyConditions: conditions }: AccessRequest, name: string): readonly AttributeValue[] {
  const condition = conditions && Object.hasOwn(conditions, name) ? conditions[name] : undefined;
  return condition?.ComparisonOperator === "EQ" ? (condition.AttributeValueList ?? []) : [];
}
