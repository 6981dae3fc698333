/** What GetObject and HeadObject say of a version. */

import type * as s3 from "../../generated/s3.ts";
import type { Bucket } from "./bucket-table.ts";
import type { Encryption } from "./encryption.ts";
import { checksumMember, defaultContentType } from "./object-input.ts";
import { encodeMetadata } from "./metadata-text.ts";
import type { ObjectVersion } from "./object-version.ts";
import { shownVersionId } from "./versioning.ts";

export type Asked = Pick<
  s3.GetObjectRequest,
  | "ChecksumMode" | "PartNumber" | "ResponseCacheControl" | "ResponseContentDisposition"
  | "ResponseContentEncoding" | "ResponseContentLanguage" | "ResponseContentType" | "ResponseExpires"
>;

/** @param isPart only some of the object is answered: a checksum of all of it would be of no use */
export function describeVersion(
  bucket: Bucket,
  version: ObjectVersion,
  encryption: Pick<Encryption, "output">,
  asked: Asked,
  isPart: boolean,
): s3.GetObjectOutput {
  const { headers = {}, checksum, retention } = version;
  const tagCount = version.tags ? Object.keys(version.tags).length : 0;
  return {
    AcceptRanges: "bytes",
    LastModified: version.modifiedAt,
    ETag: `"${version.etag}"`,
    VersionId: shownVersionId(bucket, version),
    ...headers,
    // A date as it was sent, and so no timestamp.
    Expires: headers.Expires as never,
    ContentType: headers.ContentType ?? defaultContentType,
    ...overridden(asked),
    Metadata: version.metadata && shownMetadata(version.metadata),
    MissingMeta: version.missingMeta,
    StorageClass: version.storageClass,
    ...(asked.ChecksumMode === "ENABLED" && checksum && !isPart && shownChecksum(version)),
    ...encryption.output,
    PartsCount: asked.PartNumber === undefined ? undefined : version.partsCount,
    TagCount: tagCount > 0 ? tagCount : undefined,
    ReplicationStatus: version.replication,
    ObjectLockMode: retention?.mode,
    ObjectLockRetainUntilDate: retention?.until,
    ObjectLockLegalHoldStatus: version.legalHold,
  };
}

function shownMetadata(metadata: Readonly<Record<string, string>>): Record<string, string> {
  const shown = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(metadata)) shown[name] = encodeMetadata(value);
  return shown;
}

/** A composite checksum carries the number of parts. */
export function shownChecksum(version: ObjectVersion): object {
  const { checksum, partsCount } = version;
  if (!checksum) return {};
  const suffix = checksum.type === "COMPOSITE" ? `-${partsCount ?? 0}` : "";
  return { ...checksumMember(checksum.algorithm, checksum.value + suffix), ChecksumType: checksum.type };
}

function overridden(asked: Asked): Partial<s3.GetObjectOutput> {
  const given: Record<string, unknown> = {
    CacheControl: asked.ResponseCacheControl,
    ContentDisposition: asked.ResponseContentDisposition,
    ContentEncoding: asked.ResponseContentEncoding,
    ContentLanguage: asked.ResponseContentLanguage,
    ContentType: asked.ResponseContentType,
    Expires: asked.ResponseExpires,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
