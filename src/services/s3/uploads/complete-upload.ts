/** Making an object of the parts of an upload. */

import { createHash } from "node:crypto";
import * as s3 from "../../../generated/s3.ts";
import { parseChecksum } from "../../../kernel/body/checksums.ts";
import type { Context } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import { onCreation } from "../access/access.ts";
import { putBody, dropBody, type StoredPart } from "../bodies/table.ts";
import { requireBucket, type Bucket } from "../buckets/table.ts";
import { locationUrl } from "../buckets/buckets.ts";
import { encryptionShown } from "../encryption/encryption.ts";
import { conditionalRequestConflict, malformedXml } from "../errors.ts";
import { shownChecksum } from "../objects/answer.ts";
import { expirationHeader } from "../lifecycle/due.ts";
import { objectCreated } from "../events/object-events.ts";
import { givenChecksum } from "../objects/input.ts";
import type { ObjectVersion, StoredChecksum } from "../objects/version.ts";
import { requireWritable } from "../objects/preconditions.ts";
import { objectChecksum, type UploadChecksum } from "./checksums.ts";
import {
  algorithmMismatch, checksumTypeMismatch, invalidChecksumValue, invalidPart, invalidPartOrder,
  negativeObjectSize, noParts, noSuchUpload, objectChecksumMismatch, partChecksumMissing,
  partChecksumOfOtherAlgorithm, partNumberOutOfRange, partsNotConsecutive, partTooSmall, wrongObjectSize,
} from "./errors.ts";
import {
  findUpload, orderOfUpload, partsOf, removeUpload, type Upload, type UploadedPart,
} from "./table.ts";
import { partNumberMax } from "./parts.ts";
import { findCurrent, findPlaced, insertVersion } from "../objects/version-table.ts";
import { nullVersion, orderedId } from "../objects/version-ids.ts";
import { writtenVersionId } from "../buckets/versioning.ts";

/** @evidence S3 User Guide, "Amazon S3 multipart upload limits": no minimum for the last part */
export const partBytesMin = 5 * 1024 ** 2;

interface Completed {
  readonly bucket: Bucket;
  readonly version: ObjectVersion;
}

/**
 * The bodies of the parts become the object's as they are. The object is as old as the upload: what was
 * written to the key since is newer, and stays current.
 *
 * @evidence S3 API Reference, CompleteMultipartUpload; openstack/swift test/s3api/test_mpu.py, run against S3
 */
export const CompleteMultipartUpload = operation(s3.CompleteMultipartUpload, {
  ...onCreation,
  async body(input, ctx) {
    const { Bucket, Key } = input;
    const { bucket, version } = ctx.transaction((within) => complete(within, input));
    return {
      Location: locationUrl(ctx, Bucket) + encodeURIComponent(Key),
      Bucket,
      Key,
      ETag: `"${version.etag}"`,
      ...shownChecksum(version),
      VersionId: writtenVersionId(bucket, version),
      Expiration: expirationHeader(bucket, version),
      ...encryptionShown(version),
    };
  },
});

function complete(ctx: Context, input: s3.CompleteMultipartUploadRequest): Completed {
  const bucket = requireBucket(ctx, input.Bucket);
  const upload = findUpload(ctx, input);
  if (!upload) return { bucket, version: completedBefore(ctx, input) };
  requireStillWritable(ctx, input, upload);
  const requested = requestedParts(input);
  requireSameChecksum(input, upload.checksum);
  const parts = chosenParts(ctx, input, upload, requested);
  const version = assembled(ctx, input, bucket, upload, parts);
  removeUpload(ctx, upload, new Set(parts.map(({ number }) => number)));
  if (upload.isSuperseded || !insertVersion(ctx, version)) dropBody(ctx, version.bodyId);
  else objectCreated(ctx, bucket, version, "CompleteMultipartUpload");
  return { bucket, version };
}

/** Completing again is answered as the first time, for as long as the object is there. */
function completedBefore(ctx: Context, input: s3.CompleteMultipartUploadRequest): ObjectVersion {
  const { Bucket, Key, UploadId } = input;
  const order = orderOfUpload(ctx, input);
  const version = order === undefined ? undefined : findPlaced(ctx, Bucket, Key, order);
  if (version?.uploadId !== UploadId) throw noSuchUpload(UploadId);
  if (multipartTag(requestedParts(input).map(({ etag }) => etag)) !== version.etag) {
    throw noSuchUpload(UploadId);
  }
  return version;
}

/** @throws PreconditionFailed, NoSuchKey, ConditionalRequestConflict, NotImplemented */
function requireStillWritable(
  ctx: Context,
  input: s3.CompleteMultipartUploadRequest,
  { draft, hadObject, key }: Upload,
): void {
  if (input.IfMatch === undefined && input.IfNoneMatch === undefined) return;
  const current = findCurrent(ctx, input.Bucket, key);
  requireWritable(input, current);
  if (input.IfNoneMatch !== undefined && hadObject) throw conditionalRequestConflict("If-None-Match", key);
  if (input.IfMatch !== undefined && current && current.order > draft.order) {
    throw conditionalRequestConflict("If-Match", key);
  }
}

interface RequestedPart {
  readonly number: number;
  readonly etag: string;
  readonly checksum: ReturnType<typeof givenChecksum>;
}

/** @throws InvalidRequest, MalformedXML, InvalidArgument, InvalidPartOrder */
function requestedParts(input: s3.CompleteMultipartUploadRequest): RequestedPart[] {
  const { MultipartUpload, UploadId } = input;
  if (!MultipartUpload) throw noParts();
  const parts = (MultipartUpload.Parts ?? []).map((part): RequestedPart => {
    const { PartNumber: number, ETag } = part;
    if (number === undefined || ETag === undefined) throw malformedXml();
    return { number, etag: ETag.replace(/^"(.*)"$/, "$1"), checksum: givenChecksum(part) };
  });
  if (parts.length === 0 || parts.length > partNumberMax) throw malformedXml();
  let last = 0;
  for (const { number } of parts) {
    if (number < 1 || number > partNumberMax) throw partNumberOutOfRange(number);
    if (number <= last) throw invalidPartOrder(UploadId);
    last = number;
  }
  return parts;
}

/** @throws InvalidRequest */
function requireSameChecksum(input: s3.CompleteMultipartUploadRequest, checksum: UploadChecksum): void {
  const { ChecksumType } = input;
  if (ChecksumType !== undefined && ChecksumType !== checksum.type) throw checksumTypeMismatch(checksum.type);
  const given = givenChecksum(input);
  if (!given) return;
  if (given.algorithm !== checksum.algorithm) throw algorithmMismatch(checksum.algorithm, given.algorithm);
  if (!parseChecksum(given.algorithm, withoutCount(given.value))) throw invalidChecksumValue(given.algorithm);
}

/** A composite checksum may come with the number of parts. */
function withoutCount(value: string): string {
  return value.replace(/-\d+$/, "");
}

/** @throws InvalidPart, EntityTooSmall, InvalidRequest, BadDigest */
function chosenParts(
  ctx: Context,
  { UploadId }: s3.CompleteMultipartUploadRequest,
  upload: Upload,
  requested: readonly RequestedPart[],
): UploadedPart[] {
  const uploaded = new Map<number, UploadedPart>();
  for (const part of partsOf(ctx, upload)) uploaded.set(part.number, part);
  return requested.map((request, index) => {
    const part = uploaded.get(request.number);
    if (!part || part.etag !== request.etag || !agrees(request, part, upload.checksum)) {
      throw invalidPart(UploadId, request.number, request.etag);
    }
    if (index < requested.length - 1 && part.sizeBytes < partBytesMin) throw partTooSmall(part, partBytesMin);
    return part;
  });
}

/** Whether the checksum that the request has for a part is the part's. */
function agrees(
  { checksum, number }: RequestedPart,
  part: UploadedPart,
  { algorithm, type, isAsked }: UploadChecksum,
): boolean {
  if (checksum?.algorithm === algorithm) return checksum.value === part.checksum;
  if (type === "COMPOSITE") {
    if (checksum) throw partChecksumOfOtherAlgorithm(checksum.algorithm, number);
    throw partChecksumMissing(algorithm, number);
  }
  return checksum === undefined || !isAsked;
}

/** @throws InvalidRequest, BadDigest, InternalError */
function assembled(
  ctx: Context,
  input: s3.CompleteMultipartUploadRequest,
  bucket: Bucket,
  upload: Upload,
  parts: readonly UploadedPart[],
): ObjectVersion {
  const { draft, checksum } = upload;
  const isConsecutive = parts.every(({ number }, index) => number === index + 1);
  if (checksum.type === "COMPOSITE" && !isConsecutive) throw partsNotConsecutive();
  const facts = factsOf(checksum, parts);
  requireSize(input.MpuObjectSize, facts.sizeBytes);
  requireChecksum(input, facts.checksum, parts.length);
  return {
    ...draft,
    versionId: bucket.versioning === "Enabled" ? orderedId(ctx.ids, draft.order) : nullVersion,
    ...facts,
    bodyId: putBody(ctx, parts.flatMap(({ pieces }) => pieces), storedParts(parts, checksum)),
    partsCount: parts.length,
    uploadId: input.UploadId,
  };
}

type PartFacts = Pick<UploadedPart, "sizeBytes" | "etag" | "checksum">;

/** What follows from the parts, whose bodies are not looked at. */
export function factsOf(
  checksum: UploadChecksum,
  parts: readonly PartFacts[],
): { readonly sizeBytes: number; readonly etag: string; readonly checksum: StoredChecksum } {
  return {
    sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0),
    etag: multipartTag(parts.map(({ etag }) => etag)),
    checksum: objectChecksum(checksum, parts),
  };
}

function requireSize(claimedBytes: number | undefined, sizeBytes: number): void {
  if (claimedBytes === undefined) return;
  if (claimedBytes < 0) throw negativeObjectSize(claimedBytes);
  if (claimedBytes !== sizeBytes) throw wrongObjectSize(claimedBytes, sizeBytes);
}

function requireChecksum(
  input: s3.CompleteMultipartUploadRequest,
  { algorithm, type, value }: StoredChecksum,
  count: number,
): void {
  const given = givenChecksum(input);
  if (!given || given.value === value) return;
  if (type === "COMPOSITE" && given.value === `${value}-${count}`) return;
  throw objectChecksumMismatch(algorithm);
}

/**
 * Within an object parts are numbered anew, without gaps.
 *
 * @evidence openstack/swift test/s3api/test_mpu.py, …parts_list_with_gaps, run against S3
 */
function storedParts(parts: readonly UploadedPart[], { isAsked }: UploadChecksum): StoredPart[] {
  return parts.map(({ sizeBytes, checksum }, index) => ({
    number: index + 1, sizeBytes, ...(isAsked && { checksum }),
  }));
}

/** The MD5 of the MD5s of the parts, and how many there are. */
export function multipartTag(etags: readonly string[]): string {
  const hash = createHash("md5");
  for (const etag of etags) hash.update(etag, "hex");
  return `${hash.digest("hex")}-${etags.length}`;
}
