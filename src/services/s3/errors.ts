/** Every refusal of S3, once, in its own words. */

import * as s3 from "../../generated/s3.ts";
import { AwsError, modelled, type ErrorDetails } from "../../kernel/errors.ts";
import type { Bucket } from "./buckets/table.ts";

type More = Pick<ErrorDetails, "members" | "headers">;

export function refuse(code: string, message: string, status = 400, more: More = {}): AwsError {
  return new AwsError({ code, message, status, ...more });
}

/** @evidence S3 API Reference, "Error responses", list of error codes, for all that is not said otherwise */
export function noSuchBucket(bucket: string): AwsError {
  return modelled(s3.NoSuchBucket, "The specified bucket does not exist", { BucketName: bucket });
}

export function bucketAlreadyExists(bucket: string): AwsError {
  const message =
    "The requested bucket name is not available. The bucket namespace is shared by all users of the " +
    "system. Please select a different name and try again.";
  return modelled(s3.BucketAlreadyExists, message, { BucketName: bucket });
}

export function bucketAlreadyOwnedByYou(bucket: string): AwsError {
  const message = "Your previous request to create the named bucket succeeded and you already own it.";
  return modelled(s3.BucketAlreadyOwnedByYou, message, { BucketName: bucket });
}

/** A bucket that keeps versions may look empty. @evidence recorded: DeleteBucket, with and without them */
export function bucketNotEmpty({ name, versioning }: Bucket): AwsError {
  const hint = versioning === undefined ? "" : ". You must delete all versions in the bucket.";
  return refuse("BucketNotEmpty", `The bucket you tried to delete is not empty${hint}`, 409, {
    members: { BucketName: name },
  });
}

/** @evidence S3 API Reference, "List of error codes", BucketHasAccessPointsAttached */
export function bucketHasAccessPoints(bucket: string): AwsError {
  const message =
    "The bucket you are trying to delete has access points attached. Delete your access points before " +
    "deleting your bucket.";
  return refuse("BucketHasAccessPointsAttached", message, 400, { members: { BucketName: bucket } });
}

export function invalidBucketName(bucket: string): AwsError {
  return refuse("InvalidBucketName", "The specified bucket is not valid.", 400, {
    members: { BucketName: bucket },
  });
}

/** @evidence recorded: ansible-collections/amazon.aws#2935, but for its status */
export function namespaceNotAsked(): AwsError {
  const message =
    "The requested bucket is an account-regional namespace bucket, but your request is missing the " +
    "required x-amz-bucket-namespace header.";
  return refuse("MissingNamespaceHeader", message, 400, { members: { Header: "x-amz-bucket-namespace" } });
}

/** @evidence getmoto/moto#9871; its status is unverified */
export function withoutRegionalSuffix(account: string, region: string): AwsError {
  const message =
    "The requested bucket name did not include the account-regional namespace suffix, but the provided " +
    "x-amz-bucket-namespace header value is account-regional. Specify " +
    `-${account}-${region}-an as the bucket name suffix to create a bucket in your account-regional ` +
    "namespace, or remove the header.";
  return refuse("InvalidNamespaceHeader", message);
}

export function illegalLocation(constraint: string): AwsError {
  const message =
    `The ${constraint} location constraint is incompatible for the region specific endpoint this request ` +
    "was sent to.";
  return refuse("IllegalLocationConstraintException", message);
}

export function invalidLocation(constraint: string): AwsError {
  return refuse("InvalidLocationConstraint", "The specified location-constraint is not valid", 400, {
    members: { LocationConstraint: constraint },
  });
}

/** The bucket is elsewhere: the header tells clients where to go. */
export function permanentRedirect(bucket: string, region: string): AwsError {
  const message =
    "The bucket you are attempting to access must be addressed using the specified endpoint. Please send " +
    "all future requests to this endpoint.";
  return refuse("PermanentRedirect", message, 301, {
    members: { Endpoint: `${bucket}.s3.${region}.amazonaws.com`, Bucket: bucket },
    headers: { "x-amz-bucket-region": region },
  });
}

export function accessDenied(message = "Access Denied"): AwsError {
  return modelled(s3.AccessDenied, message);
}

/** Says where the bucket is, as HeadBucket and listings do also to who may not. */
export function bucketAccessDenied(message: string, region: string): AwsError {
  return new AwsError({ ...s3.AccessDenied, message, headers: { "x-amz-bucket-region": region } });
}

/** @evidence S3 API Reference, "List of error codes", InvalidBucketOwnerAWSAccountID */
export function invalidExpectedOwner(given: string): AwsError {
  const message = "The value of the expected bucket owner parameter must be an AWS account ID.";
  return refuse("InvalidBucketOwnerAWSAccountID", message, 400, { members: { BucketOwner: given } });
}

export function noSuchKey(key: string): AwsError {
  return modelled(s3.NoSuchKey, "The specified key does not exist.", { Key: key });
}

/** A delete marker is the current version: not found, and why. */
export function keyIsDeleted(key: string, versionId: string): AwsError {
  return new AwsError({
    ...s3.NoSuchKey,
    message: "The specified key does not exist.",
    members: { Key: key },
    headers: { "x-amz-delete-marker": "true", "x-amz-version-id": versionId },
  });
}

export function noSuchVersion(key: string, versionId: string): AwsError {
  return refuse("NoSuchVersion", "The specified version does not exist.", 404, {
    members: { Key: key, VersionId: versionId },
  });
}

/** @evidence recorded: PutBucketVersioning with an empty configuration */
export function versioningMissing(): AwsError {
  return refuse("IllegalVersioningConfigurationException", "The Versioning element must be specified");
}

export function invalidVersionId(versionId: string): AwsError {
  return invalidArgument("Invalid version id specified", "versionId", versionId);
}

/** A delete marker was asked for by its id: it has nothing to give. */
export function markerHasNoContent(method: string, versionId: string, modifiedAt: number): AwsError {
  const message = "The specified method is not allowed against this resource.";
  return refuse("MethodNotAllowed", message, 405, {
    members: { Method: method, ResourceType: "DeleteMarker" },
    headers: {
      "x-amz-delete-marker": "true",
      "x-amz-version-id": versionId,
      "last-modified": new Date(modifiedAt).toUTCString(),
      allow: "DELETE",
    },
  });
}

export function invalidArgument(message: string, name: string, value: string): AwsError {
  return refuse("InvalidArgument", message, 400, { members: { ArgumentName: name, ArgumentValue: value } });
}

/** @evidence guardian/grid#1716: a presigned download, answered by S3 */
export function headerNotRepresentable(parameter: string, value: string): AwsError {
  return invalidArgument("Header value cannot be represented using ISO-8859-1.", parameter, value);
}

/** A destination of notifications that took no trial. */
export interface Refused {
  readonly name: string;
  readonly reason: string;
}

export function destinationsRefused(refused: readonly Refused[]): AwsError {
  const message = "Unable to validate the following destination configurations";
  const members = Object.fromEntries(refused.flatMap(({ name, reason }, index) => [
    [`ArgumentName${index + 1}`, name], [`ArgumentValue${index + 1}`, reason],
  ]));
  return refuse("InvalidArgument", message, 400, { members });
}

export function invalidRequest(message: string): AwsError {
  return modelled(s3.InvalidRequest, message);
}

export function malformedXml(): AwsError {
  const message = "The XML you provided was not well-formed or did not validate against our published schema";
  return refuse("MalformedXML", message);
}

export function notImplementedHere(message: string, header: string): AwsError {
  return refuse("NotImplemented", message, 501, { members: { Header: header } });
}

export function preconditionFailed(condition: string): AwsError {
  const message = "At least one of the pre-conditions you specified did not hold";
  return refuse("PreconditionFailed", message, 412, { members: { Condition: condition } });
}

/** Another write of the same key came between. */
export function conditionalRequestConflict(condition: string, key: string): AwsError {
  const message =
    "The conditional request cannot succeed due to a conflicting operation against this resource.";
  return refuse("ConditionalRequestConflict", message, 409, { members: { Condition: condition, Key: key } });
}

export function notModified(headers: Readonly<Record<string, string>>): AwsError {
  return refuse("NotModified", "Not Modified", 304, { headers });
}

export function invalidRange(range: string, sizeBytes: number): AwsError {
  return refuse("InvalidRange", "The requested range is not satisfiable", 416, {
    members: { RangeRequested: range, ActualObjectSize: String(sizeBytes) },
    headers: { "content-range": `bytes */${sizeBytes}` },
  });
}

export function invalidPartNumber(sizeInParts: number, partNumber: number): AwsError {
  return refuse("InvalidPartNumber", "The requested partnumber is not satisfiable", 416, {
    members: { ActualPartCount: String(sizeInParts), PartNumberRequested: String(partNumber) },
  });
}

export function keyTooLong(key: string, sizeBytesMax: number): AwsError {
  return refuse("KeyTooLongError", "Your key is too long", 400, {
    members: { Size: String(Buffer.byteLength(key)), MaxSizeAllowed: String(sizeBytesMax) },
  });
}

export function metadataTooLarge(sizeBytes: number, sizeBytesMax: number): AwsError {
  const message = "Your metadata headers exceed the maximum allowed metadata size";
  return refuse("MetadataTooLarge", message, 400, {
    members: { Size: String(sizeBytes), MaxSizeAllowed: String(sizeBytesMax) },
  });
}

export function entityTooLarge(sizeBytes: number, sizeBytesMax: number): AwsError {
  return refuse("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", 400, {
    members: { ProposedSize: String(sizeBytes), MaxSizeAllowed: String(sizeBytesMax) },
  });
}

export function invalidStorageClass(storageClass: string): AwsError {
  return refuse("InvalidStorageClass", "The storage class you specified is not valid", 400, {
    members: { StorageClassRequested: storageClass },
  });
}

/** Nothing is written when the disk is full; what was acknowledged stays. */
export function slowDown(): AwsError {
  return refuse("SlowDown", "Please reduce your request rate.", 503);
}

/** @evidence answers of S3 quoted in issues and guides, as for the next three */
export function needsMfa(): AwsError {
  return accessDenied("Mfa Authentication must be used for this request");
}

export function invalidMfa(header: string): AwsError {
  const message =
    "Mfa header is invalid -- the header should be formatted as {serialNumber}(space){tokenCode}";
  return invalidArgument(message, "x-amz-mfa", header);
}

/** What others than root are told. */
export function mfaIsForRoot(): AwsError {
  return invalidRequest("DevPay and Mfa are mutually exclusive authorization methods.");
}

export function mfaBesideLifecycle(): AwsError {
  const message =
    "Mfa Authentication is not supported on a bucket with lifecycle configuration. Delete lifecycle " +
    "configuration before enabling Mfa.";
  return refuse("InvalidBucketState", message, 409);
}

/** @evidence recorded: GetBucketTagging */
export function noSuchTagSet(bucket: string): AwsError {
  return refuse("NoSuchTagSet", "The TagSet does not exist", 404, { members: { BucketName: bucket } });
}

/** @evidence answers of S3 quoted in issues, as for the next three: GetObject of what is archived */
export function invalidObjectState(StorageClass: string | undefined, AccessTier?: string): AwsError {
  const message = "The operation is not valid for the object's storage class";
  return modelled(s3.InvalidObjectState, message, { StorageClass, ...(AccessTier && { AccessTier }) });
}

export function restoreNotAllowed(): AwsError {
  const message = "Restore is not allowed for the object's current storage class";
  return modelled(s3.InvalidObjectState, message);
}

export function restoreInProgress(): AwsError {
  return refuse("RestoreAlreadyInProgress", "Object restore is already in progress", 409);
}

export function retrievalNotSupported(tier: string): AwsError {
  return invalidArgument("Retrieval option is not supported by this storage class", "Tier", tier);
}

/** Unverified, see NOTES.md. */
export function daysNotPositive(days: number): AwsError {
  return invalidArgument("restoration days should be at least 1", "Days", String(days));
}

/** @evidence S3 API Reference, GetBucketIntelligentTieringConfiguration and its like, "Errors" */
export function noSuchConfiguration(): AwsError {
  return refuse("NoSuchConfiguration", "The specified configuration does not exist.", 404);
}

/** @evidence S3 API Reference, PutBucketIntelligentTieringConfiguration, "Errors" */
export function tooManyConfigurations(): AwsError {
  const message =
    "You are attempting to create a new configuration but have already reached the 1,000-configuration " +
    "limit.";
  return refuse("TooManyConfigurations", message);
}
