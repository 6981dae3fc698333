/** One request, start to end. Read it top to bottom: this is the order in which everything happens. */

import { Readable } from "node:stream";
import { anonymous, type Authenticated } from "../auth/authenticate.ts";
import type { RequestOrigin } from "../auth/caller.ts";
import { decodeContentEncoding } from "../body/content-encoding.ts";
import type { Engine } from "../engine.ts";
import { AwsError, internalFailure, notImplemented } from "../errors.ts";
import type { FrontArrival, FrontContext, Passed, Proven } from "../front.ts";
import type { OperationModel, ServiceModel } from "../model/model.ts";
import { perform } from "../perform.ts";
import type { Headers, Value, WireRequest, WireResponse } from "../protocol/protocol.ts";
import type { BodyLimit, Service } from "../service.ts";
import { streamDefect } from "../protocol/event-stream.ts";
import { protocolByName, protocolFor } from "../protocol/protocols.ts";
import { identify, isForm, type Identified } from "./identify.ts";
import type { VerifiedSignature } from "../auth/sigv4.ts";
import { bodyBytesMax, decodedBody, decodedStream, plainStream, takesStream } from "./body.ts";
import { routerOf } from "./routes.ts";
import { unidentified } from "./unidentified.ts";
import { unknownOperation } from "./wording.ts";

export interface Incoming {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Headers;
  /** Empty when the operation's body is a stream. */
  readonly body: Buffer;
  readonly stream?: Readable;
  /** The body could not be read: what the client is told. */
  readonly failure?: AwsError;
  readonly sourceIp: string;
  readonly secure: boolean;
  /** `1.2`, `1.3`. */
  readonly tlsVersion?: string | undefined;
  readonly tlsCipher?: string | undefined;
  /** Aborted when the client hangs up. */
  readonly signal: AbortSignal;
}

/** A request of which it is known whose it is. */
interface Call {
  readonly identified: Identified;
  readonly service: Service | undefined;
  readonly model: ServiceModel;
  readonly requestId: string;
  readonly incoming: Incoming;
  /** By the machine's clock, for measuring only. */
  readonly startedAt: number;
}

export async function handle(engine: Engine, incoming: Incoming): Promise<WireResponse> {
  const requestId = engine.ids.uuid();
  const form = isForm(incoming.headers) ? textOfForm(incoming) : "";
  const identified = identify(incoming, form);
  if (!identified) return stranger(engine, incoming, form, requestId);

  const { entry } = identified;
  const model = engine.models.get(entry.service);
  const service = engine.loaded(entry) ?? (await engine.load(entry));
  const call = { identified, service, model, requestId, incoming, startedAt: performance.now() };
  const front = service?.front;
  if (!incoming.failure && front?.takes(incoming)) {
    const { answer } = await front.load();
    const { response, name, error } = await answer(incoming, frontContext(engine, call));
    report(engine, call, name, error, response);
    return response;
  }
  const passed = await pass(engine, call);
  report(engine, call, passed.operation, passed.error?.code, passed.response);
  if (!front?.follows(incoming, engine)) return passed.response;
  return (await front.load()).follow(incoming, passed, frontContext(engine, call));
}

/** A form names its operation within. One that cannot be unpacked says nothing, and may be no form at all. */
function textOfForm({ headers, body }: Incoming): string {
  try {
    return decodeContentEncoding(headers, body, bodyBytesMax).toString("latin1");
  } catch (cause) {
    if (cause instanceof AwsError) return "";
    throw cause;
  }
}

/** What a front makes of a request, and for whom. */
interface Fronted {
  readonly request: WireRequest;
  readonly as: Proven;
}

/** A request for an operation. It does not throw: what is refused, or goes wrong, is an answer too. */
async function pass(engine: Engine, call: Call, fronted?: Fronted): Promise<Passed> {
  const { identified, service, model, requestId, incoming } = call;
  const { entry } = identified;
  const protocol = protocolFor(identified.protocol, incoming.headers);
  let authenticated: Authenticated | undefined = fronted?.as;
  let operation: OperationModel | undefined;
  let input: Value | undefined;
  let request: WireRequest = fronted?.request ?? incoming;
  try {
    if (incoming.failure) throw incoming.failure;
    authenticated ??= authenticate(engine, call);
    if (!fronted) {
      service?.front?.requireEndpoint(incoming, arrivalOf(engine, call));
      request = addressed(incoming, service);
      if (authenticated.method === "QueryString") request = withHeadersInQuery(request, service);
    }
    operation = operationOf(identified, model, request);
    request = decoded(request, fronted !== undefined, authenticated.verified, operation, model);
    engine.faults.strike(model, operation);
    if (!service) throw notImplemented(`${entry.service}:${operation.name}`);
    requireSignature(engine, authenticated.method, operation, service, model);
    input = protocol.parse(request, operation, model);
    if (request.path !== "/" && identified.protocol === "query") addFromPath(service, request.path, input);
    engine.recorder.used(authenticated.caller, entry.iamPrefix, identified.region, engine.clock.now());
    const output = await perform(engine, {
      entry,
      service,
      model,
      operation,
      input,
      requestId,
      caller: authenticated.caller,
      origin: originOf(incoming, authenticated),
      region: identified.region,
      anywhere: identified.anywhere,
      hangUp: incoming,
    });
    const response = protocol.serialize(output, operation, model, requestId);
    if (response.body instanceof Readable) watch(engine, call, operation, response.body);
    return passed(response, output, undefined);
  } catch (cause) {
    const error = asAwsError(engine, call, operation, cause);
    return passed(protocol.serializeError(error, operation, model, requestId, request), undefined, error);
  }

  function passed(response: WireResponse, output: Value | undefined, error: AwsError | undefined): Passed {
    const caller = authenticated?.caller;
    const authenticationMethod = authenticated?.method ?? "None";
    return { response, operation: operation?.name, caller, authenticationMethod, input, output, error };
  }
}

function authenticate(engine: Engine, { incoming, model, identified, service }: Call): Authenticated {
  return engine.authenticator.authenticate(incoming, model, identified.hostRegion, service?.pathOf);
}

/** What goes wrong in a stream of events comes after the answer has begun: the log is told, too. */
function watch(engine: Engine, call: Call, { name }: OperationModel, body: Readable): void {
  const { model, requestId } = call;
  body.on(streamDefect, (cause) => engine.failed(`${model.service}:${name} (${requestId})`, cause));
}

function arrivalOf(engine: Engine, { identified, incoming }: Call): FrontArrival {
  const { region, anywhere } = identified;
  return { kernel: engine, clock: engine.clock, region, anywhere, secure: incoming.secure };
}

function frontContext(engine: Engine, call: Call): FrontContext {
  const { identified, model, requestId, incoming } = call;
  return {
    ...arrivalOf(engine, call),
    requestId,
    milliseconds: () => performance.now() - call.startedAt,
    pass: (request, as) => pass(engine, call, { request, as: as ?? anonymous }),
    authenticate: () => authenticate(engine, call),
    nobody: (method) => ({ ...anonymous, method }),
    prove: (signed) => engine.authenticator.authenticateText(signed, model),
    refuse(cause, head) {
      const error = asAwsError(engine, call, undefined, cause);
      const request = { ...head, body: incoming.body };
      return protocolByName(identified.protocol).serializeError(error, undefined, model, requestId, request);
    },
    within(cell, as) {
      const ctx = engine.contextIn(model.service, cell);
      return as ? ctx.as(as) : ctx;
    },
  };
}

function report(
  engine: Engine,
  call: Call,
  operation: string | undefined,
  error: string | undefined,
  { status }: WireResponse,
): void {
  engine.onRequest?.({
    service: call.model.service,
    operation,
    status,
    error,
    requestId: call.requestId,
    milliseconds: performance.now() - call.startedAt,
  });
}

/** How much of a body is read, where the service takes more than others. */
export async function bodyLimit(
  engine: Engine, head: Omit<Incoming, "body" | "stream">,
): Promise<BodyLimit | undefined> {
  const entry = identify(head, "")?.entry;
  const service = entry && (engine.loaded(entry) ?? (await engine.load(entry)));
  return service?.bodyLimit?.(head);
}

/** Whether the request is for an operation, or a front, that takes its body as it comes. */
export async function streamsBody(
  engine: Engine,
  head: Omit<Incoming, "body" | "stream">,
): Promise<boolean> {
  const identified = identify(head, "");
  if (!identified || identified.operation !== undefined) return false;
  const { entry } = identified;
  const model = engine.models.get(entry.service);
  const service = engine.loaded(entry) ?? (await engine.load(entry));
  if (service?.front?.takes(head)) return true;
  const path = service?.pathOf?.(head.headers["host"] ?? "", head.path) ?? head.path;
  const headers = { ...service?.headersInQuery?.(head.query), ...head.headers };
  const operation = routerOf(model)?.match(head.method, path, head.query, headers)?.operation;
  return operation !== undefined && takesStream(operation, model);
}

function operationOf(identified: Identified, model: ServiceModel, request: WireRequest): OperationModel {
  const name =
    identified.operation ??
    routerOf(model)?.match(request.method, request.path, request.query, request.headers)?.operation.name;
  const operation =
    name !== undefined && Object.hasOwn(model.operations, name) ? model.operations[name] : undefined;
  if (!operation) throw unknownOperation(model, name);
  return operation;
}

/** The request as the model has it, where the host name says a part of the path. */
function addressed(incoming: Incoming, service: Service | undefined): WireRequest {
  const path = service?.pathOf?.(incoming.headers["host"] ?? "", incoming.path) ?? incoming.path;
  if (path === incoming.path) return incoming;
  const { method, query, headers, body, stream } = incoming;
  return { method, path, query, headers, body, ...(stream && { stream }) };
}

/** What was signed in the query counts as if it had come as headers. */
function withHeadersInQuery(request: WireRequest, service: Service | undefined): WireRequest {
  const found = service?.headersInQuery?.(request.query);
  return found ? { ...request, headers: { ...found, ...request.headers } } : request;
}

/** @param isFronted the front knows the body's framing, and its length perhaps only at its end */
function decoded(
  request: WireRequest,
  isFronted: boolean,
  seed: VerifiedSignature | undefined,
  operation: OperationModel,
  model: ServiceModel,
): WireRequest {
  const { stream } = request;
  if (stream && isFronted) return plainStream({ ...request, stream });
  if (stream) return decodedStream({ ...request, stream }, seed);
  return decodedBody(request, seed, operation, model);
}

function addFromPath(service: Service, path: string, input: Value): void {
  for (const [member, value] of Object.entries(service.inputFromPath?.(path) ?? {})) input[member] ??= value;
}

function originOf(incoming: Incoming, { method, signedAt, isOlder }: Authenticated): RequestOrigin {
  const { headers, secure } = incoming;
  const payloadHash = headers["x-amz-content-sha256"] ?? (method === "QueryString" ? unsigned : undefined);
  const traceHeader = headers["x-amzn-trace-id"];
  return {
    sourceIp: incoming.sourceIp,
    userAgent: headers["user-agent"] ?? "",
    secureTransport: secure,
    authenticationMethod: method,
    ...(isOlder && { isOlderSignature: true }),
    ...(signedAt !== undefined && { signedAt }),
    ...(payloadHash !== undefined && { payloadHash }),
    ...(traceHeader !== undefined && { traceHeader }),
    ...(secure && { tlsVersion: incoming.tlsVersion ?? "1.3" }),
  };
}

/** What presigned requests say of their body. */
const unsigned = "UNSIGNED-PAYLOAD";

function requireSignature(
  engine: Engine,
  method: RequestOrigin["authenticationMethod"],
  operation: OperationModel,
  service: Service,
  model: ServiceModel,
): void {
  if (method !== "None" || operation.authtype === "none") return;
  if (service.admitsAnonymous || service.operations.get(operation.name)?.access === "anonymous") return;
  throw engine.missingToken(model);
}

/** What is no refusal is a defect of ours: logged with its cause, and never shown. */
function asAwsError(
  engine: Engine,
  { model, requestId }: Call,
  operation: OperationModel | undefined,
  cause: unknown,
): AwsError {
  if (cause instanceof AwsError) return cause;
  engine.failed(`${model.service}:${operation?.name ?? "?"} (${requestId})`, cause);
  return internalFailure(requestId);
}

/** The request is for a service that is not here, or does not say for which it is. */
function stranger(engine: Engine, incoming: Incoming, form: string, requestId: string): WireResponse {
  const { failure } = incoming;
  const { service = "?", operation, error, response } = unidentified(incoming, form, requestId, failure);
  const { status } = response;
  engine.onRequest?.({ service, operation, status, error: error.code, requestId, milliseconds: 0 });
  return response;
}
