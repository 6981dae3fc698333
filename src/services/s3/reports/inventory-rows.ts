/** The rows of an inventory report. */

import type * as s3 from "../../../generated/s3.ts";
import { shownAcl } from "../access/acl.ts";
import type { Bucket } from "../buckets/table.ts";
import { dayMilliseconds } from "../lifecycle/days.ts";
import { encodeKey } from "../listing/key-encoding.ts";
import { expiresAt } from "../lifecycle/due.ts";
import type { ObjectVersion } from "../objects/version.ts";
import { canonicalId } from "../access/owners.ts";
import { shownReplication } from "../replication/rules.ts";
import type { ShownVersion } from "../listing/version-listing.ts";

interface Described {
  readonly bucket: Bucket;
  readonly version: ObjectVersion;
  readonly isLatest: boolean;
  /** Epoch milliseconds: what the report is as of. */
  readonly now: number;
}

type Describe = (described: Described) => string;

/**
 * In the order in which reports have them. What a field does not apply to is empty.
 *
 * @evidence S3 User Guide, "Amazon S3 Inventory list"
 */
const optional: readonly (readonly [s3.InventoryOptionalField, Describe])[] = [
  ["Size", ({ version }) => (version.isDeleteMarker ? "" : String(version.sizeBytes))],
  ["LastModifiedDate", ({ version }) => new Date(version.modifiedAt).toISOString()],
  ["ETag", ({ version }) => (version.isDeleteMarker ? "" : version.etag)],
  ["StorageClass", ({ version }) => (version.isDeleteMarker ? "" : version.storageClass ?? "STANDARD")],
  ["IsMultipartUploaded", ({ version }) => String(version.partsCount !== undefined)],
  ["ReplicationStatus", ({ version }) => shownReplication(version) ?? ""],
  ["EncryptionStatus", encryptionStatus],
  ["ObjectLockRetainUntilDate", ({ version }) => dateShown(version.retention?.until)],
  ["ObjectLockMode", ({ version }) => version.retention?.mode ?? ""],
  ["ObjectLockLegalHoldStatus", ({ version }) => version.legalHold ?? ""],
  ["IntelligentTieringAccessTier", accessTier],
  ["BucketKeyStatus", bucketKeyStatus],
  ["ChecksumAlgorithm", ({ version }) => version.checksum?.algorithm ?? ""],
  ["ObjectAccessControlList", accessControlList],
  ["ObjectOwner", ({ version }) => (version.isDeleteMarker ? "" : canonicalId(version.owner))],
  ["LifecycleExpirationDate", lifecycleExpiration],
];

export const inventoryFields: readonly s3.InventoryOptionalField[] = optional.map(([field]) => field);

const always: readonly (readonly [string, Describe])[] = [
  ["Bucket", ({ bucket }) => bucket.name],
  ["Key", ({ version }) => version.key],
];

const ofVersions: readonly (readonly [string, Describe])[] = [
  ["VersionId", ({ bucket, version }) => (bucket.versioning === undefined ? "" : version.versionId)],
  ["IsLatest", ({ isLatest }) => String(isLatest)],
  ["IsDeleteMarker", ({ version }) => String(version.isDeleteMarker === true)],
];

const statuses = { "aws:kms": "SSE-KMS", "aws:kms:dsse": "DSSE-KMS", customer: "SSE-C" } as const;

function encryptionStatus({ version: { isDeleteMarker, encryption } }: Described): string {
  if (isDeleteMarker) return "";
  return encryption ? statuses[encryption.algorithm] : "SSE-S3";
}

function bucketKeyStatus({ version: { isDeleteMarker, encryption } }: Described): string {
  if (isDeleteMarker) return "";
  const uses = encryption && encryption.algorithm !== "customer" && encryption.usesBucketKey;
  return uses ? "ENABLED" : "DISABLED";
}

/** @evidence S3 User Guide, "How S3 Intelligent-Tiering works": smaller objects are always read at once */
const tieredBytesMin = 128 * 1024;
const infrequentDays = 30;
const instantDays = 90;

function accessTier({ version, now }: Described): string {
  if (version.storageClass !== "INTELLIGENT_TIERING") return "";
  if (version.archiveTier) return version.archiveTier.replace("_ACCESS", "");
  const days = (now - (version.accessedAt ?? version.modifiedAt)) / dayMilliseconds;
  if (version.sizeBytes < tieredBytesMin || days < infrequentDays) return "FREQUENT";
  return days < instantDays ? "INFREQUENT" : "ARCHIVE_INSTANT_ACCESS";
}

/** @evidence S3 User Guide, "Working with the Object ACL field" */
function accessControlList({ version: { isDeleteMarker, acl, owner } }: Described): string {
  if (isDeleteMarker) return "";
  const grants = shownAcl(acl, owner).Grants.map(({ Grantee, Permission: permission }) => {
    const { ID: canonicalId, URI: uri, Type: type } = Grantee ?? {};
    return { ...(uri === undefined ? { canonicalId } : { uri }), type, permission };
  });
  const list = { version: "2022-11-10", status: "AVAILABLE", grants };
  return Buffer.from(JSON.stringify(list)).toString("base64");
}

function lifecycleExpiration({ bucket, version, isLatest }: Described): string {
  return isLatest && !version.isDeleteMarker ? dateShown(expiresAt(bucket, version)?.at) : "";
}

function dateShown(at: number | undefined): string {
  return at === undefined ? "" : new Date(at).toISOString();
}

/** Of one object, in the order of the columns; empty where there is none. */
export type Values = readonly string[];

/** What one report says of each object. */
export class InventoryColumns {
  readonly #bucket: Bucket;
  readonly #now: number;
  readonly #columns: readonly (readonly [string, Describe])[];

  constructor(bucket: Bucket, configuration: s3.InventoryConfiguration, now: number) {
    const { IncludedObjectVersions, OptionalFields = [] } = configuration;
    this.#bucket = bucket;
    this.#now = now;
    this.#columns = [
      ...always,
      ...(IncludedObjectVersions === "All" ? ofVersions : []),
      ...optional.filter(([field]) => OptionalFields.includes(field)),
    ];
  }

  /** As manifests of CSV have them. */
  get names(): readonly string[] {
    return this.#columns.map(([name]) => name);
  }

  values({ version, isLatest }: ShownVersion): Values {
    const described = { bucket: this.#bucket, now: this.#now, version, isLatest };
    return this.#columns.map(([, describe]) => describe(described));
  }
}

/** @evidence S3 User Guide, "Amazon S3 Inventory list": in CSV, keys are URL-encoded */
export function csvLine([bucket = "", key = "", ...others]: Values): string {
  const encoded = encodeKey({ EncodingType: "url" }, key);
  return `${[bucket, encoded, ...others].map((value) => `"${value}"`).join(",")}\n`;
}
