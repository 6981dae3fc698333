/**
 * Smithy RPC v2 CBOR: every operation is a POST to `/service/<Service>/operation/<Operation>`.
 *
 * @evidence Smithy specification, Smithy RPC v2 CBOR protocol
 */

import type { AwsError } from "../errors.ts";
import type { OperationModel, ServiceModel, Shape, ShapeRef } from "../model/model.ts";
import type { BodyFormat } from "./body-format.ts";
import { CborEncoder, CborTimestamp, decodeCbor } from "./cbor-codec.ts";
import { membersOf, onceFor, onceForService, partOf, shapeOf } from "./compile.ts";
import type { Members } from "./compile.ts";
import { addQueryError, findModelled, messageNameOf, qualifiedErrorName } from "./error-fields.ts";
import { compileRpcInput, compileRpcOutput } from "./event-stream.ts";
import { readHostLabels } from "./host-labels.ts";
import type { Headers, Protocol, Value } from "./protocol.ts";
import { cannotConvert, serializationException } from "./refusals.ts";
import type { Found, Mismatch } from "./refusals.ts";
import { asBuffer, isInRange } from "./scalar-text.ts";
import { fromSeconds } from "./timestamps.ts";
import { TreeReaders } from "./tree-reader.ts";
import type { TreeFormat, TreeRead } from "./tree-reader.ts";

const mismatch: Mismatch = (found, type) => {
  if (found === "structure") {
    return serializationException("Start of structure or map found where not expected.");
  }
  if (found === "list") return serializationException("Start of list found where not expected");
  return serializationException(cannotConvert(found, type));
};

/** What an instant counts: Smithy RPC v2 has seconds, what came before it (`cbor-1.1.ts`) milliseconds. */
export type Instants = "seconds" | "milliseconds";

const cborTree = (instants: Instants): TreeFormat => ({
  mismatch,
  found: foundInCbor,
  isMap: (value): value is Value => {
    return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === null;
  },
  scalar(_ref, { type }): TreeRead {
    const typed = <Kind>(accept: (value: unknown) => Kind | undefined): TreeRead => (value) => {
      const accepted = accept(value);
      if (accepted === undefined) throw mismatch(foundInCbor(value), type);
      return accepted;
    };
    switch (type) {
      case "string": case "character":
        return typed((value) => (typeof value === "string" ? value : undefined));
      case "boolean": return typed((value) => (typeof value === "boolean" ? value : undefined));
      case "blob": return typed((value) => (Buffer.isBuffer(value) ? value : undefined));
      case "timestamp":
        return typed((value) => {
          if (!(value instanceof CborTimestamp)) return undefined;
          return instants === "seconds" ? fromSeconds(value.count) : value.count;
        });
      case "float": case "double": case "bigDecimal":
        return typed((value) => (typeof value === "number" ? value : undefined));
      default:
        return typed((value) => {
          const read = typeof value === "number" ? Math.trunc(value) : NaN;
          return Number.isFinite(read) && isInRange(read, type) ? read : undefined;
        });
    }
  },
});

function foundInCbor(value: unknown): Found {
  if (Array.isArray(value)) return "list";
  if (Buffer.isBuffer(value)) return "bytes";
  if (value instanceof CborTimestamp) return "timestamp";
  switch (typeof value) {
    case "string": return "string";
    case "number": return Number.isInteger(value) ? "number" : "decimal";
    case "boolean": return value ? "true" : "false";
    default: return "structure";
  }
}

type CborWrite = (value: unknown, encoder: CborEncoder) => void;

interface MemberWrite {
  readonly name: string;
  readonly key: string;
  readonly write: CborWrite;
}

class CborWriters {
  readonly #service: ServiceModel;
  readonly #instants: Instants;
  readonly #made = new Map<ShapeRef, CborWrite>();

  constructor(service: ServiceModel, instants: Instants) {
    this.#service = service;
    this.#instants = instants;
  }

  writer(ref: ShapeRef): CborWrite {
    let write = this.#made.get(ref);
    if (!write) this.#made.set(ref, (write = this.#make(ref)));
    return write;
  }

  #make(ref: ShapeRef): CborWrite {
    const shape = shapeOf(ref, this.#service);
    switch (shape.type) {
      case "structure": return this.members(() => membersOf(shape));
      case "list": return this.#list(shape);
      case "map": return this.#map(shape);
      case "string": case "character": return (value, encoder) => encoder.text(String(value));
      case "boolean": return (value, encoder) => encoder.boolean(Boolean(value));
      case "blob": return (value, encoder) => encoder.blob(asBuffer(value));
      case "timestamp": return this.#instants === "seconds"
        ? (value, encoder) => encoder.instant(Number(value) / 1000)
        : (value, encoder) => encoder.instant(Number(value));
      case "float": case "double": case "bigDecimal":
        return (value, encoder) => encoder.double(Number(value));
      default: return (value, encoder) => encoder.integer(typeof value === "bigint" ? value : Number(value));
    }
  }

  members(membersOnce: () => Members): CborWrite {
    let members: readonly MemberWrite[] | undefined;
    return (value, encoder) => {
      members ??= membersOnce().map(([name, ref]) => {
        return { name, key: ref.locationName ?? name, write: this.writer(ref) };
      });
      encoder.startMap();
      for (const member of members) {
        const item = (value as Value)[member.name];
        if (item === undefined || item === null) continue;
        encoder.text(member.key);
        member.write(item, encoder);
      }
      encoder.end();
    };
  }

  #list(shape: Shape): CborWrite {
    let write: CborWrite | undefined;
    return (value, encoder) => {
      write ??= this.writer(partOf(shape, "member"));
      encoder.startList();
      for (const item of value as Iterable<unknown>) {
        if (item !== undefined && item !== null) write(item, encoder);
        else if (shape.sparse) encoder.null();
      }
      encoder.end();
    };
  }

  #map(shape: Shape): CborWrite {
    let write: CborWrite | undefined;
    return (value, encoder) => {
      write ??= this.writer(partOf(shape, "value"));
      encoder.startMap();
      for (const [key, item] of Object.entries(value as Value)) {
        const absent = item === undefined || item === null;
        if (absent && !shape.sparse) continue;
        encoder.text(key);
        if (absent) encoder.null();
        else write(item, encoder);
      }
      encoder.end();
    };
  }
}

function encode(write: CborWrite, value: unknown): Buffer {
  const encoder = new CborEncoder();
  write(value, encoder);
  return encoder.finish();
}

export interface CborFormat extends BodyFormat {
  /** The body of a refusal. @param type its name, as the protocol spells it */
  writeError(error: AwsError, service: ServiceModel, type: string): Buffer;
}

export function cborFormat(contentType: string, instants: Instants): CborFormat {
  const readers = onceForService((service) => new TreeReaders(service, cborTree(instants)));
  const writers = onceForService((service) => new CborWriters(service, instants));
  return {
    contentType,
    readMembers(members, service) {
      const read = readers(service).members(() => members);
      return (body) => (body.length === 0 ? {} : (read(decodeCbor(body), 0) as Value));
    },
    readShape(ref, service) {
      const read = readers(service).reader(ref);
      return (body) => read(decodeCbor(body), 0);
    },
    writeMembers(members, service) {
      const write = writers(service).members(() => members);
      return (value) => encode(write, value);
    },
    writeShape(ref, service) {
      const write = writers(service).writer(ref);
      return (value) => encode(write, value);
    },
    writeError(error, service, type) {
      const modelled = findModelled(error, service);
      const encoder = new CborEncoder();
      encoder.startMap();
      encoder.text("__type");
      encoder.text(type);
      if (error.message !== "") {
        encoder.text(messageNameOf(error, modelled));
        encoder.text(error.message);
      }
      for (const [name, ref] of modelled?.members ?? []) {
        const item = error.members[name];
        if (item === undefined || item === null) continue;
        encoder.text(ref.locationName ?? name);
        writers(service).writer(ref)(item, encoder);
      }
      encoder.end();
      return encoder.finish();
    },
  };
}

export const cborBody = cborFormat("application/cbor", "seconds");

const readInput = onceFor(
  (operation: OperationModel, service) => compileRpcInput(operation, service, cborBody),
);
const writeOutput = onceFor(
  (operation: OperationModel, service) => compileRpcOutput(operation, service, cborBody),
);

function protocolHeaders(requestId: string): Headers {
  return { "smithy-protocol": "rpc-v2-cbor", "x-amzn-requestid": requestId };
}

export const cbor: Protocol = {
  name: "smithy-rpc-v2-cbor",

  parse(request, operation, service) {
    return readHostLabels(readInput(operation, service)(request), request, operation, service);
  },

  serialize(output, operation, service, requestId) {
    const { body, contentType } = writeOutput(operation, service)(output);
    const headers = protocolHeaders(requestId);
    if (operation.output) headers["content-type"] = contentType ?? cborBody.contentType;
    return { status: operation.http.responseCode ?? 200, headers, body };
  },

  serializeError(error, _operation, service, requestId) {
    const headers = { ...protocolHeaders(requestId), "content-type": cborBody.contentType };
    addQueryError(headers, error, service);
    const body = cborBody.writeError(error, service, qualifiedErrorName(error, service));
    return { status: error.status, headers, body };
  },
};
