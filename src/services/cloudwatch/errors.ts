/** What CloudWatch refuses, worded once. Texts are AWS's own unless NOTES.md says otherwise. */

import * as cloudwatch from "../../generated/cloudwatch.ts";
import { AwsError, modelled } from "../../kernel/errors.ts";

export function invalidParameterValue(message: string): AwsError {
  return modelled(cloudwatch.InvalidParameterValueException, message);
}

export function invalidParameterCombination(message: string): AwsError {
  return modelled(cloudwatch.InvalidParameterCombinationException, message);
}

export function missingParameter(message: string): AwsError {
  return modelled(cloudwatch.MissingRequiredParameterException, message);
}

/** @evidence recorded: `The parameter X is required.` with the code MissingParameter */
export function parameterRequired(parameter: string): AwsError {
  return missingParameter(`The parameter ${parameter} is required.`);
}

export function invalidFor(value: unknown, parameter: string): AwsError {
  return invalidParameterValue(`The value ${String(value)} for parameter ${parameter} is invalid.`);
}

export function collectionTooLarge(parameter: string, max: number): AwsError {
  return invalidParameterValue(`The collection ${parameter} must not have a size greater than ${max}.`);
}

export function bothSpecified(one: string, other: string): AwsError {
  return invalidParameterCombination(
    `The parameters ${one} and ${other} are mutually exclusive and you have specified both.`,
  );
}

export function startAfterEnd(): AwsError {
  return invalidParameterValue("The parameter StartTime must be less than the parameter EndTime.");
}

/** @evidence answers of GetMetricStatistics quoted in its users' issue reports */
export function tooManyDatapoints(requested: number): AwsError {
  return invalidParameterCombination(
    `You have requested up to ${requested.toLocaleString("en-US")} datapoints, ` +
      "which exceeds the limit of 1,440. " +
      "You may reduce the datapoints requested by increasing Period, or decreasing the time range.",
  );
}

/**
 * Refusals of alarms and metric data queries. Over the Query protocol the code is `ValidationError`.
 *
 * @evidence the JavaScript SDK's model: ValidationException, with that code for Query
 */
export function validationError(message: string): AwsError {
  return new AwsError({ code: "ValidationException", queryCode: "ValidationError", status: 400, message });
}

export function invalidNextToken(): AwsError {
  return modelled(cloudwatch.InvalidNextToken, "The value for parameter NextToken is invalid.");
}

/** @evidence recorded: SetAlarmState of an alarm that is not there has a code and no message */
export function alarmNotFound(): AwsError {
  return modelled(cloudwatch.ResourceNotFound, "");
}

export function resourceNotFound(type: string, id: string): AwsError {
  return modelled(
    cloudwatch.ResourceNotFoundException, `The specified resource does not exist.`,
    { ResourceType: type, ResourceId: id },
  );
}

/** @evidence recorded: `Dashboard x does not exist` */
export function dashboardNotFound(name: string): AwsError {
  return modelled(cloudwatch.DashboardNotFoundError, `Dashboard ${name} does not exist`);
}

export interface DashboardMessage {
  readonly DataPath: string;
  readonly Message: string;
}

/** @evidence answers of PutDashboard quoted in its users' issue reports */
export function dashboardInvalid(messages: readonly DashboardMessage[]): AwsError {
  const shown = messages.map(({ DataPath, Message }) => ({ dataPath: DataPath, message: Message }));
  return modelled(
    cloudwatch.DashboardInvalidInputError,
    `The dashboard body is invalid, there are ${messages.length} validation errors: ${JSON.stringify(shown)}`,
    { dashboardValidationMessages: messages },
  );
}
