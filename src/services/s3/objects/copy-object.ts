/** Copying an object, or onto itself to change what is said of it. */

import * as s3 from "../../../generated/s3.ts";
import { operation } from "../../../kernel/operation.ts";
import type { BodyContext, Context } from "../../../kernel/context.ts";
import { onCreation } from "../access/access.ts";
import { noteUpload } from "../reports/analysis-activity.ts";
import { keepPieces, putBody } from "../bodies/table.ts";
import { objectArn, requireBucket, type Bucket } from "../buckets/table.ts";
import { requireCopyable } from "./copy-conditions.ts";
import { copyToItself, sourceTooLarge, unknownDirective } from "./copy-errors.ts";
import { openSource, type CopySource } from "./copy-source.ts";
import { copyBody } from "./copying.ts";
import { chooseEncryption, type Encryption } from "../encryption/encryption.ts";
import { expirationHeader } from "../lifecycle/due.ts";
import { describeAccess, requireWriteAccess } from "../access/object-access.ts";
import { objectCreated } from "../events/object-events.ts";
import {
  checksumMember, defaultChecksum, describeObject, requireAlgorithm, singleUploadBytesMax, storedHeaders,
  type DescribedObject,
} from "./input.ts";
import type { ObjectVersion } from "./version.ts";
import { requireWritable } from "./preconditions.ts";
import { storedFacts } from "../bodies/stored-facts.ts";
import type { Received } from "../bodies/receiving.ts";
import { writtenVersionId } from "../buckets/versioning.ts";
import { findCurrent, newPlace, putVersion } from "./version-table.ts";
import { wholeSeconds } from "../whole-seconds.ts";

/** @evidence S3 API Reference, CopyObject */
export const CopyObject = operation(s3.CopyObject, {
  ...onCreation,
  action: (input, ctx) => requireWriteAccess(withDirectives(input), ctx),
  async body(input, ctx) {
    const { MetadataDirective, TaggingDirective } = input;
    requireDirective("metadata", MetadataDirective);
    requireDirective("tagging", TaggingDirective);
    const asked = describeObject(withDirectives(input));
    const bucket = ctx.reading(() => requireBucket(ctx, input.Bucket));
    const source = await openSource(ctx, input);
    try {
      requireCopyable(input, source.version, ctx.clock.now());
      if (source.version.sizeBytes > singleUploadBytesMax) throw sourceTooLarge(singleUploadBytesMax);
      requireChange(input, bucket, source);
      const described = await describeCopy(ctx, input, source, asked);
      const access = describeAccess(ctx, bucket, input);
      const encryption = await chooseEncryption(ctx, bucket, input);
      const algorithm = requireAlgorithm(input.ChecksumAlgorithm) ?? source.version.checksum?.algorithm;
      const options = { encryption, algorithm: algorithm ?? defaultChecksum };
      const received = await copyBody(ctx, source, options);
      const version = ctx.transaction((within) =>
        store(within, input, received, encryption, { ...described, ...access }),
      );
      return answer(bucket, version, source, encryption);
    } finally {
      source.release();
    }
  },
});

/** What the directives make of what is said besides: tags are the source's unless they are to be replaced. */
function withDirectives(input: s3.CopyObjectRequest): s3.CopyObjectRequest {
  return input.TaggingDirective === "REPLACE" ? input : { ...input, Tagging: undefined };
}

function requireDirective(kind: string, value: string | undefined): void {
  if (value !== undefined && value !== "COPY" && value !== "REPLACE") throw unknownDirective(kind, value);
}

/**
 * An older version may become the current one as it is. A bucket that encrypts in a way of its own may make a
 * change by that alone.
 *
 * @throws InvalidRequest
 * @evidence recorded: CopyObject onto itself; S3 User Guide, "Restoring previous versions"
 */
function requireChange(input: s3.CopyObjectRequest, bucket: Bucket, { name, version }: CopySource): void {
  if (name.Bucket !== input.Bucket || name.Key !== input.Key) return;
  if (name.VersionId !== undefined && bucket.versioning !== undefined) return;
  if (input.MetadataDirective === "REPLACE") return;
  const changes =
    input.StorageClass ?? input.ServerSideEncryption ?? input.SSECustomerAlgorithm ??
    input.WebsiteRedirectLocation ?? bucket.encryption ?? version.restore;
  if (changes === undefined) throw copyToItself();
}

/** Storage class and redirection are never the source's. */
async function describeCopy(
  ctx: BodyContext,
  input: s3.CopyObjectRequest,
  source: CopySource,
  asked: DescribedObject,
): Promise<DescribedObject> {
  const { WebsiteRedirectLocation } = input;
  const { tags, ...described } = asked;
  const copiedTags = input.TaggingDirective === "REPLACE" ? tags : await tagsToCopy(ctx, input, source);
  const withTags = copiedTags && { tags: copiedTags };
  if (input.MetadataDirective === "REPLACE") return { ...described, ...withTags };
  const { headers = {}, metadata, missingMeta } = source.version;
  const { WebsiteRedirectLocation: _, ...kept } = headers;
  return {
    headers: { ...kept, ...storedHeaders({ Key: input.Key, WebsiteRedirectLocation }) },
    ...(metadata && { metadata }),
    ...(missingMeta !== undefined && { missingMeta }),
    ...(asked.storageClass && { storageClass: asked.storageClass }),
    ...withTags,
  };
}

/** Copying tags takes permission to read and to write them, where there are some. */
async function tagsToCopy(
  ctx: BodyContext,
  { Bucket, Key }: s3.CopyObjectRequest,
  source: CopySource,
): Promise<DescribedObject["tags"]> {
  const tags = await source.tags();
  if (!tags) return undefined;
  const cell = ctx as BodyContext & Context;
  ctx.reading(() => cell.authorize({ action: "s3:PutObjectTagging", resource: objectArn(Bucket, Key) }));
  return tags;
}

function store(
  ctx: Context,
  input: s3.CopyObjectRequest,
  received: Received,
  encryption: Encryption,
  said: Omit<ObjectVersion, "bucket" | "key" | "order" | "versionId" | "bodyId" | keyof Facts>,
): ObjectVersion {
  const { Bucket: bucket, Key: key } = input;
  const present = requireBucket(ctx, bucket);
  requireWritable(input, findCurrent(ctx, bucket, key));
  keepPieces(ctx, received.pieces);
  const version: ObjectVersion = {
    bucket, key, ...newPlace(ctx, present), ...storedFacts(ctx, received, encryption),
    bodyId: putBody(ctx, received.pieces),
    ...said,
  };
  putVersion(ctx, version);
  noteUpload(ctx, present, version);
  objectCreated(ctx, present, version, "Copy");
  return version;
}

type Facts = ReturnType<typeof storedFacts>;

/** @evidence recorded: CopyObject, whose result has the checksum and does not say of which type it is */
function answer(
  bucket: Bucket,
  version: ObjectVersion,
  source: CopySource,
  encryption: Encryption,
): s3.CopyObjectOutput {
  const { checksum } = version;
  return {
    CopyObjectResult: {
      ETag: `"${version.etag}"`,
      LastModified: wholeSeconds(version.modifiedAt),
      ...(checksum && checksumMember(checksum.algorithm, checksum.value)),
    },
    CopySourceVersionId: source.versionId,
    VersionId: writtenVersionId(bucket, version),
    Expiration: expirationHeader(bucket, version),
    ...encryption.output,
  };
}
