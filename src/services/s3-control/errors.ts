/** Every refusal of S3 Control, once, in its own words. */

import * as control from "../../generated/s3-control.ts";
import { AwsError, modelled } from "../../kernel/errors.ts";

function refuse(code: string, message: string, status = 400): AwsError {
  return new AwsError({ code, message, status });
}

/** @evidence S3 API Reference, "Error responses", for all that is not said otherwise */
export function noPublicAccessBlock(): AwsError {
  const message = "The public access block configuration was not found";
  return modelled(control.NoSuchPublicAccessBlockConfiguration, message);
}

export function invalidRequest(message: string): AwsError {
  return refuse("InvalidRequest", message);
}

export function invalidToken(): AwsError {
  return invalidRequest("The continuation token provided is incorrect");
}

export function accessDenied(message = "Access Denied"): AwsError {
  return refuse("AccessDenied", message, 403);
}

export function noSuchAccessPoint(): AwsError {
  return refuse("NoSuchAccessPoint", "The specified accesspoint does not exist", 404);
}

export function noSuchAccessPointPolicy(): AwsError {
  return refuse("NoSuchAccessPointPolicy", "The specified accesspoint policy does not exist", 404);
}

export function accessPointAlreadyOwnedByYou(): AwsError {
  const message = "Your previous request to create the named accesspoint succeeded and you already own it.";
  return refuse("AccessPointAlreadyOwnedByYou", message, 409);
}

export function invalidAccessPoint(): AwsError {
  return refuse("InvalidAccessPoint", "The specified access point name or account is not valid.");
}

export function noSuchBucket(): AwsError {
  return refuse("NoSuchBucket", "The specified bucket does not exist", 404);
}

export function noSuchMultiRegionAccessPoint(): AwsError {
  const message = "The specified multi-region access point does not exist";
  return refuse("NoSuchMultiRegionAccessPoint", message, 404);
}

export function noSuchAsyncRequest(): AwsError {
  return refuse("NoSuchAsyncRequest", "The specified async request does not exist", 404);
}

export function multiRegionAlreadyOwned(): AwsError {
  const message =
    "Your previous request to create the named multi-region access point succeeded and you already own it.";
  return refuse("MultiRegionAccessPointAlreadyOwnedByYou", message, 409);
}

export function accessGrantsInstanceExists(): AwsError {
  return refuse("AccessGrantsInstanceAlreadyExists", "Access Grants Instance already exists", 409);
}

export function noAccessGrantsInstance(): AwsError {
  return refuse("AccessGrantsInstanceNotExistsError", "Access Grants Instance does not exist", 404);
}

export function accessGrantsInstanceNotEmpty(): AwsError {
  const message = "Access Grants Instance has locations or grants that must be deleted first";
  return refuse("AccessGrantsInstanceNotEmptyError", message);
}

export function noAccessGrantsLocation(): AwsError {
  return refuse("NoSuchAccessGrantsLocationError", "The specified location does not exist", 404);
}

export function accessGrantsLocationExists(): AwsError {
  return refuse("AccessGrantsLocationAlreadyExistsError", "The specified location already exists", 409);
}

export function accessGrantsLocationNotEmpty(): AwsError {
  return refuse("AccessGrantsLocationNotEmptyError", "The specified location has access grants");
}

export function noSuchAccessGrant(): AwsError {
  return refuse("NoSuchAccessGrantError", "The specified access grant does not exist", 404);
}

export function accessGrantExists(): AwsError {
  return refuse("AccessGrantAlreadyExists", "The specified access grant already exists", 409);
}

export function noMatchingGrant(): AwsError {
  return accessDenied("You do not have READ or WRITE permissions to the requested Prefix");
}

export function noResourcePolicy(): AwsError {
  const message = "The specified resource policy does not exist";
  return refuse("NoSuchResourcePolicyError", message, 404);
}

export function noSuchConfiguration(): AwsError {
  return refuse("NoSuchConfiguration", "The specified configuration does not exist.", 404);
}

export function noSuchGroup(): AwsError {
  return refuse("NoSuchStorageLensGroup", "The specified Storage Lens group does not exist", 404);
}

export function groupExists(): AwsError {
  return refuse("StorageLensGroupAlreadyExists", "The specified Storage Lens group already exists", 409);
}

export function noSuchResource(): AwsError {
  return refuse("NoSuchResource", "The specified resource doesn't exist.", 404);
}

export function tooManyTags(): AwsError {
  return modelled(control.TooManyTagsException, "The number of tags exceeds the maximum of 50 tags");
}

export function invalidTag(): AwsError {
  return refuse("InvalidTag", "The tag provided was not a valid tag.");
}

/** @evidence S3 User Guide, "Troubleshooting S3 Batch Operations", NoSuchJobException */
export function noSuchJob(): AwsError {
  return refuse("NoSuchJobException", "No such job", 404);
}

export function jobStatus(message: string): AwsError {
  return modelled(control.JobStatusException, message);
}

export function invalidNextToken(): AwsError {
  return modelled(control.InvalidNextTokenException, "The continuation token provided is incorrect");
}

export function tokenUsedBefore(): AwsError {
  const message = "The request was made before with the same token and other parameters";
  return modelled(control.IdempotencyException, message);
}
