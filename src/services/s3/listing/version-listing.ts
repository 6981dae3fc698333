/** Listing every version of the objects of a bucket: by key, and newest first within a key. */

import * as s3 from "../../../generated/s3.ts";
import type { ReadContext } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import { onBucket } from "../access/access.ts";
import { requireBucket } from "../buckets/table.ts";
import { invalidArgument, invalidVersionId } from "../errors.ts";
import { keeperOf } from "../reports/generated-manifests.ts";
import { encodeKey } from "./key-encoding.ts";
import { commonPrefixOf, successor } from "./key-walk.ts";
import { pageSize, shownText } from "./listing.ts";
import type { ObjectVersion } from "../objects/version.ts";
import { ownerShown } from "../access/owners.ts";
import { restoreStatusOf } from "../lifecycle/restore-status.ts";
import { findLatest, findVersion, objects, versions } from "../objects/version-table.ts";
import { nullVersion, orderOf } from "../objects/version-ids.ts";
import { wholeSeconds } from "../whole-seconds.ts";

export interface ShownVersion {
  readonly version: ObjectVersion;
  readonly isLatest: boolean;
}

/** Where a listing begins: after a key, or within one after a version. */
export interface Start {
  readonly from: string;
  /** Versions of `from` that are at least as new as this are left out; none of them where undefined. */
  readonly olderThan?: number;
  /** `from` itself is left out. */
  readonly isAfter?: boolean;
}

/** Both tables in one order. The current version of a key comes first, and is the only one in its table. */
export function* allVersions(
  ctx: ReadContext,
  bucket: string,
  prefix: string,
  start: Start,
): Generator<ShownVersion> {
  const all = { prefix: [bucket, prefix], prefixOfLastPart: true };
  const from = [bucket, start.from];
  const { olderThan } = start;
  const newest = olderThan === undefined ? undefined : findLatest(ctx, bucket, start.from);
  // What was listed may have been deleted since, and what came after it be the current one now.
  const isPassed = olderThan !== undefined && newest !== undefined && newest.order >= olderThan;
  const current = ctx.db(objects).list({ ...all, ...(isPassed ? { after: from } : { from }) });
  const older = ctx.db(versions).list({
    ...all,
    ...(olderThan === undefined ? { from } : { after: [...from, -olderThan] }),
  });
  const partKey = isPassed ? start.from : undefined;
  for (const shown of merged(current[Symbol.iterator](), older[Symbol.iterator](), partKey)) {
    if (!start.isAfter || shown.version.key !== start.from) yield shown;
  }
}

function* merged(
  current: Iterator<ObjectVersion, undefined>,
  older: Iterator<ObjectVersion, undefined>,
  /** Of which something newer was left out. */
  partKey: string | undefined,
): Generator<ShownVersion> {
  let front = current.next();
  let back = older.next();
  // What comes first after a version of the same key is not the latest.
  let lastKey = partKey;
  for (;;) {
    const takesBack = !back.done && (front.done || precedes(back.value.key, front.value.key));
    const taken = takesBack ? back : front;
    if (taken.done) return;
    const version = taken.value;
    if (takesBack) back = older.next();
    else front = current.next();
    const isLatest = version.key !== lastKey;
    lastKey = version.key;
    yield { version, isLatest };
  }
}

/** By the bytes of UTF-8, which for well-formed text is the order of code points. */
function precedes(key: string, other: string): boolean {
  return key !== other && Buffer.compare(Buffer.from(key), Buffer.from(other)) < 0;
}

/** @evidence S3 API Reference, ListObjectVersions */
export const ListObjectVersions = operation(s3.ListObjectVersions, {
  ...onBucket,
  action: (input) => (keeperOf(input) ? "s3:PutInventoryConfiguration" : "s3:ListBucketVersions"),
  dataEvent: true,
  run(input, ctx) {
    requireBucket(ctx, input.Bucket);
    const { KeyMarker, VersionIdMarker, Delimiter } = input;
    const page = collect(ctx, input, startOf(ctx, input));
    return {
      Name: input.Bucket,
      Prefix: encodeKey(input, input.Prefix ?? ""),
      Delimiter: shownText(input, Delimiter),
      KeyMarker: encodeKey(input, KeyMarker ?? ""),
      VersionIdMarker: VersionIdMarker ?? "",
      MaxKeys: pageSize(input.MaxKeys),
      EncodingType: input.EncodingType,
      IsTruncated: page.isTruncated,
      Versions: page.Versions,
      DeleteMarkers: page.DeleteMarkers,
      CommonPrefixes: page.CommonPrefixes,
      NextKeyMarker: page.isTruncated ? encodeKey(input, page.lastKey) : undefined,
      NextVersionIdMarker: page.isTruncated ? page.lastVersion : undefined,
    };
  },
});

function startOf(ctx: ReadContext, input: s3.ListObjectVersionsRequest): Start {
  const { Bucket, KeyMarker, VersionIdMarker } = input;
  if (VersionIdMarker !== undefined && (KeyMarker === undefined || KeyMarker === "")) {
    throw invalidArgument(
      "A version-id marker cannot be specified without a key marker.",
      "version-id-marker",
      VersionIdMarker,
    );
  }
  if (KeyMarker === undefined || KeyMarker === "") return { from: "" };
  if (VersionIdMarker === undefined || VersionIdMarker === "") return { from: KeyMarker, isAfter: true };
  if (VersionIdMarker === nullVersion) {
    const known = findVersion(ctx, Bucket, KeyMarker, nullVersion);
    // Whoever deletes page by page has deleted it meanwhile; where it was among the others nobody knows then.
    return { from: KeyMarker, ...(known && { olderThan: known.order }) };
  }
  const order = orderOf(VersionIdMarker);
  if (order === undefined) throw invalidVersionId(VersionIdMarker);
  return { from: KeyMarker, olderThan: order };
}

interface VersionPage {
  readonly Versions: s3.ObjectVersion[];
  readonly DeleteMarkers: s3.DeleteMarkerEntry[];
  readonly CommonPrefixes: s3.CommonPrefix[];
  isTruncated: boolean;
  lastKey: string;
  /** Undefined after a common prefix. */
  lastVersion: string | undefined;
}

function collect(ctx: ReadContext, input: s3.ListObjectVersionsRequest, from: Start): VersionPage {
  const { Bucket, Prefix: prefix = "", Delimiter: delimiter = "" } = input;
  const page: VersionPage = {
    Versions: [], DeleteMarkers: [], CommonPrefixes: [],
    isTruncated: false, lastKey: "", lastVersion: undefined,
  };
  const limit = pageSize(input.MaxKeys);
  let start: Start | undefined = limit === 0 ? undefined : from;
  let count = 0;
  while (start) {
    let next: Start | undefined;
    for (const shown of allVersions(ctx, Bucket, prefix, start)) {
      const rolledUp = commonPrefixOf(shown.version.key, prefix, delimiter);
      if (rolledUp !== undefined && from.from.startsWith(rolledUp)) {
        next = after(rolledUp);
        break;
      }
      if (count === limit) return Object.assign(page, { isTruncated: true });
      count += 1;
      add(ctx, input, page, shown, rolledUp);
      if (rolledUp === undefined) continue;
      next = after(rolledUp);
      break;
    }
    start = next;
  }
  return page;
}

/** Past everything under a common prefix. */
function after(prefix: string): Start | undefined {
  const next = successor(prefix);
  return next === undefined ? undefined : { from: next };
}

function add(
  ctx: ReadContext,
  input: s3.ListObjectVersionsRequest,
  page: VersionPage,
  { version, isLatest }: ShownVersion,
  rolledUp: string | undefined,
): void {
  page.lastKey = rolledUp ?? version.key;
  page.lastVersion = rolledUp === undefined ? version.versionId : undefined;
  const keep = keeperOf(input);
  if (keep && !keep({ version, isLatest }, requireBucket(ctx, input.Bucket))) return;
  if (rolledUp !== undefined) {
    page.CommonPrefixes.push({ Prefix: encodeKey(input, rolledUp) });
    return;
  }
  const entry = {
    Key: encodeKey(input, version.key),
    VersionId: version.versionId,
    IsLatest: isLatest,
    LastModified: wholeSeconds(version.modifiedAt),
    Owner: ownerShown(version.owner),
  };
  if (version.isDeleteMarker) {
    page.DeleteMarkers.push(entry);
    return;
  }
  const { checksum } = version;
  page.Versions.push({
    ...entry,
    ETag: `"${version.etag}"`,
    Size: version.sizeBytes,
    // The model knows no other class of a version; S3 answers whichever it has.
    StorageClass: (version.storageClass ?? "STANDARD") as s3.ObjectVersionStorageClass,
    ...(checksum && { ChecksumAlgorithm: [checksum.algorithm], ChecksumType: checksum.type }),
    ...(input.OptionalObjectAttributes?.includes("RestoreStatus") && {
      RestoreStatus: restoreStatusOf(version, ctx.clock.now()),
    }),
  });
}
