/** What S3 says to who may not, and of policies and access control lists that it does not take. */

import * as s3 from "../../../generated/s3.ts";
import { AwsError, modelled } from "../../../kernel/errors.ts";
import type { Caller } from "../../../kernel/auth/caller.ts";

function refuse(
  code: string,
  message: string,
  status: number,
  members: Readonly<Record<string, unknown>> = {},
): AwsError {
  return new AwsError({ code, message, status, members });
}

/** @evidence S3 API Reference, "List of error codes", for all that is not said otherwise */
export function noSuchBucketPolicy(bucket: string): AwsError {
  return refuse("NoSuchBucketPolicy", "The bucket policy does not exist", 404, { BucketName: bucket });
}

export function malformedPolicy(message: string, detail?: string): AwsError {
  return refuse("MalformedPolicy", message, 400, detail === undefined ? {} : { Detail: detail });
}

/** @evidence recorded: CreateBucket with an ownership that is none */
export function unknownOwnership(ownership: string): AwsError {
  const message = `Invalid x-amz-object-ownership header: ${ownership}`;
  return refuse("InvalidArgument", message, 400, { ArgumentName: "x-amz-object-ownership" });
}

/** @evidence S3 API Reference, "List of error codes", NoSuchPublicAccessBlockConfiguration; recorded */
export function noPublicAccessBlock(bucket: string): AwsError {
  const message = "The public access block configuration was not found";
  return refuse("NoSuchPublicAccessBlockConfiguration", message, 404, { BucketName: bucket });
}

export function noOwnershipControls(bucket: string): AwsError {
  const message = "The bucket ownership controls were not found";
  return refuse("OwnershipControlsNotFoundError", message, 404, { BucketName: bucket });
}

export function aclNotSupported(): AwsError {
  return refuse("AccessControlListNotSupported", "The bucket does not allow ACLs", 400);
}

export function aclWithOwnership(): AwsError {
  const message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting";
  return refuse("InvalidBucketAclWithObjectOwnership", message, 400);
}

export function publicAclBlocked(): AwsError {
  const message = "Bucket cannot have public ACLs set with BlockPublicAccess enabled";
  return refuse("InvalidBucketAclWithBlockPublicAccessError", message, 400);
}

export function missingAclHeader(): AwsError {
  const message = "Your request was missing a required header";
  return refuse("MissingSecurityHeader", message, 400, { MissingHeaderName: "x-amz-acl" });
}

export function unexpectedContent(): AwsError {
  return refuse("UnexpectedContent", "This request does not support content", 400);
}

export function malformedAcl(): AwsError {
  const message = "The XML you provided was not well-formed or did not validate against our published schema";
  return refuse("MalformedACLError", message, 400);
}

/** @evidence S3 API Reference, PutBucketAcl: e-mail grantees are no more since October 2025, status 405 */
export function emailGranteesEnded(): AwsError {
  return refuse("MethodNotAllowed", "The specified method is not allowed against this resource.", 405);
}

export function methodNotAllowed(): AwsError {
  return refuse("MethodNotAllowed", "The specified method is not allowed against this resource.", 405);
}

interface Blocked {
  readonly caller: Caller;
  readonly action: string;
  readonly resource: string;
  readonly setting: "BlockPublicAcls" | "BlockPublicPolicy";
}

/** @evidence recorded: PutBucketPolicy and PutObjectAcl refused by Block Public Access */
export function publicAccessBlocked({ caller, action, resource, setting }: Blocked): AwsError {
  const what = setting === "BlockPublicAcls" ? "public ACLs are" : "public policies are";
  return modelled(
    s3.AccessDenied,
    `User: ${caller.arn} is not authorized to perform: ${action} on resource: "${resource}" because ` +
      `${what} prevented by the ${setting} setting in S3 Block Public Access.`,
  );
}

/** @evidence S3 API Reference, "Error responses", NoSuchAccessPoint */
export function noSuchAccessPoint(name: string): AwsError {
  return refuse("NoSuchAccessPoint", "The specified accesspoint does not exist", 404, { AccessPoint: name });
}

export function noSuchMultiRegionAccessPoint(alias: string): AwsError {
  const message = "The specified Multi-Region Access Point does not exist";
  return refuse("NoSuchMultiRegionAccessPoint", message, 404, { Alias: alias });
}
