/** On which conditions, and which part of, a source is copied. */

import type { ByteRange } from "../bodies/reading.ts";
import { copyRangeBeyondSource, copyRangeTooLong, malformedCopyRange } from "./copy-errors.ts";
import { preconditionFailed } from "../errors.ts";
import { matches } from "./preconditions.ts";
import { wholeSeconds } from "../whole-seconds.ts";

export interface CopyConditions {
  readonly CopySourceIfMatch?: string | undefined;
  readonly CopySourceIfNoneMatch?: string | undefined;
  /** Epoch milliseconds. */
  readonly CopySourceIfModifiedSince?: number | undefined;
  readonly CopySourceIfUnmodifiedSince?: number | undefined;
}

interface Source {
  readonly etag: string;
  /** Epoch milliseconds. */
  readonly modifiedAt: number;
}

/**
 * A tag that matches goes before the date until which it must be unmodified; one that must not match does not
 * excuse an older date. Dates to come are no conditions.
 *
 * @param now epoch milliseconds
 * @throws PreconditionFailed, also where a GET would be told that nothing is new
 * @evidence S3 API Reference, CopyObject; recorded: copy-source conditions
 */
export function requireCopyable(conditions: CopyConditions, source: Source, now: number): void {
  const {
    CopySourceIfMatch: ifMatch, CopySourceIfNoneMatch: ifNoneMatch,
    CopySourceIfModifiedSince: modifiedSince, CopySourceIfUnmodifiedSince: unmodifiedSince,
  } = conditions;
  const modifiedAt = wholeSeconds(source.modifiedAt);
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, source.etag)) throw failed("If-Match");
  } else if (unmodifiedSince !== undefined && modifiedAt > unmodifiedSince) {
    throw failed("If-Unmodified-Since");
  }
  if (ifNoneMatch !== undefined && matches(ifNoneMatch, source.etag)) throw failed("If-None-Match");
  if (modifiedSince !== undefined && modifiedAt <= modifiedSince && modifiedSince <= now) {
    throw failed("If-Modified-Since");
  }
}

function failed(condition: string): Error {
  return preconditionFailed(`x-amz-copy-source-${condition}`);
}

const form = /^bytes=(\d{1,15})-(\d{1,15})$/;

/**
 * Stricter than the range of a GET: both ends are said, and both are in the source.
 *
 * @throws InvalidArgument, InvalidRequest
 */
export function parseCopyRange(header: string, sizeBytes: number): ByteRange {
  const [, from, to] = form.exec(header) ?? [];
  const first = Number(from);
  const last = Number(to);
  if (from === undefined || to === undefined || first > last) throw malformedCopyRange(header);
  if (first >= sizeBytes) throw copyRangeBeyondSource();
  if (last >= sizeBytes) throw copyRangeTooLong(header, sizeBytes);
  return { first, last };
}
