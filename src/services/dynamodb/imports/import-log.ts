/**
 * Where an import tells of its errors, in the name of whoever asked for it.
 *
 * @evidence Developer Guide, "Import format quotas and validation": the group, the stream `id/error` and
 *   an event; "Requesting a table import": whoever asks needs logs:CreateLogGroup and others. Recorded: an
 *   import fails whose caller may not create the stream `id/info`
 */

import * as logs from "../../../generated/cloudwatch-logs.ts";
import type { BodyContext, CallOptions } from "../../../kernel/context.ts";
import { AwsError } from "../../../kernel/errors.ts";
import { importArn, logGroupName, type Import, type ImportWork } from "./import-rows.ts";

type Running = Import & { readonly work: ImportWork };

export interface RecordError {
  /** Of the object's records, from 0. */
  readonly index: number;
  readonly message: string;
}

/** What CloudWatch Logs refused. */
export class LogRefusal extends Error {
  readonly refusal: AwsError;

  constructor(refusal: AwsError) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/** Keeps a request far below the megabyte that it may have. */
const eventsAtOnce = 100;

function asCaller({ work }: Running): CallOptions {
  return { as: { for: work.caller } };
}

async function refusedAsLogs(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    throw cause instanceof AwsError && cause.status < 500 ? new LogRefusal(cause) : cause;
  }
}

function unlessThere(cause: unknown): void {
  if (!(cause instanceof AwsError) || cause.code !== "ResourceAlreadyExistsException") throw cause;
}

/** @throws LogRefusal where the caller may not */
export async function openLog(ctx: BodyContext, row: Running): Promise<void> {
  await refusedAsLogs(async () => {
    const found = await ctx.call(
      logs.DescribeLogGroups, { logGroupNamePrefix: logGroupName }, asCaller(row),
    );
    if (!found.logGroups?.some((group) => group.logGroupName === logGroupName)) {
      await ctx.call(logs.CreateLogGroup, { logGroupName }, asCaller(row)).catch(unlessThere);
    }
    for (const kind of ["info", "error"]) {
      const input = { logGroupName, logStreamName: `${row.id}/${kind}` };
      await ctx.call(logs.CreateLogStream, input, asCaller(row)).catch(unlessThere);
    }
  });
}

/** @throws LogRefusal where the caller may not, or the group has gone meanwhile */
export async function logErrors(
  ctx: BodyContext, row: Running, key: string, errors: readonly RecordError[],
): Promise<void> {
  const bucket = row.request.S3BucketSource.S3Bucket;
  const arn = importArn(ctx, row);
  for (let start = 0; start < errors.length; start += eventsAtOnce) {
    const timestamp = ctx.clock.now();
    const logEvents = errors.slice(start, start + eventsAtOnce).map(({ index, message }) => ({
      timestamp,
      message: JSON.stringify({
        itemS3Pointer: { bucket, key, itemIndex: index }, importArn: arn, errorMessages: [message],
      }),
    }));
    await refusedAsLogs(async () => {
      const input = { logGroupName, logStreamName: `${row.id}/error`, logEvents };
      await ctx.call(logs.PutLogEvents, input, asCaller(row));
    });
  }
}
