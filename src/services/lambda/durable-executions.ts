/** Durable executions: looked at, listed, stopped. */

import * as lambda from "../../generated/lambda.ts";
import type { Event } from "../../generated/lambda.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { endExecution } from "./durable-ending.ts";
import { Progress } from "./durable-progress.ts";
import {
  events, executionArn, executions, onExecution, ownOperation, requireExecution, type DurableExecution,
} from "./durable-table.ts";
import { invalidMarker } from "./errors.ts";
import { functionArn, namedFunction, onFunction, ownerOfFunction } from "./function-names.ts";
import { versionName } from "./function-table.ts";
import { requireQualified } from "./qualifiers.ts";

function shown(ctx: ReadContext, execution: DurableExecution): lambda.Execution {
  const { name, number, executionName, status, startedAt, endedAt } = execution;
  return {
    DurableExecutionArn: executionArn(ctx, execution),
    DurableExecutionName: executionName,
    FunctionArn: functionArn(ctx, name, versionName(number)),
    Status: status,
    StartTimestamp: startedAt,
    EndTimestamp: endedAt,
  };
}

export const GetDurableExecution = operation(lambda.GetDurableExecution, {
  ...onExecution,

  run({ DurableExecutionArn }, ctx) {
    const execution = requireExecution(ctx, DurableExecutionArn);
    const { result, error, number, traceHeader } = execution;
    const own = ownOperation(ctx, execution);
    return {
      ...shown(ctx, execution),
      InputPayload: own?.operation.ExecutionDetails?.InputPayload,
      Result: result,
      Error: error,
      Version: versionName(number),
      ...(traceHeader !== undefined && { TraceHeader: { XAmznTraceId: traceHeader } }),
    };
  },
});

const historyMax = 1_000;
const listedDefault = 100;

/** @evidence Lambda API Reference, GetDurableExecutionHistory, IncludeExecutionData: true by default */
export const GetDurableExecutionHistory = operation(lambda.GetDurableExecutionHistory, {
  ...onExecution,

  run({ DurableExecutionArn, IncludeExecutionData = true, MaxItems, Marker, ReverseOrder = false }, ctx) {
    const { id } = requireExecution(ctx, DurableExecutionArn);
    const { items, next } = page({
      rows: ctx.db(events),
      range: { prefix: [id], reverse: ReverseOrder },
      key: (row) => [row.execution, row.number],
      limit: Math.min(MaxItems || listedDefault, historyMax),
      token: Marker,
      scope: `GetDurableExecutionHistory ${id} ${ReverseOrder}`,
      invalid: invalidMarker,
    });
    const Events = items.map(({ event }) => (IncludeExecutionData ? event : withoutData(event)));
    return { Events, NextMarker: next };
  },
});

/** The same history, without what functions gave and got. */
function withoutData(event: Event): Event {
  return Object.fromEntries(Object.entries(event).map(([name, value]: [string, unknown]) =>
    [name, typeof value === "object" && value !== null ? withoutPayloads(value) : value])) as Event;
}

function withoutPayloads(details: object): object {
  return Object.fromEntries(Object.entries(details).map(([name, value]: [string, unknown]) => {
    const holdsData = name === "Result" || name === "Input" || name === "Error";
    return holdsData ? [name, { Truncated: true }] : [name, value];
  }));
}

export const ListDurableExecutionsByFunction = operation(lambda.ListDurableExecutionsByFunction, {
  owner: ownerOfFunction,
  resource: onFunction.resource,

  run(input, ctx) {
    const { name, qualifier } = namedFunction(input);
    const { version: { number } } = requireQualified(ctx, name, qualifier);
    const { Statuses, StartedAfter, StartedBefore, DurableExecutionName, ReverseOrder = false } = input;
    const { items, next } = page({
      rows: ctx.db(executions).by("started"),
      range: { prefix: [name], reverse: ReverseOrder },
      key: (row) => [row.name, row.startedAt, row.executionName],
      keep: (row) => (qualifier === undefined || row.number === number)
        && (DurableExecutionName === undefined || row.executionName === DurableExecutionName)
        && (Statuses === undefined || Statuses.includes(row.status))
        && (StartedAfter === undefined || row.startedAt > StartedAfter)
        && (StartedBefore === undefined || row.startedAt < StartedBefore),
      limit: Math.min(input.MaxItems || listedDefault, historyMax),
      token: input.Marker,
      scope: `ListDurableExecutionsByFunction ${name} ${ReverseOrder}`,
      invalid: invalidMarker,
    });
    return { DurableExecutions: items.map((row) => shown(ctx, row)), NextMarker: next };
  },
});

/** One that has ended stays as it ended. */
export const StopDurableExecution = operation(lambda.StopDurableExecution, {
  ...onExecution,

  run({ DurableExecutionArn, Error }, ctx) {
    const execution = requireExecution(ctx, DurableExecutionArn);
    endExecution(new Progress(ctx, execution), "STOPPED", { error: Error });
    return { StopTimestamp: execution.endedAt ?? ctx.clock.now() };
  },
});
