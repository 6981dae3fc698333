/** What is kept of a version of an object beside its body. */

import type * as s3 from "../../../generated/s3.ts";
import type { ChecksumAlgorithm } from "../../../kernel/body/checksums.ts";

export interface ObjectVersion {
  readonly bucket: string;
  readonly key: string;
  /** Counts up over the region: of two versions of a key the newer one has more. */
  readonly order: number;
  /** `null` for what was stored without versioning. */
  readonly versionId: string;
  readonly isDeleteMarker?: true;
  /** Epoch milliseconds. */
  readonly modifiedAt: number;
  /** Account of the owner. */
  readonly owner: string;
  readonly sizeBytes: number;
  /** Without the quotation marks. */
  readonly etag: string;
  /** 0 for an empty body and for delete markers, which have none. */
  readonly bodyId: number;
  readonly headers?: StoredHeaders;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Metadata that were sent and cannot be a header. */
  readonly missingMeta?: number;
  /** Absent for STANDARD. */
  readonly storageClass?: s3.StorageClass;
  readonly checksum?: StoredChecksum;
  /** How many parts it was uploaded in; absent when it was not. */
  readonly partsCount?: number;
  /** What completing again must name to be answered as the first time. */
  readonly uploadId?: string;
  /** Absent for keys of S3's own. */
  readonly encryption?: ObjectEncryption;
  readonly tags?: Readonly<Record<string, string>>;
  readonly acl?: s3.AccessControlPolicy;
  readonly retention?: { readonly mode: s3.ObjectLockRetentionMode; readonly until: number };
  readonly legalHold?: "ON" | "OFF";
  readonly replication?: s3.ReplicationStatus;
  /** Of a replica: what has become of the last change of it, where that is not back at its source. */
  readonly sync?: "PENDING" | "FAILED";
  /** When something said of it was last changed, by the order of writing: where changes may cross. */
  readonly changes?: Readonly<Partial<Record<ChangeKind, number>>>;
  /** Of an archived object: since when it is being restored, and until when the copy is there. */
  readonly restore?: { readonly readyAt: number; readonly expiresAt: number; readonly tier: string };
  /** When a lifecycle rule last changed its storage class. */
  readonly transitionedAt?: number;
  /** Of Intelligent-Tiering, where it is not one of the tiers that are read at once. */
  readonly archiveTier?: s3.IntelligentTieringAccessTier;
  /** Of Intelligent-Tiering: when it was last read, to the day. */
  readonly accessedAt?: number;
}

/** What is said of a version and changes by itself. */
export type ChangeKind = "tags" | "acl" | "retention" | "legalHold";

/** Headers that are given back as they were sent. */
export interface StoredHeaders {
  readonly ContentType?: string;
  readonly CacheControl?: string;
  readonly ContentDisposition?: string;
  readonly ContentEncoding?: string;
  readonly ContentLanguage?: string;
  readonly Expires?: string;
  readonly WebsiteRedirectLocation?: string;
}

export interface StoredChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: s3.ChecksumType;
  /** Base64; of a composite one without the number of parts. */
  readonly value: string;
}

export type ObjectEncryption =
  | {
      readonly algorithm: "aws:kms" | "aws:kms:dsse";
      /** ARN. */
      readonly keyId: string;
      /** The data key, as KMS gave it out encrypted. */
      readonly wrappedKey: Buffer;
      readonly context?: Readonly<Record<string, string>>;
      readonly usesBucketKey: boolean;
      /** The object's key under the data key; absent where it is the data key. */
      readonly sealedKey?: Buffer;
    }
  | {
      readonly algorithm: "customer";
      /** Tells whether a key is the right one, and nothing of the key. */
      readonly salt: Buffer;
      readonly proof: Buffer;
    };
