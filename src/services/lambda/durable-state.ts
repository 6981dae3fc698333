/** What the function is told of its execution: the operations that it still needs, in parts. */

import type { Operation } from "../../generated/lambda.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { openPageToken, pageToken } from "../../kernel/page.ts";
import { invalidMarker } from "./errors.ts";
import { operationsOf, type DurableExecution } from "./durable-table.ts";

/** Of one part, so that events stay below the 6 MB that an invocation takes. */
const partBytesMax = 4 * 1_048_576;
const partItemsMax = 1_000;
const scope = "lambda.GetDurableExecutionState";

export interface State {
  readonly Operations: Operation[];
  readonly NextMarker: string | undefined;
}

/** @param marker of an earlier part @throws AwsError for a marker that is none */
export function stateOf(
  ctx: ReadContext, execution: DurableExecution, marker?: string, itemsMax = partItemsMax,
): State {
  const after = marker ? openPageToken(scope, marker) : 0;
  if (typeof after !== "number") throw invalidMarker();
  const Operations: Operation[] = [];
  let bytes = 0;
  let last = after;
  for (const { order, operation } of needed(ctx, execution)) {
    if (order <= after) continue;
    bytes += JSON.stringify(operation).length;
    const isFull = Operations.length >= (itemsMax || partItemsMax) || bytes > partBytesMax;
    if (isFull && Operations.length > 0) return { Operations, NextMarker: pageToken(scope, last) };
    Operations.push(operation);
    last = order;
  }
  return { Operations, NextMarker: undefined };
}

/** What is within a context that is over is known by its result, unless it is to be replayed. */
function* needed(ctx: ReadContext, execution: DurableExecution) {
  const known = new Map<string, Operation>();
  const hidden = new Set<string>();
  for (const row of operationsOf(ctx, execution)) {
    const { operation } = row;
    known.set(operation.Id, operation);
    const parent = known.get(operation.ParentId ?? "");
    const isOver = parent?.Status === "SUCCEEDED" || parent?.Status === "FAILED";
    if (parent && (hidden.has(parent.Id) || (isOver && parent.ContextDetails?.ReplayChildren !== true))) {
      hidden.add(operation.Id);
    } else {
      yield row;
    }
  }
}
