/**
 * What is wrong with a statement for the keys of its table, in AWS's words.
 *
 * @evidence floci's PartiQL tests, recorded in 2026-09; dynamodb-conformance, partiql, recorded in 2026-08 to
 *   2026-10
 */

import type { AwsError } from "../../../kernel/errors.ts";
import { invalidParameters, validation } from "../values/value-errors.ts";

export function incompleteKey(): AwsError {
  return validation("Where clause does not contain a mandatory equality on all key attributes");
}

export function severalKeys(name: string): AwsError {
  return validation(
    `Multiple conditions on same key ${name}. Only single item Update/Insert/Delete are supported`,
  );
}

export function wrongKeyType(name: string): AwsError {
  return validation(
    `Key attribute's data type should match its data type in table's schema: Key ${name}`,
  );
}

export function noKeyType(name: string, type: string): AwsError {
  return validation(`Key value must be of type S, N, or B. Key name: ${name}, Key type: ${type}`);
}

/** In a transaction, a reason to cancel it. */
export const KEY_ELEMENT_MISMATCH = "The provided key element does not match the schema";

export function keyElementMismatch(): AwsError {
  return validation(KEY_ELEMENT_MISMATCH);
}

export function overlappingReads(): AwsError {
  return validation("Overlapping conditions with range keys are not supported in where clause");
}

export function tooManyReads(): AwsError {
  return validation("Too many decomposed read operations for a given query.");
}

export type ReadingOperation = "ExecuteTransaction" | "BatchExecuteStatement";

export function noSingleRead(operation: ReadingOperation): AwsError {
  return validation(
    `Select statements within ${operation} must specify the primary key in the where clause.`,
  );
}

export function noConditionCheck(): AwsError {
  return validation("EXISTS() must contain a single item read with additional condition");
}

export function orderWithoutWhere(): AwsError {
  return validation("Must have WHERE clause in the statement when using ORDER BY clause.");
}

export function orderByOther(name: string): AwsError {
  return validation(`Attribute ${name} in ORDER BY clause must be part of the primary key`);
}

export function orderWithoutKey(): AwsError {
  return validation(
    "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.",
  );
}

export function orderOfSeveral(): AwsError {
  return validation(
    "Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause.",
  );
}

export function multipleKeyAttributes(): AwsError {
  return validation(
    "PartiQL statements cannot be executed on tables with multi-attribute HASH keys " +
      "or multi-attribute RANGE keys.",
  );
}

export function filterNotProjected(index: string, attributes: readonly string[]): AwsError {
  return invalidParameters(
    `Secondary index ${index} does not project one or more filter attributes: [${attributes.join(", ")}]`,
  );
}

export function columnsNotProjected(index: string, attributes: readonly string[]): AwsError {
  return invalidParameters(
    `Global secondary index ${index} does not project [${attributes.join(", ")}]`,
  );
}
