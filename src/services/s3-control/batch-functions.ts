/** Functions that jobs of Batch Operations have run for one object after the other. */

import type * as control from "../../generated/s3-control.ts";
import * as lambda from "../../generated/lambda.ts";
import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { encodeKey } from "../s3/listing/key-encoding.ts";
import type { BatchTask, TaskResult } from "./batch-job-table.ts";

/** How often a task is tried that the function, or Lambda, could not do for the time being. */
const triesMax = 3;
const idDigits = 32;

/**
 * The result of a task is what the function says it is. What a function fails with is not tried again, what
 * it calls a temporary failure is.
 *
 * @evidence S3 User Guide, "Invoke AWS Lambda function", "Creating a Lambda function to use with S3 Batch
 *   Operations": requests, responses and result codes; "Examples: S3 Batch Operations completion reports"
 * @throws AwsError when the function can't be invoked
 */
export async function invokeFunction(
  ctx: BodyContext,
  task: BatchTask,
  invoke: control.LambdaInvokeOperation,
  session: CallOptions,
): Promise<TaskResult> {
  for (let tries = 1; ; tries += 1) {
    try {
      const result = await invokeOnce(ctx, task, invoke, session);
      if (result.code !== "TemporaryFailure" || tries === triesMax) return result;
    } catch (error) {
      const isTemporary = error instanceof AwsError && (error.status === 429 || error.status >= 500);
      if (!isTemporary || tries === triesMax) throw error;
    }
  }
}

async function invokeOnce(
  ctx: BodyContext,
  task: BatchTask,
  invoke: control.LambdaInvokeOperation,
  session: CallOptions,
): Promise<TaskResult> {
  const taskId = Buffer.from(`${task.job}/${task.place}`).toString("base64");
  const request = requestOf(task, taskId, invoke, Buffer.from(ctx.ids.hex(idDigits)).toString("base64"));
  const { Payload, FunctionError } = await ctx.call(
    lambda.Invoke,
    { FunctionName: invoke.FunctionArn ?? "", Payload: Buffer.from(JSON.stringify(request)) },
    session,
  );
  const answer = Payload?.toString() ?? "";
  if (FunctionError !== undefined) return failed(`Lambda returned function error: ${answer}`);
  return resultOf(answer, taskId);
}

function requestOf(
  { job, bucket, key, versionId }: BatchTask,
  taskId: string,
  { InvocationSchemaVersion = "1.0", UserArguments }: control.LambdaInvokeOperation,
  invocationId: string,
): object {
  const isFirst = InvocationSchemaVersion === "1.0";
  return {
    invocationSchemaVersion: InvocationSchemaVersion,
    invocationId,
    job: { id: job, ...(!isFirst && UserArguments && { userArguments: UserArguments }) },
    tasks: [{
      taskId,
      ...(isFirst ? { s3BucketArn: `arn:aws:s3:::${bucket}` } : { s3Bucket: bucket }),
      s3Key: encodeKey({ EncodingType: "url" }, key),
      s3VersionId: versionId ?? null,
    }],
  };
}

interface Answer {
  readonly treatMissingKeysAs?: unknown;
  readonly results?: unknown;
}

interface AnswerForTask {
  readonly taskId?: unknown;
  readonly resultCode?: unknown;
  readonly resultString?: unknown;
}

function resultOf(text: string, taskId: string): TaskResult {
  const { results, treatMissingKeysAs = "TemporaryFailure" } = parsed(text) ?? {};
  if (!Array.isArray(results)) return failed("Lambda returned a response that is not valid");
  const found = (results as (AnswerForTask | null)[]).find((each) => each?.taskId === taskId);
  const { resultCode = treatMissingKeysAs, resultString } = found ?? {};
  const message = typeof resultString === "string" ? resultString : "";
  if (resultCode === "Succeeded") return { status: 200, message };
  if (resultCode === "TemporaryFailure") return { status: 200, code: resultCode, message };
  return failed(message);
}

function parsed(text: string): Answer | undefined {
  try {
    return (JSON.parse(text) as Answer | null) ?? undefined;
  } catch {
    return undefined;
  }
}

function failed(message: string): TaskResult {
  return { status: 200, code: "PermanentFailure", message };
}
