/** The fields of a form as the headers of the PUT that does the same. */

import { parseXml, XmlError, type Headers, type XmlElement } from "../../../kernel/front.ts";
import { malformedXml } from "../errors.ts";

/** Fields that are headers of the same name, besides those that begin with `x-amz-`. */
const named: ReadonlySet<string> = new Set([
  "cache-control", "content-disposition", "content-encoding", "content-language", "content-md5",
  "content-type", "expires",
]);
/** What says something of the form, not of the object, or would make another operation of it. */
const ofForm: ReadonlySet<string> = new Set([
  "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature", "x-amz-security-token",
  "x-amz-content-sha256", "x-amz-decoded-content-length", "x-amz-trailer", "x-amz-copy-source",
]);

/**
 * @throws MalformedXML for tags that are no document
 * @evidence S3 API Reference, POST Object, "Form fields"
 */
export function objectHeaders(fields: ReadonlyMap<string, string>): Headers {
  const headers: Headers = {};
  for (const [name, value] of fields) {
    if (named.has(name) || (name.startsWith("x-amz-") && !ofForm.has(name))) headers[name] = asHeader(value);
  }
  const acl = fields.get("acl");
  if (acl !== undefined) headers["x-amz-acl"] = asHeader(acl);
  const tagging = fields.get("tagging");
  if (tagging !== undefined) headers["x-amz-tagging"] = taggingHeader(tagging);
  return headers;
}

/** Headers hold bytes, one a character. */
function asHeader(value: string): string {
  return Buffer.from(value.replace(/[\r\n\0]+/g, " ")).toString("latin1").trim();
}

function taggingHeader(text: string): string {
  try {
    return childrenOf(parseXml(text), "TagSet")
      .flatMap((set) => childrenOf(set, "Tag"))
      .map((tag) => `${encodeURIComponent(textOf(tag, "Key"))}=${encodeURIComponent(textOf(tag, "Value"))}`)
      .join("&");
  } catch (cause) {
    throw cause instanceof XmlError ? malformedXml() : cause;
  }
}

function childrenOf(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((child) => child.name === name);
}

function textOf(element: XmlElement, name: string): string {
  return childrenOf(element, name)[0]?.text ?? "";
}
