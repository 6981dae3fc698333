/** One operation, brought to one destination, under the role that the source's owner passed. */

import { Readable } from "node:stream";
import * as s3 from "../../../generated/s3.ts";
import * as sts from "../../../generated/sts.ts";
import type { BodyContext, CallOptions, Context } from "../../../kernel/context.ts";
import { findBody, type StoredBody } from "../bodies/table.ts";
import { buckets, findBucketName, objectArn, type Bucket, type BucketName } from "../buckets/table.ts";
import { DeleteObject } from "../objects/delete-object.ts";
import { GetObject } from "../objects/get-object.ts";
import { PutObjectAcl } from "../access/object-acl.ts";
import { checksumMember } from "../objects/input.ts";
import { PutObjectLegalHold, PutObjectRetention } from "../locks/object-lock.ts";
import { DeleteObjectTagging, PutObjectTagging } from "../objects/tagging.ts";
import type { ObjectVersion } from "../objects/version.ts";
import { PutObject } from "../objects/put-object.ts";
import { asReplica, asReplicaChange, asSource, type ReplicaFacts } from "./replicas.ts";
import { destinationReason, refusable, ReplicationFailure, sourceReason } from "./failures.ts";
import { changesOwner, destinationName } from "./rules.ts";
import type { ReplicatedOperation } from "./table.ts";

export interface Making {
  readonly bucket: Bucket;
  readonly version: ObjectVersion;
  readonly role: string;
  readonly rule: s3.ReplicationRule;
  readonly operation: ReplicatedOperation;
}

/** What a making goes on with once the role is there. */
interface Acting extends Making {
  readonly ctx: BodyContext;
  readonly token: string;
  readonly destination: BucketName;
  readonly there: CallOptions;
}

/** @throws ReplicationFailure; AwsError where it is worth trying again */
export async function makeReplica(ctx: BodyContext, making: Making): Promise<void> {
  const { role, bucket, rule, operation } = making;
  const token = await refusable(() => assume(ctx, role), () => "AssumeRoleNotPermitted");
  const destination = requireDestination(ctx, bucket, rule);
  const there: CallOptions = { as: { session: token }, region: destination.region };
  const acting: Acting = { ...making, ctx, token, destination, there };
  if (operation === "object") return putObject(acting);
  if (operation === "deleteMarker") return putDeleteMarker(acting);
  requireReadable(acting, operation);
  await refusable(() => changeReplica(acting), destinationReason(operation));
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

/** @evidence S3 User Guide, "Using Object Lock with S3 Replication": what a locked source needs */
function requireDestination(
  ctx: BodyContext,
  source: Bucket,
  { Destination }: s3.ReplicationRule,
): BucketName {
  const place = findBucketName(ctx.kernel, destinationName(Destination.Bucket));
  const bucket = place && ctx.kernel.read(place, (transaction) => transaction.rows(buckets).get(place.name));
  if (!bucket) throw new ReplicationFailure("DstBucketNotFound");
  if (bucket.versioning !== "Enabled") throw new ReplicationFailure("DstBucketUnversioned");
  const isUnlocked = source.objectLock && !bucket.objectLock;
  if (isUnlocked) throw new ReplicationFailure("DstBucketObjectLockConfigMissing");
  return place;
}

const readings = {
  acl: ["s3:GetObjectVersionAcl", "SrcGetAclNotPermitted"],
  tags: ["s3:GetObjectVersionTagging", "SrcGetTaggingNotPermitted"],
  retention: ["s3:GetObjectRetention", "SrcGetRetentionNotPermitted"],
  legalHold: ["s3:GetObjectLegalHold", "SrcGetLegalHoldNotPermitted"],
} as const;

function mayRead({ ctx, token, version }: Acting, action: string): boolean {
  const { bucket, key, versionId } = version;
  const resource = objectArn(bucket, key);
  const conditions = { "s3:versionid": versionId };
  return (ctx as BodyContext & Context).isAllowed({ action, resource, conditions, session: token });
}

function requireReadable(acting: Acting, what: keyof typeof readings): void {
  const [action, reason] = readings[what];
  if (!mayRead(acting, action)) throw new ReplicationFailure(reason);
}

async function putDeleteMarker(acting: Acting): Promise<void> {
  const { ctx, version, rule, destination, there } = acting;
  const input = asReplica({ Bucket: destination.name, Key: version.key }, factsOf(version, rule));
  await refusable(() => ctx.call(DeleteObject, input, there), destinationReason("deleteMarker"));
}

/**
 * What the role may not read of tags is left out; what it may not read of lists and locks keeps the object.
 *
 * @evidence S3 User Guide, "Setting up permissions for live replication", step 2, and "Using Object Lock with
 *   S3 Replication"
 */
async function putObject(acting: Acting): Promise<void> {
  const { ctx, bucket, version, rule, destination, there } = acting;
  if (!changesOwner(rule)) requireReadable(acting, "acl");
  if (bucket.objectLock) requireReadable(acting, "retention");
  if (bucket.objectLock) requireReadable(acting, "legalHold");
  const isTagged = version.tags !== undefined && mayRead(acting, readings.tags[0]);
  const Body = await readSource(acting);
  const body = ctx.reading(() => findBody(ctx as BodyContext & Context, version.bodyId));
  const written = asRequest(version, rule.Destination, isTagged, ctx.clock.now());
  const input = { Bucket: destination.name, ...written, Body };
  const facts = { ...factsOf(version, rule), ...bodyFacts(version, body) };
  try {
    await refusable(() => ctx.call(PutObject, asReplica(input, facts), there), destinationReason("object"));
  } finally {
    if (Body instanceof Readable) Body.destroy();
  }
}

/**
 * `s3:GetObjectVersion` will do for what no key of KMS's is needed for.
 *
 * @evidence S3 User Guide, "Replicating encrypted objects", note on `s3:GetObjectVersionForReplication`
 */
async function readSource(acting: Acting): Promise<s3.GetObjectOutput["Body"]> {
  const { ctx, version, there } = acting;
  const named = { Bucket: version.bucket, Key: version.key, VersionId: version.versionId };
  const isPlain = version.encryption === undefined && !mayRead(acting, "s3:GetObjectVersionForReplication");
  const input = isPlain ? named : asSource(named);
  const { Body } = await refusable(
    () => ctx.call(GetObject, input, { ...there, region: ctx.region }),
    sourceReason,
  );
  return Body;
}

function factsOf(version: ObjectVersion, rule: s3.ReplicationRule): ReplicaFacts {
  const { versionId, order, modifiedAt, owner, acl, changes } = version;
  return {
    versionId, order, modifiedAt, owner,
    changesOwner: changesOwner(rule),
    ...(acl && { acl }),
    ...(changes && { changes }),
  };
}

/** What KMS encrypts anew gets another entity tag. */
function bodyFacts(version: ObjectVersion, body: StoredBody | undefined): Partial<ReplicaFacts> {
  const { etag, partsCount, checksum, encryption } = version;
  const isClosed = encryption?.algorithm === "customer";
  const pieces = (body?.pieces ?? []).map(({ sizeBytes, seed }) => ({ sizeBytes, seed }));
  return {
    ...((!encryption || isClosed) && { etag }),
    ...(isClosed && { resting: { encryption, pieces } }),
    ...(body?.parts && { parts: body.parts }),
    ...(partsCount !== undefined && { partsCount }),
    ...(checksum && { checksum }),
  };
}

/**
 * The version as a request to store it: encrypted as its source is, with the destination's key where KMS has
 * it, whatever the destination does by default.
 *
 * @evidence S3 User Guide, "Replicating encrypted objects", "How default bucket encryption affects…"
 */
function asRequest(
  version: ObjectVersion,
  destination: s3.Destination,
  isTagged: boolean,
  now: number,
): Omit<s3.PutObjectRequest, "Bucket"> {
  const { key, headers = {}, metadata, tags, checksum, retention, legalHold } = version;
  const { Expires, ...others } = headers;
  const StorageClass = destination.StorageClass ?? version.storageClass;
  return {
    Key: key,
    ...others,
    ...(Expires !== undefined && { Expires: Expires as never }),
    ...(metadata && { Metadata: { ...metadata } }),
    ...(StorageClass && { StorageClass }),
    ...(isTagged && { Tagging: new URLSearchParams(tags).toString() }),
    ...(checksum?.type === "FULL_OBJECT" && checksumMember(checksum.algorithm, checksum.value)),
    ...encryptionOf(version, destination),
    ...(retention && retention.until > now && {
      ObjectLockMode: retention.mode, ObjectLockRetainUntilDate: retention.until,
    }),
    ...(legalHold && { ObjectLockLegalHoldStatus: legalHold }),
  };
}

function encryptionOf(
  { encryption }: ObjectVersion,
  { EncryptionConfiguration }: s3.Destination,
): Partial<s3.PutObjectRequest> {
  if (!encryption) return { ServerSideEncryption: "AES256" };
  if (encryption.algorithm === "customer") return {};
  const keyId = EncryptionConfiguration?.ReplicaKmsKeyID;
  return {
    ServerSideEncryption: encryption.algorithm,
    BucketKeyEnabled: encryption.usesBucketKey,
    ...(keyId !== undefined && { SSEKMSKeyId: keyId }),
  };
}

/** A lock that is over by now is as good as the one that the replica has. */
async function changeReplica(acting: Acting): Promise<unknown> {
  const { ctx, version, operation, destination, there } = acting;
  const { key: Key, versionId: VersionId, tags, acl, retention, legalHold } = version;
  const made = { order: version.changes?.[operation as keyof typeof readings] ?? 0, acl };
  const named = asReplicaChange({ Bucket: destination.name, Key, VersionId }, made);
  switch (operation) {
    case "tags": {
      if (!tags) return ctx.call(DeleteObjectTagging, named, there);
      const TagSet = Object.entries(tags).map(([name, Value]) => ({ Key: name, Value }));
      return ctx.call(PutObjectTagging, { ...named, Tagging: { TagSet } }, there);
    }
    case "acl":
      return ctx.call(PutObjectAcl, named, there);
    case "retention": {
      if (retention && retention.until <= ctx.clock.now()) return undefined;
      const Retention = retention ? { Mode: retention.mode, RetainUntilDate: retention.until } : {};
      return ctx.call(PutObjectRetention, { ...named, Retention }, there);
    }
    case "legalHold":
      return ctx.call(PutObjectLegalHold, { ...named, LegalHold: { Status: legalHold ?? "OFF" } }, there);
    default:
      throw new Error(`${operation} is no change of a replica`);
  }
}
