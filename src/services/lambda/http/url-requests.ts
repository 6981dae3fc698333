/** What comes for a function's own address: whose it is, whether they may, and what the function answers. */

import { Readable } from "node:stream";
import { AwsError } from "../../../kernel/errors.ts";
import type { FrontAnswer, FrontContext, FrontRequest, Proven, WireResponse } from "../../../kernel/front.ts";
import { readAll, readPartition } from "./url-reading.ts";
import type { BodyContext } from "../../../kernel/context.ts";
import { functionArn } from "../function-names.ts";
import { invokeFunction, type InvocationOrder } from "../invocations.ts";
import { payloadBytesMax } from "../invoking.ts";
import { newTrace } from "../lineage.ts";
import { ResponseStream } from "../response-streams.ts";
import { corsHeaders, preflight } from "./url-cors.ts";
import { described, eventOf, responseOf } from "./url-events.ts";
import { functionUrls, type FunctionUrl } from "../url-table.ts";

const name = "InvokeFunctionUrl";

/** An answer that is no function's. */
class Refusal extends Error {
  readonly status: number;
  readonly body: string;
  readonly code: string;

  constructor(status: number, code: string, body: string) {
    super(code);
    this.status = status;
    this.code = code;
    this.body = body;
  }
}

/** @evidence answers of AWS to URLs that are not there, and to callers who may not */
const unknownUrl = () => new Refusal(404, "ResourceNotFoundException", `{"Message":null}`);
const forbidden = () => new Refusal(403, "AccessDeniedException", JSON.stringify({
  Message: "Forbidden. For troubleshooting Function URL authorization issues, see: "
    + "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html",
}));
const failed = () => new Refusal(502, "BadGateway", "Internal Server Error");

export async function answerUrl(request: FrontRequest, ctx: FrontContext): Promise<FrontAnswer> {
  const id = { "x-amzn-requestid": ctx.requestId };
  try {
    const response = await respond(request, ctx);
    return { name, response: { ...response, headers: { ...response.headers, ...id } } };
  } catch (error) {
    const { status, code, body } = asRefusal(error);
    const headers = { "content-type": "application/json", "x-amzn-errortype": code, ...id };
    return { name, error: code, response: { status, headers, body } };
  }
}

function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (!(error instanceof AwsError)) throw error;
  const status = error.status === 429 ? 429 : error.status >= 500 ? 502 : error.status;
  return new Refusal(status, error.code, JSON.stringify({ Message: error.message }));
}

async function respond(request: FrontRequest, ctx: FrontContext): Promise<WireResponse> {
  const urlId = (request.headers["host"] ?? "").split(".")[0] ?? "";
  const { url, account, region } = find(ctx, urlId);
  const { cors } = url;
  const origin = request.headers["origin"];
  const isPreflight = request.method === "OPTIONS" && "access-control-request-method" in request.headers;
  if (cors && isPreflight) return preflight(cors, request.headers);
  const proven = url.authType === "NONE" ? ctx.nobody("None") : ctx.authenticate();
  if (url.authType === "AWS_IAM" && proven.caller.type === "Anonymous") throw forbidden();
  const cell = ctx.within({ account, region }, proven.caller);
  if (!isAllowed(cell, url)) throw forbidden();
  const body = await readAll(request, payloadBytesMax);
  const response = await invoke(cell, url, { request, body, proven, ctx });
  const shared = corsHeaders(cors, origin);
  if (!shared) return response;
  const own = Object.entries(response.headers).filter(([header]) => !header.startsWith("access-control-"));
  return { ...response, headers: { ...Object.fromEntries(own), ...shared } };
}

function find(ctx: FrontContext, urlId: string): { url: FunctionUrl; account: string; region: string } {
  const owner = readPartition(ctx.kernel, urlId);
  if (!owner) throw unknownUrl();
  const { account, region, qualifier } = owner;
  const url = ctx.kernel.read({ account, region }, (transaction) =>
    transaction.rows(functionUrls).get([owner.name, qualifier]));
  if (url?.urlId !== urlId) throw unknownUrl();
  return { url, account, region };
}

/**
 * Both must be allowed.
 *
 * @evidence Lambda Developer Guide, "Control access to Lambda function URLs": since October 2025
 */
function isAllowed(cell: BodyContext, { name: functionName, qualifier, authType }: FunctionUrl): boolean {
  return cell.transaction((within) => {
    const resource = functionArn(within, functionName, qualifier || undefined);
    const conditions = { "lambda:functionurlauthtype": authType, "lambda:functionarn": resource };
    return within.isAllowed({ action: "lambda:InvokeFunctionUrl", resource, conditions })
      && within.isAllowed({
        action: "lambda:InvokeFunction", resource, conditions: { "lambda:invokedviafunctionurl": "true" },
      });
  });
}

interface Arrived {
  readonly request: FrontRequest;
  readonly body: Buffer;
  readonly proven: Proven;
  readonly ctx: FrontContext;
}

async function invoke(cell: BodyContext, url: FunctionUrl, arrived: Arrived): Promise<WireResponse> {
  const { request, body, proven, ctx } = arrived;
  const { urlId, authType, qualifier } = url;
  const { requestId } = ctx;
  const traceHeader = request.headers["x-amzn-trace-id"] ?? newTrace(cell);
  const event = eventOf({
    request, body, urlId, caller: proven.caller, requestId, traceHeader, now: ctx.clock.now(),
    isSigned: authType === "AWS_IAM",
  });
  const order: InvocationOrder = {
    name: url.name,
    qualifier: qualifier || undefined,
    payload: Buffer.from(JSON.stringify(event)),
    requestId,
    traceHeader,
  };
  const response = await (url.invokeMode === "BUFFERED" ? buffered(cell, order) : streamed(cell, order));
  return { ...response, headers: { ...response.headers, "x-amzn-trace-id": traceHeader } };
}

async function buffered(cell: BodyContext, order: InvocationOrder): Promise<WireResponse> {
  const { outcome } = await invokeFunction(cell, order);
  if (outcome.functionError) throw failed();
  const payload = Buffer.from(outcome.payload);
  if (outcome.contentType === integrationResponse) return withPrelude(payload);
  return orFailed(() => responseOf(payload));
}

/** What a function says of its answer before its first byte, in JSON and eight zeros. */
const integrationResponse = "application/vnd.awslambda.http-integration-response";
const separator = Buffer.alloc(8);

function withPrelude(payload: Buffer): WireResponse {
  const end = payload.indexOf(separator);
  if (end < 0) throw failed();
  const head = headOf(payload.subarray(0, end));
  return { ...head, body: payload.subarray(end + separator.length) };
}

function headOf(prelude: Buffer): WireResponse {
  return orFailed(() => described({ ...(JSON.parse(prelude.toString("utf8")) as object), body: "" }));
}

function orFailed(make: () => WireResponse): WireResponse {
  try {
    return make();
  } catch {
    throw failed();
  }
}

async function streamed(cell: BodyContext, order: InvocationOrder): Promise<WireResponse> {
  const stream = new ResponseStream();
  const invoked = stream.follow(invokeFunction(cell, { ...order, response: stream }));
  invoked.catch(() => undefined);
  await stream.begun(invoked);
  const chunks = stream[Symbol.asyncIterator]();
  const { contentType } = stream;
  if (contentType !== integrationResponse) {
    const first = await chunks.next();
    if (first.done) await requireAnswer(invoked);
    const headers = { "content-type": contentType };
    return { status: 200, headers, body: readable(first.done ? undefined : first.value, chunks) };
  }
  let begun = Buffer.alloc(0);
  for (;;) {
    const { done, value } = await chunks.next();
    if (done) throw failed();
    begun = Buffer.concat([begun, value]);
    const end = begun.indexOf(separator);
    if (end < 0) continue;
    const head = headOf(begun.subarray(0, end));
    return { ...head, body: readable(begun.subarray(end + separator.length), chunks) };
  }
}

/** A function that failed before it answered anything. */
async function requireAnswer(invoked: ReturnType<typeof invokeFunction>): Promise<void> {
  const { outcome } = await invoked;
  if (outcome.functionError) throw failed();
}

function readable(first: Uint8Array | undefined, rest: AsyncIterator<Uint8Array>): Readable {
  return Readable.from((async function* () {
    if (first && first.length > 0) yield first;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  })());
}
