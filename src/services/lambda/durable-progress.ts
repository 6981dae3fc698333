/** What changes of an execution in one transaction: its operations, its history, and whether it goes on. */

import type { ErrorObject, Event, Operation, OperationStatus } from "../../generated/lambda.ts";
import type { Context } from "../../kernel/context.ts";
import { tooManyOperations } from "./durable-errors.ts";
import { events, executions, operations, type DurableExecution, type OperationRow } from "./durable-table.ts";

/** The members of an event of the history that say what happened. */
export type Details = Omit<Event, "SubType" | "EventId" | "Id" | "Name" | "EventTimestamp" | "ParentId">;

/** @evidence Lambda Developer Guide, "Monitoring durable functions": 3,000 operations, its own apart */
const operationsMax = 3_000;

export class Progress {
  readonly ctx: Context;
  execution: DurableExecution;

  constructor(ctx: Context, execution: DurableExecution) {
    this.ctx = ctx;
    this.execution = execution;
  }

  change(changes: Partial<DurableExecution>): void {
    this.execution = this.ctx.db(executions).put({ ...this.execution, ...changes });
  }

  find(id: string): OperationRow | undefined {
    return this.ctx.db(operations).get([this.execution.id, id]);
  }

  add(operation: Operation, more: Pick<OperationRow, "heartbeatSeconds" | "call"> = {}): void {
    const order = this.execution.operationCount + 1;
    if (order > operationsMax + 1) throw tooManyOperations(operationsMax);
    this.ctx.db(operations).add({ execution: this.execution.id, order, operation, ...more });
    this.change({ operationCount: order });
  }

  put(row: OperationRow, changes: Partial<Operation>): Operation {
    const operation = { ...row.operation, ...changes };
    this.ctx.db(operations).put({ ...row, operation });
    return operation;
  }

  /** One that has come to its end. */
  end(row: OperationRow, Status: OperationStatus, changes: Partial<Operation> = {}): Operation {
    return this.put(row, { ...changes, Status, EndTimestamp: this.ctx.clock.now() });
  }

  record(details: Details, operation?: Operation): void {
    const number = this.execution.eventCount + 1;
    this.ctx.db(events).add({
      execution: this.execution.id,
      number,
      event: {
        EventType: details.EventType,
        EventId: number,
        EventTimestamp: this.ctx.clock.now(),
        ...(operation && {
          Id: operation.Id, Name: operation.Name, ParentId: operation.ParentId, SubType: operation.SubType,
        }),
        ...details,
      },
    });
    this.change({ eventCount: number });
  }
}

export function resultOf(Payload: string | undefined): { Result: { Payload?: string; Truncated: boolean } } {
  return { Result: { ...(Payload !== undefined && { Payload }), Truncated: false } };
}

export function errorOf(Payload: ErrorObject | undefined): {
  Error: { Payload?: ErrorObject; Truncated: boolean };
} {
  return { Error: { ...(Payload && { Payload }), Truncated: false } };
}
