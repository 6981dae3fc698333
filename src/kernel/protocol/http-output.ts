/** Writes what HTTP bindings put into status codes, headers and bodies. */

import { Readable } from "node:stream";
import type { OperationModel, ServiceModel, Shape, ShapeRef } from "../model/model.ts";
import type { BodyFormat } from "./body-format.ts";
import { membersOf, partOf, shapeOf } from "./compile.ts";
import type { Members } from "./compile.ts";
import { encodeEvents, eventStreamContentType, isAsyncIterable } from "./event-stream.ts";
import type { Headers, Value, WireResponse } from "./protocol.ts";
import { answerStatus } from "../answer-status.ts";
import { asBuffer, textWriter } from "./scalar-text.ts";
import type { TextWrite } from "./scalar-text.ts";

export type HeaderFill = (headers: Headers, output: Readonly<Value>) => void;

interface Body {
  readonly body: WireResponse["body"];
  /** Undefined for an empty body. */
  readonly contentType?: string;
}

/** Without the headers that every answer of the protocol has. */
export function compileHttpOutput(
  operation: OperationModel, service: ServiceModel, format: BodyFormat, root?: string,
): (output: Value) => WireResponse {
  const status = operation.http.responseCode ?? 200;
  const ref = operation.output;
  if (!ref) return (output) => ({ status: answerStatus(output) ?? status, headers: {}, body: "" });
  const shape = shapeOf(ref, service);
  const members = membersOf(shape);
  const fillHeaders = compileHeaders(members, service);
  const statusMember = members.find(([, member]) => member.location === "statusCode")?.[0];
  const bodyless = operation.http.method === "HEAD" || status === 204;
  const writeBody: (output: Value) => Body = bodyless
    ? () => ({ body: "" })
    : compileBody(ref, shape, service, format, root);
  return (output) => {
    const { body, contentType } = writeBody(output);
    const headers: Headers = contentType === undefined ? {} : { "content-type": contentType };
    fillHeaders(headers, output);
    const own = answerStatus(output) ?? (statusMember === undefined ? undefined : output[statusMember]);
    return { status: typeof own === "number" ? own : status, headers, body };
  };
}

function compileBody(
  ref: ShapeRef, shape: Shape, service: ServiceModel, format: BodyFormat, root: string | undefined,
): (output: Value) => Body {
  const members = membersOf(shape);
  const payload = shape.payload === undefined ? undefined : members.find(([name]) => name === shape.payload);
  if (payload) return compilePayload(payload, service, format);
  const inBody = members.filter(([, member]) => isInBody(member));
  if (inBody.length === 0 && members.length > 0) return () => ({ body: "" });
  const write = format.writeMembers(inBody, service, ref, root);
  return (output) => ({ body: write(output), contentType: format.contentType });
}

/** Where an answer has a shape of requests, what the request had in its URI stands in the answer's body. */
export function isInBody(ref: ShapeRef): boolean {
  return ref.location === undefined || ref.location === "uri" || ref.location === "querystring";
}

function compilePayload(
  [name, ref]: Members[number], service: ServiceModel, format: BodyFormat,
): (output: Value) => Body {
  const shape = shapeOf(ref, service);
  if (shape.eventstream) {
    return (output) => {
      const events = output[name];
      const source = isAsyncIterable(events) ? events : Readable.from([]);
      return { body: encodeEvents(source, ref, service, format), contentType: eventStreamContentType };
    };
  }
  if (shape.type === "blob" || shape.type === "string") {
    const contentType = shape.type === "blob" ? "application/octet-stream" : "text/plain";
    return (output) => {
      const value = output[name];
      if (value === undefined || value === null) return { body: "" };
      if (value instanceof Readable || typeof value === "string") return { body: value, contentType };
      return { body: asBuffer(value), contentType };
    };
  }
  const write = format.writeShape(ref, service);
  return (output) => {
    const value = output[name];
    if (value === undefined || value === null) return { body: "" };
    return { body: write(value), contentType: format.contentType };
  };
}

/** Sets the headers that members are bound to. */
export function compileHeaders(members: Members, service: ServiceModel): HeaderFill {
  const fills: HeaderFill[] = [];
  for (const [name, ref] of members) {
    if (ref.location === "header") fills.push(headerFill(name, ref, service));
    if (ref.location === "headers") fills.push(prefixHeadersFill(name, ref));
  }
  return (headers, output) => {
    for (const fill of fills) fill(headers, output);
  };
}

function headerFill(name: string, ref: ShapeRef, service: ServiceModel): HeaderFill {
  const header = (ref.locationName ?? name).toLowerCase();
  const write = headerWriter(ref, shapeOf(ref, service), service);
  return (headers, output) => {
    const value = output[name];
    if (value === undefined || value === null) return;
    const text = write(value);
    if (text !== "") headers[header] = fitHeader(text);
  };
}

function headerWriter(ref: ShapeRef, shape: Shape, service: ServiceModel): TextWrite {
  if (ref.jsonvalue) return (value) => Buffer.from(String(value), "utf8").toString("base64");
  if (shape.type !== "list") return textWriter(ref, shape, "rfc822");
  const item = partOf(shape, "member");
  const itemShape = shapeOf(item, service);
  const write = textWriter(item, itemShape, "rfc822");
  const quoted = itemShape.type === "string";
  return (value) => {
    const items = [...(value as Iterable<unknown>)].filter((item) => item !== undefined && item !== null);
    const texts = items.map(write);
    return (quoted ? texts.map(quoteHeader) : texts).join(", ");
  };
}

function quoteHeader(text: string): string {
  return /[",]/.test(text) ? `"${text.replace(/["\\]/g, "\\$&")}"` : text;
}

function prefixHeadersFill(name: string, ref: ShapeRef): HeaderFill {
  const prefix = (ref.locationName ?? "").toLowerCase();
  return (headers, output) => {
    for (const [key, value] of Object.entries((output[name] ?? {}) as Value)) {
      if (value !== undefined && value !== null) {
        headers[prefix + key.toLowerCase()] = fitHeader(String(value));
      }
    }
  };
}

/**
 * A header holds one line of ISO 8859-1: what a caller stored must neither become a header of its own nor
 * keep the answer from being written.
 */
function fitHeader(text: string): string {
  if (!unfit.test(text)) return text;
  return text.replace(/[^\t\x20-\x7e\x80-\u{10ffff}]+/gu, " ").replace(/[^\t\x20-\x7e\x80-\xff]/gu, "?");
}

const unfit = /[^\t\x20-\x7e\x80-\xff]/;
