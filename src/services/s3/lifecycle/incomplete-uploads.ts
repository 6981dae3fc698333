/** Uploads in parts that nobody completed, for lifecycle rules. */

import type { Context } from "../../../kernel/context.ts";
import type { Bucket } from "../buckets/table.ts";
import { abortOf, enabledRules } from "./due.ts";
import { removeUpload, uploads } from "../uploads/table.ts";

/** Which was looked at last. */
export type UploadPlace = readonly [key: string, order: number];

export interface OverdueUploads {
  /** Where to go on; undefined when all were looked at. */
  readonly place?: UploadPlace;
  /** When the next one is overdue. Epoch milliseconds. */
  readonly next: number | undefined;
}

const lookedAtMax = 300;
/** Each may have ten thousand parts. */
const abortedMax = 10;

/** Aborts those that are overdue, some of them at once. */
export function abortOverdueUploads(
  ctx: Context,
  bucket: Bucket,
  now: number,
  place: UploadPlace | undefined,
): OverdueUploads {
  const isAsked = enabledRules(bucket).some((rule) => rule.AbortIncompleteMultipartUpload);
  if (!isAsked) return { next: undefined };
  let next: number | undefined;
  let lookedAt = 0;
  let aborted = 0;
  const range = { prefix: [bucket.name], ...(place && { after: [bucket.name, ...place] }) };
  for (const upload of ctx.db(uploads).list(range)) {
    const at = abortOf(bucket, upload.key, upload.draft.modifiedAt)?.at;
    if (at !== undefined && at > now) next = Math.min(next ?? at, at);
    if (at !== undefined && at <= now) {
      removeUpload(ctx, upload);
      aborted += 1;
    }
    lookedAt += 1;
    if (aborted < abortedMax && lookedAt < lookedAtMax) continue;
    return { place: [upload.key, upload.order], next };
  }
  return { next };
}
