/** What Firehose refuses, worded once. Texts without a recorded source are listed in NOTES.md. */

import * as firehose from "../../generated/firehose.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { modelled, type AwsError } from "../../kernel/errors.ts";

export function invalidArgument(message: string): AwsError {
  return modelled(firehose.InvalidArgumentException, message);
}

export function notFound(ctx: ReadContext, name: string): AwsError {
  return modelled(
    firehose.ResourceNotFoundException, `Firehose ${name} under account ${ctx.account} not found.`,
  );
}

export function inUse(message: string): AwsError {
  return modelled(firehose.ResourceInUseException, message);
}

export function alreadyExists(ctx: ReadContext, name: string): AwsError {
  return inUse(`Firehose ${name} under accountId ${ctx.account} already exists`);
}

export function limitExceeded(message: string): AwsError {
  return modelled(firehose.LimitExceededException, message);
}

export function cannotAssume(roleArn: string): AwsError {
  return invalidArgument(
    `Firehose is unable to assume role ${roleArn}. Please check the role provided.`,
  );
}

export function versionsDiffer(name: string, current: string, given: string): AwsError {
  return modelled(
    firehose.ConcurrentModificationException,
    `Cannot update firehose: ${name} since the current version id: ${current} and specified version id: ` +
      `${given} do not match`,
  );
}

/** @evidence API Reference, InvalidSourceException */
export function onlyFromLogs(): AwsError {
  return modelled(
    firehose.InvalidSourceException,
    "Only requests from CloudWatch Logs are supported when CloudWatch Logs decompression is enabled.",
  );
}

/** @evidence API Reference, InvalidKMSResourceException: `code` is what KMS answered */
export function invalidKmsResource({ code, message }: AwsError): AwsError {
  return modelled(firehose.InvalidKMSResourceException, message, { code });
}
