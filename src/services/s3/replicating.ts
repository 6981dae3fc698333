/** Replication at work: a job a version, under the role that the bucket's owner passed. */

import * as s3 from "../../generated/s3.ts";
import * as sts from "../../generated/sts.ts";
import { asynchronousJob } from "../../jobs/job.ts";
import type { BodyContext, CallOptions, Context } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { buckets, findBucketName, type Bucket } from "./bucket-table.ts";
import { DeleteObject } from "./delete-object.ts";
import { GetObject } from "./get-object.ts";
import { checksumMember } from "./object-input.ts";
import { PutObject } from "./put-object.ts";
import type { ObjectVersion } from "./object-version.ts";
import { asReplica, asSource, type ReplicaFacts } from "./replicas.ts";
import { destinationName } from "./replication.ts";
import { rulesFor } from "./replication-rules.ts";
import { replicationFailed } from "./object-events.ts";
import { replicationJob, type Replication } from "./replication-job.ts";
import { changeVersion, findVersion } from "./version-table.ts";

/**
 * What is refused is over and shown as FAILED; what fails otherwise is tried again.
 *
 * @evidence S3 User Guide, "Getting replication status information"
 */
export const replicate = asynchronousJob<Replication>(replicationJob, async (named, ctx) => {
  await replicateVersion(named, ctx);
});

/** @returns how it ended; undefined when no rule covers the version, or it is gone */
export async function replicateVersion(
  named: Replication,
  ctx: BodyContext,
): Promise<"COMPLETED" | "FAILED" | undefined> {
  const cell = ctx as BodyContext & Context;
  const found = ctx.reading(() => {
    const bucket = cell.db(buckets).get(named.bucket);
    return { bucket, version: bucket && findVersion(cell, named.bucket, named.key, named.versionId) };
  });
  const { bucket, version } = found;
  if (!bucket?.replication || !version) return undefined;
  const rules = rulesFor(bucket.replication, version);
  let hasFailed = false;
  for (const rule of rules) {
    try {
      await toDestination(ctx, bucket.replication.Role, rule, version);
    } catch (error) {
      if (!(error instanceof AwsError) || error.status >= 500) throw error;
      hasFailed = true;
    }
  }
  if (rules.length === 0 && version.replication !== "PENDING") return undefined;
  ctx.transaction((within) => finish(within, bucket, named, hasFailed));
  return hasFailed ? "FAILED" : "COMPLETED";
}

function finish(ctx: Context, bucket: Bucket, { key, versionId }: Replication, hasFailed: boolean): void {
  const version = findVersion(ctx, bucket.name, key, versionId);
  if (!version || version.isDeleteMarker) return;
  // A replica that is replicated on stays one.
  if (version.replication !== "REPLICA") {
    changeVersion(ctx, version, { replication: hasFailed ? "FAILED" : "COMPLETED" });
  }
  if (hasFailed) replicationFailed(ctx, bucket, version);
}

async function toDestination(
  ctx: BodyContext,
  role: string,
  { Destination }: s3.ReplicationRule,
  version: ObjectVersion,
): Promise<void> {
  const destination = findBucketName(ctx.kernel, destinationName(Destination.Bucket));
  if (!destination) throw new AwsError({ code: "NoSuchBucket", message: "", status: 404 });
  const token = await assume(ctx, role);
  const there: CallOptions = { as: { session: token }, region: destination.region };
  const { versionId, order, modifiedAt, etag, partsCount, tags } = version;
  const facts: ReplicaFacts = {
    versionId, order, modifiedAt,
    tagged: tags !== undefined,
    changesOwner: Destination.AccessControlTranslation?.Owner === "Destination",
    ...(partsCount !== undefined && { partsCount }),
  };
  if (version.isDeleteMarker) {
    await ctx.call(DeleteObject, asReplica({ Bucket: destination.name, Key: version.key }, facts), there);
    return;
  }
  const named = { Bucket: version.bucket, Key: version.key, VersionId: versionId };
  const { Body } = await ctx.call(GetObject, asSource(named), { ...there, region: ctx.region });
  const isPlain = version.encryption === undefined && Destination.EncryptionConfiguration === undefined;
  await ctx.call(
    PutObject,
    asReplica(
      { Bucket: destination.name, ...written(version, Destination, ctx.clock.now()), Body },
      { ...facts, ...(isPlain && { etag }) },
    ),
    there,
  );
}

/** As the bucket's owner lets S3 act. @throws AwsError when the role does not let S3 in */
async function assume(ctx: BodyContext, role: string): Promise<string> {
  const { Credentials } = await ctx.call(
    sts.AssumeRole,
    { RoleArn: role, RoleSessionName: "s3-replication" },
    { as: "service", account: ctx.account },
  );
  return Credentials?.SessionToken ?? "";
}

/** The version as a request to store it. */
function written(
  version: ObjectVersion, destination: s3.Destination, now: number,
): Omit<s3.PutObjectRequest, "Bucket"> {
  const { key, headers = {}, metadata, tags, checksum, encryption, retention, legalHold } = version;
  const { Expires, ...others } = headers;
  const keyId = destination.EncryptionConfiguration?.ReplicaKmsKeyID;
  const StorageClass = destination.StorageClass ?? version.storageClass;
  return {
    Key: key,
    ...others,
    ...(Expires !== undefined && { Expires: Expires as never }),
    ...(metadata && { Metadata: { ...metadata } }),
    ...(StorageClass && { StorageClass }),
    ...(tags && { Tagging: new URLSearchParams(tags).toString() }),
    ...(checksum?.type === "FULL_OBJECT" && checksumMember(checksum.algorithm, checksum.value)),
    ...(encryption && encryption.algorithm !== "customer" && {
      ServerSideEncryption: encryption.algorithm,
      ...(keyId !== undefined && { SSEKMSKeyId: keyId }),
    }),
    ...(retention && retention.until > now && {
      ObjectLockMode: retention.mode, ObjectLockRetainUntilDate: retention.until,
    }),
    ...(legalHold && { ObjectLockLegalHoldStatus: legalHold }),
  };
}
