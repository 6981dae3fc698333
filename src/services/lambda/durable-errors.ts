/** What Lambda refuses of durable functions and their executions, worded once. */

import * as lambda from "../../generated/lambda.ts";
import type { AwsError } from "../../kernel/errors.ts";
import { invalidParameter, notFound, refusal } from "./errors.ts";

/** @evidence AWS Durable Execution SDK: tells such a refusal by its first words */
export const invalidCheckpointToken = (): AwsError => invalidParameter("Invalid Checkpoint Token");
export const durableExecutionNotFound = (arn: string): AwsError =>
  notFound(`Durable execution not found: ${arn}`);
/** @evidence botocore documentation, DurableExecutionAlreadyStartedException and CallbackTimeoutException */
export const durableExecutionStarted = (name: string): AwsError => refusal(
  lambda.DurableExecutionAlreadyStartedException,
  `The durable execution with the specified name has already been started: ${name}`,
);
export const callbackOver = (): AwsError => refusal(
  lambda.CallbackTimeoutException,
  "The callback ID token has either expired or the callback associated with the token has already been "
  + "closed.",
);
/** @evidence answers to Invoke of durable functions, quoted by users */
export const durableUnqualified = (): AwsError =>
  invalidParameter("You cannot invoke a durable function using an unqualified ARN.");
export const durableTooLong = (): AwsError => invalidParameter(
  "You cannot synchronously invoke a durable function with an executionTimeout greater than 15 minutes.",
);
export const notDurable = (): AwsError => invalidParameter(
  "DurableExecutionName can only be given for functions with a DurableConfig.",
);
export const durableFromStart = (): AwsError => invalidParameter(
  "Durable execution can only be enabled when a function is created.",
);
export const tooManyOperations = (limit: number): AwsError =>
  invalidParameter(`A durable execution can have at most ${limit} operations.`);
export const durableTimeoutRequired = (): AwsError =>
  invalidParameter("DurableConfig must have an ExecutionTimeout.");
