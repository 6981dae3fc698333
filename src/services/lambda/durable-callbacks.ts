/** Whoever a durable execution waits for answers: it succeeded, it failed, it is still at it. */

import * as lambda from "../../generated/lambda.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { answerCallback, type Answer } from "./durable-answers.ts";
import { onCallback, parseCallbackId } from "./durable-callback-ids.ts";
import { Progress } from "./durable-progress.ts";
import { findExecution, type OperationRow } from "./durable-table.ts";
import { silence } from "./durable-timers.ts";
import { callbackOver } from "./durable-errors.ts";
import { invalidParameter } from "./errors.ts";

interface Found {
  readonly progress: Progress;
  readonly row: OperationRow;
}

/** @throws AwsError for an id that is none, and for a callback that nobody waits for any more */
function requireCallback(ctx: Context, CallbackId: string): Found {
  const callback = parseCallbackId(CallbackId);
  const execution = callback && findExecution(ctx, callback.executionArn);
  if (!callback || !execution) throw invalidParameter("Invalid callback id.");
  const progress = new Progress(ctx, execution);
  const row = progress.find(callback.operationId);
  if (row?.operation.CallbackDetails?.CallbackId !== CallbackId) {
    throw invalidParameter("Invalid callback id.");
  }
  if (execution.status !== "RUNNING" || row.operation.Status !== "STARTED") throw callbackOver();
  return { progress, row };
}

function settle(ctx: Context, CallbackId: string, answer: Answer): void {
  const { progress, row } = requireCallback(ctx, CallbackId);
  answerCallback(progress, row.operation.Id, answer);
}

export const SendDurableExecutionCallbackSuccess = operation(lambda.SendDurableExecutionCallbackSuccess, {
  ...onCallback,
  run({ CallbackId, Result }, ctx) {
    settle(ctx, CallbackId, { status: "SUCCEEDED", result: Result && Buffer.from(Result).toString("utf8") });
    return {};
  },
});

export const SendDurableExecutionCallbackFailure = operation(lambda.SendDurableExecutionCallbackFailure, {
  ...onCallback,
  run({ CallbackId, Error }, ctx) {
    settle(ctx, CallbackId, { status: "FAILED", error: Error ?? {} });
    return {};
  },
});

export const SendDurableExecutionCallbackHeartbeat = operation(
  lambda.SendDurableExecutionCallbackHeartbeat, {
    ...onCallback,
    run({ CallbackId }, ctx) {
      const { progress, row } = requireCallback(ctx, CallbackId);
      if (row.heartbeatSeconds === undefined) return {};
      const { name, executionName, id } = progress.execution;
      const operationId = row.operation.Id;
      ctx.schedule(silence, {
        at: ctx.clock.now() + row.heartbeatSeconds * 1_000,
        id: `${id} ${operationId}`,
        input: { name, executionName, id, operationId },
      });
      return {};
    },
  },
);
