/** An execution ends: whoever waits for it is told, and in time it is forgotten. */

import type { ErrorObject, ExecutionStatus } from "../../generated/lambda.ts";
import { asynchronousJob, job } from "../../jobs/job.ts";
import type { BodyContext, Context, ServiceEvent } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { meter } from "../../kernel/metrics.ts";
import { sendDeadLetter } from "./dead-letters.ts";
import { answerCall } from "./durable-answers.ts";
import type { ExecutionKey } from "./durable-going-on.ts";
import { errorOf, Progress, resultOf, type Details } from "./durable-progress.ts";
import {
  events, executionArn, executions, operations, ownOperation, runningExecution, topicOf,
  type DurableExecution,
} from "./durable-table.ts";
import { functionArn } from "./function-names.ts";
import { findVersion, versionName } from "./function-table.ts";
import { countDeadLetterError } from "./invocation-metrics.ts";

type EndStatus = Exclude<ExecutionStatus, "RUNNING">;

interface Ending {
  readonly result?: string | undefined;
  readonly error?: ErrorObject | undefined;
}

const dayMilliseconds = 86_400_000;

/** @evidence Lambda Developer Guide, "Monitoring durable functions": metrics of durable executions */
const meters = {
  RUNNING: meter("AWS/Lambda", "DurableExecutionStarted", "Count", ["FunctionName"]),
  SUCCEEDED: meter("AWS/Lambda", "DurableExecutionSucceeded", "Count", ["FunctionName"]),
  FAILED: meter("AWS/Lambda", "DurableExecutionFailed", "Count", ["FunctionName"]),
  TIMED_OUT: meter("AWS/Lambda", "DurableExecutionTimedOut", "Count", ["FunctionName"]),
  STOPPED: meter("AWS/Lambda", "DurableExecutionStopped", "Count", ["FunctionName"]),
} as const;
const duration = meter("AWS/Lambda", "DurableExecutionDuration", "Milliseconds", ["FunctionName"]);

export function endExecution(progress: Progress, status: EndStatus, { result, error }: Ending): void {
  const { ctx } = progress;
  if (progress.execution.status !== "RUNNING") return;
  const own = ownOperation(ctx, progress.execution);
  if (own) progress.end(own, status);
  progress.record(ended(status, { result, error }), own?.operation);
  progress.change({
    status, result, error, endedAt: ctx.clock.now(), token: undefined, isDue: false, news: [],
  });
  const { execution } = progress;
  const { name, executionName, id, retentionDays, parent } = execution;
  const key = { name, executionName, id };
  ctx.unschedule(executionTimeout, id);
  ctx.schedule(forgetDurableExecution, {
    at: ctx.clock.now() + retentionDays * dayMilliseconds, id, input: key,
  });
  tellStatus(ctx, execution);
  ctx.metric(duration, [name], ctx.clock.now() - execution.startedAt);
  ctx.wake(topicOf(execution));
  if (execution.isAsynchronous && status !== "SUCCEEDED") {
    ctx.schedule(durableDeadLetter, { at: ctx.clock.now(), id, input: key });
  }
  const waiting = parent && runningExecution(ctx, parent);
  if (waiting) answerCall(new Progress(ctx, waiting), parent.operationId, { status, result, error });
}

function ended(status: EndStatus, { result, error }: Ending): Details {
  switch (status) {
    case "SUCCEEDED":
      return { EventType: "ExecutionSucceeded", ExecutionSucceededDetails: resultOf(result) };
    case "FAILED":
      return { EventType: "ExecutionFailed", ExecutionFailedDetails: errorOf(error) };
    case "TIMED_OUT":
      return { EventType: "ExecutionTimedOut", ExecutionTimedOutDetails: errorOf(error) };
    case "STOPPED":
      return { EventType: "ExecutionStopped", ExecutionStoppedDetails: errorOf(error) };
  }
}

/** @evidence Lambda Developer Guide, "Monitoring durable functions", EventBridge events */
export function tellStatus(ctx: Context, execution: DurableExecution): void {
  const { name, number, executionName, status, startedAt, endedAt } = execution;
  ctx.metric(meters[status], [name], 1);
  const arn = executionArn(ctx, execution);
  const event: ServiceEvent = {
    source: "aws.lambda",
    detailType: "Durable Execution Status Change",
    resources: [arn],
    detail: {
      version: "1",
      durableExecutionArn: arn,
      durableExecutionName: executionName,
      functionArn: functionArn(ctx, name, versionName(number)),
      status,
      startTimestamp: new Date(startedAt).toISOString(),
      ...(endedAt !== undefined && { endTimestamp: new Date(endedAt).toISOString() }),
    },
  };
  ctx.emit(event);
}

export const executionTimeout = job<ExecutionKey>("lambda.durableTimeout", (key, ctx) => {
  const execution = runningExecution(ctx, key);
  if (!execution) return;
  const error = { ErrorMessage: "Execution timed out", ErrorType: "ExecutionTimedOut" };
  endExecution(new Progress(ctx, execution), "TIMED_OUT", { error });
});

const recordsAtOnce = 500;

/** Operations and history of an execution that is gone, some at a time. */
export const forgetRecords = job<{ readonly id: string }>("lambda.forgetDurableRecords", ({ id }, ctx) => {
  const some = { prefix: [id], limit: recordsAtOnce };
  const theirOperations = [...ctx.db(operations).list(some)];
  const theirEvents = [...ctx.db(events).list(some)];
  for (const { operation } of theirOperations) ctx.db(operations).delete([id, operation.Id]);
  for (const { number } of theirEvents) ctx.db(events).delete([id, number]);
  if (theirOperations.length < recordsAtOnce && theirEvents.length < recordsAtOnce) return;
  ctx.schedule(forgetRecords, { id, at: ctx.clock.now(), input: { id } });
});

function forgetExecution(ctx: Context, { name, executionName, id }: ExecutionKey): void {
  ctx.db(executions).delete([name, executionName]);
  ctx.schedule(forgetRecords, { id, at: ctx.clock.now(), input: { id } });
}

export const forgetDurableExecution = job<ExecutionKey>("lambda.forgetDurableExecution", (key, ctx) => {
  if (ctx.db(executions).get([key.name, key.executionName])?.id === key.id) forgetExecution(ctx, key);
});

/** With a function all of its executions go; whoever waits for one waits no more. */
export function forgetExecutions(ctx: Context, name: string): void {
  const error = { ErrorMessage: "The function was deleted.", ErrorType: "ExecutionStopped" };
  for (const execution of [...ctx.db(executions).list({ prefix: [name] })]) {
    endExecution(new Progress(ctx, execution), "STOPPED", { error });
    ctx.unschedule(forgetDurableExecution, execution.id);
    forgetExecution(ctx, execution);
  }
}

/** @evidence Lambda Developer Guide, "Best practices for Lambda durable functions", error handling */
export const durableDeadLetter = asynchronousJob<ExecutionKey>("lambda.durableDeadLetter", mourn);

async function mourn(key: ExecutionKey, ctx: BodyContext): Promise<void> {
  const found = ctx.reading(() => {
    const execution = ctx.db(executions).get([key.name, key.executionName]);
    const version = execution && findVersion(ctx, key.name, execution.number);
    const own = execution && ownOperation(ctx, execution);
    return execution?.id === key.id && version ? { execution, version, own } : undefined;
  });
  if (!found) return;
  const { execution: { id, status, error }, version, own } = found;
  try {
    await sendDeadLetter(ctx, version, {
      requestId: id,
      payload: Buffer.from(own?.operation.ExecutionDetails?.InputPayload ?? ""),
      errorCode: 200,
      errorMessage: error?.ErrorMessage ?? status,
    });
  } catch (refused) {
    if (!(refused instanceof AwsError)) throw refused;
    countDeadLetterError(ctx, version);
  }
}
