/**
 * Events wait in a queue for their function, are tried again when it fails, and end at a destination or a
 * dead-letter queue.
 *
 * @evidence Lambda Developer Guide, "Invoking a Lambda function asynchronously" and "Error handling for
 *   asynchronous invocation"
 */

import { asynchronousJob, type Job } from "../../jobs/job.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { sendDeadLetter } from "./dead-letters.ts";
import { sendToDestination, type Condition, type Ending } from "./destinations.ts";
import { eventInvokeConfigs, type EventInvokeConfig } from "./event-invoke-table.ts";
import { functionArn, latest } from "./function-names.ts";
import { functions, type FunctionVersion } from "./function-table.ts";
import {
  countDeadLetterError, countDeliveryFailure, countEventAge, countEventDropped, countEventReceived,
} from "./invocation-metrics.ts";
import { invokeFunction, type InvocationResult } from "./invocations.ts";
import { findQualified } from "./qualifiers.ts";

export interface EventOrder {
  /** Of all its tries. */
  readonly requestId: string;
  readonly name: string;
  readonly qualifier?: string | undefined;
  readonly payload: Buffer;
  readonly traceHeader?: string | undefined;
  readonly tenantId?: string | undefined;
}

interface WaitingEvent extends EventOrder {
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  /** How often the function has run for it. */
  readonly attempts: number;
  /** How often it was held back before the next attempt: by throttles, or because Lambda could not run it. */
  readonly delays: number;
}

const retriesDefault = 2;
const ageSecondsDefault = 21_600;
/** After the first failure, and after the second. */
const retryMilliseconds = [60_000, 120_000];
/** Of throttled events: doubles from the least to the most. */
const delayMilliseconds = 1_000;
const delayMillisecondsMax = 300_000;

const jobName = "lambda.event";
const eventJob = { kind: "job", name: jobName } as Job<WaitingEvent>;

/** Puts an event into the queue, in the transaction of whoever causes it. */
export function enqueue(ctx: Context, order: EventOrder): void {
  const now = ctx.clock.now();
  countEventReceived(ctx, order);
  wait(ctx, { ...order, receivedAt: now, attempts: 0, delays: 0 }, now);
}

function wait(ctx: Context, event: WaitingEvent, at: number): void {
  ctx.schedule(eventJob, { at, id: event.requestId, input: event });
}

export const processEvent = asynchronousJob<WaitingEvent>(jobName, async (event, ctx) => {
  const known = ctx.reading(() => lookUp(ctx, event));
  // The function has been deleted: its events go with it.
  if (!known) return;
  const { version, config, reserved } = known;
  if (reserved === 0) return end(ctx, event, version, config, { condition: "ZeroReservedConcurrency" });
  const expiresAt = event.receivedAt + (config?.ageSecondsMax ?? ageSecondsDefault) * 1_000;
  if (ctx.clock.now() > expiresAt) return end(ctx, event, version, config, { condition: "EventAgeExceeded" });
  if (event.attempts === 0) countEventAge(ctx, event, ctx.clock.now() - event.receivedAt);
  let result: InvocationResult;
  try {
    result = await invokeFunction(ctx, event);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return holdBack(ctx, event, error, version, config);
  }
  const attempted = { ...event, attempts: event.attempts + 1 };
  if (!result.outcome.functionError) {
    return end(ctx, attempted, version, config, { condition: "Success", result });
  }
  if (event.attempts >= (config?.retriesMax ?? retriesDefault)) {
    return end(ctx, attempted, version, config, { condition: "RetriesExhausted", result });
  }
  const delay = retryMilliseconds[event.attempts] ?? retryMilliseconds.at(-1) ?? 0;
  ctx.transaction((within) => wait(within, attempted, within.clock.now() + delay));
});

interface Known {
  readonly version: FunctionVersion;
  readonly config: EventInvokeConfig | undefined;
  readonly reserved: number | undefined;
}

function lookUp(ctx: BodyContext, { name, qualifier }: WaitingEvent): Known | undefined {
  const found = ctx.db(functions).get(name);
  if (!found) return undefined;
  const qualified = findQualified(ctx, name, qualifier);
  if (!qualified) return undefined;
  const config = ctx.db(eventInvokeConfigs).get([name, qualifier ?? latest]);
  return { version: qualified.version, config, reserved: found.reservedConcurrency };
}

/**
 * What is no fault of the function's is tried for as long as the event may live; what can't get better ends.
 */
async function holdBack(
  ctx: BodyContext, event: WaitingEvent, error: AwsError, version: FunctionVersion,
  config: EventInvokeConfig | undefined,
): Promise<void> {
  const isLasting = error.code === "RecursiveInvocationException" || error.code === "InvalidRuntimeException";
  if (isLasting) return end(ctx, event, version, config, { condition: "RetriesExhausted", error });
  const delay = Math.min(delayMilliseconds * 2 ** event.delays, delayMillisecondsMax);
  ctx.transaction((within) =>
    wait(within, { ...event, delays: event.delays + 1 }, within.clock.now() + delay));
}

interface Outcome {
  readonly condition: Condition;
  readonly result?: InvocationResult;
  readonly error?: AwsError;
}

async function end(
  ctx: BodyContext, event: WaitingEvent, version: FunctionVersion, config: EventInvokeConfig | undefined,
  { condition, result, error }: Outcome,
): Promise<void> {
  const arn = ctx.reading(() => functionArn(ctx, event.name, event.qualifier ?? latest));
  const ending: Ending = { ...event, functionArn: arn, condition, result };
  const { OnSuccess, OnFailure } = config?.destinations ?? {};
  const destination = condition === "Success" ? OnSuccess?.Destination : OnFailure?.Destination;
  if (destination) {
    await tolerating(
      sendToDestination(ctx, version, destination, ending), () => countDeliveryFailure(ctx, version),
    );
  }
  if (condition === "Success") return;
  countEventDropped(ctx, event);
  const { requestId, payload } = event;
  const { errorCode, errorMessage } = whatWentWrong(result, error, condition);
  const letter = { requestId, payload, errorCode, errorMessage };
  await tolerating(sendDeadLetter(ctx, version, letter), () => countDeadLetterError(ctx, version));
}

/** What a destination refuses is lost, as on AWS. */
async function tolerating(work: Promise<void>, refused: () => void): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    refused();
  }
}

/** @evidence Lambda Developer Guide, "Dead-letter queues", attributes: the HTTP status, and the message */
function whatWentWrong(
  result: InvocationResult | undefined, error: AwsError | undefined, condition: Condition,
): { readonly errorCode: number; readonly errorMessage: string } {
  if (error) return { errorCode: error.status, errorMessage: error.message };
  if (!result) return { errorCode: 429, errorMessage: condition };
  return { errorCode: 200, errorMessage: messageIn(result.outcome.payload) };
}

function messageIn(payload: Uint8Array): string {
  const text = Buffer.from(payload).toString("utf8");
  try {
    const { errorMessage } = JSON.parse(text) as { errorMessage?: unknown };
    return typeof errorMessage === "string" ? errorMessage : text;
  } catch {
    return text;
  }
}
