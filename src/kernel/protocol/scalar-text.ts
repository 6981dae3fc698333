/** Scalars as text: what Query parameters, XML elements, headers, labels and query strings have in common. */

import type { AwsError } from "../errors.ts";
import type { Shape, ShapeRef, TimestampFormat } from "../model/model.ts";
import { formatTimestamp, parseTimestamp, timestampFormat, type Millis } from "./timestamps.ts";

export type TextRead = (text: string) => unknown;
export type TextWrite = (value: unknown) => string;

/** Words a protocol's refusal of text that does not fit its type; `type` is the model's name of the type. */
export type RefuseText = (text: string, type: Shape["type"]) => AwsError;

const integer = /^[+-]?\d{1,400}$/;
const decimal = /^[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,4})?$/;
const base64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

export function isScalar(shape: Shape): boolean {
  return shape.type !== "structure" && shape.type !== "list" && shape.type !== "map";
}

/** @throws AwsError as `refuse` words it, when the text does not fit */
export function textReader(shape: Shape, refuse: RefuseText): TextRead {
  const { type } = shape;
  switch (type) {
    case "boolean":
      return (text) => readBoolean(text) ?? fail(refuse(text, type));
    case "timestamp":
      return (text) => parseTimestamp(text.trim()) ?? fail(refuse(text, type));
    case "blob":
      return (text) => readBase64(text) ?? fail(refuse(text, type));
    case "integer": case "long": case "short": case "byte": case "bigInteger":
      return (text) => readWhole(text.trim(), type) ?? fail(refuse(text, type));
    case "float": case "double": case "bigDecimal":
      return (text) => readDecimal(text.trim()) ?? fail(refuse(text, type));
    case "structure": case "list": case "map":
      return (text) => fail(refuse(text, type));
    default:
      return (text) => text;
  }
}

export function textWriter(
  ref: ShapeRef, shape: Shape, format: TimestampFormat, millis: Millis = "some",
): TextWrite {
  switch (shape.type) {
    case "timestamp": {
      const ownFormat = timestampFormat(ref, shape, format);
      return (value) => formatTimestamp(Number(value), ownFormat, millis);
    }
    case "blob":
      return (value) => asBuffer(value).toString("base64");
    default:
      return (value) => String(value);
  }
}

/** Handlers give blobs as buffers, and for convenience as text. */
export function asBuffer(value: unknown): Buffer {
  if (Buffer.isBuffer(value)) return value;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return Buffer.from(String(value), "utf8");
}

/** Numbers that JSON has no literal for are strings in every AWS protocol. */
export function readDecimal(text: string): number | undefined {
  if (decimal.test(text)) return Number(text);
  if (text === "NaN") return NaN;
  if (text === "Infinity") return Infinity;
  return text === "-Infinity" ? -Infinity : undefined;
}

const bits: Readonly<Partial<Record<Shape["type"], number>>> = { byte: 8, short: 16, integer: 32, long: 64 };

/**
 * Whether a whole number fits its type. Of a long it is the nearest that a double can be.
 *
 * @evidence Smithy's protocol tests, malformed requests: bytes, shorts, integers and longs out of range
 */
export function isInRange(value: number, type: Shape["type"]): boolean {
  const size = bits[type];
  if (size === undefined) return true;
  const limit = 2 ** (size - 1);
  return value >= -limit && (size === 64 ? value <= limit : value < limit);
}

function readWhole(text: string, type: Shape["type"]): number | undefined {
  if (!integer.test(text)) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value)) return isInRange(value, type) ? value : undefined;
  const size = bits[type];
  // Beyond what a double tells apart.
  const fits = size === undefined || BigInt.asIntN(size, BigInt(text)) === BigInt(text);
  return fits ? value : undefined;
}

function readBoolean(text: string): boolean | undefined {
  const lower = text.trim().toLowerCase();
  if (lower === "true") return true;
  return lower === "false" ? false : undefined;
}

function readBase64(text: string): Buffer | undefined {
  const compact = text.replace(/\s+/g, "");
  return base64.test(compact) ? Buffer.from(compact, "base64") : undefined;
}

function fail(error: AwsError): never {
  throw error;
}
