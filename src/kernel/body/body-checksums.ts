/**
 * The checksums that a request announces for its own body, in headers or in the trailer of a chunked body.
 */

import type { Headers } from "../protocol/protocol.ts";
import {
  announcedChecksumMissing,
  checksumMismatch,
  contentMd5Mismatch,
  invalidChecksumHeader,
  invalidChecksumTrailer,
  invalidContentMd5,
  malformedTrailer,
  multipleChecksums,
  unknownChecksumHeader,
  unsupportedTrailer,
} from "./body-errors.ts";
import type { Checksum, ChecksumAlgorithm } from "./checksums.ts";
import {
  algorithmOfHeader,
  checksum,
  checksumHeader,
  isChecksumAlgorithm,
  parseChecksum,
} from "./checksums.ts";

/** Headers that begin as checksums do and are none. */
const NOT_CHECKSUMS: ReadonlySet<string> = new Set([
  "x-amz-checksum-algorithm",
  "x-amz-checksum-mode",
  "x-amz-checksum-type",
]);

interface Announced {
  readonly algorithm: ChecksumAlgorithm;
  /** Undefined while it is still to come, in the trailer. */
  readonly value: Buffer | undefined;
}

/** Follows a body as it passes, and compares at its end. */
export class BodyChecksums {
  readonly #announced: Announced | undefined;
  readonly #contentMd5: Buffer | undefined;
  readonly #running: { readonly sum: Checksum; readonly algorithm: ChecksumAlgorithm } | undefined;
  readonly #md5: Checksum | undefined;

  /**
   * @param headers of the request, or any record of lower-case names
   * @throws AwsError for values that no body can match
   */
  constructor(headers: Readonly<Headers>) {
    this.#contentMd5 = contentMd5(headers);
    this.#announced = announcedChecksum(headers);
    this.#md5 = this.#contentMd5 && checksum("MD5");
    const algorithm = this.#announced?.algorithm;
    this.#running = algorithm && { sum: checksum(algorithm), algorithm };
  }

  /** Whether anything is to be compared. */
  get isNeeded(): boolean {
    return this.#announced !== undefined || this.#contentMd5 !== undefined;
  }

  /** Of the checksum to be compared, Content-MD5 apart. */
  get algorithm(): ChecksumAlgorithm | undefined {
    return this.#announced?.algorithm;
  }

  /** The name of the trailer that carries the checksum. */
  get trailer(): string | undefined {
    const announced = this.#announced;
    return announced && announced.value === undefined ? checksumHeader(announced.algorithm) : undefined;
  }

  update(data: Uint8Array): void {
    this.#running?.sum.update(data);
    this.#md5?.update(data);
  }

  /**
   * Call once, at the end of the body.
   *
   * @returns the checksum that was compared, for the object to keep
   * @throws AwsError `BadDigest`, `InvalidRequest`, `MalformedTrailerError`
   */
  finish(trailers: ReadonlyMap<string, string> = new Map()): BodyChecksum | undefined {
    if (this.#contentMd5 && this.#md5) {
      const calculated = this.#md5.digest();
      if (!calculated.equals(this.#contentMd5)) {
        throw contentMd5Mismatch(this.#contentMd5.toString("hex"), calculated.toString("base64"));
      }
    }
    if (!this.#running) return undefined;
    const { algorithm, sum } = this.#running;
    const expected = this.#announced?.value ?? trailingChecksum(algorithm, trailers);
    const calculated = sum.digest();
    if (!calculated.equals(expected)) throw checksumMismatch(algorithm);
    return { algorithm, value: calculated.toString("base64") };
  }
}

export interface BodyChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly value: string;
}

/**
 * Compares a body that is in memory with the checksums of its headers. Not for CompleteMultipartUpload and
 * other operations whose checksum headers speak of something else than their body.
 *
 * @returns the checksum that was compared
 * @throws AwsError `BadDigest`, `InvalidDigest`, `InvalidRequest`
 */
export function verifyChecksums(headers: Readonly<Headers>, body: Uint8Array): BodyChecksum | undefined {
  const checksums = new BodyChecksums(headers);
  if (!checksums.isNeeded) return undefined;
  checksums.update(body);
  return checksums.finish();
}

/**
 * The trailers that `x-amz-trailer` announces. Only checksums can be.
 *
 * @evidence openstack/swift test/s3api/test_input_errors.py, …with_commas_in_trailer_1 to 6: empty elements
 *   are dropped at the end and refused elsewhere
 */
export function announcedTrailers(headers: Readonly<Headers>): readonly string[] {
  const header = headers["x-amz-trailer"]?.trim().toLowerCase();
  if (header === undefined || header === "") return [];
  const names = header.split(",");
  while (names.at(-1) === "") names.pop();
  const trimmed = names.map((name) => name.trim());
  if (trimmed.some((name) => algorithmOfHeader(name) === undefined)) throw unsupportedTrailer();
  if (trimmed.length > 1) throw multipleChecksums();
  return trimmed;
}

function contentMd5(headers: Readonly<Headers>): Buffer | undefined {
  const value = headers["content-md5"];
  if (value === undefined) return undefined;
  const bytes = parseChecksum("MD5", value.trim());
  if (!bytes) throw invalidContentMd5(value);
  return bytes;
}

function announcedChecksum(headers: Readonly<Headers>): Announced | undefined {
  const announced: Announced[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith("x-amz-checksum-") || NOT_CHECKSUMS.has(name)) continue;
    const algorithm = algorithmOfHeader(name);
    if (!algorithm) throw unknownChecksumHeader();
    const bytes = parseChecksum(algorithm, value.trim());
    if (!bytes) throw invalidChecksumHeader(name);
    announced.push({ algorithm, value: bytes });
  }
  for (const name of announcedTrailers(headers)) {
    const algorithm = algorithmOfHeader(name);
    if (algorithm) announced.push({ algorithm, value: undefined });
  }
  if (announced.length > 1) throw multipleChecksums();
  requireSdkAlgorithm(headers, announced[0]);
  return announced[0];
}

/** The algorithm an SDK says it used must be the one that is there. */
function requireSdkAlgorithm(headers: Readonly<Headers>, announced: Announced | undefined): void {
  const name = headers["x-amz-sdk-checksum-algorithm"]?.trim().toUpperCase();
  if (name === undefined) return;
  const isKnown = isChecksumAlgorithm(name);
  if (isKnown && !announced) throw announcedChecksumMissing();
  if (!isKnown || name !== announced?.algorithm) throw invalidChecksumHeader("x-amz-sdk-checksum-algorithm");
}

function trailingChecksum(algorithm: ChecksumAlgorithm, trailers: ReadonlyMap<string, string>): Buffer {
  const name = checksumHeader(algorithm);
  const value = trailers.get(name);
  if (value === undefined) throw malformedTrailer();
  const bytes = parseChecksum(algorithm, value);
  if (!bytes) throw invalidChecksumTrailer(name);
  return bytes;
}
