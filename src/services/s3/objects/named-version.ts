/** The version that a request means, for operations on what is said of objects. */

import type { ReadContext } from "../../../kernel/context.ts";
import { markerHasNoContent, noSuchKey } from "../errors.ts";
import type { ObjectVersion } from "./version.ts";
import { findLatest, requireVersion } from "./version-table.ts";

export interface NamesVersion {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId?: string | undefined;
}

/**
 * @throws NoSuchKey, NoSuchVersion, InvalidArgument; MethodNotAllowed for a delete marker, named or current
 * @evidence recorded: object tagging and retention of delete markers
 */
export function requireObject(
  ctx: ReadContext,
  { Bucket, Key, VersionId }: NamesVersion,
  method: "GET" | "PUT" | "DELETE" | "POST",
): ObjectVersion {
  const version =
    VersionId === undefined ? findLatest(ctx, Bucket, Key) : requireVersion(ctx, Bucket, Key, VersionId);
  if (!version) throw noSuchKey(Key);
  if (version.isDeleteMarker) throw markerHasNoContent(method, version.versionId, version.modifiedAt);
  return version;
}
