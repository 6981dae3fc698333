/** A service's calls of other services' operations, on behalf of a request or as itself. */

import { callerFor, originFor } from "./called-as.ts";
import type { CellContext } from "./cell-context.ts";
import type { CallOptions, CallOutcome } from "./context.ts";
import type { Engine } from "./engine.ts";
import { AwsError } from "./errors.ts";
import { withoutTexts } from "./json-text.ts";
import type { OperationModel, ServiceModel } from "./model/model.ts";
import { globalRegion, perform, performEach, type Order, type Performed } from "./perform.ts";
import type { Value } from "./protocol/protocol.ts";
import type { Service } from "./service.ts";
import type { DirectoryEntry, OperationToken } from "./tokens.ts";

/** What is called. */
export interface Called {
  readonly entry: DirectoryEntry;
  readonly service: Service;
  readonly model: ServiceModel;
  readonly operation: OperationModel;
}

type Shared = Omit<Order, "input" | "requestId">;

/** What calls with the same options have in common. */
function sharedBy(engine: Engine, from: CellContext, called: Called, options: CallOptions): Shared {
  const principal = options.principal ?? engine.models.get(from.entry.service).eventSource;
  return {
    entry: called.entry,
    service: called.service,
    model: called.model,
    operation: called.operation,
    caller: callerFor(engine.sessions, from, principal, options),
    origin: originFor(from, principal, options),
    region: options.region ?? (from.region === globalRegion ? from.requestRegion : from.region),
    hangUp: from,
  };
}

/** Member by member: V8 takes ten times as long to spread what has further members beside it. */
function orderOf(engine: Engine, shared: Shared, input: Value): Order {
  const { entry, service, model, operation, caller, origin, region, hangUp } = shared;
  const requestId = engine.ids.uuid();
  return { entry, service, model, operation, caller, origin, region, requestId, hangUp, input };
}

export async function callFrom(
  engine: Engine, from: CellContext, token: OperationToken<unknown, unknown>, input: Value,
  options: CallOptions,
): Promise<Value> {
  const called = await engine.loadFor(token);
  engine.faults.strike(called.model, called.operation);
  const shared = sharedBy(engine, from, called, options);
  return withoutTexts(await perform(engine, orderOf(engine, shared, input)));
}

/** The same operation for several inputs. @throws NotImplemented */
export async function callEachFrom(
  engine: Engine, from: CellContext, token: OperationToken<unknown, unknown>, inputs: readonly Value[],
  options: CallOptions,
): Promise<CallOutcome<Value>[]> {
  const called = await engine.loadFor(token);
  const shared = sharedBy(engine, from, called, options);
  const outcomes: (CallOutcome<Value> | undefined)[] = inputs.map(() => struck(engine, called));
  const orders = inputs.flatMap((input, index) =>
    (outcomes[index] ? [] : [orderOf(engine, shared, input)]));
  const performed = (await performEach(engine, orders)).values();
  return outcomes.map((outcome) => outcome ?? read(performed.next().value as Performed));
}

function read(performed: Performed): CallOutcome<Value> {
  return "output" in performed ? { output: withoutTexts(performed.output) } : performed;
}

function struck(engine: Engine, { model, operation }: Called): CallOutcome<Value> | undefined {
  try {
    engine.faults.strike(model, operation);
    return undefined;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return { error };
  }
}
