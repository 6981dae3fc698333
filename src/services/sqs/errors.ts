/** What SQS refuses, worded once. Texts are AWS's own unless NOTES.md says otherwise. */

import * as sqs from "../../generated/sqs.ts";
import { AwsError, modelled } from "../../kernel/errors.ts";

/**
 * A refusal that the model does not declare: the JSON protocol and the Query protocol spell its code
 * differently.
 *
 * @evidence SQS over JSON, recorded: `com.amazon.coral.service#InvalidParameterValueException` with the
 *   header `x-amzn-query-error: InvalidParameterValue;Sender`
 */
export function invalidParameterValue(message: string): AwsError {
  return new AwsError({
    code: "InvalidParameterValueException", queryCode: "InvalidParameterValue", status: 400, message,
  });
}

export function invalidValue(value: unknown, parameter: string, reason: string): AwsError {
  return invalidParameterValue(
    `Value ${String(value)} for parameter ${parameter} is invalid. Reason: ${reason}`,
  );
}

export function missingParameter(name: string): AwsError {
  return new AwsError({
    code: "MissingRequiredParameterException", queryCode: "MissingParameter", status: 400,
    message: `The request must contain the parameter ${name}.`,
  });
}

export function queueDoesNotExist(): AwsError {
  return modelled(sqs.QueueDoesNotExist, "The specified queue does not exist.");
}

/** @evidence SQS, recorded: `Status Code: 404; Error Code: InvalidAddress` */
export function invalidAddress(address: string): AwsError {
  return modelled(
    { ...sqs.InvalidAddress, status: 404 }, `The address ${address} is not valid for this endpoint.`,
  );
}

export function queueNameExists(attribute: string): AwsError {
  return modelled(
    sqs.QueueNameExists,
    `A queue already exists with the same name and a different value for attribute ${attribute}`,
  );
}

export function queueDeletedRecently(): AwsError {
  return modelled(
    sqs.QueueDeletedRecently,
    "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
  );
}

export function purgeQueueInProgress(name: string): AwsError {
  return modelled(
    sqs.PurgeQueueInProgress, `Only one PurgeQueue operation on ${name} is allowed every 60 seconds.`,
  );
}

export function invalidQueueName(): AwsError {
  return invalidParameterValue(
    "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
  );
}

export function invalidFifoName(): AwsError {
  return invalidParameterValue(
    "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, " +
      "must end with .fifo suffix and be 1 to 80 in length.",
  );
}

export function unknownAttribute(name: string): AwsError {
  return modelled(sqs.InvalidAttributeName, `Unknown Attribute ${name}.`);
}

export function invalidAttribute(name: string, reason?: string): AwsError {
  const message = `Invalid value for the parameter ${name}.`;
  return modelled(sqs.InvalidAttributeValue, reason === undefined ? message : `${message} Reason: ${reason}`);
}

export function encryptedTwice(): AwsError {
  return modelled(
    sqs.InvalidAttributeName,
    "You can use one type of server-side encryption (SSE) at one time. " +
      "You can either enable KMS SSE or SQS SSE.",
  );
}

export function overLimit(message: string): AwsError {
  return modelled(sqs.OverLimit, message);
}

/** @evidence SQS, recorded: ReceiptHandleIsInvalid comes with HTTP status 404 */
export function receiptHandleIsInvalid(handle: string): AwsError {
  return modelled(
    { ...sqs.ReceiptHandleIsInvalid, status: 404 },
    `The input receipt handle "${handle}" is not a valid receipt handle.`,
  );
}

export function receiptHandleExpired(handle: string): AwsError {
  return invalidValue(handle, "ReceiptHandle", "The receipt handle has expired.");
}

export function notHidden(handle: string): AwsError {
  return invalidValue(
    handle, "ReceiptHandle", "Message does not exist or is not available for visibility timeout change.",
  );
}

export function messageNotInflight(): AwsError {
  return modelled(sqs.MessageNotInflight, "The message referred to isn't in flight.");
}

export function wrongQueueType(value: unknown, parameter: string): AwsError {
  return invalidValue(
    value, parameter, "The request include parameter that is not valid for this queue type.",
  );
}

/** @evidence SQS, recorded: ResourceNotFoundException comes with HTTP status 404 */
export function resourceNotFound(message: string): AwsError {
  return modelled({ ...sqs.ResourceNotFoundException, status: 404 }, message);
}

export function moveResourceNotFound(parameter: "SourceArn" | "DestinationArn"): AwsError {
  return resourceNotFound(`The resource that you specified for the ${parameter} parameter doesn't exist.`);
}

export function accessDenied(message: string): AwsError {
  return new AwsError({ code: "AccessDeniedException", queryCode: "AccessDenied", status: 403, message });
}

/**
 * SQS writes the action of a denial in lower case.
 *
 * @evidence SQS, recorded: `is not authorized to perform: sqs:createqueue on resource: …`
 */
export function denied(message: string): AwsError {
  return accessDenied(message.replace(/\bsqs:[A-Za-z]+/g, (action) => action.toLowerCase()));
}
