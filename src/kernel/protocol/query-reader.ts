/** Reads values of the model from Query parameters. */

import type { AwsError } from "../errors.ts";
import type { ServiceModel, Shape, ShapeRef } from "../model/model.ts";
import { emptyMap, membersOf, partOf, shapeOf } from "./compile.ts";
import { numberedChildren } from "./form.ts";
import type { FormNode } from "./form.ts";
import type { Value } from "./protocol.ts";
import { textReader } from "./scalar-text.ts";

export type FormRead = (node: FormNode) => unknown;

export interface QueryStyle {
  /**
   * How the name of a member, or of a list's or map's part, is written in parameters; undefined: as usual.
   */
  wireName(ref: ShapeRef, member?: string): string | undefined;
  refuseText(text: string, type: Shape["type"], parameter: string): AwsError;
  refuseStructure(type: Shape["type"], parameter: string): AwsError;
}

interface MemberRead {
  readonly name: string;
  readonly key: string;
  readonly read: FormRead;
}

export class QueryReaders {
  readonly #service: ServiceModel;
  readonly #style: QueryStyle;
  readonly #made = new Map<ShapeRef, FormRead>();

  constructor(service: ServiceModel, style: QueryStyle) {
    this.#service = service;
    this.#style = style;
  }

  reader(ref: ShapeRef, name: string): FormRead {
    let read = this.#made.get(ref);
    if (!read) this.#made.set(ref, (read = this.#make(ref, name)));
    return read;
  }

  #make(ref: ShapeRef, name: string): FormRead {
    const shape = shapeOf(ref, this.#service);
    if (shape.type === "structure") return this.#structure(shape, name);
    if (shape.type === "list") return this.#list(shape, name);
    if (shape.type === "map") return this.#map(shape, name);
    const read = textReader(shape, (text, type) => this.#style.refuseText(text, type, name));
    return (node) => {
      if (node.text === undefined) throw this.#style.refuseStructure(shape.type, name);
      return read(node.text);
    };
  }

  #structure(shape: Shape, name: string): FormRead {
    let members: MemberRead[] | undefined;
    return (node) => {
      members ??= membersOf(shape).map(([member, ref]) => this.#member(member, ref));
      if (node.text) throw this.#style.refuseStructure("structure", name);
      const output: Value = {};
      if (!node.children) return output;
      for (const member of members) {
        const child = node.children.get(member.key);
        if (child) output[member.name] = member.read(child);
      }
      return output;
    };
  }

  #member(name: string, ref: ShapeRef): MemberRead {
    const key = this.#style.wireName(ref, name) ?? name;
    return { name, key, read: this.reader(ref, key) };
  }

  /**
   * Lists are read with and without `member`, flattened or not; their elements have numbers in either case.
   */
  #list(shape: Shape, name: string): FormRead {
    const item = partOf(shape, "member");
    const wireName = this.#style.wireName(item) ?? "member";
    let read: FormRead | undefined;
    return (node) => {
      read ??= this.reader(item, name);
      if (node.text) throw this.#style.refuseStructure("list", name);
      const elements = node.children?.get(wireName) ?? node.children?.get("member") ?? node;
      if (elements !== node && elements.text) throw this.#style.refuseStructure("list", name);
      return numberedChildren(elements).map(read);
    };
  }

  #map(shape: Shape, name: string): FormRead {
    const [keyRef, valueRef] = [partOf(shape, "key"), partOf(shape, "value")];
    const keyName = this.#style.wireName(keyRef) ?? "key";
    const valueName = this.#style.wireName(valueRef) ?? "value";
    let read: FormRead | undefined;
    return (node) => {
      read ??= this.reader(valueRef, name);
      if (node.text) throw this.#style.refuseStructure("map", name);
      const output = emptyMap<unknown>();
      for (const entry of numberedChildren(node.children?.get("entry") ?? node)) {
        const key = entry.children?.get(keyName)?.text;
        const value = entry.children?.get(valueName);
        if (key !== undefined && value) output[key] = read(value);
      }
      return output;
    };
  }
}
