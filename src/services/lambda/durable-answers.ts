/** What comes of callbacks and chained invocations: from outside, once. */

import type { ErrorObject, Operation, OperationStatus } from "../../generated/lambda.ts";
import { goOnWith } from "./durable-going-on.ts";
import { errorOf, resultOf, type Details, type Progress } from "./durable-progress.ts";

export type AnswerStatus = Extract<OperationStatus, "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "STOPPED">;

export interface Answer {
  readonly status: AnswerStatus;
  readonly result?: string | undefined;
  readonly error?: ErrorObject | undefined;
}

/** @returns whether somebody waited for it */
export function answerCallback(progress: Progress, operationId: string, answer: Answer): boolean {
  const { status, result: Result, error: Error } = answer;
  const row = progress.find(operationId);
  if (row?.operation.Type !== "CALLBACK" || row.operation.Status !== "STARTED") return false;
  const CallbackDetails = { ...row.operation.CallbackDetails, Result, Error };
  const operation = progress.end(row, status, { CallbackDetails });
  progress.record(callbackEnded(answer), operation);
  goOnWith(progress, operationId);
  return true;
}

function callbackEnded({ status, result, error }: Answer): Details {
  if (status === "SUCCEEDED") {
    return { EventType: "CallbackSucceeded", CallbackSucceededDetails: resultOf(result) };
  }
  return status === "TIMED_OUT"
    ? { EventType: "CallbackTimedOut", CallbackTimedOutDetails: errorOf(error) }
    : { EventType: "CallbackFailed", CallbackFailedDetails: errorOf(error) };
}

export function answerCall(progress: Progress, operationId: string, answer: Answer): void {
  const { status, result: Result, error: Error } = answer;
  const row = progress.find(operationId);
  if (row?.operation.Type !== "CHAINED_INVOKE" || row.operation.Status !== "STARTED") return;
  const operation: Operation = progress.end(row, status, { ChainedInvokeDetails: { Result, Error } });
  progress.record(callEnded(answer), operation);
  goOnWith(progress, operationId);
}

function callEnded({ status, result, error }: Answer): Details {
  switch (status) {
    case "SUCCEEDED":
      return { EventType: "ChainedInvokeSucceeded", ChainedInvokeSucceededDetails: resultOf(result) };
    case "TIMED_OUT":
      return { EventType: "ChainedInvokeTimedOut", ChainedInvokeTimedOutDetails: errorOf(error) };
    case "STOPPED":
      return { EventType: "ChainedInvokeStopped", ChainedInvokeStoppedDetails: errorOf(error) };
    case "FAILED":
      return { EventType: "ChainedInvokeFailed", ChainedInvokeFailedDetails: errorOf(error) };
  }
}
