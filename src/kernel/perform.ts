/**
 * What happens to a request once it is understood, whether it came by wire or from another service:
 * validated,
 * authorized, run, recorded, and let out when the journal has what it depends on.
 */

import { unknownAccessKey } from "./auth/auth-errors.ts";
import type { Caller, RequestOrigin } from "./auth/caller.ts";
import { CellContext, type HangUp } from "./cell-context.ts";
import type { Engine } from "./engine.ts";
import { AwsError, internalFailure, notImplemented } from "./errors.ts";
import { dialectOf } from "./gateway/wording.ts";
import type { OperationModel, ServiceModel } from "./model/model.ts";
import type { AnyOperation } from "./operation.ts";
import type { Value } from "./protocol/protocol.ts";
import { validate } from "./schema/validate.ts";
import type { Service } from "./service.ts";
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
  let ctx: CellContext | undefined;
  let resources: readonly string[] = [];
  let output: Value | undefined;
  let error: AwsError | undefined;
  const startedAt = order.service.observes ? performance.now() : 0;
  engine.begin();
  try {
    const operation = order.service.operations.get(order.operation.name);
    if (!operation) throw notImplemented(`${order.model.service}:${order.operation.name}`);
    if (order.service.admits?.(order.caller) === false) {
      throw unknownAccessKey(dialectOf(order.model), order.caller.accessKeyId ?? "");
    }
    validate(order.input, order.operation, order.model);
    const cell = (ctx = contextOf(engine, order, operation));
    resources = cell.reading(() =>
      engine.authorizer.operation(cell, order.service, order.operation, operation, order.input),
    );
    if (operation.touches) resources = cell.reading(() => operation.touches?.(order.input, cell) ?? []);
    output =
      "run" in operation
        ? cell.transaction((within) => operation.run(order.input, within) ?? {})
        : ((await operation.body(order.input, cell)) ?? {});
    order.service.completes?.(output, order.input, cell);
  } catch (cause) {
    error = asAwsError(engine, order, cause);
  } finally {
    // Also after a failure: an operation of several transactions may have written before it.
    if (order.service.identity && isWrite(order.operation)) engine.identity.forget();
    record(engine, order, ctx, resources, output, error);
    if (order.service.observes && ctx) observe(engine, order, ctx, output, error, startedAt);
    await committed(engine, ctx);
    ctx?.dropUnkept();
  }
  if (error) throw error;
  return output ?? {};
}

/** The output gate: nothing leaves before the journal has what it depends on. */
async function committed(engine: Engine, ctx: CellContext | undefined): Promise<void> {
  try {
    const gate = engine.store.committed();
    for (const earlier of ctx?.gates ?? []) if (earlier !== gate) await earlier;
    await gate;
  } finally {
    engine.end();
  }
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
  engine.recorder.record({
    at: engine.clock.now(),
    requestId,
    eventId: engine.ids.uuid(),
    caller,
    origin,
    region: order.entry.global ? "us-east-1" : region,
    model,
    operation: order.operation,
    input,
    output,
    error,
    resources: resources.filter((resource) => resource !== "*"),
    account,
    ...(dataType !== undefined && { dataType }),
  });
}
