/** Requests put together by hand from the model, so that suites can send what no SDK would let through. */

import { handle } from "../../src/kernel/gateway/chain.ts";
import type { Engine } from "../../src/kernel/engine.ts";
import { signRequest, type Credentials } from "../../src/kernel/auth/signing.ts";
import { SigningKeys } from "../../src/kernel/auth/signing-keys.ts";
import type { ServiceModel, ShapeRef } from "../../src/kernel/model/model.ts";
import type { WireResponse } from "../../src/kernel/protocol/protocol.ts";
import { restOutput, restRequest, type JsonText, type Sent } from "./rest.ts";
import { parseXml, type XmlElement } from "./xml-answer.ts";
import type { BuiltOperation } from "./services.ts";

export type Input = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly status: number;
  /** Of an error: the code without what stands before a `#`. */
  readonly code: string | undefined;
  readonly message: string | undefined;
  /** What was answered: as JSON says it, or read from XML with the model. */
  readonly output: Record<string, unknown>;
  readonly text: string;
}

export interface Client {
  call(operation: BuiltOperation, input: Input): Promise<Answer>;
  /** With a body of any kind, or any request: what `call` would make of an input is up to the caller. */
  send(operation: BuiltOperation, request: string | Sent): Promise<Answer>;
}

/** A region, as far as it is asked here. */
export interface Asked {
  readonly engine: Engine;
}

const signingKeys = new SigningKeys();

/** Made once: an error of its own a request is a tenth of a small request's cost. */
const left = new Error("the client has left");

export const root: Credentials = { accessKeyId: "test", secretAccessKey: "test" };

export function client(region: Asked, credentials: Credentials = root, awsRegion = "us-east-1"): Client {
  const send = (operation: BuiltOperation, request: string | Sent) =>
    post(region, credentials, awsRegion, operation, request);
  return {
    send,
    call: (operation, input) =>
      send(operation, requestOf(operation, withTokens(operation, input, region.engine))),
  };
}

export function isRest({ model }: BuiltOperation): boolean {
  return model.protocols[0]?.startsWith("rest-") ?? false;
}

/** The request with this input, in the service's first protocol: where that is no REST, its body. */
export function requestOf(operation: BuiltOperation, input: Input): string | Sent {
  const { model } = operation;
  if (!isRest(operation)) return bodyOf(operation, input);
  const json: JsonText = (value, ref) => JSON.stringify(jsonValue(value, ref, model));
  return restRequest(operation, input, model.protocols[0] === "rest-json" ? json : undefined);
}

/** As SDKs do: idempotency tokens that are not given are made up. */
function withTokens({ operationModel, model }: BuiltOperation, input: Input, { ids }: Engine): Input {
  const members = Object.entries(model.shapes[operationModel.input?.shape ?? ""]?.members ?? {});
  const made = members.filter(([name, ref]) => ref.idempotencyToken && input[name] === undefined);
  return made.length === 0
    ? input
    : { ...input, ...Object.fromEntries(made.map(([name]) => [name, ids.uuid()])) };
}

/** The body of a request with this input, in the service's first protocol. */
export function bodyOf({ operationModel, model, name }: BuiltOperation, input: Input): string {
  const shape = operationModel.input;
  if (model.protocols[0] === "json") return JSON.stringify(shape ? jsonValue(input, shape, model) : input);
  const parameters: [string, string][] = [
    ["Action", name],
    ["Version", model.apiVersion],
  ];
  if (shape) collect(parameters, "", input, shape, model);
  return parameters
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
    .join("&");
}

/** Requests that wait are hung up on as soon as nothing else goes on, so that nothing can hang a suite. */
async function post(
  { engine }: Asked,
  credentials: Credentials,
  region: string,
  operation: BuiltOperation,
  request: string | Sent,
): Promise<Answer> {
  const { model } = operation;
  const sent = typeof request === "string" ? rpc(operation, request) : request;
  const { body: sentText, headers: given, ...line } = sent;
  const body = Buffer.from(sentText);
  const endpoint = model.protocols[0] === "query" ? "amazonaws.com" : `${region}.amazonaws.com`;
  const account = given["x-amz-account-id"];
  const prefix = account !== undefined && /^\d{12}$/.test(account) ? `${account}.` : "";
  const { headers } = signRequest(
    {
      ...line,
      body,
      headers: { host: `${prefix}${model.endpointPrefix}.${endpoint}`, ...given },
    },
    { credentials, region, service: model.signingName, nowMs: engine.clock.now(), keys: signingKeys },
  );
  const leaving = new AbortController();
  const answering = handle(engine, {
    ...line,
    headers,
    body,
    sourceIp: "127.0.0.1",
    secure: true,
    signal: leaving.signal,
  });
  void engine.settled().then(() => leaving.abort(left));
  const answer = await answering;
  const text = await textOf(answer);
  if (model.protocols[0] === "rest-json") return restJsonAnswer(operation, answer, text);
  if (isRest(operation)) return restAnswer(operation, answer, text);
  return model.protocols[0] === "json"
    ? jsonAnswer(answer.status, text)
    : xmlAnswer(operation, answer.status, text);
}

async function textOf({ body }: WireResponse): Promise<string> {
  if (typeof body === "string" || Buffer.isBuffer(body)) return String(body);
  const chunks: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

/** Protocols that say the operation in a header or in the body. */
function rpc({ model, name }: BuiltOperation, body: string): Sent {
  const headers: Record<string, string> =
    model.protocols[0] === "json"
      ? {
          "content-type": `application/x-amz-json-${model.jsonVersion ?? "1.1"}`,
          "x-amz-target": `${model.targetPrefix ?? ""}.${name}`,
        }
      : { "content-type": "application/x-www-form-urlencoded" };
  return { method: "POST", path: "/", query: "", headers, body };
}

/** An answer to HEAD has nothing to say what is wrong. */
function restAnswer(operation: BuiltOperation, { status, headers }: WireResponse, text: string): Answer {
  if (status < 300) {
    const output = restOutput(operation, headers, text);
    return { status, code: undefined, message: undefined, output, text };
  }
  return text === "" ? { status, code: undefined, message: undefined, output: {}, text }
    : xmlAnswer(operation, status, text);
}

/** The error's name is in a header; what is no payload is the body's JSON. */
function restJsonAnswer(operation: BuiltOperation, { status, headers }: WireResponse, text: string): Answer {
  const body = text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : {};
  if (status < 300) {
    const output = { ...restOutput(operation, headers, ""), ...namedAsModelled(body, operation) };
    return { status, code: undefined, message: undefined, output, text };
  }
  const code = headers["x-amzn-errortype"]?.split(":", 1)[0];
  const message = (body["message"] ?? body["Message"]) as string | undefined;
  return { status, code, message, output: body, text };
}

function jsonAnswer(status: number, text: string): Answer {
  const output = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
  if (status < 300) return { status, code: undefined, message: undefined, output, text };
  const type = String(output["__type"]);
  const message = output["message"] ?? output["Message"];
  return {
    status,
    code: type.slice(type.indexOf("#") + 1),
    message: message as string | undefined,
    output,
    text,
  };
}

function xmlAnswer({ operationModel, model }: BuiltOperation, status: number, text: string): Answer {
  const document = parseXml(text);
  if (status >= 300) {
    const error = document.children.find((child) => child.name === "Error") ?? document;
    const textOf = (name: string) => error.children.find((child) => child.name === name)?.text;
    return { status, code: textOf("Code"), message: textOf("Message"), output: {}, text };
  }
  const result = document.children.find((child) => child.name.endsWith("Result"));
  const output = result && operationModel.output ? xmlValue(result, operationModel.output, model) : {};
  return { status, code: undefined, message: undefined, output: output as Record<string, unknown>, text };
}

function xmlValue(element: XmlElement, ref: ShapeRef, model: ServiceModel): unknown {
  const shape = model.shapes[ref.shape];
  if (shape?.type === "structure") {
    return Object.fromEntries(
      element.children.flatMap((child) => {
        const member = shape.members?.[child.name];
        return member ? [[child.name, xmlValue(child, member, model)]] : [];
      }),
    );
  }
  const item = shape?.member;
  return item ? element.children.map((child) => xmlValue(child, item, model)) : element.text;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);
}

/** As JSON protocols spell it: bytes in base64, times in seconds. What does not fit passes as it is. */
function jsonValue(value: unknown, ref: ShapeRef | undefined, model: ServiceModel): unknown {
  if (Buffer.isBuffer(value)) return value.toString("base64");
  const shape = ref && model.shapes[ref.shape];
  if (Array.isArray(value)) return value.map((item) => jsonValue(item, shape?.member, model));
  if (shape?.type === "timestamp" && typeof value === "number") return value / 1000;
  if (!isPlain(value)) return value;
  // Entries are defined, not assigned, so that a key `__proto__` is sent like any other.
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => {
      const member = shape?.type === "map" ? shape.value : shape?.members?.[key];
      const name = shape?.type === "map" ? key : (member?.locationName ?? key);
      return [name, jsonValue(each, member, model)];
    }),
  );
}

/** Members under their own names, where the wire has others. */
function namedAsModelled(
  body: Readonly<Record<string, unknown>>, { operationModel, model }: BuiltOperation,
): Record<string, unknown> {
  const members = Object.entries(model.shapes[operationModel.output?.shape ?? ""]?.members ?? {});
  const names = new Map(members.map(([name, { locationName = name }]) => [locationName, name]));
  return Object.fromEntries(Object.entries(body).map(([key, value]) => [names.get(key) ?? key, value]));
}

/** As the Query protocol spells it: a path a value. */
function collect(
  into: [string, string][],
  path: string,
  value: unknown,
  ref: ShapeRef,
  model: ServiceModel,
): void {
  const shape = model.shapes[ref.shape];
  const within = (name: string) => (path === "" ? name : `${path}.${name}`);
  if (Buffer.isBuffer(value)) into.push([path, value.toString("base64")]);
  else if (Array.isArray(value)) {
    const item = shape?.member ?? ref;
    const list = shape?.flattened ? path : within(item.locationName ?? "member");
    if (value.length === 0) into.push([path, ""]);
    value.forEach((each, index) => collect(into, `${list}.${index + 1}`, each, item, model));
  } else if (isPlain(value) && shape?.type === "map") {
    Object.entries(value).forEach(([key, each], index) => {
      into.push([within(`entry.${index + 1}.key`), key]);
      collect(into, within(`entry.${index + 1}.value`), each, shape.value ?? ref, model);
    });
  } else if (isPlain(value)) {
    for (const [key, each] of Object.entries(value))
      collect(into, within(key), each, shape?.members?.[key] ?? ref, model);
  } else if (shape?.type === "timestamp" && typeof value === "number") {
    into.push([path, new Date(value).toISOString()]);
  } else if (value !== undefined) into.push([path, String(value)]);
}
