/**
 * What is wrong with the parameters that expressions have replaced, in AWS's words.
 *
 * @evidence dynalite's tests, written against DynamoDB itself; dynamodb-conformance,
 *   error-messages/deleteItem, 2026-10-09
 */

import type { AwsError } from "../../../kernel/errors.ts";
import { invalidParameters, validation } from "../values/value-errors.ts";

export function mixedStyles(legacy: readonly string[], expressions: readonly string[]): AwsError {
  return validation(
    "Can not use both expression and non-expression parameters in the same request: " +
      `Non-expression parameters: {${legacy.join(", ")}} Expression parameters: {${expressions.join(", ")}}`,
  );
}

export function namesWithoutExpressions(): AwsError {
  return validation("ExpressionAttributeNames can only be specified when using expressions");
}

/** @param missing the expressions that reads name as missing; writes name none */
export function valuesWithoutExpressions(missing: readonly string[]): AwsError {
  const parameters = `: ${missing.join(" and ")} ${missing.length > 1 ? "are" : "is"} null`;
  return validation(
    "ExpressionAttributeValues can only be specified when using expressions" +
      (missing.length > 0 ? parameters : ""),
  );
}

/** No recorded text is known; scylladb's tests say that it names ConditionalOperator. */
export function operatorWithoutConditions(): AwsError {
  return validation("ConditionalOperator cannot be used without Filter or Expected");
}

/** @evidence dynamodb-conformance, validation-ordering/deepRequests, of a ScanFilter, 2026-10-09 */
export function operatorWithOneCondition(): AwsError {
  return validation(
    "ConditionalOperator can only be used when Filter or Expected has two or more elements",
  );
}

export function valueAndList(attribute: string): AwsError {
  return invalidParameters(
    `Value and AttributeValueList cannot be used together for Attribute: ${attribute}`,
  );
}

export function existsAndOperator(attribute: string): AwsError {
  return invalidParameters(
    `Exists and ComparisonOperator cannot be used together for Attribute: ${attribute}`,
  );
}

export function operatorWithoutValues(operator: string, attribute: string): AwsError {
  return invalidParameters(
    `Value or AttributeValueList must be used with ComparisonOperator: ${operator} ` +
      `for Attribute: ${attribute}`,
  );
}

export function listWithoutOperator(attribute: string): AwsError {
  return invalidParameters(
    `AttributeValueList can only be used with a ComparisonOperator for Attribute: ${attribute}`,
  );
}

/** KeyConditions are not counted against the key. */
export function keyConditionCount(): AwsError {
  return validation("Conditions can be of length 1 or 2 only");
}

/** `exists` as the request gave it: `null` where it did not. */
export function valueRequired(exists: boolean | null, attribute: string): AwsError {
  return invalidParameters(`Value must be provided when Exists is ${exists} for Attribute: ${attribute}`);
}

export function valueNotAllowed(attribute: string): AwsError {
  return invalidParameters(`Value cannot be used when Exists is false for Attribute: ${attribute}`);
}

export function wrongValueCount(operator: string): AwsError {
  return invalidParameters(`Invalid number of argument(s) for the ${operator} ComparisonOperator`);
}

export function valuesOfDifferentTypes(): AwsError {
  return invalidParameters("AttributeValues inside AttributeValueList must be of same type");
}

export function wrongValueType(operator: string, type: string): AwsError {
  return invalidParameters(`ComparisonOperator ${operator} is not valid for ${type} AttributeValue type`);
}

export function boundsReversed(): AwsError {
  return validation(
    "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound",
  );
}

export function duplicateAttribute(name: string): AwsError {
  return invalidParameters(`Duplicate value in attribute name: ${name}`);
}

export function valueMissing(): AwsError {
  return invalidParameters("Only DELETE action is allowed when no attribute value is specified");
}

export function deleteNotSupported(type: string): AwsError {
  return invalidParameters(`DELETE action with value is not supported for the type ${type}`);
}

export function addNotSupported(type: string): AwsError {
  return invalidParameters(`ADD action is not supported for the type ${type}`);
}

/** An attribute is not of the type that ADD or DELETE needs. */
export function wrongAttributeType(): AwsError {
  return validation("Type mismatch for attribute to update");
}
