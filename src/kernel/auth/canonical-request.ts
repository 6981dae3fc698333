/** The one spelling of a request that both sides of a signature agree on. */

import type { SignableRequest } from "./signature-claim.ts";
import { uriEncodeRaw, uriReencode } from "./uri-encoding.ts";

/** How a service spells paths. */
export interface PathStyle {
  /** Whether `.`, `..` and empty segments are resolved. */
  readonly normalizes: boolean;
  /** Whether the path as sent, which is encoded, is encoded again. */
  readonly encodesTwice: boolean;
}

/** @evidence IAM User Guide, Create a signed AWS API request, canonical URI: "except for Amazon S3" */
export const DEFAULT_PATHS: PathStyle = { normalizes: true, encodesTwice: true };
export const S3_PATHS: PathStyle = { normalizes: false, encodesTwice: false };

export interface CanonicalOptions {
  readonly paths: PathStyle;
  readonly payloadHash: string;
  /** What a list of values of one header is joined with; node joins with `, `, signers with `,`. */
  readonly narrowLists?: boolean;
}

/** Undefined when the path or the query holds a broken escape. */
export function canonicalRequest(
  request: SignableRequest,
  signedHeaders: readonly string[],
  options: CanonicalOptions,
): string | undefined {
  const path = canonicalPath(request.path, options.paths);
  const query = canonicalQuery(request.query);
  if (path === undefined || query === undefined) return undefined;
  let headers = "";
  for (const name of signedHeaders) {
    headers += `${name}:${canonicalHeader(request.headers[name], options.narrowLists === true)}\n`;
  }
  const names = signedHeaders.join(";");
  return `${request.method}\n${path}\n${query}\n${headers}\n${names}\n${options.payloadHash}`;
}

function canonicalPath(path: string, style: PathStyle): string | undefined {
  const rooted = path === "" ? "/" : path;
  const resolved = style.normalizes ? normalizedPath(rooted) : rooted;
  if (/^[A-Za-z0-9\-._~/]*$/.test(resolved)) return resolved;
  const segments: string[] = [];
  for (const segment of resolved.split("/")) {
    const encoded = style.encodesTwice ? uriEncodeRaw(segment) : uriReencode(segment);
    if (encoded === undefined) return undefined;
    segments.push(encoded);
  }
  return segments.join("/");
}

/** Resolves dots and joins slashes, as RFC 3986 section 5.2.4 and the signature's own rule want it. */
function normalizedPath(path: string): string {
  if (!/\/\/|\/\.{1,2}(?:\/|$)/.test(path)) return path;
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "." && segment !== "") segments.push(segment);
  }
  if (segments.length === 0) return "/";
  return `/${segments.join("/")}${path.endsWith("/") ? "/" : ""}`;
}

/**
 * Names and values decoded and encoded again, sorted by the bytes of both; a presigned request is signed
 * without its own signature. A plus sign is a plus sign.
 *
 * @evidence SigV4 test suite, get-vanilla-query-*
 */
function canonicalQuery(query: string): string | undefined {
  if (query === "") return "";
  const pairs: [name: string, value: string][] = [];
  for (const part of query.split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const name = uriReencode(equals < 0 ? part : part.slice(0, equals));
    const value = equals < 0 ? "" : uriReencode(part.slice(equals + 1));
    if (name === undefined || value === undefined) return undefined;
    if (name !== "X-Amz-Signature") pairs.push([name, value]);
  }
  pairs.sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]));
  return pairs.map(([name, value]) => `${name}=${value}`).join("&");
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Trimmed, runs of white space as one space. A header that is signed but absent counts as empty. */
function canonicalHeader(value: unknown, narrowLists: boolean): string {
  // The record may have a prototype; what it inherits is not a header.
  if (typeof value !== "string") return "";
  let text = value;
  if (/^\s|\s$|\s\s|[\t\n\r]/.test(text)) text = text.trim().replace(/\s+/g, " ");
  return narrowLists ? text.replaceAll(", ", ",") : text;
}
