/** Reading an object: its body, or only what is said of it. */

import * as s3 from "../../generated/s3.ts";
import { withStatus } from "../../kernel/answer-status.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { onObject, versionedAction } from "./access.ts";
import { describeState, requireInReach } from "./archive.ts";
import { blobsOf, readBody, type ByteRange } from "./body-reading.ts";
import { findBody, type StoredBody, type StoredPart } from "./body-table.ts";
import { bucketArn, requireBucket, type Bucket } from "./bucket-table.ts";
import { describeEncryption, openEncryption } from "./encryption.ts";
import {
  invalidPartNumber, invalidRequest, keyIsDeleted, markerHasNoContent, noSuchKey, noSuchVersion,
} from "./errors.ts";
import { withVisibleLock } from "./object-lock.ts";
import { describeVersion, type Asked } from "./object-answer.ts";
import { checksumMember } from "./object-input.ts";
import type { ObjectVersion } from "./object-version.ts";
import { requireReadable } from "./preconditions.ts";
import { parseRange } from "./ranges.ts";
import { isSource } from "./replicas.ts";
import { noteAccess } from "./tiering-rules.ts";
import { requirePartNumber } from "./upload-parts.ts";
import { findLatest, findVersion } from "./version-table.ts";

interface Reading {
  readonly bucket: Bucket;
  readonly version: ObjectVersion;
  readonly body: StoredBody | undefined;
  /** Lets go of the files of the body. */
  readonly release: () => void;
}

export const GetObject = operation(s3.GetObject, {
  ...onObject,
  action: (input, ctx) =>
    isSource(input) ? "s3:GetObjectVersionForReplication" : versionedAction("GetObject")(input, ctx),
  async body(input, ctx) {
    requireSigned(input, ctx);
    const { bucket, version, body, release } = openObject(input, ctx, "GET");
    try {
      requireReadable(input, version);
      requireInReach(version, ctx.clock.now());
      const encryption = await openEncryption(ctx, version, input);
      noteAccess(ctx, version);
      const part = partOf(input, version, body);
      const range = part ?? parseRange(input.Range, version.sizeBytes);
      const answer = describeVersion(bucket, version, encryption, input, isPart(range, version));
      const whole = { first: 0, last: version.sizeBytes - 1 };
      const Body = readBody(ctx.blobs, body, encryption.key, range ?? whole, release);
      const state = describeState(bucket, version, input, ctx.clock.now());
      const checksum = partChecksum(input, version, part);
      return inRange({ ...answer, ...checksum, ...state, Body }, range, version);
    } catch (error) {
      release();
      throw error;
    }
  },
});

/** What GetObject answers, without the body. */
export const HeadObject = operation(s3.HeadObject, {
  ...onObject,
  action: versionedAction("GetObject"),
  async body(input, ctx) {
    requireSigned(input, ctx);
    const { bucket, version, body, release } = openObject(input, ctx, "HEAD");
    release();
    requireReadable(input, version);
    const encryption =
      input.ChecksumMode === "ENABLED"
        ? await openEncryption(ctx, version, input)
        : describeEncryption(ctx, version, input);
    const part = partOf(input, version, body);
    const range = part ?? parseRange(input.Range, version.sizeBytes);
    const answer = describeVersion(bucket, version, encryption, input, isPart(range, version));
    const state = describeState(bucket, version, input, ctx.clock.now());
    const checksum = partChecksum(input, version, part);
    return inRange({ ...answer, ...checksum, ...state }, range, version);
  },
});

/**
 * Overriding headers of the answer is for those who signed the request to do so.
 *
 * @evidence S3 API Reference, GetObject, "Overriding response header values through the request"
 */
function requireSigned(input: s3.GetObjectRequest | s3.HeadObjectRequest, ctx: BodyContext): void {
  if (ctx.origin.authenticationMethod !== "None") return;
  const overrides = [
    input.ResponseCacheControl, input.ResponseContentDisposition, input.ResponseContentEncoding,
    input.ResponseContentLanguage, input.ResponseContentType, input.ResponseExpires,
  ];
  if (overrides.every((value) => value === undefined)) return;
  throw invalidRequest("Request specific response headers cannot be used for anonymous GET requests.");
}

interface NamesVersion {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId?: string | undefined;
}

/** One read: the version, its body, and a hold on the body's files. */
export function openObject(input: NamesVersion, ctx: BodyContext, method: "GET" | "HEAD"): Reading {
  const found = ctx.reading(() => {
    const cell = ctx as BodyContext & Context;
    const bucket = requireBucket(cell, input.Bucket);
    const version = withVisibleLock(cell, requireContent(cell, input, method));
    const isNeeded = method === "GET" || version.partsCount !== undefined;
    return { bucket, version, body: isNeeded ? findBody(cell, version.bodyId) : undefined };
  });
  return { ...found, release: ctx.blobs.hold(blobsOf(found.body)) };
}

/**
 * Who may not list the bucket is not told whether a key is there.
 *
 * @throws NoSuchKey, NoSuchVersion, MethodNotAllowed, AccessDenied
 * @evidence S3 API Reference, GetObject, "Permissions"; DeleteMarker answers in "Working with delete markers"
 */
export function requireContent(ctx: Context, input: NamesVersion, method: "GET" | "HEAD"): ObjectVersion {
  const { Bucket, Key, VersionId } = input;
  if (VersionId !== undefined) {
    const version = findVersion(ctx, Bucket, Key, VersionId);
    if (!version) {
      ctx.authorize({ action: "s3:ListBucketVersions", resource: bucketArn(Bucket) });
      throw noSuchVersion(Key, VersionId);
    }
    if (version.isDeleteMarker) throw markerHasNoContent(method, VersionId, version.modifiedAt);
    return version;
  }
  const latest = findLatest(ctx, Bucket, Key);
  if (latest && !latest.isDeleteMarker) return latest;
  ctx.authorize({ action: "s3:ListBucket", resource: bucketArn(Bucket) });
  throw latest ? keyIsDeleted(Key, latest.versionId) : noSuchKey(Key);
}

interface AsksForPart {
  readonly PartNumber?: number | undefined;
  readonly Range?: string | undefined;
}

interface Part extends ByteRange {
  /** Base64. */
  readonly checksum?: string | undefined;
}

/** The bytes of one part as it was uploaded. What was not uploaded in parts has one. */
function partOf(
  { PartNumber, Range }: AsksForPart,
  version: ObjectVersion,
  body: StoredBody | undefined,
): Part | undefined {
  if (PartNumber === undefined) return undefined;
  if (Range !== undefined) {
    throw invalidRequest("Cannot specify both Range header and partNumber query parameter");
  }
  requirePartNumber(PartNumber);
  let first = 0;
  const parts: readonly StoredPart[] = body?.parts ?? [{ number: 1, sizeBytes: version.sizeBytes }];
  for (const { number, sizeBytes, checksum } of parts) {
    if (number === PartNumber) return { first, last: first + sizeBytes - 1, checksum };
    first += sizeBytes;
  }
  throw invalidPartNumber(version.partsCount ?? 1, PartNumber);
}

/** Where parts have checksums, that of the part is answered and not the object's. */
function partChecksum(input: Asked, { checksum }: ObjectVersion, part: Part | undefined): object {
  if (input.ChecksumMode !== "ENABLED" || !checksum || part?.checksum === undefined) return {};
  return { ...checksumMember(checksum.algorithm, part.checksum), ChecksumType: checksum.type };
}

function isPart(range: ByteRange | undefined, version: ObjectVersion): boolean {
  return range !== undefined && range.last - range.first + 1 < version.sizeBytes;
}

function inRange<Answer extends s3.GetObjectOutput | s3.HeadObjectOutput>(
  answer: Answer,
  range: ByteRange | undefined,
  { sizeBytes }: ObjectVersion,
): Answer {
  if (!range) return { ...answer, ContentLength: sizeBytes };
  const { first, last } = range;
  const ContentRange = `bytes ${first}-${last}/${sizeBytes}`;
  return withStatus({ ...answer, ContentLength: last - first + 1, ContentRange }, 206);
}
