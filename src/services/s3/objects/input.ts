/** What a request says of the object it writes, checked. */

import type * as s3 from "../../../generated/s3.ts";
import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm } from "../../../kernel/body/checksums.ts";
import {
  entityTooLarge, invalidArgument, invalidStorageClass, keyTooLong, metadataTooLarge,
} from "../errors.ts";
import { decodeMetadata } from "./metadata-text.ts";
import type { ObjectVersion, StoredHeaders } from "./version.ts";
import { parseTagging } from "./tagging-header.ts";
import { unsupportedAlgorithm } from "../uploads/errors.ts";

const keyBytesMax = 1024;
const metadataBytesMax = 2048;
/** @evidence S3 User Guide, "Uploading objects": 5 GB in a single operation */
export const singleUploadBytesMax = 5 * 1024 ** 3;

/** @evidence S3 API Reference, PutObject, x-amz-storage-class */
const storageClasses: ReadonlySet<string> = new Set<s3.StorageClass>([
  "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER",
  "DEEP_ARCHIVE", "GLACIER_IR",
]);

/**
 * The checksum that S3 computes for objects that come with none.
 *
 * @evidence S3 User Guide, "Checking object integrity", since December 2024
 */
export const defaultChecksum: ChecksumAlgorithm = "CRC64NVME";

export interface ObjectInput {
  readonly Key: string;
  readonly CacheControl?: string | undefined;
  readonly ContentDisposition?: string | undefined;
  readonly ContentEncoding?: string | undefined;
  readonly ContentLanguage?: string | undefined;
  readonly ContentType?: string | undefined;
  readonly Expires?: unknown;
  readonly WebsiteRedirectLocation?: string | undefined;
  readonly Metadata?: Record<string, string> | undefined;
  readonly StorageClass?: s3.StorageClass | undefined;
  readonly Tagging?: string | undefined;
}

export type DescribedObject = Pick<
  ObjectVersion,
  "headers" | "metadata" | "storageClass" | "tags" | "missingMeta"
>;

/** @throws AwsError KeyTooLongError, MetadataTooLarge, InvalidStorageClass, InvalidTag … */
export function describeObject(input: ObjectInput): DescribedObject {
  requireKey(input.Key);
  const metadata = storedMetadata(input.Metadata);
  const storageClass = storedClass(input.StorageClass);
  const tags = input.Tagging === undefined || input.Tagging === "" ? undefined : parseTagging(input.Tagging);
  return {
    headers: storedHeaders(input),
    ...(metadata && { metadata }),
    ...(storageClass && { storageClass }),
    ...(tags && { tags }),
  };
}

export function requireKey(key: string): void {
  if (Buffer.byteLength(key) > keyBytesMax) throw keyTooLong(key, keyBytesMax);
}

/** @throws EntityTooLarge */
export function requireSize(sizeBytes: number | undefined): void {
  if (sizeBytes !== undefined && sizeBytes > singleUploadBytesMax) {
    throw entityTooLarge(sizeBytes, singleUploadBytesMax);
  }
}

/** STANDARD is what an object without a class has. */
export function storedClass(storageClass: s3.StorageClass | undefined): s3.StorageClass | undefined {
  if (storageClass === undefined || storageClass === "STANDARD") return undefined;
  if (!storageClasses.has(storageClass)) throw invalidStorageClass(storageClass);
  return storageClass;
}

/** @evidence S3 User Guide, "Working with object metadata": the sum of the bytes of all keys and values */
export function storedMetadata(
  metadata: Record<string, string> | undefined,
): Readonly<Record<string, string>> | undefined {
  if (!metadata) return undefined;
  const stored = Object.create(null) as Record<string, string>;
  let sizeBytes = 0;
  for (const [name, value] of Object.entries(metadata)) {
    const text = (stored[name] = decodeMetadata(value));
    sizeBytes += Buffer.byteLength(name) + Buffer.byteLength(text);
  }
  if (sizeBytes > metadataBytesMax) throw metadataTooLarge(sizeBytes, metadataBytesMax);
  return sizeBytes === 0 ? undefined : stored;
}

/** @evidence S3 API Reference, PutObject: the default of Content-Type is binary/octet-stream */
export const defaultContentType = "binary/octet-stream";

export function storedHeaders(input: ObjectInput): StoredHeaders {
  const { WebsiteRedirectLocation: location } = input;
  if (location !== undefined && !/^(?:\/|https?:\/\/)/.test(location)) {
    throw invalidArgument(
      "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
      "x-amz-website-redirect-location",
      location,
    );
  }
  const names = [
    "CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType", "Expires",
    "WebsiteRedirectLocation",
  ] as const;
  const headers: Record<string, string> = {};
  for (const name of names) {
    const value = name === "ContentEncoding" ? withoutChunking(input[name]) : input[name];
    if (value !== undefined && value !== "") headers[name] = String(value);
  }
  return headers;
}

/** The framing of the upload is not the object's. */
function withoutChunking(encoding: string | undefined): string | undefined {
  return encoding
    ?.split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "aws-chunked")
    .join(",");
}

type ChecksumMember = `Checksum${ChecksumAlgorithm}`;
export type ChecksumMembers = { readonly [Member in ChecksumMember]?: string | undefined };

/** The checksum that a request has for its object, by the name of its member. */
export function givenChecksum(
  input: ChecksumMembers,
): { readonly algorithm: ChecksumAlgorithm; readonly value: string } | undefined {
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const value = input[`Checksum${algorithm}`];
    if (value !== undefined) return { algorithm, value };
  }
  return undefined;
}

/** The member of an answer that carries a checksum. */
export function checksumMember(
  algorithm: ChecksumAlgorithm,
  value: string,
): Partial<Record<ChecksumMember, string>> {
  return { [`Checksum${algorithm}`]: value };
}

/** @throws InvalidRequest for what is no checksum algorithm */
export function requireAlgorithm(name: string | undefined): ChecksumAlgorithm | undefined {
  if (name === undefined) return undefined;
  const found = CHECKSUM_ALGORITHMS.find((algorithm) => algorithm === name.toUpperCase());
  if (!found) throw unsupportedAlgorithm();
  return found;
}
