/** CheckpointDurableExecution and GetDurableExecutionState: what a running function says and asks. */

import * as lambda from "../../generated/lambda.ts";
import type { Operation } from "../../generated/lambda.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { Progress } from "./durable-progress.ts";
import { newToken } from "./durable-running.ts";
import { stateOf } from "./durable-state.ts";
import {
  executions, findExecution, onExecution, operations, ownOperation, type DurableExecution,
} from "./durable-table.ts";
import { applyUpdates } from "./durable-updates.ts";
import { invalidCheckpointToken } from "./durable-errors.ts";

/** @throws AwsError for a token that is not that of the invocation that is under way */
function requireToken(ctx: ReadContext, arn: string, token: string): DurableExecution {
  const execution = findExecution(ctx, arn);
  if (execution?.status !== "RUNNING" || execution.token !== token) throw invalidCheckpointToken();
  return execution;
}

/** The same request once more, because its answer did not arrive: undefined for any other. */
function repeated(
  ctx: ReadContext, arn: string, key: string,
): lambda.CheckpointDurableExecutionResponse | undefined {
  const execution = findExecution(ctx, arn);
  if (execution?.lastCheckpoint?.key !== key) return undefined;
  return answer(ctx, execution, execution.lastCheckpoint.ids);
}

function answer(
  ctx: ReadContext, { id, token }: DurableExecution, ids: readonly string[],
): lambda.CheckpointDurableExecutionResponse {
  const Operations = ids.flatMap((each): Operation[] => {
    const row = ctx.db(operations).get([id, each]);
    return row ? [row.operation] : [];
  });
  return { CheckpointToken: token, NewExecutionState: { Operations } };
}

export const CheckpointDurableExecution = operation(lambda.CheckpointDurableExecution, {
  ...onExecution,

  run({ DurableExecutionArn: arn, CheckpointToken, ClientToken, Updates = [] }, ctx) {
    const key = `${CheckpointToken} ${ClientToken}`;
    const again = ClientToken === undefined ? undefined : repeated(ctx, arn, key);
    if (again) return again;
    const execution = requireToken(ctx, arn, CheckpointToken);
    const progress = new Progress(ctx, execution);
    applyUpdates(progress, Updates);
    const own = ownOperation(ctx, execution)?.operation.Id ?? "";
    const told = Updates.map(({ Type, Id }) => (Type === "EXECUTION" ? own : Id));
    const ids = [...new Set([...execution.news, ...told])];
    const isOver = progress.execution.status !== "RUNNING";
    progress.change({
      token: isOver ? undefined : newToken(ctx), news: [], isDue: false, lastCheckpoint: { key, ids },
    });
    return answer(ctx, ctx.db(executions).get([execution.name, execution.executionName]) ?? execution, ids);
  },
});

export const GetDurableExecutionState = operation(lambda.GetDurableExecutionState, {
  ...onExecution,

  run({ DurableExecutionArn: arn, CheckpointToken, Marker, MaxItems }, ctx) {
    return stateOf(ctx, requireToken(ctx, arn, CheckpointToken), Marker, MaxItems);
  },
});
