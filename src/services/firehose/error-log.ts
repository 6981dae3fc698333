/**
 * Errors of deliveries, in the log stream that the destination names, written under the stream's role.
 *
 * @evidence Developer Guide, "Monitor Amazon Data Firehose Using CloudWatch Logs": what a line is made of;
 *   "Troubleshooting HTTP Endpoints": with a function as `processor`
 */

import * as logs from "../../generated/cloudwatch-logs.ts";
import type { CloudWatchLoggingOptions } from "../../generated/firehose.ts";
import { sessionOf } from "../../delivery/role-session.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { parameterOf } from "./processors.ts";
import { streamArn, type DeliveryStream } from "./stream-table.ts";

export interface LoggedError {
  /** The ARN or the address of what did not take the records. */
  readonly destination: string;
  readonly errorCode: string;
  readonly message: string;
}

export interface Logging {
  readonly options: CloudWatchLoggingOptions | undefined;
  readonly roleArn: string | undefined;
}

/** A group or stream that is not there gets none, as does one that the role may not write to. */
export async function logErrors(
  ctx: BodyContext, stream: DeliveryStream, { options, roleArn }: Logging, errors: readonly LoggedError[],
): Promise<void> {
  const { Enabled: isOn, LogGroupName: logGroupName, LogStreamName: logStreamName } = options ?? {};
  if (!isOn || logGroupName === undefined || logStreamName === undefined || roleArn === undefined) return;
  const timestamp = ctx.clock.now();
  const processor = parameterOf(stream.destination.settings.ProcessingConfiguration, "Lambda", "LambdaArn");
  const lines = new Set(errors.map(({ destination, errorCode, message }) => JSON.stringify({
    deliveryStreamARN: streamArn(ctx, stream.name), destination, deliveryStreamVersionId: stream.version,
    message, errorCode, processor,
  })));
  if (lines.size === 0) return;
  try {
    const session = await sessionOf(ctx, {
      roleArn, principal: "firehose.amazonaws.com", sourceArn: streamArn(ctx, stream.name),
      sessionName: "AWSFirehoseToCWL",
    });
    const logEvents = [...lines].map((message) => ({ timestamp, message }));
    await ctx.call(logs.PutLogEvents, { logGroupName, logStreamName, logEvents }, { as: { session } });
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
  }
}

/** @evidence Developer Guide, "Amazon S3 Data Delivery Errors" */
const refusals: Readonly<Record<string, string>> = {
  AccessDenied: "Access was denied. Ensure that the trust policy for the provided IAM role allows Firehose " +
    "to assume the role, and the access policy allows access to the S3 bucket.",
  NoSuchBucket: "The specified bucket does not exist. Create the bucket or use a different bucket that " +
    "does exist.",
};

export function refusedByS3(bucketArn: string, { code, message }: AwsError): LoggedError {
  return { destination: bucketArn, errorCode: `S3.${code}`, message: refusals[code] ?? message };
}
