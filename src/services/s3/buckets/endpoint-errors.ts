/** What is said at the wrong endpoint. */

import { headerMalformed } from "../../../kernel/auth/auth-errors.ts";
import { AwsError } from "../../../kernel/errors.ts";
import { invalidRequest } from "../errors.ts";

/** @evidence recorded: uploads to an accelerate endpoint, in issues of aws-samples */
export function accelerationNotConfigured(): AwsError {
  return invalidRequest("S3 Transfer Acceleration is not configured on this bucket");
}

/** @evidence S3 API Reference, "Error responses", InvalidRequest, worded as the one above is */
export function accelerationDisabled(): AwsError {
  return invalidRequest("S3 Transfer Acceleration is disabled on this bucket");
}

export function accelerationNeedsHost(): AwsError {
  return invalidRequest("The S3 Transfer Acceleration endpoint supports only virtual style requests");
}

export function accelerationWithoutPeriods(): AwsError {
  return invalidRequest(
    "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names",
  );
}

/** @evidence S3 User Guide, "Request redirection and the REST API", temporary redirect example */
export function temporaryRedirect(
  bucket: string,
  endpoint: string,
  location: string,
  region: string,
): AwsError {
  return new AwsError({
    code: "TemporaryRedirect",
    message:
      "Please re-send this request to the specified temporary endpoint. Continue to use the original " +
      "request endpoint for future requests.",
    status: 307,
    members: { Endpoint: endpoint, Bucket: bucket },
    headers: { location, "x-amz-bucket-region": region },
  });
}

/** @evidence a recorded answer of S3: "the region 'us-east-1' is wrong; expecting 'eu-central-1'" */
export function wrongRegion(signed: string, expected: string): AwsError {
  const detail = `the region '${signed}' is wrong; expecting '${expected}'`;
  const { code, message, status, members } = headerMalformed(detail, { Region: expected });
  return new AwsError({ code, message, status, members, headers: { "x-amz-bucket-region": expected } });
}
