/** What is known of an object, without reading it, and of no more than is asked for. */

import * as s3 from "../../../generated/s3.ts";
import { operation } from "../../../kernel/operation.ts";
import { onObject } from "../access/access.ts";
import type { StoredBody } from "../bodies/table.ts";
import { openEncryption } from "../encryption/encryption.ts";
import { invalidArgument } from "../errors.ts";
import { openObject } from "./get-object.ts";
import { pageSize } from "../listing/listing.ts";
import { checksumMember } from "./input.ts";
import type { ObjectVersion } from "./version.ts";
import { shownVersionId } from "../buckets/versioning.ts";

const attributes: ReadonlySet<string> = new Set<s3.ObjectAttributes>([
  "ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize",
]);

/** @evidence S3 API Reference, GetObjectAttributes, "Permissions": two of them, of objects or of versions */
export const GetObjectAttributes = operation(s3.GetObjectAttributes, {
  ...onObject,
  action: ({ VersionId }) =>
    VersionId === undefined
      ? ["s3:GetObject", "s3:GetObjectAttributes"]
      : ["s3:GetObjectVersion", "s3:GetObjectVersionAttributes"],
  async body(input, ctx) {
    const asked = requireAttributes(input.ObjectAttributes);
    const { bucket, version, body, release } = openObject(input, ctx, "HEAD");
    release();
    await openEncryption(ctx, version, input);
    return {
      LastModified: version.modifiedAt,
      VersionId: shownVersionId(bucket, version),
      ...(asked.has("ETag") && { ETag: version.etag }),
      ...(asked.has("Checksum") && { Checksum: shownChecksum(version) }),
      ...(asked.has("ObjectParts") && { ObjectParts: shownParts(input, version, body) }),
      ...(asked.has("StorageClass") && { StorageClass: version.storageClass ?? "STANDARD" }),
      ...(asked.has("ObjectSize") && { ObjectSize: version.sizeBytes }),
    };
  },
});

function requireAttributes(asked: readonly string[]): ReadonlySet<string> {
  const names = asked.flatMap((each) => each.split(",")).map((each) => each.trim()).filter(Boolean);
  const unknown = names.find((name) => !attributes.has(name));
  if (names.length === 0 || unknown !== undefined) {
    throw invalidArgument("Invalid attribute name specified.", "x-amz-object-attributes", unknown ?? "");
  }
  return new Set(names);
}

/** Here a composite checksum does not carry the number of parts, which is an attribute of its own. */
function shownChecksum({ checksum }: ObjectVersion): s3.Checksum | undefined {
  return checksum && { ...checksumMember(checksum.algorithm, checksum.value), ChecksumType: checksum.type };
}

/** Only parts with checksums of their own are listed; of others it is said how many there were. */
function shownParts(
  input: s3.GetObjectAttributesRequest,
  { partsCount, checksum }: ObjectVersion,
  body: StoredBody | undefined,
): s3.GetObjectAttributesParts | undefined {
  if (partsCount === undefined) return undefined;
  const limit = pageSize(input.MaxParts, "max-parts");
  const { PartNumberMarker: marker = 0 } = input;
  const listed = (body?.parts ?? []).filter((part) => part.checksum !== undefined);
  if (!checksum || listed.length === 0) return { TotalPartsCount: partsCount };
  const rest = listed.filter(({ number }) => number > marker);
  const parts = rest.slice(0, limit);
  return {
    TotalPartsCount: partsCount,
    PartNumberMarker: marker,
    NextPartNumberMarker: parts.at(-1)?.number ?? 0,
    MaxParts: limit,
    IsTruncated: rest.length > parts.length,
    Parts: parts.map(({ number, sizeBytes, checksum: value = "" }) => ({
      PartNumber: number, Size: sizeBytes, ...checksumMember(checksum.algorithm, value),
    })),
  };
}
