/** The function is invoked for its execution, again and again until it says how it ended. */

import { asynchronousJob } from "../../jobs/job.ts";
import type { ErrorObject, Operation } from "../../generated/lambda.ts";
import type { Context } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { endExecution } from "./durable-ending.ts";
import { goOn, invocationJobName, type ExecutionKey } from "./durable-going-on.ts";
import { Progress } from "./durable-progress.ts";
import { stateOf } from "./durable-state.ts";
import { executionArn, operationsOf, runningExecution, type DurableExecution } from "./durable-table.ts";
import { errorIn } from "./durable-timers.ts";
import { functionArn } from "./function-names.ts";
import { findVersion, requireFunction, versionName, type FunctionVersion } from "./function-table.ts";
import { runVersion, type InvocationResult } from "./invocations.ts";

const firstPauseMilliseconds = 1_000;
const pauseMillisecondsMax = 60_000;

interface Begun {
  readonly version: FunctionVersion;
  readonly reserved: number | undefined;
  readonly payload: Buffer;
  readonly invokedArn: string;
  readonly traceHeader: string | undefined;
  readonly startedAt: number;
  readonly requestId: string;
}

export const durableInvocation = asynchronousJob<ExecutionKey>(invocationJobName, async (key, ctx) => {
  const begun = ctx.transaction((within) => begin(within, key));
  if (!begun) return;
  const { version, reserved, invokedArn, payload, requestId, traceHeader } = begun;
  let result: InvocationResult | AwsError;
  try {
    const order = { name: version.name, payload, requestId };
    result = await runVersion(ctx, { version, reserved, invokedArn }, traceHeader ?? "", order);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    result = error;
  }
  ctx.transaction((within) => end(within, key, begun, result));
});

/** Undefined where there is nothing to do any more. */
function begin(ctx: Context, key: ExecutionKey): Begun | undefined {
  const execution = runningExecution(ctx, key);
  const version = execution && findVersion(ctx, key.name, execution.number);
  if (!version || (!execution.isDue && !execution.isInvoking)) return undefined;
  const progress = new Progress(ctx, execution);
  const token = newToken(ctx);
  const { Operations, NextMarker = "" } = stateOf(ctx, execution);
  const payload = JSON.stringify({
    DurableExecutionArn: executionArn(ctx, execution),
    CheckpointToken: token,
    InitialExecutionState: { Operations: Operations.map(onTheWire), NextMarker },
    UpdatedOperationIds: execution.news,
  });
  progress.change({ token, isDue: false, isInvoking: true, news: [], lastCheckpoint: undefined });
  return {
    version,
    reserved: requireFunction(ctx, key.name).reservedConcurrency,
    payload: Buffer.from(payload),
    invokedArn: functionArn(ctx, key.name, versionName(version.number)),
    traceHeader: execution.traceHeader,
    startedAt: ctx.clock.now(),
    requestId: ctx.ids.uuid(),
  };
}

export function newToken(ctx: Context): string {
  return Buffer.from(ctx.ids.uuid()).toString("base64");
}

/** @evidence AWS Durable Execution SDK: times are ISO 8601 in the event of an invocation */
function onTheWire({ StepDetails, WaitDetails, ...operation }: Operation): object {
  return {
    ...withIsoTimes(operation),
    ...(StepDetails && { StepDetails: withIsoTimes(StepDetails) }),
    ...(WaitDetails && { WaitDetails: withIsoTimes(WaitDetails) }),
  };
}

function withIsoTimes(members: object): object {
  return Object.fromEntries(Object.entries(members).map(([name, value]: [string, unknown]) =>
    [name, name.endsWith("Timestamp") && typeof value === "number" ? new Date(value).toISOString() : value]));
}

/** What a function answers that speaks for an execution. */
interface Verdict {
  readonly Status?: unknown;
  readonly Result?: unknown;
  readonly Error?: unknown;
}

function end(ctx: Context, key: ExecutionKey, begun: Begun, result: InvocationResult | AwsError): void {
  const execution = runningExecution(ctx, key);
  if (!execution) return;
  const progress = new Progress(ctx, execution);
  progress.change({ isInvoking: false, token: undefined });
  if (result instanceof AwsError) {
    const error = { ErrorType: result.code, ErrorMessage: result.message };
    if (result.code === "InvalidRuntimeException") return endExecution(progress, "FAILED", { error });
    return tryAgain(progress);
  }
  const text = Buffer.from(result.outcome.payload).toString("utf8");
  const error = result.outcome.functionError ? errorIn(text) : undefined;
  progress.record({
    EventType: "InvocationCompleted",
    InvocationCompletedDetails: {
      StartTimestamp: begun.startedAt,
      EndTimestamp: ctx.clock.now(),
      RequestId: result.requestId,
      ...(error && { Error: { Payload: error, Truncated: false } }),
    },
  });
  if (error) return tryAgain(progress);
  progress.change({ failures: 0 });
  obey(progress, verdictIn(text));
}

/** A function that fails without a word about its execution is invoked again: the steps done stay done. */
function tryAgain(progress: Progress): void {
  const { failures } = progress.execution;
  progress.change({ failures: failures + 1 });
  goOn(progress, Math.min(firstPauseMilliseconds * 2 ** failures, pauseMillisecondsMax));
}

function verdictIn(text: string): Verdict {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

function obey(progress: Progress, { Status, Result, Error }: Verdict): void {
  switch (Status) {
    case "SUCCEEDED":
      return endExecution(progress, "SUCCEEDED", typeof Result === "string" ? { result: Result } : {});
    case "FAILED":
      return endExecution(progress, "FAILED", { error: (Error ?? {}) as ErrorObject });
    case "PENDING":
      if (progress.execution.isDue || isWaiting(progress.ctx, progress.execution)) return;
      return endExecution(progress, "FAILED", {
        error: { ErrorMessage: "Cannot return PENDING status with no pending operations." },
      });
    default:
      endExecution(progress, "FAILED", { error: { ErrorMessage: "Invalid Status in invocation output." } });
  }
}

const external = ["WAIT", "CALLBACK", "CHAINED_INVOKE"];

function isWaiting(ctx: Context, execution: DurableExecution): boolean {
  return operationsOf(ctx, execution).some(({ operation: { Type, Status } }) =>
    Status === "PENDING" || Status === "READY" || (Status === "STARTED" && external.includes(Type)));
}
