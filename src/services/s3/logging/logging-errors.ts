/** Refusals of where logs are to go. */

import { AwsError } from "../../../kernel/errors.ts";

/** @evidence recorded, for a target of another account; S3 API Reference, "Error responses" */
export function invalidLogTarget(message: string, bucket: string): AwsError {
  return new AwsError({
    code: "InvalidTargetBucketForLogging", message, status: 400, members: { TargetBucket: bucket },
  });
}

/** @evidence moto and localstack, which were compared with S3: the code is misspelt there too */
export function crossLocationLogging(source: string, target: string): AwsError {
  return new AwsError({
    code: "CrossLocationLoggingProhibitted",
    message: "Cross S3 location logging not allowed. ",
    status: 403,
    members: { SourceBucketLocation: source, TargetBucketLocation: target },
  });
}
