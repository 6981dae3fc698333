/** What CloudWatch Logs answers when it refuses, one constructor a text. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import { modelled, type AwsError } from "../../kernel/errors.ts";

export function invalidParameter(message: string): AwsError {
  return modelled(logs.InvalidParameterException, message);
}

/**
 * @evidence recorded: "The specified log group does not exist.", "The specified log stream does not exist."
 */
export function notFound(noun: string): AwsError {
  return modelled(logs.ResourceNotFoundException, `The specified ${noun} does not exist.`);
}

/** @evidence recorded: "The specified log group already exists" */
export function alreadyExists(noun: string): AwsError {
  return modelled(logs.ResourceAlreadyExistsException, `The specified ${noun} already exists`);
}

export function resourceNotFound(message: string): AwsError {
  return modelled(logs.ResourceNotFoundException, message);
}

/** @evidence recorded: "Resource limit exceeded." */
export function limitExceeded(message = "Resource limit exceeded."): AwsError {
  return modelled(logs.LimitExceededException, message);
}

export function invalidOperation(message: string): AwsError {
  return modelled(logs.InvalidOperationException, message);
}

export function validation(message: string): AwsError {
  return modelled(logs.ValidationException, message);
}

/** @evidence recorded: "The specified nextToken is invalid." */
export function invalidNextToken(): AwsError {
  return invalidParameter("The specified nextToken is invalid.");
}

export function malformedQuery(
  message: string, at: { readonly start: number; readonly end: number }
): AwsError {
  return modelled(logs.MalformedQueryException, message, {
    queryCompileError: {
      location: { startCharOffset: at.start, endCharOffset: at.end },
      message,
    },
  });
}
