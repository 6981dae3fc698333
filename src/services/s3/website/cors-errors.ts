/** Refusals of CORS configurations, and of preflights. */

import { AwsError } from "../../../kernel/errors.ts";
import { invalidArgument, invalidRequest } from "../errors.ts";

/** @evidence recorded: GetBucketCors of a bucket without a configuration */
export function noSuchCors(bucket: string): AwsError {
  return new AwsError({
    code: "NoSuchCORSConfiguration",
    message: "The CORS configuration does not exist",
    status: 404,
    members: { BucketName: bucket },
  });
}

/** @evidence recorded: PutBucketCors with the method `MYMETHOD` */
export function corsMethodUnsupported(method: string): AwsError {
  return invalidRequest(
    `Found unsupported HTTP method in CORS config. Unsupported method is ${method}`,
  );
}

/** @evidence versitygw issue 1870, recorded on S3 */
export function corsWildcards(element: string, value: string): AwsError {
  return invalidRequest(`${element} "${value}" can not have more than one wildcard.`);
}

/** @evidence librelio/javascript issue 53 has the second sentence */
export function corsWildcardExposed(header: string): AwsError {
  return invalidRequest(
    `ExposeHeader "${header}" contains wildcard. We currently do not support wildcard for ExposeHeader.`,
  );
}

export function corsIdTooLong(id: string): AwsError {
  return invalidArgument("ID length should not exceed allowed limit of 255", "ID", id);
}

/** @evidence recorded: OPTIONS without `Origin` */
export function originNeeded(): AwsError {
  return badRequest("Insufficient information. Origin request header needed.");
}

export function requestMethodNeeded(): AwsError {
  return badRequest("Invalid Access-Control-Request-Method: null");
}

function badRequest(message: string): AwsError {
  return new AwsError({ code: "BadRequest", message, status: 400 });
}

const reasons = {
  bucketNotFound: "Bucket not found",
  notEnabled: "CORS is not enabled for this bucket.",
  notAllowed:
    "This CORS request is not allowed. This is usually because the evalution of Origin, request method / " +
    "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's " +
    "CORS spec.",
} as const;

/**
 * @param method the one asked for, or OPTIONS where none was
 * @evidence recorded preflights of buckets that are not there, without a configuration, and without a rule
 *   that matches
 */
export function crossOriginForbidden(
  reason: keyof typeof reasons,
  method: string,
  resourceType: "BUCKET" | "OBJECT",
): AwsError {
  return new AwsError({
    code: "AccessForbidden",
    message: `CORSResponse: ${reasons[reason]}`,
    status: 403,
    members: { Method: method, ResourceType: resourceType },
  });
}
