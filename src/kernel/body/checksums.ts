/** The checksums of S3 and of the SDKs, by the names of the model's `ChecksumAlgorithm`. */

import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { Crc64Nvme, crc32c } from "./crc.ts";
import { XxHash3 } from "./xxhash3.ts";
import { XxHash64 } from "./xxhash64.ts";

/** @evidence S3 model, ChecksumAlgorithm */
export const CHECKSUM_ALGORITHMS = [
  "CRC32",
  "CRC32C",
  "CRC64NVME",
  "SHA1",
  "SHA256",
  "SHA512",
  "MD5",
  "XXHASH64",
  "XXHASH3",
  "XXHASH128",
] as const;

export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

export interface Checksum {
  update(data: Uint8Array): void;
  /** Big-endian bytes, as headers carry them in base64. Asked for once, at the end. */
  digest(): Buffer;
}

const DIGEST_BYTES: Record<ChecksumAlgorithm, number> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
  SHA512: 64,
  MD5: 16,
  XXHASH64: 8,
  XXHASH3: 8,
  XXHASH128: 16,
};

export function isChecksumAlgorithm(name: string): name is ChecksumAlgorithm {
  return Object.hasOwn(DIGEST_BYTES, name);
}

export function checksum(name: ChecksumAlgorithm): Checksum {
  switch (name) {
    case "CRC32":
      return new Crc32(crc32);
    case "CRC32C":
      return new Crc32(crc32c);
    case "CRC64NVME":
      return new Crc64Nvme();
    case "XXHASH64":
      return new XxHash64();
    case "XXHASH3":
      return new XxHash3(64);
    case "XXHASH128":
      return new XxHash3(128);
    default:
      return createHash(name.toLowerCase());
  }
}

/** The checksum of a whole body, as its header carries it. */
export function checksumBase64(name: ChecksumAlgorithm, data: Uint8Array): string {
  const sum = checksum(name);
  sum.update(data);
  return sum.digest().toString("base64");
}

/** The bytes of a header's value, or undefined where it cannot be a checksum of this algorithm. */
export function parseChecksum(name: ChecksumAlgorithm, value: string): Buffer | undefined {
  const bytes = Buffer.from(value, "base64");
  return bytes.length === DIGEST_BYTES[name] && bytes.toString("base64") === value ? bytes : undefined;
}

/** `x-amz-checksum-crc32`, for a header or a trailer. */
export function checksumHeader(name: ChecksumAlgorithm): string {
  return `x-amz-checksum-${name.toLowerCase()}`;
}

const BY_HEADER: ReadonlyMap<string, ChecksumAlgorithm> = new Map(
  CHECKSUM_ALGORITHMS.map((name) => [checksumHeader(name), name]),
);

/** The algorithm of `x-amz-checksum-…`; undefined for any other header. */
export function algorithmOfHeader(header: string): ChecksumAlgorithm | undefined {
  return BY_HEADER.get(header);
}

class Crc32 implements Checksum {
  readonly #step: (data: Uint8Array, crc: number) => number;
  #crc = 0;

  constructor(step: (data: Uint8Array, crc: number) => number) {
    this.#step = step;
  }

  update(data: Uint8Array): void {
    this.#crc = this.#step(data, this.#crc);
  }

  digest(): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(this.#crc);
    return bytes;
  }
}
