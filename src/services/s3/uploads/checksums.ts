/** Which checksum an upload in parts has, and how that of the object follows from those of its parts. */

import type * as s3 from "../../../generated/s3.ts";
import { checksum, type ChecksumAlgorithm } from "../../../kernel/body/checksums.ts";
import { combineChecksums, isCombinable } from "../../../kernel/body/crc-combination.ts";
import { defaultChecksum, requireAlgorithm } from "../objects/input.ts";
import type { StoredChecksum } from "../objects/version.ts";
import {
  checksumTypeNotOfAlgorithm, checksumTypeWithoutAlgorithm, invalidChecksumType,
} from "./errors.ts";

export interface UploadChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: s3.ChecksumType;
  /** Else it is the one that S3 computes for whoever asks for none: nobody is told of it before the end. */
  readonly isAsked: boolean;
}

interface Asked {
  readonly ChecksumAlgorithm?: string | undefined;
  readonly ChecksumType?: string | undefined;
}

/**
 * Checks that can be combined may be those of the whole object; CRC64NVME always is; hashes never are.
 *
 * @throws InvalidRequest
 * @evidence S3 User Guide, "Checking object integrity", table of algorithms and checksum types
 */
export function uploadChecksum(asked: Asked): UploadChecksum {
  const algorithm = requireAlgorithm(asked.ChecksumAlgorithm);
  const type = asked.ChecksumType?.toUpperCase();
  if (type !== undefined && type !== "COMPOSITE" && type !== "FULL_OBJECT") throw invalidChecksumType();
  if (!algorithm) {
    if (type !== undefined) throw checksumTypeWithoutAlgorithm();
    return { algorithm: defaultChecksum, type: "FULL_OBJECT", isAsked: false };
  }
  const chosen = type ?? (algorithm === defaultChecksum ? "FULL_OBJECT" : "COMPOSITE");
  const isPossible = chosen === "FULL_OBJECT" ? isCombinable(algorithm) : algorithm !== defaultChecksum;
  if (!isPossible) throw checksumTypeNotOfAlgorithm(chosen, algorithm);
  return { algorithm, type: chosen, isAsked: true };
}

interface PartChecksum {
  readonly sizeBytes: number;
  /** Base64. */
  readonly checksum: string;
}

/** A composite checksum is that of the parts' checksums in a row. */
export function objectChecksum(
  { algorithm, type }: UploadChecksum,
  parts: readonly PartChecksum[],
): StoredChecksum {
  const values = parts.map((part) => Buffer.from(part.checksum, "base64"));
  let value: Buffer;
  if (type === "FULL_OBJECT" && isCombinable(algorithm)) {
    const checked = parts.map(({ sizeBytes }, index) => ({
      sizeBytes, checksum: values[index] ?? Buffer.alloc(0),
    }));
    value = combineChecksums(algorithm, checked);
  } else {
    const sum = checksum(algorithm);
    for (const each of values) sum.update(each);
    value = sum.digest();
  }
  return { algorithm, type, value: value.toString("base64") };
}
