/**
 * What an answer says, apart from how it is written: for comparing answers with those of the protocol tests.
 */

import { CborTimestamp, decodeCbor } from "./cbor-codec.ts";
import type { Headers } from "./protocol.ts";
import { parseTimestamp } from "./timestamps.ts";
import { parseXml } from "./xml.ts";
import type { XmlElement } from "./xml.ts";

const typeKeys = ["__type", "code", "x-amzn-errortype"];
const isoTimestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

/** Members in no order, instants as such whatever their offset, nothing for null. */
export function canonical(value: unknown): unknown {
  if (typeof value === "string" && isoTimestamp.test(value)) {
    return { instant: parseTimestamp(value) ?? value };
  }
  if (value instanceof CborTimestamp) return { instant: Math.round(value.count * 1000) };
  if (Buffer.isBuffer(value)) return { blob: value.toString("base64") };
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== null && item !== undefined);
  entries.sort(([first], [second]) => (first < second ? -1 : 1));
  return Object.fromEntries(entries.map(([name, item]) => [name, canonical(item)]));
}

function xmlTree(element: XmlElement, isRoot: boolean): unknown {
  const attributes = [...(element.attributes ?? [])].filter(([name]) => !isRoot || !name.startsWith("xmlns"));
  const children = new Map<string, unknown[]>();
  for (const child of element.children) {
    const same = children.get(child.name) ?? [];
    children.set(child.name, [...same, xmlTree(child, false)]);
  }
  return canonical({
    attributes: Object.fromEntries(attributes),
    children: Object.fromEntries(children),
    text: element.children.length > 0 || /^\n\s*$/.test(element.text) ? "" : element.text,
  });
}

/**
 * Request ids are a server's own, and some cases have none. A document without anything else says nothing.
 */
function xmlMeaning(root: XmlElement): unknown {
  const own = withoutIds(root);
  return saysNothing(own) ? {} : { root: xmlTree(own, true) };
}

function withoutIds(element: XmlElement): XmlElement {
  const own = element.children.filter(({ name }) => !/^(request-?id|ResponseMetadata)$/i.test(name));
  return { ...element, children: own };
}

function saysNothing(element: XmlElement): boolean {
  return element.children.every(({ name, children, text }) => {
    return /Result$/.test(name) && children.length === 0 && text.trim() === "";
  });
}

/** The body as data. An empty body says what an empty structure says. */
export function bodyMeaning(body: Buffer, contentType: string): unknown {
  if (body.length === 0) return {};
  if (contentType.includes("cbor")) return canonical(decodeCbor(body));
  if (contentType.includes("json")) return canonical(JSON.parse(body.toString("utf8")) as unknown);
  if (contentType.includes("xml")) return xmlMeaning(parseXml(body.toString("utf8")));
  return body.toString("utf8");
}

/** The name that a client gives to the error, from wherever it stands. */
export function errorCodeOf(headers: Headers, body: unknown): string | undefined {
  const fields = body as Record<string, unknown>;
  const text = headers["x-amzn-errortype"] ?? fields["__type"] ?? fields["code"];
  return typeof text === "string" ? text.replace(/^[^:]*#/, "").replace(/:.*$/, "") : undefined;
}

export function withoutType(fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !typeKeys.includes(name)));
}
