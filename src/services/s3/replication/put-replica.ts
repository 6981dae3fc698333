/** Storing a replica: what it is a replica of, where it is not what its destination makes of it. */

import type * as s3 from "../../../generated/s3.ts";
import type { BodyContext, Context } from "../../../kernel/context.ts";
import { keepPieces, putBody, type Piece } from "../bodies/table.ts";
import { objectArn, requireBucket, type Bucket } from "../buckets/table.ts";
import { requireCustomerKeysAllowed } from "../encryption/customer-keys.ts";
import { chooseEncryption } from "../encryption/encryption.ts";
import { describeLock } from "../locks/input.ts";
import { weakensCompliance } from "../locks/rules.ts";
import { requireGrantable } from "../access/object-access.ts";
import { objectCreated } from "../events/object-events.ts";
import { defaultChecksum, describeObject, type DescribedObject } from "../objects/input.ts";
import type { ChangeKind, ObjectVersion } from "../objects/version.ts";
import { ownershipOf } from "../access/ownership.ts";
import { receiveBody } from "../bodies/receiving.ts";
import type { ReplicaFacts } from "./replicas.ts";
import { receiveResting } from "../bodies/resting-bodies.ts";
import { askedAlgorithm, storedFacts } from "../bodies/stored-facts.ts";
import { findVersion, putVersion } from "../objects/version-table.ts";

/** Its action is `s3:ReplicateObject`, and that is all that is asked for what it comes with. */
export async function putReplica(
  ctx: BodyContext,
  input: s3.PutObjectRequest,
  facts: ReplicaFacts,
): Promise<s3.PutObjectOutput> {
  const described = describeObject(input);
  const bucket = ctx.reading(() => requireBucket(ctx, input.Bucket));
  const access = { ...ownerAndList(ctx, bucket, input.Key, facts), ...describeLock(ctx, bucket, input) };
  const { pieces, ...stored } = await receive(ctx, bucket, input, facts);
  return ctx.transaction((within) => {
    const present = requireBucket(within, input.Bucket);
    keepPieces(within, pieces);
    const { versionId, order, modifiedAt, etag, partsCount, checksum, changes } = facts;
    const replica = withNewerKept(within, {
      bucket: input.Bucket,
      key: input.Key,
      ...stored,
      bodyId: putBody(within, pieces, facts.parts),
      ...withTags(within, described, objectArn(input.Bucket, input.Key)),
      ...access,
      versionId, order, modifiedAt,
      replication: "REPLICA",
      ...(etag !== undefined && { etag }),
      ...(partsCount !== undefined && { partsCount }),
      ...(checksum && { checksum }),
      ...(changes && { changes }),
    });
    putVersion(within, replica);
    objectCreated(within, present, replica, "Put");
    return { ETag: `"${replica.etag}"`, VersionId: versionId };
  });
}

type Stored = Pick<ObjectVersion, "modifiedAt" | "sizeBytes" | "etag" | "checksum" | "encryption"> & {
  readonly pieces: readonly Piece[];
};

async function receive(
  ctx: BodyContext,
  bucket: Bucket,
  input: s3.PutObjectRequest,
  { resting, modifiedAt }: ReplicaFacts,
): Promise<Stored> {
  if (resting) {
    requireCustomerKeysAllowed(ctx, bucket, input);
    const pieces = await receiveResting(ctx, input.Body, resting);
    const sizeBytes = pieces.reduce((sum, piece) => sum + piece.sizeBytes, 0);
    return { pieces, sizeBytes, modifiedAt, etag: "", encryption: resting.encryption };
  }
  const encryption = await chooseEncryption(ctx, bucket, input, "replica");
  const algorithm = askedAlgorithm(input) ?? defaultChecksum;
  const received = await receiveBody(ctx, input.Body, { key: encryption.key, algorithm });
  return { ...storedFacts(ctx, received, encryption), pieces: received.pieces };
}

/**
 * Who owns the source owns the replica, and its list comes along; where the destination takes over, neither.
 *
 * @evidence S3 User Guide, "Changing the replica owner", considerations and "bucket owner enforced"
 * @throws AccessDenied where public lists are blocked
 */
function ownerAndList(
  ctx: BodyContext,
  bucket: Bucket,
  key: string,
  { owner, acl, changesOwner }: ReplicaFacts,
): Pick<ObjectVersion, "owner" | "acl"> {
  if (changesOwner || ownershipOf(bucket) === "BucketOwnerEnforced") return { owner: ctx.account };
  if (!acl) return { owner };
  requireReplicaList(ctx, bucket, { key, owner, acl });
  return { owner, acl };
}

/** @throws AccessDenied where public lists are blocked */
export function requireReplicaList(
  ctx: BodyContext | Context,
  bucket: Bucket,
  { key, owner, acl }: Required<Pick<ObjectVersion, "key" | "owner" | "acl">>,
): void {
  const subject = { kind: "object", owner, bucketOwner: ctx.account } as const;
  requireGrantable(ctx, bucket, { grants: acl.Grants ?? [], subject, key, action: "s3:ReplicateObject" });
}

/**
 * Who does not want the tags denies `s3:ReplicateTags`, and gets the object without them.
 *
 * @evidence S3 User Guide, "Setting up permissions for live replication", step 3
 */
function withTags(ctx: Context, { tags, ...others }: DescribedObject, resource: string): DescribedObject {
  if (!tags || ctx.isForbidden({ action: "s3:ReplicateTags", resource })) return others;
  return { ...others, tags };
}

const kinds: readonly ChangeKind[] = ["tags", "acl", "retention", "legalHold"];

/**
 * Of a replica that is there already: what was changed after what comes now; and a lock that nobody may take
 * away yet.
 *
 * @evidence S3 User Guide, "Retention modes": compliance can't be shortened, by anyone
 */
function withNewerKept(ctx: Context, replica: ObjectVersion): ObjectVersion {
  const there = findVersion(ctx, replica.bucket, replica.key, replica.versionId);
  if (!there) return replica;
  let kept: Record<string, unknown> = { ...replica };
  for (const kind of kinds) {
    const changedAt = there.changes?.[kind] ?? 0;
    if (changedAt <= (replica.changes?.[kind] ?? 0)) continue;
    const { [kind]: _older, ...rest } = kept;
    const changes = { ...(kept["changes"] as ObjectVersion["changes"]), [kind]: changedAt };
    kept = { ...rest, ...(there[kind] !== undefined && { [kind]: there[kind] }), changes };
  }
  const stored = kept as unknown as ObjectVersion;
  return weakensCompliance(there.retention, stored.retention, ctx.clock.now())
    ? { ...stored, ...(there.retention && { retention: there.retention }) }
    : stored;
}
