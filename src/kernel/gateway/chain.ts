/** One request, start to end. Read it top to bottom: this is the order in which everything happens. */

import type { Readable } from "node:stream";
import type { RequestOrigin } from "../auth/caller.ts";
import type { Engine } from "../engine.ts";
import { AwsError, internalFailure, notImplemented, unmodelled } from "../errors.ts";
import type { OperationModel, ServiceModel } from "../model/model.ts";
import { perform } from "../perform.ts";
import type { Headers, Protocol, Value, WireRequest, WireResponse } from "../protocol/protocol.ts";
import type { Service } from "../service.ts";
import { protocolByName } from "../protocol/protocols.ts";
import { identify, isForm, type Identified } from "./identify.ts";
import type { VerifiedSignature } from "../auth/sigv4.ts";
import { decodedBody, decodedStream, takesStream } from "./body.ts";
import { routerOf } from "./routes.ts";
import { unknownOperation } from "./wording.ts";

export interface Incoming {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Headers;
  /** Empty when the operation's body is a stream. */
  readonly body: Buffer;
  readonly stream?: Readable;
  readonly sourceIp: string;
  readonly secure: boolean;
  /** Aborted when the client hangs up. */
  readonly signal: AbortSignal;
}

export async function handle(engine: Engine, incoming: Incoming): Promise<WireResponse> {
  const requestId = engine.ids.uuid();
  const form = isForm(incoming.headers) ? incoming.body.toString("latin1") : "";
  const identified = identify(incoming, form);
  if (!identified) return unidentified(requestId);

  const { entry } = identified;
  const model = engine.models.get(entry.service);
  const protocol = protocolByName(identified.protocol);
  const startedAt = engine.onRequest ? performance.now() : 0;
  let operation: OperationModel | undefined;
  let request: WireRequest = incoming;
  try {
    const service = engine.loaded(entry) ?? (await engine.load(entry));
    const authenticated = engine.authenticator.authenticate(incoming, model);
    const path = service?.pathOf?.(incoming.headers["host"] ?? "", incoming.path) ?? incoming.path;
    request = path === incoming.path ? incoming : { ...wireRequest(incoming), path };
    operation = operationOf(identified, model, request);
    request = decoded(request, authenticated.verified, operation, model);
    engine.faults.strike(model, operation);
    if (!service) throw notImplemented(`${entry.service}:${operation.name}`);
    requireSignature(engine, authenticated.method, operation, service, model);
    const input = protocol.parse(request, operation, model);
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
      origin: originOf(incoming, authenticated.method),
      region: identified.region,
      anywhere: identified.anywhere,
      hangUp: incoming,
    });
    const response = protocol.serialize(output, operation, model, requestId);
    if (engine.onRequest) report(engine, { model, operation, requestId, startedAt }, undefined, response);
    return response;
  } catch (cause) {
    const response = refused(engine, cause, protocol, operation, model, requestId, request);
    const code = cause instanceof AwsError ? cause.code : "InternalFailure";
    if (engine.onRequest) report(engine, { model, operation, requestId, startedAt }, code, response);
    return response;
  }
}

interface Handled {
  readonly model: ServiceModel;
  readonly operation: OperationModel | undefined;
  readonly requestId: string;
  readonly startedAt: number;
}

/** Tells whoever keeps the request log. */
function report(
  engine: Engine,
  { model, operation, requestId, startedAt }: Handled,
  error: string | undefined,
  { status }: WireResponse,
): void {
  engine.onRequest?.({
    service: model.service,
    operation: operation?.name,
    status,
    error,
    requestId,
    milliseconds: performance.now() - startedAt,
  });
}

/** Whether the request is for an operation that takes its body as it comes. */
export async function streamsBody(
  engine: Engine,
  head: Omit<Incoming, "body" | "stream">,
): Promise<boolean> {
  const identified = identify(head, "");
  if (!identified || identified.operation !== undefined) return false;
  const { entry } = identified;
  const model = engine.models.get(entry.service);
  const service = engine.loaded(entry) ?? (await engine.load(entry));
  const path = service?.pathOf?.(head.headers["host"] ?? "", head.path) ?? head.path;
  const operation = routerOf(model)?.match(head.method, path, head.query, head.headers)?.operation;
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

/** The request without what else is known of how it came. */
function wireRequest({ method, path, query, headers, body, stream }: Incoming): WireRequest {
  return { method, path, query, headers, body, ...(stream && { stream }) };
}

function decoded(
  request: WireRequest,
  seed: VerifiedSignature | undefined,
  operation: OperationModel,
  model: ServiceModel,
): WireRequest {
  const { stream } = request;
  if (stream) return decodedStream({ ...request, stream }, seed);
  return decodedBody(request, seed, operation, model);
}

function addFromPath(service: Service, path: string, input: Value): void {
  for (const [member, value] of Object.entries(service.inputFromPath?.(path) ?? {})) input[member] ??= value;
}

function originOf(
  incoming: Incoming,
  authenticationMethod: RequestOrigin["authenticationMethod"],
): RequestOrigin {
  return {
    sourceIp: incoming.sourceIp,
    userAgent: incoming.headers["user-agent"] ?? "",
    secureTransport: incoming.secure,
    authenticationMethod,
  };
}

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

function refused(
  engine: Engine,
  cause: unknown,
  protocol: Protocol,
  operation: OperationModel | undefined,
  model: ServiceModel,
  requestId: string,
  request: WireRequest,
): WireResponse {
  let error = cause;
  if (!(error instanceof AwsError)) {
    engine.failed(`${model.service}:${operation?.name ?? "?"} (${requestId})`, cause);
    error = internalFailure(requestId);
  }
  return protocol.serializeError(error as AwsError, operation, model, requestId, request);
}

/** Nothing in the request says which service is meant. */
function unidentified(requestId: string): WireResponse {
  const error = unmodelled(
    "UnknownService",
    "The request names no AWS service that is here: sign it, or use an AWS host name.",
  );
  return {
    status: 400,
    headers: { "content-type": "application/json", "x-amzn-requestid": requestId },
    body: JSON.stringify({ __type: error.code, message: error.message }),
  };
}
