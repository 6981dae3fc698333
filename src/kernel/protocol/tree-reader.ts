/**
 * Reads values that arrive as a tree of maps, lists and scalars: JSON and CBOR. What differs between the two
 * is how a scalar is read and what counts as a map.
 */

import type { ServiceModel, Shape, ShapeRef } from "../model/model.ts";
import { depthMax, emptyMap, membersOf, partOf, shapeOf } from "./compile.ts";
import type { Members } from "./compile.ts";
import type { Value } from "./protocol.ts";
import { tooDeep } from "./refusals.ts";
import type { Found, Mismatch } from "./refusals.ts";

export type TreeRead = (value: unknown, depth: number) => unknown;

export interface TreeFormat {
  readonly mismatch: Mismatch;
  scalar(ref: ShapeRef, shape: Shape): TreeRead;
  found(value: unknown): Found;
  isMap(value: unknown): value is Value;
}

export class TreeReaders {
  readonly #service: ServiceModel;
  readonly #format: TreeFormat;
  readonly #made = new Map<ShapeRef, TreeRead>();

  constructor(service: ServiceModel, format: TreeFormat) {
    this.#service = service;
    this.#format = format;
  }

  reader(ref: ShapeRef): TreeRead {
    let read = this.#made.get(ref);
    if (!read) this.#made.set(ref, (read = this.#make(ref)));
    return read;
  }

  #make(ref: ShapeRef): TreeRead {
    const shape = shapeOf(ref, this.#service);
    if (shape.document) return (value, depth) => this.#readDocument(value, depth);
    if (shape.type === "structure") return this.members(() => membersOf(shape));
    if (shape.type === "list") return this.#list(shape);
    if (shape.type === "map") return this.#map(shape);
    return this.#format.scalar(ref, shape);
  }

  /** Reads a map of these members; members are asked for on first use, for shapes contain themselves. */
  members(membersOnce: () => Members): TreeRead {
    const format = this.#format;
    let members: Map<string, { readonly name: string; readonly read: TreeRead }> | undefined;
    return (value, depth) => {
      if (!format.isMap(value)) throw format.mismatch(format.found(value), "structure");
      if (depth > depthMax) throw tooDeep();
      members ??= new Map(
        membersOnce().map(([name, ref]) => [ref.locationName ?? name, { name, read: this.reader(ref) }]),
      );
      const output: Value = {};
      for (const key of Object.keys(value)) {
        const member = members.get(key);
        const item = value[key];
        if (member && item !== null && item !== undefined) output[member.name] = member.read(item, depth + 1);
      }
      return output;
    };
  }

  #list(shape: Shape): TreeRead {
    const format = this.#format;
    const sparse = shape.sparse ?? false;
    let read: TreeRead | undefined;
    return (value, depth) => {
      if (!Array.isArray(value)) throw format.mismatch(format.found(value), "list");
      if (depth > depthMax) throw tooDeep();
      read ??= this.reader(partOf(shape, "member"));
      const output: unknown[] = [];
      for (const item of value) {
        if (item !== null && item !== undefined) output.push(read(item, depth + 1));
        else if (sparse) output.push(null);
      }
      return output;
    };
  }

  #map(shape: Shape): TreeRead {
    const format = this.#format;
    const sparse = shape.sparse ?? false;
    let read: TreeRead | undefined;
    return (value, depth) => {
      if (!format.isMap(value)) throw format.mismatch(format.found(value), "map");
      if (depth > depthMax) throw tooDeep();
      read ??= this.reader(partOf(shape, "value"));
      const output = emptyMap<unknown>();
      for (const key of Object.keys(value)) {
        const item = value[key];
        if (item !== null && item !== undefined) output[key] = read(item, depth + 1);
        else if (sparse) output[key] = null;
      }
      return output;
    };
  }

  /**
   * A document is whatever was sent; its maps lose their prototype, so that no key of theirs can mean more.
   */
  #readDocument(value: unknown, depth: number): unknown {
    if (typeof value !== "object" || value === null) return value;
    if (depth > depthMax) throw tooDeep();
    if (Array.isArray(value)) return value.map((item) => this.#readDocument(item, depth + 1));
    if (!this.#format.isMap(value)) return value;
    const output = emptyMap<unknown>();
    for (const key of Object.keys(value)) output[key] = this.#readDocument(value[key], depth + 1);
    return output;
  }
}
