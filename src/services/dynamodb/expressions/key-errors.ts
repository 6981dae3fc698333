/**
 * What is wrong with key conditions, in AWS's words.
 *
 * @evidence dynalite, test/query.js, written against DynamoDB itself; dynamodb-conformance,
 *   query/multiAttributeGsiKey, recorded in October 2026
 */

import type { AwsError } from "../../../kernel/errors.ts";
import { invalidParameters, validation } from "../values/value-errors.ts";
import { complaintOf } from "./expression-errors.ts";

export function invalidKeyOperator(operator: string): AwsError {
  return validation(`Invalid operator used in KeyConditionExpression: ${operator}`);
}

export function invalidKeyCondition(reason: string): AwsError {
  return validation(`Invalid condition in KeyConditionExpression: ${reason}`);
}

export function keyNotFirst(operator: string): AwsError {
  return invalidKeyCondition(`${operator} operator must have the key attribute as its first operand`);
}

export function nestedKeyOperation(): AwsError {
  return validation("KeyConditionExpressions cannot contain nested operations");
}

export function nestedKeyAttribute(): AwsError {
  return validation("KeyConditionExpressions cannot have conditions on nested attributes");
}

/** @evidence dynamodb-conformance, error-messages/queryKeyConditionOperands, 2026-10 */
export function keyConditionTwice(): AwsError {
  return complaintOf("KeyConditionExpression")(
    "KeyConditionExpressions must only contain one condition per key",
  );
}

/** @evidence as `keyConditionTwice` */
export function tooManyConditions(given: number, attributes: number): AwsError {
  return validation(
    `The number of query conditions (${given}) exceeds ` +
      `the number of key attributes defined in the schema (${attributes})`,
  );
}

export function keyConditionNotSupported(): AwsError {
  return validation("Query key condition not supported");
}

export function missedKeyElement(name: string): AwsError {
  return validation(`Query condition missed key schema element: ${name}`);
}

export function notIndexable(): AwsError {
  return validation("Attempted conditional constraint is not an indexable operation");
}

export function keyTypeMismatch(): AwsError {
  return invalidParameters("Condition parameter type does not match schema type");
}

/** A key attribute that is not given, or not by an equality, before one that has a condition. */
export function rangeKeyGap(missing: readonly string[], given: string): AwsError {
  return validation(
    `RANGE key attributes ${missing.join(", ")} must have equality conditions specified in the query ` +
      `because a condition is present on key attribute ${given}`,
  );
}

/** @evidence dynamodb-conformance, error-messages/putItem, of an item's key */
export function emptyKeyValue(name: string, type: "string" | "binary"): AwsError {
  return validation(
    "One or more parameter values are not valid. " +
      `The AttributeValue for a key attribute cannot contain an empty ${type} value. Key: ${name}`,
  );
}
