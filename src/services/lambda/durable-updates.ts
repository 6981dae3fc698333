/**
 * What a checkpoint says of an operation: whether it may be, what the operation is then, and what is to
 * happen later.
 *
 * @evidence Lambda API Reference, CheckpointDurableExecution and OperationUpdate; refusals as the AWS Durable
 *   Execution SDK's own testing library words them
 */

import type { Operation, OperationAction, OperationType, OperationUpdate } from
  "../../generated/lambda.ts";
import { invalidParameter } from "./errors.ts";
import { callbackIdOf } from "./durable-callback-ids.ts";
import { errorOf, resultOf, type Details, type Progress } from "./durable-progress.ts";
import { endExecution } from "./durable-ending.ts";
import type { OperationRow } from "./durable-table.ts";
import { callbackTimeout, chainedCall, silence, stepRetry, waitEnd, type Timed } from "./durable-timers.ts";

const errorBytesMax = 32_768;

const actions: Readonly<Record<OperationType, readonly OperationAction[]>> = {
  EXECUTION: ["SUCCEED", "FAIL"],
  CONTEXT: ["START", "SUCCEED", "FAIL"],
  STEP: ["START", "SUCCEED", "FAIL", "RETRY"],
  WAIT: ["START", "CANCEL"],
  CALLBACK: ["START", "CANCEL"],
  CHAINED_INVOKE: ["START", "CANCEL"],
};

/** @throws AwsError for updates that can't be together, or one of which can't be */
export function applyUpdates(progress: Progress, updates: readonly OperationUpdate[]): void {
  const ofExecution = updates.filter(({ Type }) => Type === "EXECUTION");
  if (ofExecution.length > 1) throw invalidParameter("Cannot checkpoint multiple EXECUTION updates.");
  if (ofExecution.length === 1 && updates.at(-1)?.Type !== "EXECUTION") {
    throw invalidParameter("EXECUTION checkpoint must be the last update.");
  }
  for (const update of updates) apply(progress, update);
}

function apply(progress: Progress, update: OperationUpdate): void {
  if (update.Error && Buffer.byteLength(JSON.stringify(update.Error)) > errorBytesMax) {
    throw invalidParameter(`Error object size must be less than ${errorBytesMax} bytes.`);
  }
  if (!actions[update.Type].includes(update.Action)) {
    throw invalidParameter("Invalid action for the given operation type.");
  }
  requireOneOutcome(update);
  if (update.Type === "EXECUTION") return applyToExecution(progress, update);
  const known = progress.find(update.Id);
  if (known && known.operation.Type !== update.Type) {
    throw invalidParameter("Inconsistent operation type.");
  }
  requireParent(progress, update);
  switch (update.Action) {
    case "START":
      return begin(progress, update, known);
    case "RETRY":
      return retry(progress, update, known);
    case "CANCEL":
      return cancel(progress, update, known);
    default:
      return close(progress, update, known);
  }
}

function requireOneOutcome({ Action, Payload, Error }: OperationUpdate): void {
  if (Action === "FAIL" && Payload !== undefined) {
    throw invalidParameter("Cannot provide a Payload for FAIL action.");
  }
  if (Action === "SUCCEED" && Error !== undefined) {
    throw invalidParameter("Cannot provide an Error for SUCCEED action.");
  }
}

function requireParent(progress: Progress, { ParentId }: OperationUpdate): void {
  if (ParentId === undefined || progress.find(ParentId)?.operation.Type === "CONTEXT") return;
  throw invalidParameter("Invalid parent operation id.");
}

function applyToExecution(progress: Progress, { Action, Payload, Error }: OperationUpdate): void {
  if (Action === "SUCCEED") endExecution(progress, "SUCCEEDED", { result: Payload });
  else endExecution(progress, "FAILED", { error: Error });
}

/** A new operation as the update describes it. */
function made(progress: Progress, update: OperationUpdate, Status: Operation["Status"]): Operation {
  const { Id, ParentId, Name, Type, SubType } = update;
  return { Id, ParentId, Name, Type, SubType, StartTimestamp: progress.ctx.clock.now(), Status };
}

function begin(progress: Progress, update: OperationUpdate, known: OperationRow | undefined): void {
  if (update.Type === "STEP") return beginStep(progress, update, known);
  if (known) throw invalidParameter(`Cannot start a ${update.Type} that already exists.`);
  const operation = made(progress, update, "STARTED");
  switch (update.Type) {
    case "CONTEXT":
      progress.add(operation);
      return progress.record({ EventType: "ContextStarted", ContextStartedDetails: {} }, operation);
    case "WAIT":
      return beginWait(progress, update, operation);
    case "CALLBACK":
      return beginCallback(progress, update, operation);
    default:
      return beginCall(progress, update, operation);
  }
}

function beginStep(progress: Progress, update: OperationUpdate, known: OperationRow | undefined): void {
  if (known && known.operation.Status !== "READY") {
    throw invalidParameter("Invalid current STEP state to start.");
  }
  let operation = made(progress, update, "STARTED");
  if (known) operation = progress.put(known, { Status: "STARTED" });
  else progress.add(operation);
  progress.record({ EventType: "StepStarted", StepStartedDetails: {} }, operation);
}

function beginWait(progress: Progress, { WaitOptions }: OperationUpdate, operation: Operation): void {
  const Duration = WaitOptions?.WaitSeconds;
  if (Duration === undefined) throw invalidParameter("Invalid WaitOptions for the given action.");
  const ScheduledEndTimestamp = operation.StartTimestamp + Duration * 1_000;
  progress.add({ ...operation, WaitDetails: { ScheduledEndTimestamp } });
  progress.record({
    EventType: "WaitStarted", WaitStartedDetails: { Duration, ScheduledEndTimestamp },
  }, operation);
  later(progress, waitEnd, operation, Duration);
}

function beginCallback(progress: Progress, update: OperationUpdate, operation: Operation): void {
  const { TimeoutSeconds, HeartbeatTimeoutSeconds } = update.CallbackOptions ?? {};
  const CallbackId = callbackIdOf(progress.ctx, progress.execution, operation.Id);
  const heartbeatSeconds = HeartbeatTimeoutSeconds || undefined;
  progress.add({ ...operation, CallbackDetails: { CallbackId } }, { heartbeatSeconds });
  progress.record({
    EventType: "CallbackStarted",
    CallbackStartedDetails: {
      CallbackId, Timeout: TimeoutSeconds, HeartbeatTimeout: HeartbeatTimeoutSeconds,
    },
  }, operation);
  if (TimeoutSeconds) later(progress, callbackTimeout, operation, TimeoutSeconds);
  if (heartbeatSeconds !== undefined) later(progress, silence, operation, heartbeatSeconds);
}

function beginCall(progress: Progress, update: OperationUpdate, operation: Operation): void {
  const { ChainedInvokeOptions, Payload = "" } = update;
  if (!ChainedInvokeOptions) throw invalidParameter("Invalid ChainedInvokeOptions for the given action.");
  const { FunctionName } = ChainedInvokeOptions;
  progress.add(operation, { call: { FunctionName, payload: Payload } });
  progress.record({
    EventType: "ChainedInvokeStarted",
    ChainedInvokeStartedDetails: { FunctionName, Input: { Payload, Truncated: false } },
  }, operation);
  later(progress, chainedCall, operation, 0);
}

function retry(progress: Progress, update: OperationUpdate, known: OperationRow | undefined): void {
  const { Payload: Result, Error, StepOptions } = update;
  if (known && known.operation.Status !== "STARTED" && known.operation.Status !== "READY") {
    throw invalidParameter("Invalid current STEP state to re-attempt.");
  }
  if (!StepOptions) throw invalidParameter("Invalid StepOptions for the given action.");
  if (Error && Result !== undefined) {
    throw invalidParameter("Cannot provide both error and payload to RETRY a STEP.");
  }
  const { NextAttemptDelaySeconds = 1 } = StepOptions;
  const Attempt = (known?.operation.StepDetails?.Attempt ?? 0) + 1;
  const NextAttemptTimestamp = progress.ctx.clock.now() + NextAttemptDelaySeconds * 1_000;
  const StepDetails = { Attempt, NextAttemptTimestamp, Result, Error };
  const details = { StepDetails, Status: "PENDING" } as const;
  let operation = { ...made(progress, update, "PENDING"), ...details };
  if (known) operation = { ...operation, ...progress.put(known, details), ...details };
  else progress.add(operation);
  const RetryDetails = { CurrentAttempt: Attempt, NextAttemptDelaySeconds };
  progress.record(Error
    ? { EventType: "StepFailed", StepFailedDetails: { ...errorOf(Error), RetryDetails } }
    : { EventType: "StepSucceeded", StepSucceededDetails: { ...resultOf(Result), RetryDetails } }, operation);
  later(progress, stepRetry, operation, NextAttemptDelaySeconds);
}

/** A wait that nobody waits for any more, a callback that is not needed, a call whose answer is not. */
function cancel(progress: Progress, update: OperationUpdate, known: OperationRow | undefined): void {
  if (known?.operation.Status !== "STARTED") {
    throw invalidParameter(`Cannot cancel a ${update.Type} that does not exist or has already completed.`);
  }
  const operation = progress.end(known, "CANCELLED");
  if (update.Type === "WAIT") {
    progress.record({ EventType: "WaitCancelled", WaitCancelledDetails: errorOf(update.Error) }, operation);
  }
}

function close(progress: Progress, update: OperationUpdate, known: OperationRow | undefined): void {
  const { Type, Action, Payload: Result, Error } = update;
  const status = known?.operation.Status ?? "STARTED";
  const isOpen = status === "STARTED" || (Type === "STEP" && status === "READY");
  if (!isOpen) throw invalidParameter(`Invalid current ${Type} state to close.`);
  if (!known) progress.add(made(progress, update, "STARTED"));
  const row = known ?? progress.find(update.Id);
  if (!row) return;
  const Attempt = (row.operation.StepDetails?.Attempt ?? 0) + 1;
  const ReplayChildren = update.ContextOptions?.ReplayChildren;
  const details = Type === "STEP"
    ? { StepDetails: { Attempt, Result, Error } }
    : { ContextDetails: { Result, Error, ...(ReplayChildren !== undefined && { ReplayChildren }) } };
  const operation = progress.end(row, Action === "SUCCEED" ? "SUCCEEDED" : "FAILED", details);
  progress.record(closing(update, Attempt), operation);
}

function closing({ Type, Action, Payload, Error }: OperationUpdate, attempt: number): Details {
  const RetryDetails = { CurrentAttempt: attempt };
  if (Type === "STEP") {
    return Action === "SUCCEED"
      ? { EventType: "StepSucceeded", StepSucceededDetails: { ...resultOf(Payload), RetryDetails } }
      : { EventType: "StepFailed", StepFailedDetails: { ...errorOf(Error), RetryDetails } };
  }
  return Action === "SUCCEED"
    ? { EventType: "ContextSucceeded", ContextSucceededDetails: resultOf(Payload) }
    : { EventType: "ContextFailed", ContextFailedDetails: errorOf(Error) };
}

function later({ ctx, execution }: Progress, timer: Timed, operation: Operation, seconds: number): void {
  const { name, executionName, id } = execution;
  ctx.schedule(timer, {
    at: ctx.clock.now() + seconds * 1_000,
    id: `${id} ${operation.Id}`,
    input: { name, executionName, id, operationId: operation.Id },
  });
}
