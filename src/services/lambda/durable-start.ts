/** Executions begin: once for each name, and whoever waits gets what comes of it. */

import { hash } from "node:crypto";
import type { ErrorObject } from "../../generated/lambda.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import type { Outcome } from "../../planes/functions/contract.ts";
import { executionTimeout, tellStatus } from "./durable-ending.ts";
import { goOn } from "./durable-going-on.ts";
import { Progress } from "./durable-progress.ts";
import {
  executions, ownOperation, topicOf, type ChainedFrom, type DurableExecution,
} from "./durable-table.ts";
import { durableExecutionStarted } from "./durable-errors.ts";
import type { FunctionVersion } from "./function-table.ts";

/** @evidence Lambda API Reference, DurableConfig */
export const retentionDaysDefault = 14;
/** @evidence Lambda Developer Guide, "Invoking Lambda durable functions", synchronous invocation */
export const synchronousSecondsMax = 900;

export interface Start {
  readonly version: FunctionVersion;
  readonly payload: Uint8Array;
  readonly executionName?: string | undefined;
  readonly traceHeader?: string | undefined;
  readonly isAsynchronous?: boolean;
  readonly parent?: ChainedFrom | undefined;
  /** Default: the function's own. */
  readonly timeoutSecondsMax?: number;
}

/**
 * A name that is taken stands for the execution that has it, if that was given the same.
 *
 * @throws AwsError where it was given something else
 * @evidence Lambda Developer Guide, "Idempotency"; the error's documentation: unique within the function
 */
export function startExecution(ctx: Context, start: Start): DurableExecution {
  const { version: { name, number, settings }, traceHeader, isAsynchronous = false, parent } = start;
  const { ExecutionTimeout = synchronousSecondsMax, RetentionPeriodInDays } = settings.DurableConfig ?? {};
  const input = Buffer.from(start.payload).toString("utf8") || "{}";
  const executionName = start.executionName ?? (parent ? chainedName(parent) : ctx.ids.uuid());
  const known = ctx.db(executions).get([name, executionName]);
  if (known) {
    const own = ownOperation(ctx, known);
    if (own?.operation.ExecutionDetails?.InputPayload === input) return known;
    throw durableExecutionStarted(executionName);
  }
  const now = ctx.clock.now();
  const timeoutSeconds = Math.min(ExecutionTimeout, start.timeoutSecondsMax ?? ExecutionTimeout);
  const progress = new Progress(ctx, ctx.db(executions).add({
    name,
    executionName,
    id: ctx.ids.uuid(),
    number,
    status: "RUNNING",
    startedAt: now,
    timeoutSeconds,
    retentionDays: RetentionPeriodInDays ?? retentionDaysDefault,
    traceHeader,
    isAsynchronous,
    parent,
    news: [],
    isDue: true,
    isInvoking: false,
    failures: 0,
    operationCount: 0,
    eventCount: 0,
  }));
  const { id } = progress.execution;
  const operation = {
    Id: ctx.ids.uuid(),
    Name: executionName,
    Type: "EXECUTION",
    StartTimestamp: now,
    Status: "STARTED",
    ExecutionDetails: { InputPayload: input },
  } as const;
  progress.add(operation);
  progress.record({
    EventType: "ExecutionStarted",
    ExecutionStartedDetails: {
      Input: { Payload: input, Truncated: false }, ExecutionTimeout: timeoutSeconds,
    },
  }, operation);
  const at = now + timeoutSeconds * 1_000;
  ctx.schedule(executionTimeout, { at, id, input: { name, executionName, id } });
  tellStatus(ctx, progress.execution);
  goOn(progress);
  return progress.execution;
}

/** Of what another execution has called: the same call, made again after a stop, is the same execution. */
function chainedName({ id, operationId }: ChainedFrom): string {
  return hash("sha256", `${id} ${operationId}`).slice(0, 32);
}

/** Until it has ended; it times out by itself. */
export async function awaitExecution(
  ctx: BodyContext, { name, executionName, timeoutSeconds }: DurableExecution,
): Promise<Outcome> {
  for (;;) {
    const execution = ctx.reading(() => ctx.db(executions).get([name, executionName]));
    if (!execution) return outcomeOf("STOPPED", undefined, { ErrorMessage: "The function was deleted." });
    const { status, result, error } = execution;
    if (status !== "RUNNING") return outcomeOf(status, result, error);
    if (ctx.signal.aborted) return outcomeOf(status, undefined, { ErrorMessage: "Nobody waits any more." });
    await ctx.wait(timeoutSeconds * 1_000, topicOf(execution));
  }
}

function outcomeOf(status: string, result: string | undefined, error: ErrorObject | undefined): Outcome {
  const isFailed = status !== "SUCCEEDED";
  const { ErrorMessage, ErrorType = status, ErrorData, StackTrace } = error ?? {};
  const failure = {
    errorMessage: ErrorMessage, errorType: ErrorType, errorData: ErrorData, stackTrace: StackTrace,
  };
  return {
    payload: Buffer.from(isFailed ? JSON.stringify(failure) : (result ?? "null")),
    contentType: "application/json",
    ...(isFailed && { functionError: "Unhandled", errorType: ErrorType }),
    report: { durationMilliseconds: 0, billedMilliseconds: 0, memoryMegabytesUsed: 0 },
    logStreamName: "",
    logTail: "",
  };
}
