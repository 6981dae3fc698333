/**
 * What happens to a request once it is understood, whether it came by wire or from another service:
 * validated, authorized, run, recorded, and let out when the journal has what it depends on.
 */

import { unknownAccessKey } from "./auth/auth-errors.ts";
import type { Caller, RequestOrigin } from "./auth/caller.ts";
import { CellContext, type HangUp } from "./cell-context.ts";
import type { Context } from "./context.ts";
import type { Engine } from "./engine.ts";
import { AwsError, internalFailure, notImplemented } from "./errors.ts";
import { dialectOf } from "./gateway/wording.ts";
import type { OperationModel, ServiceModel } from "./model/model.ts";
import type { AnyOperation } from "./operation.ts";
import type { Value } from "./protocol/protocol.ts";
import { validate } from "./schema/validate.ts";
import type { Service } from "./service.ts";
import type { Transaction } from "../store/types.ts";
import type { DirectoryEntry } from "./tokens.ts";

/** The pseudo-region in which global services keep an account's state. */
export const globalRegion = "aws-global";

export interface Order {
  readonly entry: DirectoryEntry;
  readonly service: Service;
  readonly model: ServiceModel;
  readonly operation: OperationModel;
  readonly caller: Caller;
  readonly origin: RequestOrigin;
  /** The region that the request names. */
  readonly region: string;
  /** Nothing says which region is meant: what is found by its name is found wherever it is. */
  readonly anywhere?: boolean;
  readonly requestId: string;
  readonly hangUp: HangUp;
  readonly input: Value;
}

export async function perform(engine: Engine, order: Order): Promise<Value> {
  const call = new CallUnderWay(engine, order);
  if (call.admit()) {
    call.run();
    if (!call.isOver) await call.goOn();
  }
  call.end();
  await letOut(engine, [call]);
  return call.result();
}

/** What became of one of several calls. */
export type Performed = { readonly output: Value } | { readonly error: AwsError };

/** Several at once: what needs no waiting is done in one transaction a cell, and all leave together. */
export async function performEach(engine: Engine, orders: readonly Order[]): Promise<Performed[]> {
  const calls = orders.map((order) => new CallUnderWay(engine, order));
  const admitted = calls.filter((call) => call.admit());
  for (const together of byCell(admitted)) {
    if (!runTogether(engine, together)) for (const call of together) call.run();
  }
  const waiting = calls.filter((call) => !call.isOver);
  if (waiting.length > 0) await Promise.all(waiting.map((call) => call.goOn()));
  for (const call of calls) call.end();
  await letOut(engine, calls);
  return calls.map((call) => call.performed());
}

function byCell(calls: readonly CallUnderWay[]): Iterable<readonly CallUnderWay[]> {
  const groups = new Map<string, CallUnderWay[]>();
  for (const call of calls) {
    const name = `${call.ctx?.account} ${call.ctx?.region}`;
    const group = groups.get(name);
    if (group) group.push(call);
    else groups.set(name, [call]);
  }
  return groups.values();
}

/**
 * One that fails takes back what the others wrote: then each has to run for itself.
 *
 * @returns whether all are done
 */
function runTogether(engine: Engine, calls: readonly CallUnderWay[]): boolean {
  const cell = calls[0]?.ctx;
  if (!cell || calls.length === 1) return false;
  try {
    engine.store.transact(cell, (transaction) => {
      for (const call of calls) call.runWithin(transaction);
    });
  } catch {
    return false;
  }
  for (const call of calls) call.leaveTransaction();
  return true;
}

/** A request from its validation to its record. */
class CallUnderWay {
  ctx: CellContext | undefined;
  isOver = false;
  readonly #engine: Engine;
  readonly #order: Order;
  readonly #startedAt: number;
  #operation: AnyOperation | undefined;
  #resources: readonly string[] = [];
  #output: Value | undefined;
  #error: AwsError | undefined;
  /** What is to happen once the transaction that it shares with others has succeeded. */
  #effects: readonly (() => void)[] = [];

  constructor(engine: Engine, order: Order) {
    this.#engine = engine;
    this.#order = order;
    this.#startedAt = order.service.observes ? performance.now() : 0;
    engine.begin();
  }

  /** Validated, and authorized. @returns false where it was refused */
  admit(): boolean {
    const order = this.#order;
    const engine = this.#engine;
    try {
      const operation = order.service.operations.get(order.operation.name);
      if (!operation) throw notImplemented(`${order.model.service}:${order.operation.name}`);
      if (order.service.admits?.(order.caller) === false) {
        throw unknownAccessKey(dialectOf(order.model), order.caller.accessKeyId ?? "");
      }
      validate(order.input, order.operation, order.model);
      const cell = (this.ctx = contextOf(engine, order, operation));
      this.#resources = cell.reading(() =>
        engine.authorizer.operation(cell, order.service, order.operation, operation, order.input),
      );
      if (operation.touches) {
        this.#resources = cell.reading(() => operation.touches?.(order.input, cell) ?? []);
      }
      this.#operation = operation;
      return true;
    } catch (cause) {
      this.#fail(cause);
      return false;
    }
  }

  /** What needs no waiting; `isOver` says whether that was all. */
  run(): void {
    const [operation, cell] = this.#admitted();
    const within = workOf(operation);
    if (!within) return;
    try {
      this.#succeed(cell, cell.transaction((ctx) => within(this.#order.input, ctx)));
    } catch (cause) {
      this.#fail(cause);
    }
  }

  /** As `run`, in a transaction of several calls: what it throws ends that. */
  runWithin(transaction: Transaction): void {
    const [operation, cell] = this.#admitted();
    const within = workOf(operation);
    if (!within) return;
    [this.#output, this.#effects] = cell.joining(transaction, (ctx) => within(this.#order.input, ctx));
  }

  /** The transaction of several calls has succeeded. */
  leaveTransaction(): void {
    const [, cell] = this.#admitted();
    try {
      for (const effect of this.#effects) effect();
      this.#succeed(cell, this.#output);
    } catch (cause) {
      this.#fail(cause);
    }
  }

  async goOn(): Promise<void> {
    const [operation, ctx] = this.#admitted();
    if (!("body" in operation)) throw new Error("there is nothing to go on with");
    try {
      this.#succeed(ctx, (await operation.body(this.#order.input, ctx)) ?? {});
    } catch (cause) {
      this.#fail(cause);
    }
  }

  #admitted(): readonly [AnyOperation, CellContext] {
    if (!this.#operation || !this.ctx) throw new Error("what was not admitted is not run");
    return [this.#operation, this.ctx];
  }

  /** @param output undefined where the operation has to wait */
  #succeed(cell: CellContext, output: Value | undefined): void {
    this.#output = output;
    if (!output) return;
    this.isOver = true;
    this.#order.service.completes?.(output, this.#order.input, cell);
  }

  #fail(cause: unknown): void {
    this.isOver = true;
    this.#error = asAwsError(this.#engine, this.#order, cause);
  }

  /** Also after a failure: an operation of several transactions may have written before it. */
  end(): void {
    const order = this.#order;
    const engine = this.#engine;
    if (order.service.identity && isWrite(order.operation)) engine.identity.forget();
    try {
      record(engine, order, this.ctx, this.#resources, this.#output, this.#error);
    } catch (cause) {
      // What was done is done, and whoever waits for the region to settle waits for it to be over.
      engine.failed(`recording ${order.service.service}:${order.operation.name}`, cause);
    }
    if (order.service.observes && this.ctx) {
      observe(engine, order, this.ctx, this.#output, this.#error, this.#startedAt);
    }
  }

  performed(): Performed {
    return this.#error ? { error: this.#error } : { output: this.#output ?? {} };
  }

  result(): Value {
    if (this.#error) throw this.#error;
    return this.#output ?? {};
  }
}

type Work = (input: Value, ctx: Context) => Value | undefined;

function workOf(operation: AnyOperation): Work | undefined {
  return "run" in operation ? (input, ctx) => operation.run(input, ctx) ?? {} : operation.atOnce;
}

/** The output gate: nothing leaves before the journal has what it depends on. */
async function letOut(engine: Engine, calls: readonly CallUnderWay[]): Promise<void> {
  try {
    const gate = engine.store.committed();
    let latest = gate;
    for (const { ctx } of calls) {
      for (const earlier of ctx?.gates ?? []) {
        if (earlier === latest) continue;
        latest = earlier;
        if (earlier !== gate) await earlier;
      }
    }
    await gate;
  } finally {
    for (const _ of calls) engine.end();
  }
  for (const { ctx } of calls) ctx?.dropUnkept();
}

function isWrite(operation: OperationModel): boolean {
  return operation.access !== "Read" && operation.access !== "List";
}

/**
 * Anything that is not a modelled refusal is a defect of ours: logged with its cause, and never shown to
 * callers.
 */
function asAwsError(engine: Engine, order: Order, cause: unknown): AwsError {
  if (cause instanceof AwsError) return cause;
  engine.failed(`${order.model.service}:${order.operation.name} (${order.requestId})`, cause);
  return internalFailure(order.requestId);
}

function contextOf(engine: Engine, order: Order, operation: AnyOperation): CellContext {
  const { entry, caller, region } = order;
  const account = caller.account || engine.defaultAccount;
  const anywhere = order.anywhere ?? false;
  const own = { account, region, anywhere, now: engine.clock.now(), kernel: engine };
  order.service.resolve?.(order.input, own, order.operation.name);
  const owner = operation.owner?.(order.input, own);
  return new CellContext({
    engine,
    entry,
    account: owner?.account ?? own.account,
    region: entry.global ? globalRegion : (owner?.region ?? region),
    requestRegion: region,
    caller,
    origin: order.origin,
    requestId: order.requestId,
    hangUp: order.hangUp,
    input: order.input,
  });
}

/** What a service measures of its calls. Its defects are not the caller's. */
function observe(
  engine: Engine, order: Order, ctx: CellContext, output: Value | undefined, error: AwsError | undefined,
  startedAt: number,
): void {
  const { operation: { name: operation }, input, service } = order;
  const milliseconds = performance.now() - startedAt;
  try {
    service.observes?.({ operation, input, output, error, milliseconds }, ctx);
  } catch (cause) {
    engine.failed(`measuring ${service.service}:${operation}`, cause);
  }
}

function record(
  engine: Engine,
  order: Order,
  ctx: CellContext | undefined,
  resources: readonly string[],
  output: Value | undefined,
  error: AwsError | undefined,
): void {
  const operation = order.service.operations.get(order.operation.name);
  const { caller, origin, region, model, requestId, input } = order;
  const account = ctx?.account ?? caller.account;
  const dataType = operation?.dataEvent
    ? engine.recorder.wantedData(caller.account || account, model) : undefined;
  if (operation?.dataEvent && dataType === undefined) return;
  const { recorded } = operation ?? {};
  const parameters = recorded && (ctx ? ctx.reading(() => recorded(input, ctx)) : {});
  engine.recorder.record({
    at: engine.clock.now(),
    requestId,
    eventId: engine.ids.uuid(),
    caller,
    origin,
    region: order.entry.global ? "us-east-1" : region,
    model,
    operation: order.operation,
    eventName: order.service.trailName?.(order.operation),
    input,
    output,
    error,
    resources: resources.filter((resource) => resource !== "*"),
    account,
    ...(dataType !== undefined && { dataType }),
    ...(parameters && { parameters }),
  });
}
