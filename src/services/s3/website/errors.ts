/** Refusals of website configurations, and what websites tell their visitors. */

import { AwsError } from "../../../kernel/errors.ts";
import { invalidArgument, invalidRequest } from "../errors.ts";

/** @evidence recorded: GetBucketWebsite and a visit of a bucket without a configuration */
export function noSuchWebsite(bucket: string): AwsError {
  return new AwsError({
    code: "NoSuchWebsiteConfiguration",
    message: "The specified bucket does not have a website configuration",
    status: 404,
    members: { BucketName: bucket },
  });
}

/** @evidence recorded refusals of PutBucketWebsite, in localstack's tests run against S3, for what follows */
export function redirectAllAlone(): AwsError {
  const message = "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.";
  return invalidArgument(message, "RedirectAllRequestsTo", "not null");
}

export function indexDocumentNeeded(): AwsError {
  const message = "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty";
  return invalidArgument(message, "IndexDocument", "null");
}

export function malformedSuffix(suffix: string): AwsError {
  return invalidArgument("The IndexDocument Suffix is not well formed", "IndexDocument", suffix);
}

export function invalidProtocol(): AwsError {
  return invalidRequest(
    "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected " +
      "automatically.",
  );
}

export function bothReplacements(): AwsError {
  return invalidRequest("You can only define ReplaceKeyPrefix or ReplaceKey but not both.");
}

export function emptyCondition(): AwsError {
  return invalidRequest(
    "Condition cannot be empty. To redirect all requests without a condition, the condition element " +
      "shouldn't be present.",
  );
}

export function tooManyRoutingRules(count: number, countMax: number): AwsError {
  return invalidRequest(
    `${count} routing rules provided, the number of routing rules in a website configuration is limited to ` +
      `${countMax}.`,
  );
}

export function invalidErrorCode(code: string): AwsError {
  return invalidRequest(
    `The provided HTTP error code (${code}) is not valid. Valid codes are 4XX or 5XX.`,
  );
}

export function invalidRedirectCode(code: string): AwsError {
  return invalidRequest(
    `The provided HTTP redirect code (${code}) is not valid. Valid codes are 3XX except 300.`,
  );
}

/** @evidence S3 User Guide, "Amazon S3 HTTP response codes": websites are read, and nothing else */
export function websiteReadOnly(method: string): AwsError {
  return new AwsError({
    code: "MethodNotAllowed",
    message: "The specified method is not allowed against this resource.",
    status: 405,
    members: { Method: method, ResourceType: "OBJECT" },
    headers: { allow: "GET, HEAD" },
  });
}

/** @evidence S3 User Guide, the same table: 400 for a bucket at another region's endpoint */
export function incorrectEndpoint(bucket: string, region: string): AwsError {
  return new AwsError({
    code: "IncorrectEndpoint",
    message:
      "The specified bucket exists in another region. Please direct requests to the specified endpoint.",
    status: 400,
    members: { Endpoint: `${bucket}.s3-website.${region}.amazonaws.com` },
  });
}

/** AWS's website endpoints do not listen to HTTPS at all. */
export function websiteInsecureOnly(): AwsError {
  return invalidRequest("Website endpoints do not support HTTPS.");
}
