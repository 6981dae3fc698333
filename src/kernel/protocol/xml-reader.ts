/** Reads values of the model from XML elements. */

import type { AwsError } from "../errors.ts";
import type { ServiceModel, Shape, ShapeRef } from "../model/model.ts";
import { emptyMap, isFlattened, membersOf, partOf, shapeOf } from "./compile.ts";
import type { Members } from "./compile.ts";
import type { Value } from "./protocol.ts";
import { textReader } from "./scalar-text.ts";
import type { RefuseText } from "./scalar-text.ts";
import type { XmlElement } from "./xml.ts";

export type XmlRead = (element: XmlElement) => unknown;

export interface XmlRefusals {
  readonly text: RefuseText;
  /** Text stands where elements should. */
  structure(type: Shape["type"]): AwsError;
}

interface MemberRead {
  readonly name: string;
  /** Reads the member's element; of flattened members, one of its elements. */
  readonly read: XmlRead;
  readonly flattened: "list" | "map" | undefined;
}

interface StructurePlan {
  readonly elements: ReadonlyMap<string, MemberRead>;
  readonly attributes: readonly (readonly [name: string, key: string, read: (text: string) => unknown])[];
}

export class XmlReaders {
  readonly #service: ServiceModel;
  readonly #refuse: XmlRefusals;
  readonly #made = new Map<ShapeRef, XmlRead>();

  constructor(service: ServiceModel, refuse: XmlRefusals) {
    this.#service = service;
    this.#refuse = refuse;
  }

  reader(ref: ShapeRef): XmlRead {
    let read = this.#made.get(ref);
    if (!read) this.#made.set(ref, (read = this.#make(ref)));
    return read;
  }

  #make(ref: ShapeRef): XmlRead {
    const shape = shapeOf(ref, this.#service);
    if (shape.type === "structure") return this.members(() => membersOf(shape));
    if (shape.type === "list") return this.#list(shape);
    if (shape.type === "map") return this.#map(shape);
    const read = textReader(shape, this.#refuse.text);
    return (element) => {
      if (element.children.length > 0) throw this.#refuse.structure(shape.type);
      return read(element.text);
    };
  }

  members(membersOnce: () => Members): XmlRead {
    let plan: StructurePlan | undefined;
    return (element) => {
      plan ??= this.#plan(membersOnce());
      refuseText(element, "structure", this.#refuse);
      const output: Value = {};
      for (const child of element.children) {
        const member = plan.elements.get(child.name);
        if (!member) continue;
        const { name, read, flattened } = member;
        if (!flattened) output[name] = read(child);
        else if (flattened === "list") ((output[name] ??= []) as unknown[]).push(read(child));
        else Object.assign((output[name] ??= emptyMap()) as object, read(child));
      }
      for (const [name, key, read] of plan.attributes) {
        const text = element.attributes?.get(key);
        if (text !== undefined) output[name] = read(text);
      }
      return output;
    };
  }

  #plan(members: Members): StructurePlan {
    const elements = new Map<string, MemberRead>();
    const attributes: StructurePlan["attributes"][number][] = [];
    for (const [name, ref] of members) {
      const shape = shapeOf(ref, this.#service);
      const wireName = ref.locationName ?? name;
      if (ref.xmlAttribute) {
        attributes.push([name, wireName, textReader(shape, this.#refuse.text)]);
      } else if (isFlattened(ref, shape) && shape.type === "list") {
        elements.set(wireName, { name, read: this.reader(partOf(shape, "member")), flattened: "list" });
      } else if (isFlattened(ref, shape) && shape.type === "map") {
        elements.set(wireName, { name, read: this.#entry(shape), flattened: "map" });
      } else {
        elements.set(localName(wireName), { name, read: this.reader(ref), flattened: undefined });
      }
    }
    return { elements, attributes };
  }

  #list(shape: Shape): XmlRead {
    const item = partOf(shape, "member");
    const wireName = item.locationName ?? "member";
    let read: XmlRead | undefined;
    return (element) => {
      read ??= this.reader(item);
      refuseText(element, "list", this.#refuse);
      const output: unknown[] = [];
      for (const child of element.children) if (child.name === wireName) output.push(read(child));
      return output;
    };
  }

  #map(shape: Shape): XmlRead {
    const readEntry = this.#entry(shape);
    return (element) => {
      refuseText(element, "map", this.#refuse);
      const output = emptyMap<unknown>();
      for (const child of element.children) {
        if (child.name === "entry") Object.assign(output, readEntry(child));
      }
      return output;
    };
  }

  /** One entry, as a map of one key; an entry without a key is none. */
  #entry(shape: Shape): XmlRead {
    const keyName = partOf(shape, "key").locationName ?? "key";
    const valueRef = partOf(shape, "value");
    const valueName = valueRef.locationName ?? "value";
    let read: XmlRead | undefined;
    return (element) => {
      read ??= this.reader(valueRef);
      const key = element.children.find((child) => child.name === keyName);
      const value = element.children.find((child) => child.name === valueName);
      const output = emptyMap<unknown>();
      if (key && value) output[key.text] = read(value);
      return output;
    };
  }
}

/** Names in the model may carry a prefix, `xsi:type`; elements are known by their local names. */
function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function refuseText(element: XmlElement, type: Shape["type"], refuse: XmlRefusals): void {
  if (element.text !== "" && /[^ \t\r\n]/.test(element.text)) throw refuse.structure(type);
}
