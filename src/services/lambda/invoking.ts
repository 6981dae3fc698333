/** Invoke, InvokeAsync and InvokeWithResponseStream. */

import * as lambda from "../../generated/lambda.ts";
import type { InvocationRequest, InvocationResponse } from "../../generated/lambda.ts";
import type { BodyContext, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { enqueue, type EventOrder } from "./asynchronous.ts";
import { requireDurability, startQueued } from "./durable-invoking.ts";
import { clientContextInvalid, payloadNotJson, payloadTooLarge } from "./errors.ts";
import { bytesOf } from "./function-code.ts";
import { namedFunction, onFunction, parseFunctionName } from "./function-names.ts";
import { choose, invokeFunction } from "./invocations.ts";
import { requireQualified } from "./qualifiers.ts";
import { ResponseStream } from "./response-streams.ts";
import { requireTenant } from "./tenancy.ts";

/** @evidence Lambda quotas: invocation payload, 6 MB synchronous and 1 MB asynchronous */
export const payloadBytesMax = 6_291_456;
export const eventBytesMax = 1_048_576;

/** @evidence Service Authorization Reference, Lambda: Invoke is `lambda:InvokeFunction` */
const invokes = { ...onFunction, action: "lambda:InvokeFunction", dataEvent: true };

/** @throws AwsError for what is no JSON */
export function requireJson(payload: Buffer): void {
  if (payload.length === 0) return;
  try {
    JSON.parse(payload.toString("utf8"));
  } catch (error) {
    throw payloadNotJson(error instanceof Error ? error.message : "");
  }
}

const noPayload = Buffer.alloc(0);

/**
 * The function's request id is the answer's, so that a caller finds what the function logged.
 *
 * @evidence recorded AWS answers to Invoke: 200, 202 and 204; x-amzn-RequestId is what START and REPORT say
 */
export const Invoke = operation(lambda.Invoke, {
  ...invokes,

  async body(input, ctx): Promise<InvocationResponse> {
    const { name, qualifier } = namedFunction(input);
    const payload = input.Payload ?? noPayload;
    const isEvent = input.InvocationType === "Event";
    const limit = isEvent ? eventBytesMax : payloadBytesMax;
    if (payload.length > limit) throw payloadTooLarge(limit);
    requireJson(payload);
    const { traceHeader } = ctx.origin;
    if (input.InvocationType === "DryRun") return dryRun(ctx, name, qualifier);
    // An event is given none. @evidence Lambda API Reference, Invoke, ClientContext
    const clientContext = isEvent ? undefined : clientContextOf(input);
    const { DurableExecutionName: executionName, TenantId: tenantId } = input;
    const { requestId } = ctx;
    const order = {
      name, qualifier, payload, requestId, clientContext, traceHeader, executionName, tenantId,
    };
    if (isEvent) return invokeLater(ctx, order);
    const { outcome, executedVersion, durableExecutionArn } = await invokeFunction(
      ctx, { ...order, isDirect: true },
    );
    return {
      StatusCode: 200,
      ExecutedVersion: executedVersion,
      Payload: asBuffer(outcome.payload),
      ContentType: "application/json",
      FunctionError: outcome.functionError,
      DurableExecutionArn: durableExecutionArn,
      ...(input.LogType === "Tail" && { LogResult: Buffer.from(outcome.logTail).toString("base64") }),
    };
  },
});

interface LaterOrder extends EventOrder {
  readonly executionName: string | undefined;
}

/** What can't be is refused at once; a durable function's execution begins, other events wait for theirs. */
function invokeLater(ctx: BodyContext, { executionName, ...order }: LaterOrder): InvocationResponse {
  const version = ctx.transaction((within) => {
    const { version: found } = requireQualified(within, order.name, order.qualifier);
    requireDurability({ version: found, qualifier: order.qualifier, executionName });
    requireTenant(found, order.tenantId);
    if (!found.settings.DurableConfig) enqueue(within, order);
    return found;
  });
  if (!version.settings.DurableConfig) return { StatusCode: 202 };
  const { version: chosen } = ctx.reading(() => choose(ctx, order));
  return startQueued(ctx, chosen, { ...order, executionName });
}

/** Whether the caller may, and there is something to invoke. */
function dryRun(ctx: BodyContext, name: string, qualifier: string | undefined): InvocationResponse {
  ctx.reading(() => requireQualified(ctx, name, qualifier));
  return { StatusCode: 204 };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Base64 of JSON, as the header carries it. @throws AwsError for what is none */
function clientContextOf({ ClientContext }: Pick<InvocationRequest, "ClientContext">): string | undefined {
  if (ClientContext === undefined) return undefined;
  const text = Buffer.from(ClientContext, "base64").toString("utf8");
  if (!isObject(text)) throw clientContextInvalid();
  return text;
}

function isObject(text: string): boolean {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

export const InvokeAsync = operation(lambda.InvokeAsync, {
  owner: onFunction.owner,
  resource: (input: { readonly FunctionName: string }, ctx: ReadContext) => onFunction.resource(input, ctx),
  dataEvent: true,

  async body(input, ctx): Promise<lambda.InvokeAsyncResponse> {
    const { name, qualifier } = parseFunctionName(input.FunctionName);
    const payload = await bytesOf(input.InvokeArgs);
    if (payload.length > eventBytesMax) throw payloadTooLarge(eventBytesMax, "InvokeAsync");
    requireJson(payload);
    const { requestId, origin: { traceHeader } } = ctx;
    ctx.transaction((within) => {
      requireQualified(within, name, qualifier);
      enqueue(within, { name, qualifier, payload, requestId, traceHeader });
    });
    return { Status: 202 };
  },
});

/** @evidence Lambda Developer Guide, "Response streaming for Lambda functions" */
export const InvokeWithResponseStream = operation(lambda.InvokeWithResponseStream, {
  ...invokes,

  async body(input, ctx): Promise<lambda.InvokeWithResponseStreamResponse> {
    const { name, qualifier } = namedFunction(input);
    const payload = input.Payload ?? noPayload;
    if (payload.length > payloadBytesMax) throw payloadTooLarge(payloadBytesMax);
    requireJson(payload);
    if (input.InvocationType === "DryRun") return dryRun(ctx, name, qualifier);
    const stream = new ResponseStream();
    const clientContext = clientContextOf(input);
    const { requestId, origin: { traceHeader } } = ctx;
    const { TenantId: tenantId } = input;
    const order = {
      name, qualifier, payload, requestId, clientContext, traceHeader, tenantId, response: stream,
    };
    const invoked = stream.follow(invokeFunction(ctx, order));
    await stream.begun(invoked);
    const version = ctx.reading(() => requireQualified(ctx, name, qualifier).version);
    return {
      StatusCode: 200,
      ExecutedVersion: version.number === 0 ? "$LATEST" : String(version.number),
      ResponseStreamContentType: "application/vnd.amazon.eventstream",
      EventStream: eventsOf(stream, invoked, input.LogType === "Tail"),
    };
  },
});

type StreamEvent = lambda.InvokeWithResponseStreamResponseEvent;

async function* eventsOf(
  stream: ResponseStream, invoked: ReturnType<typeof invokeFunction>, withLog: boolean,
): AsyncIterable<StreamEvent> {
  for await (const chunk of stream) yield { PayloadChunk: { Payload: asBuffer(chunk) } };
  const { outcome } = await invoked;
  if (outcome.payload.length > 0) yield { PayloadChunk: { Payload: asBuffer(outcome.payload) } };
  const { streamError, functionError } = outcome;
  yield {
    InvokeComplete: {
      ErrorCode: streamError?.type ?? functionError,
      ErrorDetails: streamError?.details ?? (functionError && Buffer.from(outcome.payload).toString("utf8")),
      ...(withLog && { LogResult: Buffer.from(outcome.logTail).toString("base64") }),
    },
  };
}
