/** REST requests put together from the model's HTTP bindings, and their answers read with them. */

import type { ServiceModel, Shape, ShapeRef } from "../../src/kernel/model/model.ts";
import { formatTimestamp, timestampFormat } from "../../src/kernel/protocol/timestamps.ts";
import type { BuiltOperation } from "./services.ts";
import { parseXml, type XmlElement } from "./xml-answer.ts";

export interface Sent {
  readonly method: string;
  /** Percent-encoded, as is the query. */
  readonly path: string;
  readonly query: string;
  /** Without a host, which is of the service unless it is said here. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type Input = Readonly<Record<string, unknown>>;

/** The body of services that speak JSON; others speak XML. */
export type JsonText = (value: Input, ref: ShapeRef) => string;

function encoded(text: string): string {
  const marks = /[!'()*]/g;
  return encodeURIComponent(Buffer.from(text).toString()).replace(
    marks, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);
}

class RestRequest {
  readonly #model: ServiceModel;
  #path: string;
  readonly #query: string[];
  readonly #headers: Record<string, string> = {};
  #body = "";

  readonly #json: JsonText | undefined;

  constructor({ operationModel, model }: BuiltOperation, input: Input, json: JsonText | undefined) {
    this.#model = model;
    this.#json = json;
    const { method, requestUri } = operationModel.http;
    const [path = "", constants = ""] = requestUri.split("?");
    this.#path = path;
    this.#query = constants === "" ? [] : [constants];
    const shape = model.shapes[operationModel.input?.shape ?? ""];
    const inBody: [string, ShapeRef][] = [];
    for (const [name, ref] of Object.entries(shape?.members ?? {})) {
      if (ref.location === undefined && name !== shape?.payload) inBody.push([name, ref]);
      else if (input[name] !== undefined) this.#place(name, ref, input[name], shape);
    }
    const given = inBody.filter(([name]) => input[name] !== undefined);
    const ref = operationModel.input;
    if (given.length > 0 && shape && ref) this.#writeBody(ref, shape, given, input);
    this.method = method;
  }

  readonly method: string;

  sent(): Sent {
    // A label that nothing was given for stays as its template has it.
    const path = this.#path.replace(/[{}]/g, encoded);
    const query = this.#query.join("&");
    return { method: this.method, path, query, headers: this.#headers, body: this.#body };
  }

  #place(name: string, ref: ShapeRef, value: unknown, shape: Shape | undefined): void {
    const wireName = ref.locationName ?? name;
    if (ref.location === "uri") {
      const text = this.#text(value, ref, "iso8601");
      const label = encoded(text);
      this.#path = this.#path
        .replace(`{${wireName}}`, () => label)
        .replace(`{${wireName}+}`, () => label.replaceAll("%2F", "/"));
    } else if (ref.location === "querystring") this.#addQuery(wireName, value, ref);
    else if (ref.location === "header") {
      const item = this.#model.shapes[ref.shape]?.member ?? ref;
      const values = Array.isArray(value) ? value : [value];
      this.#setHeader(wireName, values.map((each) => this.#text(each, item, "rfc822")).join(","));
    } else if (ref.location === "headers") {
      for (const [key, each] of Object.entries(value as Input)) this.#setHeader(wireName + key, String(each));
    } else if (name === shape?.payload) this.#writePayload(wireName, ref, value);
  }

  #addQuery(name: string, value: unknown, ref: ShapeRef): void {
    const item = this.#model.shapes[ref.shape]?.member ?? ref;
    if (isPlain(value)) {
      for (const [key, each] of Object.entries(value)) this.#addQuery(key, each, ref);
    } else if (Array.isArray(value)) for (const each of value) this.#addQuery(name, each, item);
    else this.#query.push(`${encoded(name)}=${encoded(this.#text(value, ref, "iso8601"))}`);
  }

  /** Headers are lines of visible characters. */
  #setHeader(name: string, value: string): void {
    this.#headers[name.toLowerCase().replace(/[^!#$%&'*+.^_`|~a-z0-9-]/g, "-")] = value
      .replace(/[^\x20-\x7e]/g, "-")
      .trim();
  }

  #writePayload(name: string, ref: ShapeRef, value: unknown): void {
    const { type } = this.#model.shapes[ref.shape] ?? {};
    if (type === "structure" && this.#json) this.#body = this.#json(value as Input, ref);
    else if (type === "structure") this.#body = this.#element(name, value, ref);
    else this.#body = Buffer.isBuffer(value) ? value.toString("latin1") : String(value);
  }

  #writeBody(ref: ShapeRef, shape: Shape, members: [string, ShapeRef][], input: Input): void {
    if (this.#json) {
      this.#body = this.#json(Object.fromEntries(members.map(([member]) => [member, input[member]])), ref);
      return;
    }
    const name = ref.locationName ?? shape.locationName ?? ref.shape;
    const content = members.map(([member, each]) => this.#member(member, each, input[member])).join("");
    this.#body = `<${name}>${content}</${name}>`;
  }

  #element(name: string, value: unknown, ref: ShapeRef): string {
    const shape = this.#model.shapes[ref.shape];
    if (isPlain(value) && shape?.type === "map") {
      const entries = Object.entries(value).map(([key, each]) => {
        const { key: keyRef = ref, value: valueRef = ref } = shape;
        const written = this.#element(keyRef.locationName ?? "key", key, keyRef);
        return `<entry>${written}${this.#element(valueRef.locationName ?? "value", each, valueRef)}</entry>`;
      });
      return `<${name}>${entries.join("")}</${name}>`;
    }
    if (isPlain(value)) return this.#structure(name, value, shape, ref);
    if (Array.isArray(value)) {
      const item = shape?.member ?? ref;
      const items = value.map((each) => this.#element(item.locationName ?? "member", each, item));
      return `<${name}>${items.join("")}</${name}>`;
    }
    const text = this.#text(value, ref, "iso8601").replace(/[&<>]/g, (mark) => `&#${mark.charCodeAt(0)};`);
    return `<${name}>${text}</${name}>`;
  }

  #structure(name: string, value: Input, shape: Shape | undefined, ref: ShapeRef): string {
    let attributes = "";
    let content = "";
    for (const [member, each] of Object.entries(value)) {
      const memberRef = shape?.members?.[member] ?? ref;
      if (!memberRef.xmlAttribute) content += this.#member(member, memberRef, each);
      else attributes += ` ${memberRef.locationName ?? member}="${String(each)}"`;
    }
    const space = attributes.includes("xsi:") ? ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"` : "";
    return `<${name}${space}${attributes}>${content}</${name}>`;
  }

  #member(member: string, ref: ShapeRef, value: unknown): string {
    const name = ref.locationName ?? member;
    const shape = this.#model.shapes[ref.shape];
    const isFlat = ref.flattened ?? shape?.flattened;
    if (!isFlat || !Array.isArray(value)) return this.#element(name, value, ref);
    return value.map((each) => this.#element(name, each, shape?.member ?? ref)).join("");
  }

  #text(value: unknown, ref: ShapeRef, format: "iso8601" | "rfc822"): string {
    if (Buffer.isBuffer(value)) return value.toString("base64");
    const shape = this.#model.shapes[ref.shape];
    if (shape?.type !== "timestamp" || typeof value !== "number") return String(value);
    return formatTimestamp(value, timestampFormat(ref, shape, format));
  }
}

export function restRequest(operation: BuiltOperation, input: Input, json?: JsonText): Sent {
  return new RestRequest(operation, input, json).sent();
}

/** The members of an answer: from its headers and from its XML. */
export function restOutput(
  { operationModel, model }: BuiltOperation,
  headers: Readonly<Record<string, string>>,
  text: string,
): Record<string, unknown> {
  const shape = model.shapes[operationModel.output?.shape ?? ""];
  const members = shape?.members ?? {};
  const output: Record<string, unknown> = {};
  for (const [name, ref] of Object.entries(members)) {
    const value = ref.location === "header" ? headers[(ref.locationName ?? name).toLowerCase()] : undefined;
    if (value !== undefined) output[name] = value;
  }
  const payload = shape?.payload === undefined ? undefined : members[shape.payload];
  if (payload && model.shapes[payload.shape]?.type !== "structure") {
    return text === "" ? output : { ...output, [shape?.payload ?? ""]: text };
  }
  if (!text.includes("<")) return output;
  const root = parseXml(text);
  if (payload) return { ...output, [shape?.payload ?? ""]: xmlValue(root, payload, model) };
  return { ...output, ...membersIn(root, members, model) };
}

function membersIn(
  element: XmlElement,
  members: Readonly<Record<string, ShapeRef>>,
  model: ServiceModel,
): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [name, ref] of Object.entries(members)) {
    if (ref.location !== undefined) continue;
    const shape = model.shapes[ref.shape];
    const children = element.children.filter((child) => child.name === (ref.locationName ?? name));
    if (children.length === 0) continue;
    const [first] = children;
    if ((ref.flattened ?? shape?.flattened) && shape?.member) {
      const { member } = shape;
      found[name] = children.map((child) => xmlValue(child, member, model));
    } else if (first) found[name] = xmlValue(first, ref, model);
  }
  return found;
}

function xmlValue(element: XmlElement, ref: ShapeRef, model: ServiceModel): unknown {
  const shape = model.shapes[ref.shape];
  if (shape?.type === "structure") return membersIn(element, shape.members ?? {}, model);
  const item = shape?.member;
  return item ? element.children.map((child) => xmlValue(child, item, model)) : element.text;
}
