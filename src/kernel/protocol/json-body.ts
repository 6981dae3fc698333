/** JSON bodies: the same for AWS JSON, REST-JSON and their event streams. */

import type { AwsError } from "../errors.ts";
import { JsonText } from "../json-text.ts";
import type { ServiceModel, Shape, ShapeRef } from "../model/model.ts";
import type { BodyFormat } from "./body-format.ts";
import { membersOf, onceFor, onceForService, partOf, shapeOf } from "./compile.ts";
import type { Members } from "./compile.ts";
import { findModelled, messageNameOf } from "./error-fields.ts";
import type { ModelledError } from "./error-fields.ts";
import type { Value } from "./protocol.ts";
import { base64Fault, malformedBlob, mismatchOf, serializationException } from "./refusals.ts";
import type { Found } from "./refusals.ts";
import { asBuffer, isInRange, readDecimal } from "./scalar-text.ts";
import { formatTimestamp, fromSeconds, parseTimestamp, timestampFormat } from "./timestamps.ts";
import { TreeReaders } from "./tree-reader.ts";
import type { TreeFormat, TreeRead } from "./tree-reader.ts";

export const jsonReaders = onceForService((service) => new TreeReaders(service, jsonTree(service)));
export const jsonWriters = onceForService((service) => new JsonWriters(service));

/** @throws AwsError `SerializationException`, without a message as AWS answers, when the text is not JSON */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(wellFormed(body.toString("utf8")));
  } catch {
    throw serializationException("");
  }
}

const surrogate = /\\u[dD][89a-fA-F]/;
const escapes =
  /\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[dD][89a-fA-F][0-9a-fA-F]{2}|.)/gs;
const loneEscapeLength = "\\ud800".length;

/**
 * Half a surrogate pair, which only an escape can spell, is no character: it becomes the replacement
 * character.
 */
function wellFormed(json: string): string {
  // Looking for the two characters is faster than the expression, and most bodies have no escape like it.
  if (!json.includes("\\u") || !surrogate.test(json)) return json;
  return json.replace(escapes, (escape) => (escape.length === loneEscapeLength ? "\\ufffd" : escape));
}

export const jsonBody: BodyFormat = {
  contentType: "application/json",
  readMembers(members, service) {
    const read = jsonReaders(service).members(() => members);
    return (body) => (body.length === 0 ? {} : (read(parseJson(body), 0) as Value));
  },
  readShape(ref, service) {
    const read = jsonReaders(service).reader(ref);
    return (body) => read(parseJson(body), 0);
  },
  writeMembers: (members, service) => jsonWriters(service).members(() => members),
  writeShape: (ref, service) => jsonWriters(service).writer(ref),
};

const errorMembersWriter = onceFor((modelled: ModelledError, service) => {
  return jsonWriters(service).members(() => modelled.members.filter(([, ref]) => ref.location === undefined));
});

/** An error's type, where it belongs into the body, its message, and the members that the model gives it. */
export function writeJsonError(error: AwsError, service: ServiceModel, type?: string): string {
  const modelled = findModelled(error, service);
  const leading: Record<string, string> = {};
  if (type !== undefined) leading["__type"] = type;
  if (error.message !== "") leading[messageNameOf(error, modelled)] = error.message;
  if (!modelled) return JSON.stringify({ ...leading, ...error.members });
  const members = errorMembersWriter(modelled, service)(error.members);
  if (members === "{}") return JSON.stringify(leading);
  const start = JSON.stringify(leading);
  return start === "{}" ? members : `${start.slice(0, -1)},${members.slice(1)}`;
}

function jsonTree(service: ServiceModel): TreeFormat {
  const mismatch = mismatchOf(service);
  return {
    mismatch,
    found: foundInJson,
    isMap: (value): value is Value => typeof value === "object" && value !== null && !Array.isArray(value),
    scalar(_ref, shape): TreeRead {
      const { type } = shape;
      switch (type) {
        case "string":
        case "character":
          return (value) => {
            if (typeof value !== "string") throw mismatch(foundInJson(value), type);
            return value;
          };
        case "boolean":
          return (value) => {
            if (typeof value !== "boolean") throw mismatch(foundInJson(value), type);
            return value;
          };
        case "blob":
          return (value) => {
            if (typeof value !== "string") throw mismatch(foundInJson(value), type);
            const fault = base64Fault(value);
            if (fault !== undefined) throw malformedBlob(value, fault, service);
            return Buffer.from(value, "base64");
          };
        case "timestamp":
          return (value) => {
            const read = typeof value === "number" ? fromSeconds(value) : parseText(value, parseTimestamp);
            if (read === undefined) throw mismatch(foundInJson(value), type);
            return read;
          };
        case "float":
        case "double":
        case "bigDecimal":
          return (value) => {
            const read = typeof value === "number" ? value : parseText(value, readNotFinite);
            if (read === undefined) throw mismatch(foundInJson(value), type);
            return read;
          };
        default:
          // Fractions given for whole numbers are cut off, as AWS does.
          return (value) => {
            const read = typeof value === "number" ? Math.trunc(value) : undefined;
            if (read === undefined || !isInRange(read, type)) throw mismatch(foundInJson(value), type);
            return read;
          };
      }
    },
  };
}

function parseText(value: unknown, parse: (text: string) => number | undefined): number | undefined {
  return typeof value === "string" ? parse(value) : undefined;
}

/** JSON has no literals for these three; any other number must be a number. */
function readNotFinite(text: string): number | undefined {
  const value = readDecimal(text);
  return value !== undefined && !Number.isFinite(value) ? value : undefined;
}

function foundInJson(value: unknown): Found {
  if (Array.isArray(value)) return "list";
  switch (typeof value) {
    case "string":
      return "string";
    case "number":
      return Number.isInteger(value) ? "number" : "decimal";
    case "boolean":
      return value ? "true" : "false";
    default:
      return "structure";
  }
}

export type JsonWrite = (value: unknown) => string;

interface MemberWrite {
  readonly name: string;
  /** Quoted, with its colon. */
  readonly key: string;
  readonly write: JsonWrite;
}

/** What must be escaped in a JSON string; text without any of it, nearly all text, is written as it is. */
const escapable = /[\u0000-\u001f"\\\ud800-\udfff]/;

function writeString(value: unknown): string {
  const text = typeof value === "string" ? value : String(value);
  return escapable.test(text) ? JSON.stringify(text) : `"${text}"`;
}

function writeNumber(value: unknown): string {
  return Number.isFinite(value) || typeof value === "bigint" ? String(value) : writeString(value);
}

export class JsonWriters {
  readonly #service: ServiceModel;
  readonly #made = new Map<ShapeRef, JsonWrite>();

  constructor(service: ServiceModel) {
    this.#service = service;
  }

  writer(ref: ShapeRef): JsonWrite {
    let write = this.#made.get(ref);
    if (!write) this.#made.set(ref, (write = this.#make(ref)));
    return write;
  }

  #make(ref: ShapeRef): JsonWrite {
    const shape = shapeOf(ref, this.#service);
    if (shape.document) return (value) => JSON.stringify(value) ?? "null";
    switch (shape.type) {
      case "structure":
        return this.members(() => membersOf(shape));
      case "list":
        return this.#list(shape);
      case "map":
        return this.#map(shape);
      case "string":
      case "character":
        return writeString;
      case "boolean":
        return (value) => (value ? "true" : "false");
      case "blob":
        return (value) => `"${asBuffer(value).toString("base64")}"`;
      case "timestamp":
        return timestampWriter(ref, shape);
      default:
        return writeNumber;
    }
  }

  members(membersOnce: () => Members): JsonWrite {
    let members: readonly MemberWrite[] | undefined;
    return (value) => {
      members ??= membersOnce().map(([name, ref]) => ({
        name,
        key: `${JSON.stringify(ref.locationName ?? name)}:`,
        write: this.writer(ref),
      }));
      const record = value as Value;
      let text = "{";
      for (const member of members) {
        const item = record[member.name];
        if (item === undefined || item === null) continue;
        const written = item instanceof JsonText ? item.text : member.write(item);
        text += (text.length === 1 ? "" : ",") + member.key + written;
      }
      return `${text}}`;
    };
  }

  #list(shape: Shape): JsonWrite {
    let write: JsonWrite | undefined;
    return (value) => {
      write ??= this.writer(partOf(shape, "member"));
      let text = "[";
      for (const item of value as Iterable<unknown>) {
        if (item === undefined || (item === null && !shape.sparse)) continue;
        const written = item === null ? "null" : item instanceof JsonText ? item.text : write(item);
        text += (text.length === 1 ? "" : ",") + written;
      }
      return `${text}]`;
    };
  }

  #map(shape: Shape): JsonWrite {
    let write: JsonWrite | undefined;
    return (value) => {
      write ??= this.writer(partOf(shape, "value"));
      let text = "{";
      for (const [key, item] of Object.entries(value as Value)) {
        if (item === undefined || (item === null && !shape.sparse)) continue;
        const written = item === null ? "null" : item instanceof JsonText ? item.text : write(item);
        text += `${text.length === 1 ? "" : ","}${writeString(key)}:${written}`;
      }
      return `${text}}`;
    };
  }
}

function timestampWriter(ref: ShapeRef, shape: Shape): JsonWrite {
  const format = timestampFormat(ref, shape, "unixTimestamp");
  if (format === "unixTimestamp") return (value) => String(Number(value) / 1000);
  return (value) => `"${formatTimestamp(Number(value), format)}"`;
}
