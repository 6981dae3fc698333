/** What SNS refuses, in its words. */

import * as sns from "../../generated/sns.ts";
import { modelled, type AwsError } from "../../kernel/errors.ts";

/** @evidence SNS, recorded: what is wrong stands behind `Invalid parameter: ` */
export function invalidParameter(what: string): AwsError {
  return modelled(sns.InvalidParameterException, `Invalid parameter: ${what}`);
}

/** Whole sentences of SNS that do not begin as the others. */
export function refusedParameter(message: string): AwsError {
  return modelled(sns.InvalidParameterException, message);
}

export function invalidParameterValue(message: string): AwsError {
  return modelled(sns.InvalidParameterValueException, message);
}

export function topicNotFound(): AwsError {
  return modelled(sns.NotFoundException, "Topic does not exist");
}

export function subscriptionNotFound(): AwsError {
  return modelled(sns.NotFoundException, "Subscription does not exist");
}

export function resourceNotFound(): AwsError {
  return modelled(sns.ResourceNotFoundException, "Resource does not exist");
}

export function authorizationError(message: string): AwsError {
  return modelled(sns.AuthorizationErrorException, message);
}

export function invalidToken(): AwsError {
  return invalidParameter("NextToken");
}

/** @evidence SNS, recorded: ARNs that are none are counted by their colons */
export function malformedArn(parameter: string, elements: number): AwsError {
  return invalidParameter(`${parameter} Reason: An ARN must have at least 6 elements, not ${elements}`);
}
