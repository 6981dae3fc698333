/** Storing an object. */

import * as s3 from "../../generated/s3.ts";
import type { ChecksumAlgorithm } from "../../kernel/body/checksums.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { onCreation } from "./access.ts";
import { keepPieces, putBody } from "./body-table.ts";
import { requireBucket, type Bucket } from "./bucket-table.ts";
import { chooseEncryption, tagIsHash, type Encryption } from "./encryption.ts";
import { expirationHeader } from "./lifecycle-due.ts";
import { requireChecksum } from "./lock-input.ts";
import { objectCreated } from "./object-events.ts";
import {
  checksumMember, defaultChecksum, describeObject, givenChecksum, requireAlgorithm, requireSize,
} from "./object-input.ts";
import { describeAccess, requireWriteAccess } from "./object-access.ts";
import type { ObjectVersion } from "./object-version.ts";
import { headerNotImplemented, requireWritable } from "./preconditions.ts";
import { announcedAlgorithm, announcedSize, receiveBody, type Received } from "./receiving.ts";
import { replicaActions, replicaFacts } from "./replicas.ts";
import { shownVersionId } from "./versioning.ts";
import { findCurrent, findVersion, newPlace, putVersion } from "./version-table.ts";

/**
 * Nobody sees anything of an object before all of it is there.
 *
 * @evidence S3 API Reference, PutObject
 */
export const PutObject = operation(s3.PutObject, {
  ...onCreation,
  action(input, ctx) {
    const replica = replicaFacts(input);
    return replica ? replicaActions(replica) : requireWriteAccess(input, ctx);
  },
  async body(input, ctx) {
    if (input.WriteOffsetBytes !== undefined) throw headerNotImplemented("x-amz-write-offset-bytes");
    requireSize(announcedSize(input.Body));
    const described = describeObject(input);
    const bucket = ctx.reading(() => requireBucket(ctx, input.Bucket));
    const access = describeAccess(ctx, bucket, input);
    requireChecksum(access, input);
    const encryption = await chooseEncryption(ctx, bucket, input);
    const algorithm = askedAlgorithm(input) ?? defaultChecksum;
    const received = await receiveBody(ctx, input.Body, { key: encryption.key, algorithm });
    const version = ctx.transaction((within) => {
      const present = requireBucket(within, input.Bucket);
      requireWritable(input, findCurrent(within, input.Bucket, input.Key));
      keepPieces(within, received.pieces);
      const stored = withLockKept(within, {
        bucket: input.Bucket,
        key: input.Key,
        ...newPlace(within, present),
        ...storedFacts(within, received, encryption),
        bodyId: putBody(within, received.pieces),
        ...described,
        ...access,
        ...replicated(input),
      });
      putVersion(within, stored);
      objectCreated(within, present, stored, ctx.origin.authenticationMethod === "Form" ? "Post" : "Put");
      return stored;
    });
    return answer(bucket, version, received, encryption);
  },
});

/** A replica is what it is a replica of, where it is not what its destination makes of it. */
function replicated(input: s3.PutObjectRequest): Partial<ObjectVersion> {
  const facts = replicaFacts(input);
  if (!facts) return {};
  const { versionId, order, modifiedAt, etag, partsCount } = facts;
  return {
    versionId, order, modifiedAt, replication: "REPLICA",
    ...(etag !== undefined && { etag }),
    ...(partsCount !== undefined && { partsCount }),
  };
}

/**
 * A replica that nobody may unlock yet stays locked, whatever has become of its source.
 *
 * @evidence S3 User Guide, "Retention modes": compliance can't be shortened, by anyone
 */
function withLockKept(ctx: Context, stored: ObjectVersion): ObjectVersion {
  if (stored.replication !== "REPLICA") return stored;
  const there = findVersion(ctx, stored.bucket, stored.key, stored.versionId)?.retention;
  if (there?.mode !== "COMPLIANCE" || there.until <= ctx.clock.now()) return stored;
  const { retention } = stored;
  const isStronger = retention?.mode === "COMPLIANCE" && retention.until >= there.until;
  return isStronger ? stored : { ...stored, retention: there };
}

/** A checksum that comes with the body says more than the name of one. */
function askedAlgorithm(input: s3.PutObjectRequest): ChecksumAlgorithm | undefined {
  const given = givenChecksum(input)?.algorithm ?? announcedAlgorithm(input.Body);
  return given ?? requireAlgorithm(input.ChecksumAlgorithm);
}

/** What is known once a body is there. */
export function storedFacts(
  ctx: Context | BodyContext,
  received: Received,
  encryption: Encryption,
): Pick<ObjectVersion, "modifiedAt" | "sizeBytes" | "etag" | "checksum" | "encryption"> {
  return {
    modifiedAt: ctx.clock.now(),
    sizeBytes: received.sizeBytes,
    etag: tagIsHash(encryption) ? received.md5 : ctx.ids.hex(32),
    checksum: { ...received.checksum, type: "FULL_OBJECT" },
    ...(encryption.stored && { encryption: encryption.stored }),
  };
}

function answer(
  bucket: Bucket,
  version: ObjectVersion,
  { checksum }: Received,
  encryption: Encryption,
): s3.PutObjectOutput {
  return {
    ETag: `"${version.etag}"`,
    ...checksumMember(checksum.algorithm, checksum.value),
    ChecksumType: "FULL_OBJECT",
    VersionId: shownVersionId(bucket, version),
    Expiration: expirationHeader(bucket, version),
    ...encryption.output,
  };
}
