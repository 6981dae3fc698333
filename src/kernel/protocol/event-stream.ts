/** Event streams of the model over the event stream framing, and the RPC protocols' use of them. */

import { Readable } from "node:stream";
import { AwsError } from "../errors.ts";
import type { OperationModel, ServiceModel, Shape, ShapeRef } from "../model/model.ts";
import type { BodyFormat } from "./body-format.ts";
import { membersOf, shapeOf } from "./compile.ts";
import type { Members } from "./compile.ts";
import { errorName, findModelled, messageNameOf } from "./error-fields.ts";
import { encodeFrame, FrameDecoder } from "./event-frames.ts";
import type { Frame, FrameHeader, FrameHeaders } from "./event-frames.ts";
import type { Value, WireRequest } from "./protocol.ts";
import { serializationException } from "./refusals.ts";
import { asBuffer } from "./scalar-text.ts";

export const eventStreamContentType = "application/vnd.amazon.eventstream";

type EventWrite = (event: unknown) => { readonly headers: FrameHeaders; readonly payload: Buffer };
type EventRead = (frame: Frame) => unknown;

/** The member of an input or output that is an event stream. */
export function findEventStream(members: Members, service: ServiceModel): Members[number] | undefined {
  return members.find(([, ref]) => shapeOf(ref, service).eventstream);
}

function text(value: string): FrameHeader {
  return { type: "string", value };
}

const noPayload = Buffer.alloc(0);

/** Turns one-member objects, `{ Records: { Payload } }`, into frames. */
export function compileEventWriter(
  stream: ShapeRef, service: ServiceModel, format: BodyFormat,
): (event: Value) => Buffer {
  const kinds = new Map<string, { readonly kind: FrameHeaders; readonly write: EventWrite }>();
  for (const [name, ref] of membersOf(shapeOf(stream, service))) {
    const exception = shapeOf(ref, service).exception ?? false;
    const kind: FrameHeaders = exception
      ? { ":message-type": text("exception"), ":exception-type": text(name) }
      : { ":message-type": text("event"), ":event-type": text(name) };
    kinds.set(name, { kind, write: compileEvent(ref, service, format) });
  }
  return (event) => {
    const [name, value] = Object.entries(event).find(([, item]) => item !== undefined && item !== null) ?? [];
    const known = kinds.get(name ?? "");
    if (!known) throw new Error(`The event stream ${stream.shape} has no event ${name}.`);
    const { headers, payload } = known.write(value);
    return encodeFrame({ ...known.kind, ...headers }, payload);
  };
}

function compileEvent(ref: ShapeRef, service: ServiceModel, format: BodyFormat): EventWrite {
  const members = membersOf(shapeOf(ref, service));
  const inHeaders = members.filter(([, member]) => member.eventheader);
  const payloadMember = members.find(([, member]) => member.eventpayload);
  const inBody = members.filter(([, member]) => !member.eventheader && !member.eventpayload);
  const writePayload = payloadMember
    ? compileEventPayload(payloadMember, service, format)
    : compileEventBody(inBody, ref, service, format);
  return (value) => {
    const record = (value ?? {}) as Value;
    const { contentType, payload } = writePayload(record);
    const headers: FrameHeaders = contentType === undefined ? {} : { ":content-type": text(contentType) };
    for (const [name, member] of inHeaders) {
      const item = record[name];
      if (item !== undefined && item !== null) headers[name] = frameHeader(item, shapeOf(member, service));
    }
    return { headers, payload };
  };
}

type PayloadWrite = (event: Value) => { readonly contentType?: string; readonly payload: Buffer };

function compileEventPayload(
  [name, ref]: Members[number], service: ServiceModel, format: BodyFormat,
): PayloadWrite {
  const { type } = shapeOf(ref, service);
  if (type === "blob" || type === "string") {
    const contentType = type === "blob" ? "application/octet-stream" : "text/plain";
    return (event) => {
      const value = event[name];
      return { contentType, payload: value === undefined || value === null ? noPayload : asBuffer(value) };
    };
  }
  const write = format.writeShape(ref, service);
  return (event) => ({ contentType: format.contentType, payload: asBuffer(write(event[name] ?? {})) });
}

function compileEventBody(
  members: Members, ref: ShapeRef, service: ServiceModel, format: BodyFormat,
): PayloadWrite {
  if (members.length === 0) return () => ({ payload: noPayload });
  const write = format.writeMembers(members, service, ref);
  return (event) => ({ contentType: format.contentType, payload: asBuffer(write(event)) });
}

function frameHeader(value: unknown, shape: Shape): FrameHeader {
  switch (shape.type) {
    case "boolean": return { type: "boolean", value: Boolean(value) };
    case "byte": case "short": case "integer": return { type: shape.type, value: Number(value) };
    case "long": return { type: "long", value: BigInt(Math.trunc(Number(value))) };
    case "blob": return { type: "bytes", value: asBuffer(value) };
    case "timestamp": return { type: "timestamp", value: Number(value) };
    default: return text(String(value));
  }
}

/** Emitted by a stream of frames with what ended it, where that was no refusal. */
export const streamDefect = "defect";

/**
 * The frames of a stream of events, as they come. What the events' source throws ends the stream: as the
 * model's exception where the stream declares one, as an error message otherwise.
 */
export function encodeEvents(
  events: AsyncIterable<unknown>, stream: ShapeRef, service: ServiceModel, format: BodyFormat,
  initial?: Buffer,
): Readable {
  const write = compileEventWriter(stream, service, format);
  async function* frames(): AsyncGenerator<Buffer> {
    if (initial) yield initial;
    try {
      for await (const event of events) yield write(event as Value);
    } catch (error) {
      if (!(error instanceof AwsError)) body.emit(streamDefect, error);
      yield encodeEventError(error, stream, service, write);
    }
  }
  const body = Readable.from(frames(), { objectMode: false, highWaterMark: 64 * 1024 });
  return body;
}

function encodeEventError(
  error: unknown, stream: ShapeRef, service: ServiceModel, write: (event: Value) => Buffer,
): Buffer {
  if (!(error instanceof AwsError)) {
    const headers = { ":message-type": text("error"), ":error-code": text("InternalFailure") };
    const message = "The request processing has failed because of an unknown error, exception or failure.";
    return encodeFrame({ ...headers, ":error-message": text(message) }, noPayload);
  }
  const declared = membersOf(shapeOf(stream, service)).find(([, ref]) => ref.shape === error.shape);
  if (declared) {
    const messageName = messageNameOf(error, findModelled(error, service));
    return write({ [declared[0]]: { ...error.members, [messageName]: error.message } });
  }
  const headers = { ":message-type": text("error"), ":error-code": text(errorName(error)) };
  return encodeFrame({ ...headers, ":error-message": text(error.message.slice(0, 8_000)) }, noPayload);
}

/** Turns frames into one-member objects; undefined for events that the model does not know. */
export function compileEventReader(
  stream: ShapeRef, service: ServiceModel, format: BodyFormat,
): (frame: Frame) => Value | undefined {
  const kinds = new Map<string, EventRead>();
  for (const [name, ref] of membersOf(shapeOf(stream, service))) {
    kinds.set(name, compileEventParts(ref, service, format));
  }
  return (frame) => {
    const name = headerText(frame, ":event-type") ?? headerText(frame, ":exception-type");
    const read = kinds.get(name ?? "");
    return read && name !== undefined ? { [name]: read(frame) } : undefined;
  };
}

function compileEventParts(ref: ShapeRef, service: ServiceModel, format: BodyFormat): EventRead {
  const members = membersOf(shapeOf(ref, service));
  const inHeaders = members.filter(([, member]) => member.eventheader);
  const payloadMember = members.find(([, member]) => member.eventpayload);
  const inBody = members.filter(([, member]) => !member.eventheader && !member.eventpayload);
  const readBody = format.readMembers(inBody, service, ref);
  const readPayload = payloadMember && compilePayloadReader(payloadMember[1], service, format);
  return (frame) => {
    const empty = frame.payload.length === 0 || inBody.length === 0;
    const event: Value = readPayload || empty ? {} : readBody(frame.payload);
    if (payloadMember && readPayload) event[payloadMember[0]] = readPayload(frame.payload);
    for (const [name] of inHeaders) {
      const header = frame.headers[name];
      if (header) event[name] = header.type === "long" ? Number(header.value) : header.value;
    }
    return event;
  };
}

function compilePayloadReader(
  ref: ShapeRef, service: ServiceModel, format: BodyFormat,
): (payload: Buffer) => unknown {
  const { type } = shapeOf(ref, service);
  if (type === "blob") return (payload) => payload;
  return type === "string" ? (payload) => payload.toString("utf8") : format.readShape(ref, service);
}

function headerText(frame: Frame, name: string): string | undefined {
  const header = frame.headers[name];
  return header?.type === "string" ? header.value : undefined;
}

/**
 * The events of a request. Signed events are frames within frames; their signatures are the affair of whoever
 * gave the source. `initial` gets the payload of the initial request, in protocols that have one.
 *
 * @throws AwsError while iterating, when the stream is malformed
 */
export async function* decodeEvents(
  source: AsyncIterable<Buffer | string>, stream: ShapeRef, service: ServiceModel, format: BodyFormat,
  initial?: (payload: Buffer) => void,
): AsyncGenerator<Value> {
  const read = compileEventReader(stream, service, format);
  const decoder = new FrameDecoder();
  for await (const piece of source) {
    for (const outer of decoder.push(asBuffer(piece))) {
      for (const frame of unwrap(outer)) {
        if (headerText(frame, ":event-type") === "initial-request") initial?.(frame.payload);
        else {
          const event = read(frame);
          if (event) yield event;
        }
      }
    }
  }
  decoder.end();
}

function unwrap(frame: Frame): Frame[] {
  if (!frame.headers[":chunk-signature"] || frame.headers[":message-type"]) return [frame];
  const inner = new FrameDecoder();
  const frames = inner.push(frame.payload);
  inner.end();
  return frames;
}

/**
 * How an RPC protocol reads an operation's input: a body of all members, or a stream that starts with them.
 */
export function compileRpcInput(
  operation: OperationModel, service: ServiceModel, format: BodyFormat,
): (request: WireRequest) => Value {
  const ref = operation.input;
  if (!ref) return () => ({});
  const members = membersOf(shapeOf(ref, service));
  const stream = findEventStream(members, service);
  if (!stream) {
    const read = format.readMembers(members, service, ref);
    return (request) => read(request.body);
  }
  const [name, streamRef] = stream;
  const readInitial = format.readMembers(members.filter((member) => member !== stream), service, ref);
  return (request) => {
    const source = request.stream ?? Readable.from([request.body], { objectMode: false });
    // The other members come with the first message, so they are set before the first event is given out.
    const input: Value = {};
    input[name] = decodeEvents(
      source, streamRef, service, format, (body) => Object.assign(input, readInitial(body)),
    );
    return input;
  };
}

export interface RpcBody {
  readonly body: string | Buffer | Readable;
  /** Only where it is not the protocol's own. */
  readonly contentType?: string;
}

export function compileRpcOutput(
  operation: OperationModel, service: ServiceModel, format: BodyFormat,
): (output: Value) => RpcBody {
  const ref = operation.output;
  if (!ref) return () => ({ body: "" });
  const members = membersOf(shapeOf(ref, service));
  const stream = findEventStream(members, service);
  if (!stream) {
    const write = format.writeMembers(members, service, ref);
    return (output) => ({ body: write(output) });
  }
  const [name, streamRef] = stream;
  const writeInitial = format.writeMembers(members.filter((member) => member !== stream), service, ref);
  return (output) => {
    const events = output[name];
    if (!isAsyncIterable(events)) throw serializationException(`The output has no event stream ${name}.`);
    const headers = {
      ":message-type": text("event"), ":event-type": text("initial-response"),
      ":content-type": text(format.contentType),
    };
    const initial = encodeFrame(headers, asBuffer(writeInitial(output)));
    return {
      body: encodeEvents(events, streamRef, service, format, initial), contentType: eventStreamContentType,
    };
  };
}

export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
