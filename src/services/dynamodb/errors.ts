/**
 * What DynamoDB refuses, worded once; what is wrong with values and expressions is worded in their folders.
 * Texts are AWS's own, recorded, unless NOTES.md says otherwise.
 */

import * as dynamodb from "../../generated/dynamodb.ts";
import { modelled, type AwsError } from "../../kernel/errors.ts";
import { invalidParameters, validation } from "./values/value-errors.ts";

export { invalidParameters, validation };

/** As AWS's own framework words what the model cannot say. */
export function constraintMissed(value: string, member: string, constraints: readonly string[]): AwsError {
  const errors = constraints.length === 1 ? "error" : "errors";
  const sentences = constraints.map(
    (constraint) => `Value '${value}' at '${member}' failed to satisfy constraint: ${constraint}`,
  );
  return validation(`${constraints.length} validation ${errors} detected: ${sentences.join("; ")}`);
}

export function missingParameter(name: string): AwsError {
  return validation(`The parameter '${name}' is required but was not present in the request`);
}

/** Operations on items do not say what they looked for. */
export function resourceNotFound(): AwsError {
  return modelled(dynamodb.ResourceNotFoundException, "Requested resource not found");
}

export function tableNotFound(name: string): AwsError {
  return modelled(
    dynamodb.ResourceNotFoundException, `Requested resource not found: Table: ${name} not found`,
  );
}

/** The words of the operations on tags and policies. */
export function arnNotFound(arn: string): AwsError {
  return modelled(
    dynamodb.ResourceNotFoundException, `Requested resource not found: ResourceArn: ${arn} not found`,
  );
}

export function indexToUpdateNotFound(index: string, table: string): AwsError {
  return modelled(
    dynamodb.ResourceNotFoundException, `Requested resource not found: Index ${index} for table ${table}`,
  );
}

/** The words of the operations on backups, which have an exception of their own. */
export function backedTableNotFound(name: string): AwsError {
  return modelled(dynamodb.TableNotFoundException, `Table not found: ${name}`);
}

export function tableExists(name: string): AwsError {
  return modelled(dynamodb.ResourceInUseException, `Table already exists: ${name}`);
}

export function inUse(detail: string): AwsError {
  return modelled(
    dynamodb.ResourceInUseException, `Attempt to change a resource which is still in use: ${detail}`,
  );
}

/** What is said, without details, of tables that have replicas. */
export function globalTableInUse(): AwsError {
  return modelled(
    dynamodb.ResourceInUseException, "The resource which you are attempting to change is in use.",
  );
}

export function limitExceeded(message: string): AwsError {
  return modelled(dynamodb.LimitExceededException, message);
}

export function tooManyTables(max: number): AwsError {
  return limitExceeded(
    `Subscriber limit exceeded: There is a limit of ${max} tables per subscriber`,
  );
}

export function tooManyTransitions(max: number): AwsError {
  return limitExceeded(
    "Subscriber limit exceeded: " +
      `Only ${max} tables can be created, updated, or deleted simultaneously`,
  );
}

export function deletionProtected(): AwsError {
  return validation(
    "Resource cannot be deleted as it is currently protected against deletion. " +
      "Disable deletion protection first.",
  );
}

export function policyNotFound(arn: string): AwsError {
  return modelled(
    dynamodb.PolicyNotFoundException, `Resource-based policy not found for the provided ResourceArn: ${arn}`,
  );
}
