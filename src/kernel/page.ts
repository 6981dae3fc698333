/**
 * Paging: one kind of token for every service. A token names the last key given out, so pages stay right
 * while rows come and go.
 */

import { createHmac, timingSafeEqual } from "node:crypto";
import type { Key, KeyPart, Ordered, Range } from "../store/types.ts";

export interface Page<Row> {
  readonly items: Row[];
  /** Undefined on the last page. */
  readonly next: string | undefined;
}

export interface PageRequest<Row> {
  readonly rows: Pick<Ordered<Row>, "list">;
  readonly range?: Range;
  /** The key that `rows` is ordered by. */
  readonly key: (row: Row) => Key;
  readonly keep?: (row: Row) => boolean;
  readonly limit: number;
  readonly token: string | undefined;
  /** Ties a token to one operation, so that another's is refused. */
  readonly scope: string;
  /** The error for a token that this region did not make. */
  readonly invalid: () => Error;
}

/** Not a secret: it only tells tokens of this software from made-up ones. */
const sealKey = "us-local-1 page token";

function seal(text: string): Buffer {
  return createHmac("sha256", sealKey).update(text).digest().subarray(0, 12);
}

/** Any state as an opaque token: for lists that are not table ranges. */
export function pageToken(scope: string, state: unknown): string {
  const text = JSON.stringify([scope, state]);
  return Buffer.concat([seal(text), Buffer.from(text)]).toString("base64");
}

/** The state within a token, or undefined when it is not one of `scope`. It may have been made up. */
export function openPageToken(scope: string, token: string): unknown {
  const bytes = Buffer.from(token, "base64");
  const text = bytes.subarray(12).toString();
  if (bytes.length < 13 || !timingSafeEqual(seal(text), bytes.subarray(0, 12))) return undefined;
  const content = parsed(text);
  return Array.isArray(content) && content[0] === scope ? (content[1] as unknown) : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Tokens are not secret, so what is in one may be anything. */
function isKey(state: unknown): state is Key {
  if (Array.isArray(state)) return state.length > 0 && state.every((part) => isKeyPart(part));
  return isKeyPart(state);
}

function isKeyPart(part: unknown): part is KeyPart {
  if (typeof part === "string") return part.isWellFormed();
  return typeof part === "number" && Number.isFinite(part);
}

export function page<Row>(request: PageRequest<Row>): Page<Row> {
  let range: Range = request.range ?? {};
  if (request.token !== undefined) {
    const after = openPageToken(request.scope, request.token);
    if (!isKey(after)) throw request.invalid();
    range = range.reverse ? { ...range, before: after } : { ...range, after: after };
  }
  const items: Row[] = [];
  for (const row of request.rows.list(range)) {
    if (request.keep && !request.keep(row)) continue;
    if (items.length === request.limit) {
      const last = items[items.length - 1];
      return { items, next: last === undefined ? undefined : pageToken(request.scope, request.key(last)) };
    }
    items.push(row);
  }
  return { items, next: undefined };
}

/** The same over a list that is in memory already, in its order. */
export function pageOf<Row>(
  all: readonly Row[],
  request: Omit<PageRequest<Row>, "rows" | "key" | "range" | "keep">,
): Page<Row> {
  let start = 0;
  if (request.token !== undefined) {
    const state = openPageToken(request.scope, request.token);
    if (!Number.isSafeInteger(state) || Number(state) < 0) throw request.invalid();
    start = Number(state);
  }
  const end = start + request.limit;
  return { items: all.slice(start, end), next: end < all.length ? pageToken(request.scope, end) : undefined };
}
