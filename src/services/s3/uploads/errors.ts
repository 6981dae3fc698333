/** What is refused of uploads in parts, and of checksums. */

import * as s3 from "../../../generated/s3.ts";
import { modelled, type AwsError } from "../../../kernel/errors.ts";
import type { ChecksumAlgorithm } from "../../../kernel/body/checksums.ts";
import { invalidArgument, invalidRequest, refuse } from "../errors.ts";

export function noSuchUpload(uploadId: string): AwsError {
  const message =
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been " +
    "aborted or completed.";
  return modelled(s3.NoSuchUpload, message, { UploadId: uploadId });
}

/** @evidence openstack/swift test/s3api/test_mpu.py, run against S3 */
export function partNumberOutOfRange(partNumber: number): AwsError {
  return invalidArgument(
    "Part number must be an integer between 1 and 10000, inclusive",
    "partNumber",
    String(partNumber),
  );
}

/** @evidence openstack/swift test/s3api/test_mpu.py, test_complete_multipart_upload_malformed_request */
export function invalidPart(uploadId: string, partNumber: number, etag: string): AwsError {
  const message =
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the " +
    "specified entity tag may not match the part's entity tag.";
  return refuse("InvalidPart", message, 400, {
    members: { UploadId: uploadId, PartNumber: String(partNumber), ETag: etag },
  });
}

export function invalidPartOrder(uploadId: string): AwsError {
  const message = "The list of parts was not in ascending order. Parts must be ordered by part number.";
  return refuse("InvalidPartOrder", message, 400, { members: { UploadId: uploadId } });
}

export function partTooSmall(
  part: { readonly number: number; readonly sizeBytes: number; readonly etag: string },
  sizeBytesMin: number,
): AwsError {
  return refuse("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", 400, {
    members: {
      ProposedSize: String(part.sizeBytes),
      MinSizeAllowed: String(sizeBytesMin),
      PartNumber: String(part.number),
      ETag: part.etag,
    },
  });
}

/** @evidence recorded: CompleteMultipartUpload without a document */
export function noParts(): AwsError {
  return invalidRequest("You must specify at least one part");
}

export function wrongObjectSize(claimedBytes: number, sizeBytes: number): AwsError {
  return invalidRequest(
    `The provided 'x-amz-mp-object-size' header value ${claimedBytes} does not match what was computed: ` +
      String(sizeBytes),
  );
}

export function negativeObjectSize(claimedBytes: number): AwsError {
  return invalidRequest(`Value for x-amz-mp-object-size header is less than zero: '${claimedBytes}'`);
}

/**
 * S3 takes composite checksums only of parts that are numbered without gaps, and has no better answer.
 *
 * @evidence S3 User Guide, "Checking object integrity", part-level checksums
 */
export function partsNotConsecutive(): AwsError {
  return refuse("InternalError", "We encountered an internal error. Please try again.", 500);
}

/** @evidence recorded: CreateMultipartUpload with an unknown algorithm, before there were the newer ones */
export function unsupportedAlgorithm(): AwsError {
  return invalidRequest(
    "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, " +
      "CRC32C, CRC64NVME, MD5, SHA1, SHA256, SHA512, XXHASH128, XXHASH3, XXHASH64]",
  );
}

export function invalidChecksumType(): AwsError {
  return invalidRequest("Value for x-amz-checksum-type header is invalid.");
}

export function checksumTypeWithoutAlgorithm(): AwsError {
  return invalidRequest(
    "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
  );
}

export function checksumTypeNotOfAlgorithm(type: s3.ChecksumType, algorithm: ChecksumAlgorithm): AwsError {
  return invalidRequest(
    `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
  );
}

export function algorithmMismatch(
  expected: ChecksumAlgorithm,
  actual: ChecksumAlgorithm | undefined,
): AwsError {
  return invalidRequest(
    `Checksum Type mismatch occurred, expected checksum Type: ${expected.toLowerCase()}, actual checksum ` +
      `Type: ${actual?.toLowerCase() ?? "null"}`,
  );
}

export function checksumTypeMismatch(type: s3.ChecksumType): AwsError {
  return invalidRequest(
    `The upload was created using the ${type} checksum mode. The complete request must use the same ` +
      "checksum mode.",
  );
}

export function partChecksumMissing(algorithm: ChecksumAlgorithm, partNumber: number): AwsError {
  return invalidRequest(
    `The upload was created using a ${algorithm.toLowerCase()} checksum. The complete request must include ` +
      `the checksum for each part. It was missing for part ${partNumber} in the request.`,
  );
}

export function partChecksumOfOtherAlgorithm(algorithm: ChecksumAlgorithm, partNumber: number): AwsError {
  const message =
    `The ${algorithm.toLowerCase()} you specified for part ${partNumber} did not match what we received.`;
  return refuse("BadDigest", message);
}

export function objectChecksumMismatch(algorithm: ChecksumAlgorithm): AwsError {
  const message = `The ${algorithm.toLowerCase()} you specified did not match the calculated checksum.`;
  return refuse("BadDigest", message);
}

export function invalidChecksumValue(algorithm: ChecksumAlgorithm): AwsError {
  return invalidRequest(`Value for x-amz-checksum-${algorithm.toLowerCase()} header is invalid.`);
}
