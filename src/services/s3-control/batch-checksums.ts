/** Checksums that jobs of Batch Operations compute of what is stored. */

import type * as control from "../../generated/s3-control.ts";
import * as s3 from "../../generated/s3.ts";
import { checksum, type ChecksumAlgorithm } from "../../kernel/body/checksums.ts";
import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import { asReadAtRest } from "../s3/bodies/reading-at-rest.ts";
import { invalidRequest } from "./errors.ts";

export interface Target {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId?: string;
}

/** @throws InvalidRequest */
export function requireComputable(operation: control.S3ComputeObjectChecksumOperation): void {
  const { ChecksumAlgorithm = "CRC64NVME", ChecksumType } = operation;
  if (ChecksumAlgorithm !== "CRC64NVME" || ChecksumType !== "COMPOSITE") return;
  throw invalidRequest("The checksum algorithm CRC64NVME supports the checksum type FULL_OBJECT only");
}

/**
 * Nothing is restored for it, and no object is changed by it.
 *
 * @returns what the report says of the object
 * @evidence S3 User Guide, "Compute checksums", and "Examples: S3 Batch Operations completion reports"
 */
export async function computeChecksum(
  ctx: BodyContext,
  target: Target,
  operation: control.S3ComputeObjectChecksumOperation,
  session: CallOptions,
): Promise<string> {
  const { ChecksumAlgorithm: algorithm = "CRC64NVME", ChecksumType: type = "FULL_OBJECT" } = operation;
  const isComposite = type === "COMPOSITE";
  const read = (PartNumber?: number): Promise<s3.GetObjectOutput> =>
    ctx.call(s3.GetObject, asReadAtRest({ ...target, ...(PartNumber && { PartNumber }) }), session);
  const first = await read(isComposite ? 1 : undefined);
  let value = await digestOf(first.Body, algorithm);
  if (isComposite) {
    const whole = checksum(algorithm);
    whole.update(value);
    for (let part = 2; part <= (first.PartsCount ?? 1); part += 1) {
      whole.update(await digestOf((await read(part)).Body, algorithm));
    }
    value = whole.digest();
  }
  return JSON.stringify({
    checksum_base64: value.toString("base64"),
    etag: (first.ETag ?? "").replaceAll('"', ""),
    checksumAlgorithm: algorithm,
    checksumType: type,
    checksum_hex: value.toString("hex").toUpperCase(),
  });
}

async function digestOf(body: unknown, algorithm: ChecksumAlgorithm): Promise<Buffer> {
  const sum = checksum(algorithm);
  if (Buffer.isBuffer(body)) sum.update(body);
  else if (body) for await (const chunk of body as AsyncIterable<Buffer>) sum.update(chunk);
  return sum.digest();
}
