/** What a browser asks before it lets a page of another origin send a request. */

import type { FrontHead, Headers } from "../../../kernel/front.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import { bucketAt } from "../buckets/table.ts";
import { crossOriginForbidden, originNeeded, requestMethodNeeded } from "./cors-errors.ts";
import { corsHeaders, crossOriginOf } from "./cors-rules.ts";

/** What a request is about, as far as its host and path say. */
export interface Named {
  readonly bucket: string;
  /** Percent-encoded; empty for the bucket itself. */
  readonly key: string;
}

/**
 * Answered to everybody, and before anybody looks whether there is such a key.
 *
 * @returns the headers of the answer
 * @throws BadRequest, AccessForbidden
 * @evidence S3 API Reference, OPTIONS object; recorded preflights
 */
export function preflight(head: FrontHead, { bucket, key }: Named, kernel: Kernel): Headers {
  const asked = crossOriginOf(head.method, head.headers);
  if (!asked) throw originNeeded();
  const found = bucketAt(kernel, bucket);
  if (!found) throw crossOriginForbidden("bucketNotFound", asked.method, "BUCKET");
  const { cors } = found;
  if (!cors) throw crossOriginForbidden("notEnabled", asked.method, "BUCKET");
  if (head.headers["access-control-request-method"] === undefined) throw requestMethodNeeded();
  const headers = corsHeaders(cors, asked);
  if (!headers) throw crossOriginForbidden("notAllowed", asked.method, key === "" ? "BUCKET" : "OBJECT");
  return headers;
}

/** What answers to requests of pages carry besides; none where no rule matches. */
export function crossOriginHeaders(head: FrontHead, { bucket }: Named, kernel: Kernel): Headers {
  const asked = crossOriginOf(head.method, head.headers);
  const cors = asked && bucketAt(kernel, bucket)?.cors;
  return (cors && corsHeaders(cors, asked)) ?? {};
}
