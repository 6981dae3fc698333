/** Reading an object: its body, or only what is said of it. */

import * as s3 from "../../../generated/s3.ts";
import { withStatus } from "../../../kernel/answer-status.ts";
import type { BodyContext, Context } from "../../../kernel/context.ts";
import { AwsError } from "../../../kernel/errors.ts";
import { operation } from "../../../kernel/operation.ts";
import { onObject, versionedAction } from "../access/access.ts";
import type { ThroughAccessPoint } from "../access/access-points.ts";
import { noteRetrieval } from "../reports/analysis-activity.ts";
import { describeState, requireInReach } from "../lifecycle/archive.ts";
import { blobsOf, readBody, type ByteRange } from "../bodies/reading.ts";
import { findBody, type StoredBody, type StoredPart } from "../bodies/table.ts";
import { bucketArn, requireBucket } from "../buckets/table.ts";
import { bucketConditions } from "../access/conditions.ts";
import { describeEncryption, openEncryption, type Encryption } from "../encryption/encryption.ts";
import {
  invalidPartNumber, invalidRequest, keyIsDeleted, markerHasNoContent, noSuchKey, noSuchVersion,
} from "../errors.ts";
import { hotBody, keepHot } from "../bodies/hot-bodies.ts";
import { withVisibleLock } from "../locks/object-lock.ts";
import { describeVersion, type Asked, type Shown } from "./answer.ts";
import { checksumMember, requireKey } from "./input.ts";
import { visibleTagCount } from "./tag-count.ts";
import type { ObjectVersion } from "./version.ts";
import { requireReadable } from "./preconditions.ts";
import { parseRange } from "../bodies/ranges.ts";
import { isReadAtRest } from "../bodies/reading-at-rest.ts";
import { isInitiation, isSource } from "../replication/replicas.ts";
import { noteAccess } from "../lifecycle/tiering-rules.ts";
import { requirePartNumber } from "../uploads/parts.ts";
import { findLatest, findVersion } from "./version-table.ts";

interface Reading extends Shown {
  readonly body: StoredBody | undefined;
  /** The body in the clear, where it is in memory. */
  readonly hot: Buffer | undefined;
  /** Lets go of the files of the body. */
  readonly release: () => void;
}

export const GetObject = operation(s3.GetObject, {
  ...onObject,
  action: (input, ctx) =>
    isSource(input) ? "s3:GetObjectVersionForReplication" : versionedAction("GetObject")(input, ctx),
  async body(input, ctx) {
    requireSigned(input, ctx);
    const reading = openObject(input, ctx, "GET", hotBody);
    const { bucket, version, body, hot, release } = reading;
    try {
      requireReadable(input, version);
      if (!isReadAtRest(input)) requireInReach(version, ctx.clock.now());
      const encryption = await opened(ctx, version, input);
      noteAccess(ctx, version);
      const part = partOf(input, version, body);
      const range = part ?? parseRange(input.Range, version.sizeBytes);
      const answer = describeVersion(reading, encryption, input, isPart(range, version));
      const whole = { first: 0, last: version.sizeBytes - 1 };
      const { first, last } = range ?? whole;
      noteRetrieval(ctx, bucket, version, last - first + 1);
      const Body = hot
        ? hot.subarray(first, last + 1)
        : readBody(ctx.blobs, body, encryption.key, range ?? whole, release);
      if (!hot) keepHot(ctx, version, Body);
      const state = describeState(bucket, version, input, ctx.clock.now());
      const said = Object.assign(answer, { Body }, partChecksum(input, version, part), state);
      return inRange(said, range, version);
    } catch (error) {
      release();
      throw error;
    }
  },
});

/**
 * What rests under a customer's key is replicated as it rests.
 *
 * @evidence S3 User Guide, "Replicating objects encrypted with SSE-C"
 */
async function opened(
  ctx: BodyContext,
  version: ObjectVersion,
  input: s3.GetObjectRequest,
): Promise<Pick<Encryption, "output"> & { readonly key: Buffer | undefined }> {
  const isClosed = isSource(input) && version.encryption?.algorithm === "customer";
  return isClosed ? { key: undefined, output: {} } : openEncryption(ctx, version, input);
}

/** What GetObject answers, without the body. */
export const HeadObject = operation(s3.HeadObject, {
  ...onObject,
  action: (input, ctx) =>
    isInitiation(input) ? "s3:InitiateReplication" : versionedAction("GetObject")(input, ctx),
  async body(input, ctx) {
    if (isInitiation(input)) return initiateReplication(input, ctx);
    requireSigned(input, ctx);
    const reading = openObject(input, ctx, "HEAD");
    const { bucket, version, body, release } = reading;
    release();
    requireReadable(input, version);
    const encryption =
      input.ChecksumMode === "ENABLED"
        ? await openEncryption(ctx, version, input)
        : describeEncryption(ctx, version, input);
    const part = partOf(input, version, body);
    const range = part ?? parseRange(input.Range, version.sizeBytes);
    const answer = describeVersion(reading, encryption, input, isPart(range, version));
    const state = describeState(bucket, version, input, ctx.clock.now());
    return inRange(Object.assign(answer, partChecksum(input, version, part), state), range, version);
  },
});

/**
 * @throws InvalidRequest when no rule covers it; AwsError with the reason for its code when it is refused
 * @evidence S3 User Guide, "Amazon S3 replication failure reasons": completion reports have them, too
 */
async function initiateReplication(
  input: s3.HeadObjectRequest,
  ctx: BodyContext,
): Promise<s3.HeadObjectOutput> {
  const { version, release } = openObject(input, ctx, "HEAD");
  release();
  const { key, versionId } = version;
  // Replication reads objects, and is not needed to read them.
  const { replicateVersion } = await import("../replication/replicating.ts");
  const outcome = await replicateVersion({ bucket: input.Bucket, key, versionId }, ctx);
  if (!outcome) throw invalidRequest("The object is not eligible for replication");
  if (outcome.failure === undefined) return { ReplicationStatus: "COMPLETED" };
  throw new AwsError({ code: outcome.failure, message: "The object was not replicated", status: 400 });
}

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

interface NamesVersion extends ThroughAccessPoint {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId?: string | undefined;
}

/**
 * One read: the version, its body, and a hold on the body's files.
 *
 * @param findHot where the body in the clear will do, and so its row need not be read
 */
export function openObject(
  input: NamesVersion,
  ctx: BodyContext,
  method: "GET" | "HEAD",
  findHot?: typeof hotBody,
): Reading {
  const found = ctx.reading(() => {
    const cell = ctx as BodyContext & Context;
    const bucket = requireBucket(cell, input.Bucket);
    const version = withVisibleLock(cell, requireContent(cell, input, method));
    const hot = findHot?.(cell, version);
    const isNeeded = (method === "GET" && !hot) || version.partsCount !== undefined;
    const tagCount = visibleTagCount(cell, version, input);
    return { bucket, version, tagCount, hot, body: isNeeded ? findBody(cell, version.bodyId) : undefined };
  });
  const files = blobsOf(found.body);
  return Object.assign(found, { release: files.length > 0 ? ctx.blobs.hold(files) : nothingHeld });
}

const nothingHeld = (): void => undefined;

/**
 * Who may not list the bucket is not told whether a key is there.
 *
 * @throws NoSuchKey, NoSuchVersion, MethodNotAllowed, AccessDenied, KeyTooLongError
 * @evidence S3 API Reference, GetObject, "Permissions"; DeleteMarker answers in "Working with delete markers"
 * @evidence s3fs-fuse/s3fs-fuse#1602: HeadObject of a key that is too long
 */
export function requireContent(ctx: Context, input: NamesVersion, method: "GET" | "HEAD"): ObjectVersion {
  const { Bucket, Key, VersionId } = input;
  if (VersionId !== undefined) {
    const version = findVersion(ctx, Bucket, Key, VersionId);
    if (!version) {
      requireKey(Key);
      requireListing("s3:ListBucketVersions", input, ctx);
      throw noSuchVersion(Key, VersionId);
    }
    if (version.isDeleteMarker) throw markerHasNoContent(method, VersionId, version.modifiedAt);
    return version;
  }
  const latest = findLatest(ctx, Bucket, Key);
  if (latest && !latest.isDeleteMarker) return latest;
  requireKey(Key);
  requireListing("s3:ListBucket", input, ctx);
  throw latest ? keyIsDeleted(Key, latest.versionId) : noSuchKey(Key);
}

/** By the conditions of the request itself, which is for no prefix. @throws AccessDenied */
function requireListing(action: string, { Bucket, AccessPointArn }: NamesVersion, ctx: Context): void {
  const conditions = bucketConditions({ Bucket, AccessPointArn }, ctx);
  ctx.authorize({ action, resource: bucketArn(Bucket), conditions });
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
function partChecksum(input: Asked, { checksum }: ObjectVersion, part: Part | undefined): object | undefined {
  if (input.ChecksumMode !== "ENABLED" || !checksum || part?.checksum === undefined) return undefined;
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
  if (!range) return answer;
  const { first, last } = range;
  answer.ContentLength = last - first + 1;
  answer.ContentRange = `bytes ${first}-${last}/${sizeBytes}`;
  return withStatus(answer, 206);
}
