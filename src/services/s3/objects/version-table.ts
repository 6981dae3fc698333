/**
 * The versions of objects. What a plain GET finds is in one table, everything else (older versions and
 * delete markers) in another: a listing of objects walks over nothing that it does not show.
 */

import type { Context, ReadContext } from "../../../kernel/context.ts";
import { table } from "../../../store/types.ts";
import { dropBody } from "../bodies/table.ts";
import type { Bucket } from "../buckets/table.ts";
import { invalidVersionId, noSuchVersion } from "../errors.ts";
import type { ObjectVersion } from "./version.ts";
import { nullVersion, orderedId, orderOf } from "./version-ids.ts";

/** The current version of each key that has one. */
export const objects = table<ObjectVersion>("s3.objects", { key: (row) => [row.bucket, row.key] });

/** Newest first within a key. */
export const versions = table<ObjectVersion, "nulls">("s3.versions", {
  key: (row) => [row.bucket, row.key, -row.order],
  indexes: { nulls: (row) => (row.versionId === nullVersion ? [row.bucket, row.key] : undefined) },
});

export function findCurrent(ctx: ReadContext, bucket: string, key: string): ObjectVersion | undefined {
  return ctx.db(objects).get([bucket, key]);
}

/** The current version, which may be a delete marker. */
export function findLatest(ctx: ReadContext, bucket: string, key: string): ObjectVersion | undefined {
  return findCurrent(ctx, bucket, key) ?? ctx.db(versions).first({ prefix: [bucket, key] });
}

/** @throws InvalidArgument for what cannot be a version id */
export function findVersion(
  ctx: ReadContext,
  bucket: string,
  key: string,
  versionId: string,
): ObjectVersion | undefined {
  const current = findCurrent(ctx, bucket, key);
  if (current?.versionId === versionId) return current;
  if (versionId === nullVersion) return ctx.db(versions).by("nulls").first({ prefix: [bucket, key] });
  const order = orderOf(versionId);
  if (order === undefined) throw invalidVersionId(versionId);
  const found = ctx.db(versions).get([bucket, key, -order]);
  return found?.versionId === versionId ? found : undefined;
}

export function requireVersion(
  ctx: ReadContext,
  bucket: string,
  key: string,
  versionId: string,
): ObjectVersion {
  const version = findVersion(ctx, bucket, key, versionId);
  if (!version) throw noSuchVersion(key, versionId);
  return version;
}

/** Where a new version stands, decided before its body is stored or as it is. */
export interface Place {
  readonly order: number;
  readonly versionId: string;
}

export function newPlace(ctx: ReadContext, bucket: Bucket): Place {
  const order = ctx.ids.sequence();
  const versionId = bucket.versioning === "Enabled" ? orderedId(ctx.ids, order) : nullVersion;
  return { order, versionId };
}

/**
 * Makes a version, or a delete marker, the current one. What has the same id goes with its body; what was
 * current and has another one stays as an older version.
 *
 * @evidence S3 User Guide, "Working with objects in a versioning-enabled bucket", "…versioning-suspended
 *   bucket"
 */
export function putVersion(ctx: Context, version: ObjectVersion): void {
  const { bucket, key, versionId } = version;
  const current = findCurrent(ctx, bucket, key);
  if (version.order < (findLatest(ctx, bucket, key)?.order ?? 0)) return putOlderVersion(ctx, version);
  if (current && current.versionId === versionId) dropBody(ctx, current.bodyId);
  else if (current) ctx.db(versions).add(current);
  if (versionId === nullVersion && current?.versionId !== nullVersion) removeOlderNull(ctx, bucket, key);
  if (version.isDeleteMarker) {
    if (current) ctx.db(objects).delete([bucket, key]);
    ctx.db(versions).add(version);
  } else if (current) ctx.db(objects).put(version);
  else ctx.db(objects).add(version);
}

/**
 * Puts a version where its order has it, which may be under versions that came while it was being uploaded.
 * Of what has the id `null` the newest stays.
 *
 * @returns false when something newer has its id, and so nothing of it is kept
 * @evidence S3 User Guide, "Concurrent multipart upload operations"
 */
export function insertVersion(ctx: Context, version: ObjectVersion): boolean {
  const { bucket, key, order, versionId } = version;
  const latest = findLatest(ctx, bucket, key);
  if (!latest || latest.order < order) {
    putVersion(ctx, version);
    return true;
  }
  if (versionId === nullVersion) {
    const other = findVersion(ctx, bucket, key, nullVersion);
    if (other && other.order > order) return false;
    if (other) removeOlderNull(ctx, bucket, key);
  }
  ctx.db(versions).add(version);
  return true;
}

/** The version that stands at this place, if it is still there. */
export function findPlaced(
  ctx: ReadContext,
  bucket: string,
  key: string,
  order: number,
): ObjectVersion | undefined {
  const current = findCurrent(ctx, bucket, key);
  return current?.order === order ? current : ctx.db(versions).get([bucket, key, -order]);
}

/** A replica may come after what was written later than what it is a replica of. */
function putOlderVersion(ctx: Context, version: ObjectVersion): void {
  const { bucket, key, order } = version;
  const before = ctx.db(versions).get([bucket, key, -order]);
  if (before) dropBody(ctx, before.bodyId);
  ctx.db(versions).put(version);
}

function removeOlderNull(ctx: Context, bucket: string, key: string): void {
  const older = ctx.db(versions).by("nulls").first({ prefix: [bucket, key] });
  if (!older) return;
  dropBody(ctx, older.bodyId);
  ctx.db(versions).delete([bucket, key, -older.order]);
}

/** Removes one version for good. Of what is left the newest is current, unless that is a delete marker. */
export function removeVersion(ctx: Context, version: ObjectVersion): void {
  const { bucket, key, order } = version;
  dropBody(ctx, version.bodyId);
  const current = findCurrent(ctx, bucket, key);
  if (current?.order === order) ctx.db(objects).delete([bucket, key]);
  else ctx.db(versions).delete([bucket, key, -order]);
  if (current && current.order !== order) return;
  const next = ctx.db(versions).first({ prefix: [bucket, key] });
  if (!next || next.isDeleteMarker) return;
  ctx.db(versions).delete([bucket, key, -next.order]);
  ctx.db(objects).add(next);
}

type VersionChange = { readonly [Member in keyof ObjectVersion]?: ObjectVersion[Member] | undefined };

/**
 * Changes what is said of a version, its place and body staying as they are; members given as undefined are
 * taken away.
 */
export function changeVersion(ctx: Context, version: ObjectVersion, change: VersionChange): void {
  const all: Record<string, unknown> = { ...version, ...change };
  for (const [member, value] of Object.entries(change)) if (value === undefined) delete all[member];
  const changed = all as unknown as ObjectVersion;
  const current = findCurrent(ctx, version.bucket, version.key);
  if (current?.order === version.order) ctx.db(objects).put(changed);
  else ctx.db(versions).put(changed);
}

/** Whether a bucket has anything in it, older versions and delete markers included. */
export function holdsVersions(ctx: ReadContext, bucket: string): boolean {
  const inside = { prefix: [bucket] };
  return (ctx.db(objects).first(inside) ?? ctx.db(versions).first(inside)) !== undefined;
}
