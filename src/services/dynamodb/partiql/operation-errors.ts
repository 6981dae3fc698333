/**
 * What ExecuteStatement, BatchExecuteStatement and ExecuteTransaction find wrong beyond a statement and its
 * keys, in AWS's words.
 *
 * @evidence floci's PartiQL tests, recorded in 2026-09; dynamodb-conformance and dynoxide, partiql, recorded
 *   in 2026-08 to 2026-10
 */

import type { AwsError } from "../../../kernel/errors.ts";
import { validation } from "../values/value-errors.ts";

/** It does not say which index; a Query's error does. */
export function noSuchIndex(): AwsError {
  return validation("The table does not have the specified index");
}

export function consistentIndexRead(): AwsError {
  return validation("Strongly consistent read is not supported on Global Secondary Indexes");
}

export function existsAlone(): AwsError {
  return validation("EXISTS can only be used in ExecuteTransaction write requests.");
}

export function indexInTransaction(): AwsError {
  return validation("Reads on indices are not supported within transactions.");
}

export function returningInTransaction(): AwsError {
  return validation("RETURNING clause is not supported in ExecuteTransaction.");
}

export function readsAndWrites(): AwsError {
  return validation(
    "ExecuteTransaction API does not support both read and write operations in the same request.",
  );
}

/** An error of a transaction's statement, but for its parameters', which are looked at before. */
export function inTransactStatement(index: number, error: AwsError): AwsError {
  return validation(`Validation failed in TransactStatements[${index}]: ${error.message}`);
}

/** The message of DuplicateItemException. */
export const DUPLICATE_ITEM = "Duplicate primary key exists in table";

export function invalidNextToken(): AwsError {
  return validation("Invalid NextToken");
}

/** A token is of one statement with its parameters. */
export function otherNextToken(): AwsError {
  return validation("NextToken does not match request");
}
