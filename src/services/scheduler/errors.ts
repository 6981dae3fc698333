/** What EventBridge Scheduler refuses, worded once. */

import * as scheduler from "../../generated/scheduler.ts";
import { modelled, type AwsError } from "../../kernel/errors.ts";

const invalid = (message: string): AwsError => modelled(scheduler.ValidationException, message);

/** @evidence recorded AWS answers, in the tests of other implementations of the API */
export const scheduleNotFound = (name: string): AwsError =>
  modelled(scheduler.ResourceNotFoundException, `Schedule ${name} does not exist.`);
export const groupNotFound = (name: string): AwsError =>
  modelled(scheduler.ResourceNotFoundException, `Schedule group ${name} does not exist.`);
export const scheduleExists = (name: string): AwsError =>
  modelled(scheduler.ConflictException, `Schedule ${name} already exists.`);
export const groupExists = (name: string): AwsError =>
  modelled(scheduler.ConflictException, `Schedule group ${name} already exists.`);
export const invalidExpression = (expression: string): AwsError =>
  invalid(`Invalid Schedule Expression ${expression}.`);
export const roleNotAssumable = (): AwsError =>
  invalid("The execution role you provide must allow AWS EventBridge Scheduler to assume the role.");
export const startTooEarly = (): AwsError =>
  invalid("The StartDate you specify cannot be earlier than 5 minutes ago.");
export const invalidTargetArn = (): AwsError => invalid("Provided Arn is not in correct format.");

// AWS's words for these are not recorded.
export const invalidTimeZone = (zone: string): AwsError =>
  invalid(`Invalid ScheduleExpressionTimezone ${zone}.`);
export const endBeforeStart = (): AwsError =>
  invalid("The EndDate you specify must be later than the StartDate.");
export const endInThePast = (): AwsError => invalid("The EndDate you specify must be in the future.");
export const windowRequired = (): AwsError =>
  invalid("MaximumWindowInMinutes must be specified when the FlexibleTimeWindow mode is FLEXIBLE.");
export const windowWithoutMode = (): AwsError =>
  invalid("MaximumWindowInMinutes can't be specified when the FlexibleTimeWindow mode is OFF.");
export const parametersRequired = (member: string): AwsError =>
  invalid(`${member} must be specified for this target.`);
export const parametersMisplaced = (member: string): AwsError =>
  invalid(`${member} can't be specified for this target.`);
export const invalidInput = (reason: string): AwsError =>
  invalid(`Invalid RequestJson provided. Reason ${reason}`);
export const unknownApi = (service: string, action: string): AwsError =>
  invalid(`${action} is not an API operation of ${service}.`);
export const readOnlyApi = (action: string): AwsError =>
  invalid(`${action} only reads, and is not supported as a target.`);
export const fifoDeadLetters = (): AwsError =>
  invalid("A FIFO queue can't be the dead-letter queue of a schedule.");
export const defaultGroupStays = (): AwsError => invalid("The default schedule group can't be deleted.");
export const groupIsDeleting = (name: string): AwsError =>
  modelled(scheduler.ConflictException, `Schedule group ${name} is being deleted.`);
export const tooManyGroups = (): AwsError => modelled(
  scheduler.ServiceQuotaExceededException,
  "The request failed because it would exceed the quota of schedule groups in this Region.",
);
export const tokenMismatch = (): AwsError => modelled(
  scheduler.ConflictException, "The ClientToken was used before, with other parameters.",
);
export const invalidToken = (): AwsError => invalid("The NextToken is not valid.");
export const reservedTag = (): AwsError => invalid("Tag keys can't begin with aws:.");
export const duplicateTag = (): AwsError => invalid("A tag key can be specified only once.");
export const tooManyTags = (): AwsError => modelled(
  scheduler.ServiceQuotaExceededException, "A schedule group can have at most 50 tags.",
);
export const keyRefused = (message: string): AwsError => invalid(message);
