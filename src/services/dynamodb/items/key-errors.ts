/**
 * What is wrong with the key of an item, in AWS's words.
 *
 * @evidence dynamodb-conformance, error-messages; scylladb test/alternator, test_limits.py for the lengths
 */

import type { AwsError } from "../../../kernel/errors.ts";
import { invalidParameters, validation } from "../errors.ts";

export function keyDoesNotMatch(): AwsError {
  return validation("The provided key element does not match the schema");
}

export function keyMissing(name: string): AwsError {
  return invalidParameters(`Missing the key ${name} in the item`);
}

export function keyOfWrongType(name: string, expected: string, actual: string): AwsError {
  return invalidParameters(`Type mismatch for key ${name} expected: ${expected} actual: ${actual}`);
}

export function indexKeyOfWrongType(name: string, expected: string, actual: string, index: string): AwsError {
  return invalidParameters(
    `Type mismatch for Index Key ${name} Expected: ${expected} Actual: ${actual} IndexName: ${index}`,
  );
}

const emptiness = "One or more parameter values are not valid. ";

/** Whether a refusal is about a key that is empty. */
export function isEmptiness({ message }: AwsError): boolean {
  return message.startsWith(emptiness);
}

function kindOf(type: string): string {
  return type === "B" ? "binary" : "string";
}

export function keyEmpty(name: string, type: string): AwsError {
  return validation(
    emptiness +
      `The AttributeValue for a key attribute cannot contain an empty ${kindOf(type)} value. Key: ${name}`,
  );
}

export function indexKeyEmpty(name: string, type: string, index: string): AwsError {
  return validation(
    emptiness +
      "A value specified for a secondary index key is not supported. " +
      `The AttributeValue for a key attribute cannot contain an empty ${kindOf(type)} value. ` +
      `IndexName: ${index}, IndexKey: ${name}`,
  );
}

export function indexKeyEmptied(type: string): AwsError {
  return validation(
    emptiness +
      "The update expression attempted to update a secondary index key to a value that is not supported. " +
      `The AttributeValue for a key attribute cannot contain an empty ${kindOf(type)} value.`,
  );
}

/** The missing space is AWS's. */
export function partitionKeyTooLong(max: number): AwsError {
  return invalidParameters(`Size of hashkey has exceeded the maximum size limit of${max} bytes`);
}

export function sortKeyTooLong(max: number): AwsError {
  return invalidParameters(
    `Aggregated size of all range keys has exceeded the size limit of ${max} bytes`,
  );
}
