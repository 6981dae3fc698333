/** What GetObject and HeadObject say of a version. */

import type * as s3 from "../../../generated/s3.ts";
import type { Bucket } from "../buckets/table.ts";
import type { Encryption } from "../encryption/encryption.ts";
import { headerNotRepresentable } from "../errors.ts";
import { checksumMember, defaultContentType } from "./input.ts";
import { encodeMetadata } from "./metadata-text.ts";
import type { ObjectVersion } from "./version.ts";
import { shownReplication } from "../replication/rules.ts";
import { shownVersionId } from "../buckets/versioning.ts";

export type Asked = Pick<
  s3.GetObjectRequest,
  | "ChecksumMode" | "PartNumber" | "ResponseCacheControl" | "ResponseContentDisposition"
  | "ResponseContentEncoding" | "ResponseContentLanguage" | "ResponseContentType" | "ResponseExpires"
>;

/** What is told, and to whom: as far as the caller may see it. */
export interface Shown {
  readonly bucket: Bucket;
  readonly version: ObjectVersion;
  readonly tagCount: number | undefined;
}

/** @param isPart only some of the object is answered: a checksum of all of it would be of no use */
export function describeVersion(
  { bucket, version, tagCount }: Shown,
  encryption: Pick<Encryption, "output">,
  asked: Asked,
  isPart: boolean,
): s3.GetObjectOutput {
  const { checksum, retention } = version;
  // Whole before anything is assigned to it: V8 takes many times as long to add members to a spread object.
  const answer: s3.GetObjectOutput = {
    AcceptRanges: "bytes",
    LastModified: version.modifiedAt,
    ETag: `"${version.etag}"`,
    VersionId: shownVersionId(bucket, version),
    ContentType: defaultContentType,
    ContentLength: version.sizeBytes,
    Metadata: version.metadata && shownMetadata(version.metadata),
    MissingMeta: version.missingMeta,
    StorageClass: version.storageClass,
    PartsCount: asked.PartNumber === undefined ? undefined : version.partsCount,
    TagCount: tagCount,
    ReplicationStatus: shownReplication(version),
    ObjectLockMode: retention?.mode,
    ObjectLockRetainUntilDate: retention?.until,
    ObjectLockLegalHoldStatus: version.legalHold,
  };
  Object.assign(answer, version.headers, overridden(asked), encryption.output);
  if (asked.ChecksumMode === "ENABLED" && checksum && !isPart) Object.assign(answer, shownChecksum(version));
  return answer;
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

/** Headers that the request has in place of the object's own. */
const overrides = [
  ["CacheControl", "ResponseCacheControl", "response-cache-control"],
  ["ContentDisposition", "ResponseContentDisposition", "response-content-disposition"],
  ["ContentEncoding", "ResponseContentEncoding", "response-content-encoding"],
  ["ContentLanguage", "ResponseContentLanguage", "response-content-language"],
  ["ContentType", "ResponseContentType", "response-content-type"],
  ["Expires", "ResponseExpires", "response-expires"],
] as const;

/** @throws InvalidArgument for what no header can hold */
function overridden(asked: Asked): object | undefined {
  let given: Record<string, unknown> | undefined;
  for (const [header, member, parameter] of overrides) {
    const value = asked[member];
    if (value === undefined) continue;
    if (typeof value === "string" && beyondLatin1.test(value)) throw headerNotRepresentable(parameter, value);
    (given ??= {})[header] = value;
  }
  return given;
}

const beyondLatin1 = /[^\x00-\xff]/;
