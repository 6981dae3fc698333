/** Writes values of the model as XML elements. */

import type { ServiceModel, Shape, ShapeRef } from "../model/model.ts";
import { isFlattened, membersOf, partOf, shapeOf } from "./compile.ts";
import type { Members } from "./compile.ts";
import type { Value } from "./protocol.ts";
import { textWriter } from "./scalar-text.ts";
import type { Millis } from "./timestamps.ts";
import { escapeXml } from "./xml.ts";

export type XmlWrite = (value: unknown) => string;

/** What goes into an element, apart from its name. */
interface ElementWrite {
  readonly content: XmlWrite;
  readonly attributes: XmlWrite | undefined;
}

interface AttributeWrite {
  readonly name: string;
  readonly key: string;
  readonly write: XmlWrite;
}

export interface XmlStyle {
  /** The name that a reference gives to its element. */
  wireName(ref: ShapeRef): string | undefined;
  /** Whether timestamps carry milliseconds. */
  readonly millis: Millis;
}

export class XmlWriters {
  readonly #service: ServiceModel;
  readonly #style: XmlStyle;
  readonly #made = new Map<ShapeRef, ElementWrite>();

  constructor(service: ServiceModel, style: XmlStyle) {
    this.#service = service;
    this.#style = style;
  }

  /** The whole element for a value; `namespace` stands in where the reference has none. */
  element(ref: ShapeRef, name: string, namespace?: string): XmlWrite {
    const shape = shapeOf(ref, this.#service);
    const declared = namespaceText(ref.xmlNamespace ?? shape.xmlNamespace ?? namespace);
    return wrap(name, declared, this.#writer(ref));
  }

  /** The elements of these members, for a caller that writes the element around them. */
  members(members: Members): XmlWrite {
    return this.#structure(() => members).content;
  }

  /** The element around these members. */
  structure(members: Members, name: string, namespace: ShapeRef["xmlNamespace"]): XmlWrite {
    return wrap(name, namespaceText(namespace), this.#structure(() => members));
  }

  #writer(ref: ShapeRef): ElementWrite {
    let write = this.#made.get(ref);
    if (!write) this.#made.set(ref, (write = this.#make(ref)));
    return write;
  }

  #make(ref: ShapeRef): ElementWrite {
    const shape = shapeOf(ref, this.#service);
    if (shape.type === "structure") {
      const attributed = membersOf(shape).some(([, member]) => member.xmlAttribute);
      const write = this.#structure(() => membersOf(shape));
      return attributed ? write : { content: write.content, attributes: undefined };
    }
    if (shape.type === "list") return { content: this.#list(shape), attributes: undefined };
    if (shape.type === "map") return { content: this.#map(shape, "entry"), attributes: undefined };
    const write = textWriter(ref, shape, "iso8601", this.#style.millis);
    const plain = shape.type !== "string" && shape.type !== "character";
    return { content: plain ? write : (value) => escapeXml(String(value)), attributes: undefined };
  }

  #structure(membersOnce: () => Members): ElementWrite {
    let elements: readonly { readonly name: string; readonly write: XmlWrite }[] | undefined;
    let attributes: readonly AttributeWrite[] | undefined;
    return {
      content: (value) => {
        elements ??= membersOnce()
          .filter(([, ref]) => !ref.xmlAttribute)
          .map(([name, ref]) => ({ name, write: this.#member(name, ref) }));
        let text = "";
        for (const { name, write } of elements) {
          const item = (value as Value)[name];
          if (item !== undefined && item !== null) text += write(item);
        }
        return text;
      },
      attributes: (value) => {
        attributes ??= membersOnce()
          .filter(([, ref]) => ref.xmlAttribute)
          .map(([name, ref]) => ({ name, ...this.#attribute(name, ref) }));
        let text = "";
        for (const { name, key, write } of attributes) {
          const item = (value as Value)[name];
          if (item !== undefined && item !== null) text += ` ${key}="${escapeXml(write(item))}"`;
        }
        return text;
      },
    };
  }

  #attribute(name: string, ref: ShapeRef): { readonly key: string; readonly write: XmlWrite } {
    const shape = shapeOf(ref, this.#service);
    return {
      key: this.#style.wireName(ref) ?? name, write: textWriter(ref, shape, "iso8601", this.#style.millis),
    };
  }

  /** All elements of a member: one, or as many as a flattened list or map has. */
  #member(name: string, ref: ShapeRef): XmlWrite {
    const shape = shapeOf(ref, this.#service);
    const wireName = this.#style.wireName(ref);
    if (isFlattened(ref, shape) && shape.type === "list") {
      return each(this.element(partOf(shape, "member"), wireName ?? name), shape);
    }
    if (isFlattened(ref, shape) && shape.type === "map") {
      return this.#map(shape, wireName ?? name, namespaceText(ref.xmlNamespace ?? shape.xmlNamespace));
    }
    return this.element(ref, wireName ?? name);
  }

  #list(shape: Shape): XmlWrite {
    let write: XmlWrite | undefined;
    return (value) => {
      const item = partOf(shape, "member");
      write ??= each(this.element(item, this.#style.wireName(item) ?? "member"), shape);
      return write(value);
    };
  }

  #map(shape: Shape, entryName: string, declared = ""): XmlWrite {
    let writeKey: XmlWrite | undefined;
    let writeValue: XmlWrite | undefined;
    return (value) => {
      const [keyRef, valueRef] = [partOf(shape, "key"), partOf(shape, "value")];
      writeKey ??= this.element(keyRef, this.#style.wireName(keyRef) ?? "key");
      writeValue ??= this.element(valueRef, this.#style.wireName(valueRef) ?? "value");
      let text = "";
      for (const [key, item] of Object.entries(value as Value)) {
        if (item === undefined || item === null) continue;
        text += `<${entryName}${declared}>${writeKey(key)}${writeValue(item)}</${entryName}>`;
      }
      return text;
    };
  }
}

function each(write: XmlWrite, shape: Shape): XmlWrite {
  return (value) => {
    let text = "";
    for (const item of value as Iterable<unknown>) {
      if (item !== undefined && (item !== null || shape.sparse)) text += write(item ?? "");
    }
    return text;
  };
}

function wrap(name: string, declared: string, { content, attributes }: ElementWrite): XmlWrite {
  const start = `<${name}${declared}`;
  const end = `</${name}>`;
  return (value) => {
    const inner = content(value);
    const tag = attributes ? start + attributes(value) : start;
    return inner === "" ? `${tag}/>` : `${tag}>${inner}${end}`;
  };
}

export function namespaceText(namespace: ShapeRef["xmlNamespace"]): string {
  if (namespace === undefined) return "";
  if (typeof namespace === "string") return ` xmlns="${escapeXml(namespace)}"`;
  const prefix = namespace.prefix ? `:${namespace.prefix}` : "";
  return ` xmlns${prefix}="${escapeXml(namespace.uri)}"`;
}

/** An element of text alone. */
export function textElement(name: string, text: string): string {
  return `<${name}>${escapeXml(text)}</${name}>`;
}
