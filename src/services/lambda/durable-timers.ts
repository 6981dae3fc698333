/** What an execution waits for comes by the clock: the end of a wait, the next try of a step, silence. */

import type { ErrorObject } from "../../generated/lambda.ts";
import * as lambda from "../../generated/lambda.ts";
import { asynchronousJob, job, type Job } from "../../jobs/job.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { answerCall, answerCallback, type Answer } from "./durable-answers.ts";
import { goOnWith } from "./durable-going-on.ts";
import { Progress } from "./durable-progress.ts";
import { operations, runningExecution, type ChainedFrom, type DurableExecution } from "./durable-table.ts";
import { roleCredentials } from "./execution-role.ts";
import { parseFunctionName } from "./function-names.ts";
import { findVersion } from "./function-table.ts";
import { invokeFunction } from "./invocations.ts";

export type Timed = Job<ChainedFrom>;

function progressOf(ctx: Context, key: ChainedFrom): Progress | undefined {
  const execution = runningExecution(ctx, key);
  return execution && new Progress(ctx, execution);
}

export const waitEnd: Timed = job<ChainedFrom>("lambda.durableWaitEnd", (key, ctx) => {
  const progress = progressOf(ctx, key);
  const row = progress?.find(key.operationId);
  if (!progress || row?.operation.Status !== "STARTED") return;
  const operation = progress.end(row, "SUCCEEDED");
  const { StartTimestamp, WaitDetails } = operation;
  const Duration = ((WaitDetails?.ScheduledEndTimestamp ?? StartTimestamp) - StartTimestamp) / 1_000;
  progress.record({ EventType: "WaitSucceeded", WaitSucceededDetails: { Duration } }, operation);
  goOnWith(progress, key.operationId);
});

export const stepRetry: Timed = job<ChainedFrom>("lambda.durableStepRetry", (key, ctx) => {
  const progress = progressOf(ctx, key);
  const row = progress?.find(key.operationId);
  if (!progress || row?.operation.Status !== "PENDING") return;
  progress.put(row, { Status: "READY" });
  goOnWith(progress, key.operationId);
});

function timedOut(ErrorMessage: string): Answer {
  return { status: "TIMED_OUT", error: { ErrorMessage, ErrorType: "Callback.Timeout" } };
}

export const callbackTimeout: Timed = job<ChainedFrom>("lambda.durableCallbackTimeout", (key, ctx) => {
  const progress = progressOf(ctx, key);
  if (progress) answerCallback(progress, key.operationId, timedOut("Callback timed out"));
});

/** No heartbeat came. */
export const silence: Timed = job<ChainedFrom>("lambda.durableSilence", (key, ctx) => {
  const progress = progressOf(ctx, key);
  if (progress) answerCallback(progress, key.operationId, timedOut("Callback timed out on heartbeat"));
});

/** The other function is invoked under this one's role. It answers now, or when its own execution ends. */
export const chainedCall: Timed = asynchronousJob<ChainedFrom>("lambda.durableCall", async (key, ctx) => {
  const found = ctx.reading(() => {
    const execution = runningExecution(ctx, key);
    const row = execution && ctx.db(operations).get([key.id, key.operationId]);
    return row?.operation.Status === "STARTED" && row.call ? { execution, call: row.call } : undefined;
  });
  if (!found?.execution) return;
  const answer = await call(ctx, key, found.execution, found.call);
  if (!answer) return;
  ctx.transaction((within) => {
    const progress = progressOf(within, key);
    if (progress) answerCall(progress, key.operationId, answer);
  });
});

interface Call {
  readonly FunctionName: string;
  readonly payload: string;
}

/** @returns undefined where the answer comes later */
async function call(
  ctx: BodyContext, parent: ChainedFrom, execution: DurableExecution, { FunctionName, payload }: Call,
): Promise<Answer | undefined> {
  const { name, number } = execution;
  const { account, name: callee, qualifier } = parseFunctionName(FunctionName);
  const role = ctx.reading(() => findVersion(ctx, name, number))?.settings.Role ?? "";
  try {
    if (account !== undefined && account !== ctx.account) {
      return failed("InvalidParameterValueException", "A chained function must be in the same account.");
    }
    const { sessionToken } = await roleCredentials(ctx, { name, role });
    const InvocationType = "DryRun";
    await ctx.call(lambda.Invoke, { FunctionName, InvocationType }, { as: { session: sessionToken } });
    const { traceHeader } = execution;
    const order = { name: callee, qualifier, payload: Buffer.from(payload), traceHeader, parent };
    const { outcome, isPending } = await invokeFunction(ctx, order);
    if (isPending) return undefined;
    const text = Buffer.from(outcome.payload).toString("utf8");
    return outcome.functionError ? { status: "FAILED", error: errorIn(text) }
      : { status: "SUCCEEDED", result: text };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return failed(error.code, error.message);
  }
}

function failed(ErrorType: string, ErrorMessage: string): Answer {
  return { status: "FAILED", error: { ErrorType, ErrorMessage } };
}

/** A function's error, as durable executions carry it. */
export function errorIn(text: string): ErrorObject {
  let parts: unknown;
  try {
    parts = JSON.parse(text);
  } catch {
    return { ErrorMessage: text };
  }
  const { errorMessage, errorType, stackTrace, trace } = (parts ?? {}) as Record<string, unknown>;
  const lines = stackTrace ?? trace;
  return {
    ...(typeof errorMessage === "string" && { ErrorMessage: errorMessage }),
    ...(typeof errorType === "string" && { ErrorType: errorType }),
    ...(Array.isArray(lines) && { StackTrace: lines.map(String) }),
  };
}
