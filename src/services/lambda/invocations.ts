/**
 * Functions run: what Invoke, the queue of asynchronous invocations, function URLs and event sources have in
 * common.
 */

import type { BodyContext } from "../../kernel/context.ts";
import { CannotRun, type Outcome, type ResponseSink } from "../../planes/functions/contract.ts";
import { requireDurability } from "./durable-invoking.ts";
import { awaitExecution, startExecution, synchronousSecondsMax } from "./durable-start.ts";
import { executionArn, type ChainedFrom } from "./durable-table.ts";
import { functionPending, notRunnable } from "./errors.ts";
import { functionArn } from "./function-names.ts";
import { requireFunction, stateOf, versionName, type FunctionVersion } from "./function-table.ts";
import { specOf } from "./function-specs.ts";
import { countConcurrency, countInvocation, countThrottle } from "./invocation-metrics.ts";
import { nextTrace } from "./lineage.ts";
import { requireQualified, routed } from "./qualifiers.ts";
import { enter } from "./running.ts";
import { requireTenant } from "./tenancy.ts";

export interface InvocationOrder {
  readonly name: string;
  readonly qualifier?: string | undefined;
  /** JSON; empty stands for `{}`. */
  readonly payload: Uint8Array;
  /** Default: a new one. Retries have that of the first try. */
  readonly requestId?: string;
  /** As it came with the request that causes this. */
  readonly traceHeader?: string | undefined;
  /** JSON text. */
  readonly clientContext?: string | undefined;
  readonly response?: ResponseSink;
  readonly signal?: AbortSignal;
  /** Of a function that isolates its tenants. */
  readonly tenantId?: string | undefined;
  /** By a request that waits for it. */
  readonly isDirect?: boolean;
  /** Of a durable function: default a new name. */
  readonly executionName?: string | undefined;
  /** The durable execution that causes this: it is not waited for, but answers when it ends. */
  readonly parent?: ChainedFrom | undefined;
}

export interface InvocationResult {
  readonly outcome: Outcome;
  /** `$LATEST` or a number. */
  readonly executedVersion: string;
  readonly requestId: string;
  readonly durableExecutionArn?: string;
  /** It goes on, and tells whoever caused it when it ends. */
  readonly isPending?: true;
}

/** A whole function, and which of its versions runs. */
interface Chosen {
  readonly version: FunctionVersion;
  readonly reserved: number | undefined;
  readonly invokedArn: string;
}

const notYet: Outcome = {
  payload: Buffer.alloc(0),
  contentType: "application/json",
  report: { durationMilliseconds: 0, billedMilliseconds: 0, memoryMegabytesUsed: 0 },
  logStreamName: "",
  logTail: "",
};
const emptyEvent = Buffer.from("{}");
/** An alias's shares are drawn this finely. */
const chances = 1 << 30;

/**
 * Runs the function once and answers what came of it, be it an error of the function's.
 *
 * @throws AwsError as Invoke does: it is not there, is being made, is throttled, runs in a circle, can't be
 * run
 */
export async function invokeFunction(ctx: BodyContext, order: InvocationOrder): Promise<InvocationResult> {
  const chosen = ctx.reading(() => choose(ctx, order));
  requireDurability({ ...order, version: chosen.version });
  requireTenant(chosen.version, order.tenantId);
  const traceHeader = nextTrace(ctx, chosen.version, order.traceHeader);
  if (chosen.version.settings.DurableConfig) return runDurable(ctx, chosen.version, traceHeader, order);
  return runVersion(ctx, chosen, traceHeader, order);
}

/** The execution of a durable function, to its end. */
async function runDurable(
  ctx: BodyContext, version: FunctionVersion, traceHeader: string, order: InvocationOrder,
): Promise<InvocationResult> {
  const { payload, executionName, parent } = order;
  const timeoutSecondsMax = parent ? {} : { timeoutSecondsMax: synchronousSecondsMax };
  const start = { version, payload, executionName, traceHeader, parent, ...timeoutSecondsMax };
  const execution = ctx.transaction((within) => startExecution(within, start));
  const durableExecutionArn = ctx.reading(() => executionArn(ctx, execution));
  const executedVersion = versionName(version.number);
  const about = { executedVersion, requestId: execution.id, durableExecutionArn };
  if (parent) return { ...about, outcome: notYet, isPending: true };
  return { ...about, outcome: await awaitExecution(ctx, execution) };
}

/** @throws AwsError as `invokeFunction` */
export async function runVersion(
  ctx: BodyContext, { version, reserved, invokedArn }: Chosen, traceHeader: string, order: InvocationOrder,
): Promise<InvocationResult> {
  const leave = enterOrCount(ctx, version, order.qualifier, reserved);
  const requestId = order.requestId ?? ctx.ids.uuid();
  countConcurrency(ctx, version.name);
  try {
    const plane = await ctx.kernel.planes.functions();
    const outcome = await plane.invoke(await specOf(ctx, version), {
      requestId,
      payload: order.payload.length > 0 ? order.payload : emptyEvent,
      traceHeader,
      invokedFunctionArn: invokedArn,
      ...(order.clientContext !== undefined && { clientContext: order.clientContext }),
      ...(order.tenantId !== undefined && { tenantId: order.tenantId }),
      ...(order.response && { response: order.response }),
      ...(order.signal && { signal: order.signal }),
    });
    countInvocation(ctx, version, order.qualifier, outcome);
    return { outcome, executedVersion: versionName(version.number), requestId };
  } catch (error) {
    if (error instanceof CannotRun) throw notRunnable(error.reason, error.message);
    throw error;
  } finally {
    leave();
  }
}

/** @throws AwsError where there is nothing to run, or not yet */
export function choose(
  ctx: BodyContext, { name, qualifier }: Pick<InvocationOrder, "name" | "qualifier">,
): Chosen {
  const qualified = requireQualified(ctx, name, qualifier);
  const version = routed(ctx, qualified, () => ctx.ids.below(chances) / chances);
  const state = stateOf(version, ctx.clock.now());
  if (state !== "Active") throw functionPending(state);
  const { reservedConcurrency } = requireFunction(ctx, name);
  return { version, reserved: reservedConcurrency, invokedArn: functionArn(ctx, name, qualifier) };
}

function enterOrCount(
  ctx: BodyContext, version: FunctionVersion, qualifier: string | undefined, reserved: number | undefined,
): () => void {
  try {
    return enter(ctx, version.name, reserved);
  } catch (error) {
    countThrottle(ctx, version, qualifier);
    throw error;
  }
}
