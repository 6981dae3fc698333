/** What EventBridge Pipes refuses, worded once. The first three, and those with evidence, are AWS's words. */

import * as pipes from "../../generated/pipes.ts";
import { modelled, type AwsError } from "../../kernel/errors.ts";

const invalid = (message: string): AwsError => modelled(pipes.ValidationException, message);

export const pipeNotFound = (name: string): AwsError =>
  modelled(pipes.NotFoundException, `Pipe ${name} does not exist.`);
export const pipeExists = (name: string): AwsError => modelled(
  pipes.ConflictException, `Pipe ${name} already exists.`, { resourceId: name, resourceType: "pipe" },
);
export const inTransition = (name: string, state: string): AwsError => modelled(
  pipes.ConflictException, `Pipe ${name} is ${state}.`, { resourceId: name, resourceType: "pipe" },
);
export const invalidArn = (member: string, arn: string): AwsError => invalid(`Invalid ${member} ARN: ${arn}`);
/** @evidence https://github.com/hashicorp/terraform-provider-aws/issues/41573 */
export const invalidFields = (
  fields: readonly { readonly Name: string; readonly Message: string }[],
): AwsError => invalid(JSON.stringify({ ValidationErrorFields: fields }));
/** @evidence https://github.com/hashicorp/terraform-provider-aws/issues/30773 */
export const parametersMissing = (member: string): AwsError =>
  invalidFields([{ Name: member, Message: "Missing required parameter." }]);
export const parametersMisplaced = (member: string): AwsError =>
  invalid(`${member} can't be specified for this source or target.`);
export const invalidPattern = (reason: string): AwsError =>
  invalid(`Invalid filter pattern: ${reason}`);
export const batchTooLarge = (max: number): AwsError => invalid(`BatchSize can be at most ${max}.`);
export const windowRequired = (): AwsError =>
  invalid("MaximumBatchingWindowInSeconds must be at least 1 for a BatchSize greater than 10.");
export const roleOfAnotherAccount = (): AwsError => invalid(
  "The role must be one of the pipe's own account.",
);
export const keyRefused = (reason: string): AwsError => invalid(`KmsKeyIdentifier is not valid: ${reason}`);
export const logDestinationMissing = (): AwsError =>
  invalid("LogConfiguration must have a destination for a level other than OFF.");
export const logGroupNotFound = (arn: string): AwsError => invalid(`The log group ${arn} does not exist.`);
export const invalidToken = (): AwsError => invalid("The NextToken is not valid.");
export const reservedTag = (): AwsError => invalid("Tag keys can't begin with aws:.");
export const tooManyTags = (): AwsError => invalid("A pipe can have at most 50 tags.");
