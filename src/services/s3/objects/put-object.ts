/** Storing an object. */

import * as s3 from "../../../generated/s3.ts";
import { operation } from "../../../kernel/operation.ts";
import { onCreation } from "../access/access.ts";
import { noteUpload } from "../reports/analysis-activity.ts";
import { keepPieces, putBody } from "../bodies/table.ts";
import { requireBucket, type Bucket } from "../buckets/table.ts";
import { chooseEncryption, type Encryption } from "../encryption/encryption.ts";
import { expirationHeader } from "../lifecycle/due.ts";
import { requireChecksum } from "../locks/input.ts";
import { objectCreated } from "../events/object-events.ts";
import { checksumMember, defaultChecksum, describeObject, requireSize } from "./input.ts";
import { describeAccess, requireWriteAccess } from "../access/object-access.ts";
import type { ObjectVersion } from "./version.ts";
import { headerNotImplemented, requireWritable } from "./preconditions.ts";
import { announcedSize, receiveBody, type Received } from "../bodies/receiving.ts";
import { putReplica } from "../replication/put-replica.ts";
import { replicaActions, replicaFacts } from "../replication/replicas.ts";
import { askedAlgorithm, storedFacts } from "../bodies/stored-facts.ts";
import { writtenVersionId } from "../buckets/versioning.ts";
import { findCurrent, newPlace, putVersion } from "./version-table.ts";

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
    const facts = replicaFacts(input);
    if (facts) return putReplica(ctx, input, facts);
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
      const stored = {
        bucket: input.Bucket,
        key: input.Key,
        ...newPlace(within, present),
        ...storedFacts(within, received, encryption),
        bodyId: putBody(within, received.pieces),
        ...described,
        ...access,
      };
      putVersion(within, stored);
      noteUpload(within, present, stored);
      objectCreated(within, present, stored, ctx.origin.authenticationMethod === "Form" ? "Post" : "Put");
      return stored;
    });
    return answer(bucket, version, received, encryption);
  },
});

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
    VersionId: writtenVersionId(bucket, version),
    Expiration: expirationHeader(bucket, version),
    ...encryption.output,
  };
}
