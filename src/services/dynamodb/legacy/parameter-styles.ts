/**
 * A request speaks in expressions or in the parameters before them, never in both; placeholders need
 * expressions.
 */

import { mixedStyles, namesWithoutExpressions, valuesWithoutExpressions } from "./legacy-errors.ts";

interface Styles {
  readonly expressions: readonly string[];
  readonly legacy: readonly string[];
  /** Whether the error of values without expressions names those that are not there. */
  readonly namesMissing?: boolean;
}

/** In the order in which AWS's error lists them. */
const STYLES = {
  GetItem: { expressions: ["ProjectionExpression"], legacy: ["AttributesToGet"] },
  PutItem: { expressions: ["ConditionExpression"], legacy: ["Expected", "ConditionalOperator"] },
  DeleteItem: { expressions: ["ConditionExpression"], legacy: ["Expected", "ConditionalOperator"] },
  UpdateItem: {
    expressions: ["UpdateExpression", "ConditionExpression"],
    legacy: ["AttributeUpdates", "Expected", "ConditionalOperator"],
  },
  Query: {
    expressions: ["ProjectionExpression", "FilterExpression", "KeyConditionExpression"],
    legacy: ["AttributesToGet", "QueryFilter", "ConditionalOperator", "KeyConditions"],
    namesMissing: true,
  },
  Scan: {
    expressions: ["ProjectionExpression", "FilterExpression"],
    legacy: ["AttributesToGet", "ScanFilter", "ConditionalOperator"],
    namesMissing: true,
  },
} as const satisfies Record<string, Styles>;

export type StyledOperation = keyof typeof STYLES;

/**
 * @param input the request, or the part of a BatchGetItem that is about one table, as of a GetItem
 * @throws ValidationException for a request in both styles, and for placeholders without expressions; the
 *   writes put it in their envelope
 */
export function requireOneStyle(operation: StyledOperation, input: object): void {
  const given = (name: string): boolean => {
    const value: unknown = Object.hasOwn(input, name) ? Reflect.get(input, name) : undefined;
    return value !== undefined && value !== null;
  };
  const { expressions, legacy, namesMissing }: Styles = STYLES[operation];
  const present = expressions.filter(given);
  if (present.length > 0) {
    const mixed = legacy.filter(given).filter(
      // The key may be given the old way, beside a filter in the new one.
      (name) => name !== "KeyConditions" || given("KeyConditionExpression"),
    );
    if (mixed.length > 0) throw mixedStyles(mixed, present);
  } else if (given("ExpressionAttributeNames")) {
    throw namesWithoutExpressions();
  }
  const withValues = expressions.filter((name) => name !== "ProjectionExpression");
  if (withValues.length > 0 && given("ExpressionAttributeValues") && !withValues.some(given)) {
    throw valuesWithoutExpressions(namesMissing === true ? withValues : []);
  }
}
