/** What S3 refuses about Object Lock, in its own words. */

import type { AwsError } from "../../../kernel/errors.ts";
import { accessDenied, invalidArgument, invalidRequest, refuse } from "../errors.ts";

/** @evidence recorded, as are all texts here that say nothing else */
export function noLockInBucket(): AwsError {
  return invalidRequest("Bucket is missing Object Lock Configuration");
}

export function lockConfigurationNotFound(bucket: string): AwsError {
  const message = "Object Lock configuration does not exist for this bucket";
  return refuse("ObjectLockConfigurationNotFoundError", message, 404, { members: { BucketName: bucket } });
}

export function noLockOnObject(key: string): AwsError {
  const message = "The specified object does not have a ObjectLock configuration";
  return refuse("NoSuchObjectLockConfiguration", message, 404, { members: { Key: key } });
}

export function lockNeedsVersioning(): AwsError {
  const message = "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration";
  return refuse("InvalidBucketState", message, 409);
}

export function lockKeepsVersioning(): AwsError {
  const message =
    "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.";
  return refuse("InvalidBucketState", message, 409);
}

export function protectedByLock(): AwsError {
  return accessDenied("Access Denied because object protected by object lock.");
}

export function bypassNotApplicable(): AwsError {
  const message = "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.";
  return refuse("InvalidArgument", message, 400, {
    members: { ArgumentName: "x-amz-bypass-governance-retention" },
  });
}

/** @evidence answers of S3 quoted in issues of other object stores, 2024 to 2026, as for the next */
export function periodNotPositive(member: "Days" | "Years", value: number): AwsError {
  return invalidArgument("Default retention period must be a positive integer value.", member, String(value));
}

export function periodTooLarge(member: "Days" | "Years", value: number): AwsError {
  return invalidArgument("Default retention period too large.", member, String(value));
}

export const modeHeader = "x-amz-object-lock-mode";
export const untilHeader = "x-amz-object-lock-retain-until-date";
export const holdHeader = "x-amz-object-lock-legal-hold";

/** @param missing the header that is not there */
export function bothOrNone(missing: string): AwsError {
  const message = `${untilHeader} and ${modeHeader} must both be supplied`;
  return refuse("InvalidArgument", message, 400, { members: { ArgumentName: missing } });
}

export function unknownMode(mode: string): AwsError {
  return invalidArgument("Unknown wormMode directive.", modeHeader, mode);
}

/** @evidence answers of S3 quoted in issues of other object stores, 2026 */
export function unknownHold(status: string): AwsError {
  return invalidArgument("Legal Hold must be either of 'ON' or 'OFF'", holdHeader, status);
}

export function untilIsPast(argument: string, value: string): AwsError {
  return invalidArgument("The retain until date must be in the future!", argument, value);
}

/** @evidence answers of S3 quoted in issues of other object stores, 2024 to 2026: a payload hash won't do */
export function lockNeedsChecksum(): AwsError {
  return invalidRequest(
    "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock " +
      "parameters",
  );
}

/** @evidence an answer of S3 quoted in an issue of another object store, 2025 */
export function lockNeedsSignature(): AwsError {
  const message = "Put Object requests with Object Lock parameters require AWS Signature Version 4";
  return invalidArgument(message, "Authorization", "null");
}
