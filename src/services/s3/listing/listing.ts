/** Listing the objects of a bucket, in the order of the bytes of their keys. */

import * as s3 from "../../../generated/s3.ts";
import type { ReadContext } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import { openPageToken, pageToken } from "../../../kernel/page.ts";
import { onBucket } from "../access/access.ts";
import { requireBucket } from "../buckets/table.ts";
import { invalidArgument } from "../errors.ts";
import { encodeKey, type EncodingInput } from "./key-encoding.ts";
import { walkKeys } from "./key-walk.ts";
import type { ObjectVersion } from "../objects/version.ts";
import { ownerShown } from "../access/owners.ts";
import { restoreStatusOf } from "../lifecycle/restore-status.ts";
import { objects } from "../objects/version-table.ts";
import { wholeSeconds } from "../whole-seconds.ts";

const keysMax = 1000;

interface ListInput extends EncodingInput {
  readonly Bucket: string;
  readonly Prefix?: string | undefined;
  readonly Delimiter?: string | undefined;
  readonly MaxKeys?: number | undefined;
  readonly OptionalObjectAttributes?: readonly string[] | undefined;
}

interface Listed {
  readonly Contents: s3.ObjectShape[];
  readonly CommonPrefixes: s3.CommonPrefix[];
  /** The last key or prefix that is shown, not encoded. */
  readonly last: string | undefined;
  readonly isTruncated: boolean;
}

const onListing = { ...onBucket, dataEvent: true };

/** @throws InvalidArgument */
export function pageSize(asked: number | undefined, argument = "maxKeys"): number {
  if (asked === undefined) return keysMax;
  if (asked < 0 || asked > 2 ** 31 - 1) {
    throw invalidArgument(
      `Argument ${argument} must be an integer between 0 and 2147483647`,
      argument,
      String(asked),
    );
  }
  return Math.min(asked, keysMax);
}

function list(ctx: ReadContext, input: ListInput, after: string | undefined, withOwner: boolean): Listed {
  const limit = pageSize(input.MaxKeys);
  const Contents: s3.ObjectShape[] = [];
  const CommonPrefixes: s3.CommonPrefix[] = [];
  let last: string | undefined;
  const { Bucket: bucket, Prefix: prefix = "", Delimiter: delimiter = "" } = input;
  // Nobody is told whether there would be more than nothing.
  if (limit === 0) return { Contents, CommonPrefixes, last, isTruncated: false };
  for (const walked of walkKeys(ctx.db(objects), { bucket, prefix, delimiter, after })) {
    if (Contents.length + CommonPrefixes.length === limit) {
      return { Contents, CommonPrefixes, last, isTruncated: true };
    }
    if ("row" in walked) {
      Contents.push(shown(ctx, walked.row, input, withOwner));
      last = walked.row.key;
    } else {
      CommonPrefixes.push({ Prefix: encodeKey(input, walked.commonPrefix) });
      last = walked.commonPrefix;
    }
  }
  return { Contents, CommonPrefixes, last, isTruncated: false };
}

function shown(
  ctx: ReadContext,
  version: ObjectVersion,
  input: ListInput,
  withOwner: boolean,
): s3.ObjectShape {
  const { checksum } = version;
  return {
    Key: encodeKey(input, version.key),
    LastModified: wholeSeconds(version.modifiedAt),
    ETag: `"${version.etag}"`,
    ...(checksum && { ChecksumAlgorithm: [checksum.algorithm], ChecksumType: checksum.type }),
    Size: version.sizeBytes,
    StorageClass: version.storageClass ?? "STANDARD",
    ...(withOwner && { Owner: ownerShown(version.owner) }),
    ...(input.OptionalObjectAttributes?.includes("RestoreStatus") && {
      RestoreStatus: restoreStatusOf(version, ctx.clock.now()),
    }),
  };
}

/** @evidence S3 API Reference, ListObjectsV2 */
export const ListObjectsV2 = operation(s3.ListObjectsV2, {
  ...onListing,
  run(input, ctx) {
    requireBucket(ctx, input.Bucket);
    const { ContinuationToken, StartAfter } = input;
    const after =
      ContinuationToken === undefined ? StartAfter || undefined : continued(input, ContinuationToken);
    const listed = list(ctx, input, after, input.FetchOwner ?? false);
    const { Contents, CommonPrefixes, last, isTruncated } = listed;
    return {
      Name: input.Bucket,
      Prefix: encodeKey(input, input.Prefix ?? ""),
      Delimiter: shownText(input, input.Delimiter),
      StartAfter: shownText(input, StartAfter),
      ContinuationToken,
      NextContinuationToken: isTruncated ? pageToken(scope(input.Bucket), last) : undefined,
      KeyCount: Contents.length + CommonPrefixes.length,
      MaxKeys: pageSize(input.MaxKeys),
      EncodingType: input.EncodingType,
      IsTruncated: isTruncated,
      Contents,
      CommonPrefixes,
    };
  },
});

function scope(bucket: string): string {
  return `s3.ListObjectsV2 ${bucket}`;
}

function continued(input: ListInput, token: string): string {
  const after = openPageToken(scope(input.Bucket), token);
  if (typeof after === "string") return after;
  throw invalidArgument("The continuation token provided is incorrect", "continuation-token", token);
}

export function shownText(input: EncodingInput, text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : encodeKey(input, text);
}

/**
 * The first version of the listing: it goes on after a key.
 *
 * @evidence S3 API Reference, ListObjects: NextMarker is there only with a delimiter; owners always
 */
export const ListObjects = operation(s3.ListObjects, {
  ...onListing,
  run(input, ctx) {
    requireBucket(ctx, input.Bucket);
    const { Delimiter, Marker } = input;
    const { Contents, CommonPrefixes, last, isTruncated } = list(ctx, input, Marker || undefined, true);
    return {
      Name: input.Bucket,
      Prefix: encodeKey(input, input.Prefix ?? ""),
      Marker: encodeKey(input, Marker ?? ""),
      Delimiter: shownText(input, Delimiter),
      NextMarker: isTruncated && Delimiter && last !== undefined ? encodeKey(input, last) : undefined,
      MaxKeys: pageSize(input.MaxKeys),
      EncodingType: input.EncodingType,
      IsTruncated: isTruncated,
      Contents,
      CommonPrefixes,
    };
  },
});
