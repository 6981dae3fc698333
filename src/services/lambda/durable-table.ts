/** Durable executions as rows: how far each has come, its operations, and what has happened in it. */

import type { ErrorObject, Event, ExecutionStatus, Operation } from "../../generated/lambda.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import type { Owner } from "../../kernel/operation.ts";
import { table } from "../../store/types.ts";
import { durableExecutionNotFound } from "./durable-errors.ts";
import { functionArn } from "./function-names.ts";
import { versionName } from "./function-table.ts";

export interface DurableExecution {
  /** The function. */
  readonly name: string;
  readonly executionName: string;
  readonly id: string;
  /** Of the version that all its invocations run. */
  readonly number: number;
  readonly status: ExecutionStatus;
  /** Epoch milliseconds, as all times here. */
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly timeoutSeconds: number;
  readonly retentionDays: number;
  readonly result?: string | undefined;
  readonly error?: ErrorObject | undefined;
  readonly traceHeader?: string | undefined;
  /** Nobody waits for it: what fails goes to the dead-letter queue. */
  readonly isAsynchronous: boolean;
  /** The execution that waits for this one, and in which operation. */
  readonly parent?: ChainedFrom | undefined;
  /** What the next checkpoint must bring; undefined where no invocation is under way. */
  readonly token?: string | undefined;
  /** The last checkpoint, for whoever sends it again. */
  readonly lastCheckpoint?: { readonly key: string; readonly ids: readonly string[] } | undefined;
  /** Operations that have changed since the function last looked. */
  readonly news: readonly string[];
  readonly isDue: boolean;
  /** An invocation was begun, and not seen to end. */
  readonly isInvoking: boolean;
  /** How many invocations in a row have failed. */
  readonly failures: number;
  readonly operationCount: number;
  readonly eventCount: number;
}

export interface ChainedFrom {
  readonly name: string;
  readonly executionName: string;
  readonly id: string;
  readonly operationId: string;
}

export const executions = table<DurableExecution, "started">("lambda.durableExecutions", {
  key: (row) => [row.name, row.executionName],
  indexes: { started: (row) => [row.name, row.startedAt, row.executionName] },
});

export interface OperationRow {
  readonly execution: string;
  readonly order: number;
  readonly operation: Operation;
  /** Of a callback: how long it may be silent. */
  readonly heartbeatSeconds?: number | undefined;
  /** Of a chained invocation: what the other function is given. */
  readonly call?: { readonly FunctionName: string; readonly payload: string } | undefined;
}

export const operations = table<OperationRow, "order">("lambda.durableOperations", {
  key: (row) => [row.execution, row.operation.Id],
  indexes: { order: (row) => [row.execution, row.order] },
});

export interface EventRow {
  readonly execution: string;
  readonly number: number;
  readonly event: Event;
}

export const events = table<EventRow>("lambda.durableEvents", {
  key: (row) => [row.execution, row.number],
});

type Named = Pick<DurableExecution, "name" | "number" | "executionName" | "id">;

export function executionArn(ctx: ReadContext, { name, number, executionName, id }: Named): string {
  return `${functionArn(ctx, name, versionName(number))}/durable-execution/${executionName}/${id}`;
}

interface ParsedArn {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly version: string;
  readonly executionName: string;
  readonly id: string;
}

export function parseExecutionArn(text: string): ParsedArn | undefined {
  const arn = parseArn(text);
  const parts = /^function:([^:]+):([^/]+)\/durable-execution\/([^/]+)\/([^/]+)$/.exec(arn?.resource ?? "");
  if (!arn || !parts) return undefined;
  const [, name = "", version = "", executionName = "", id = ""] = parts;
  return { account: arn.account, region: arn.region, name, version, executionName, id };
}

interface InputOnExecution {
  readonly DurableExecutionArn: string;
}

/** Rules of an operation on an execution. */
export const onExecution = {
  owner({ DurableExecutionArn }: InputOnExecution): Owner | undefined {
    const arn = parseExecutionArn(DurableExecutionArn);
    return arn && { account: arn.account };
  },
  resource: ({ DurableExecutionArn }: InputOnExecution): string => DurableExecutionArn,
};

export function findExecution(ctx: ReadContext, arn: string): DurableExecution | undefined {
  const parsed = parseExecutionArn(arn);
  if (parsed?.region !== ctx.region) return undefined;
  const found = ctx.db(executions).get([parsed.name, parsed.executionName]);
  return found?.id === parsed.id && versionName(found.number) === parsed.version ? found : undefined;
}

/** @throws AwsError where there is none, or none any more */
export function requireExecution(ctx: ReadContext, arn: string): DurableExecution {
  const found = findExecution(ctx, arn);
  if (!found) throw durableExecutionNotFound(arn);
  return found;
}

type Key = Pick<DurableExecution, "name" | "executionName" | "id">;

/** The execution as it is now, where it still runs. */
export function runningExecution(
  ctx: ReadContext, { name, executionName, id }: Key,
): DurableExecution | undefined {
  const found = ctx.db(executions).get([name, executionName]);
  return found?.id === id && found.status === "RUNNING" ? found : undefined;
}

/** Whoever waits for the execution to end waits on this. */
export function topicOf({ id }: Pick<DurableExecution, "id">): string {
  return `durable execution ${id}`;
}

/** In the order in which they were begun. */
export function operationsOf(ctx: ReadContext, { id }: Pick<DurableExecution, "id">): OperationRow[] {
  return [...ctx.db(operations).by("order").list({ prefix: [id] })];
}

/** The execution's own: the first, which holds what it was given. */
export function ownOperation(
  ctx: ReadContext, { id }: Pick<DurableExecution, "id">,
): OperationRow | undefined {
  return ctx.db(operations).by("order").first({ prefix: [id] });
}
