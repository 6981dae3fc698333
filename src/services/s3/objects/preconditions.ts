/** Conditions on reads and writes. @evidence RFC 9110, section 13; S3 User Guide, "Conditional requests" */

import type { AwsError } from "../../../kernel/errors.ts";
import { notModified, noSuchKey, preconditionFailed, refuse } from "../errors.ts";
import type { ObjectVersion } from "./version.ts";
import { wholeSeconds } from "../whole-seconds.ts";

export interface ReadConditions {
  readonly IfMatch?: string | undefined;
  readonly IfNoneMatch?: string | undefined;
  /** Epoch milliseconds. */
  readonly IfModifiedSince?: number | undefined;
  readonly IfUnmodifiedSince?: number | undefined;
}

/**
 * Entity tags go before dates: a date counts only where no tag speaks of the same side.
 *
 * @throws PreconditionFailed, or NotModified with what the client may refresh its copy by
 */
export function requireReadable(conditions: ReadConditions, version: ObjectVersion): void {
  const { IfMatch, IfNoneMatch, IfModifiedSince, IfUnmodifiedSince } = conditions;
  const modifiedAt = wholeSeconds(version.modifiedAt);
  if (IfMatch !== undefined) {
    if (!matches(IfMatch, version.etag)) throw preconditionFailed("If-Match");
  } else if (IfUnmodifiedSince !== undefined && modifiedAt > IfUnmodifiedSince) {
    throw preconditionFailed("If-Unmodified-Since");
  }
  const isKnown =
    IfNoneMatch !== undefined
      ? matches(IfNoneMatch, version.etag)
      : IfModifiedSince !== undefined && modifiedAt <= IfModifiedSince;
  if (isKnown) {
    throw notModified({
      etag: `"${version.etag}"`,
      "last-modified": new Date(version.modifiedAt).toUTCString(),
    });
  }
}

export interface WriteConditions {
  readonly Key: string;
  readonly IfMatch?: string | undefined;
  readonly IfNoneMatch?: string | undefined;
}

/**
 * @param current the version that a GET would find
 * @throws PreconditionFailed, NoSuchKey, NotImplemented
 * @evidence S3 User Guide, "How to prevent object overwrites with conditional writes"
 */
export function requireWritable(conditions: WriteConditions, current: ObjectVersion | undefined): void {
  const { IfMatch, IfNoneMatch, Key } = conditions;
  if (IfMatch !== undefined && IfNoneMatch !== undefined) {
    throw headerNotImplemented(
      "If-Match,If-None-Match",
      "Multiple conditional request headers present in the request",
    );
  }
  if (IfNoneMatch !== undefined) {
    if (IfNoneMatch.trim() !== "*") throw headerNotImplemented("If-None-Match", valueNotAccepted);
    if (current) throw preconditionFailed("If-None-Match");
  }
  if (IfMatch !== undefined) {
    // S3 itself names the other header here.
    if (IfMatch.trim() === "*") throw headerNotImplemented("If-None-Match", valueNotAccepted);
    if (!current) throw noSuchKey(Key);
    if (!matches(IfMatch, current.etag)) throw preconditionFailed("If-Match");
  }
}

const valueNotAccepted = "We don't accept the provided value of If-None-Match header for this API";

/** @evidence recorded: PutObject with both conditions, with If-None-Match of a tag, with If-Match of `*` */
export function headerNotImplemented(header: string, additionalMessage?: string): AwsError {
  const message = "A header you provided implies functionality that is not implemented";
  return refuse("NotImplemented", message, 501, {
    members: { Header: header, ...(additionalMessage !== undefined && { additionalMessage }) },
  });
}

/** `"a", "b"`, `*`, and tags without their quotation marks, which S3 takes too. */
export function matches(header: string, etag: string): boolean {
  return header.split(",").some((each) => {
    const tag = each.trim().replace(/^W\//, "").replace(/^"(.*)"$/, "$1");
    return tag === "*" || tag === etag;
  });
}
