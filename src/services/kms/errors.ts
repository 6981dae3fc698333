/** What KMS refuses, and in which words. One constructor a text. */

import * as kms from "../../generated/kms.ts";
import { modelled, unmodelled, type AwsError } from "../../kernel/errors.ts";

/**
 * KMS answers several refusals without a text.
 *
 * @evidence recorded AWS answers for Decrypt with a wrong context, Verify and VerifyMac
 */
const noText = "";

export function validation(message: string): AwsError {
  return unmodelled("ValidationException", message);
}

export function accessDenied(message: string): AwsError {
  return unmodelled("AccessDeniedException", message);
}

const noWayIn = "because the resource does not exist in this Region, no resource-based policies allow "
  + "access, or a resource-based policy explicitly denies access";

/**
 * Other accounts are not told which key it is.
 *
 * @evidence reported AWS answers: "is not authorized to perform: kms:DescribeKey on this resource because …"
 */
export function accessDeniedToKey(callerArn: string, action: string): AwsError {
  const attempt = `User: ${callerArn} is not authorized to perform: ${action} on this resource`;
  return accessDenied(`${attempt} ${noWayIn}`);
}

/** @evidence reported answers of S3 and KMS, in these words */
export function accessDeniedToCiphertext(callerArn: string, action: string): AwsError {
  const attempt = `User: ${callerArn} is not authorized to perform: ${action} on the resource`;
  return accessDenied(`${attempt} associated with this ciphertext ${noWayIn}`);
}

export const keyNotFound = (arn: string): AwsError =>
  modelled(kms.NotFoundException, `Key '${arn}' does not exist`);
export const invalidKeyId = (id: string): AwsError =>
  modelled(kms.NotFoundException, `Invalid keyId '${id}'`);
export const aliasNotFound = (arn: string): AwsError =>
  modelled(kms.NotFoundException, `Alias ${arn} is not found.`);
export const wrongRegion = (region: string): AwsError =>
  modelled(kms.NotFoundException, `Invalid arn ${region}`);
export const invalidArn = (arn: string): AwsError => modelled(kms.InvalidArnException, `Invalid arn ${arn}`);
export const malformedArn = (arn: string): AwsError =>
  modelled(kms.InvalidArnException, `ARN is not valid: ${arn}`);
export const noSuchPrincipal = (arn: string): AwsError =>
  modelled(kms.InvalidArnException, `ARN does not refer to a valid principal: ${arn}`);
export const goneMember = (member: string): AwsError =>
  modelled(kms.InvalidArnException, `${member} does not refer to a valid principal.`);
export const gonePrincipal = (): AwsError =>
  modelled(kms.InvalidArnException, "Input does not refer to a valid principal");
export const retiringNotFound = (principal: string): AwsError =>
  modelled(kms.NotFoundException, `Retiring principal ${principal} could not be found`);
/** @evidence recorded AWS answers, radkawar/stackd, testdata/aws/kms/rotation.json */
export const aliasesNotTaken = (): AwsError =>
  modelled(kms.InvalidArnException, "Key Aliases are not supported for this operation.");
export const policyNotFound = (): AwsError => modelled(kms.NotFoundException, "No such policy exists");
export const grantNotFound = (grantId: string): AwsError =>
  modelled(kms.NotFoundException, `Grant ID ${grantId} not found`);
export const customKeyStoreNotFound = (): AwsError =>
  modelled(kms.CustomKeyStoreNotFoundException, "The specified custom key store does not exist.");

export const keyDisabled = (arn: string): AwsError => modelled(kms.DisabledException, `${arn} is disabled.`);

/** `${arn} is pending deletion.` */
export const invalidState = (arn: string, condition: string): AwsError =>
  modelled(kms.KMSInvalidStateException, `${arn} is ${condition}.`);

export const invalidUsage = (arn: string, usage: string, operation: string): AwsError =>
  modelled(kms.InvalidKeyUsageException, `${arn} key usage is ${usage} which is not valid for ${operation}.`);

export const incompatibleAlgorithm = (algorithm: string, keySpec: string): AwsError =>
  modelled(kms.InvalidKeyUsageException, `Algorithm ${algorithm} is incompatible with key spec ${keySpec}.`);

export const invalidOrigin = (arn: string, origin: string): AwsError =>
  unsupported(`${arn} origin is ${origin} which is not valid for this operation.`);

export const unsupported = (message: string = noText): AwsError =>
  modelled(kms.UnsupportedOperationException, message);

export const invalidCiphertext = (): AwsError => modelled(kms.InvalidCiphertextException, noText);
export const invalidSignature = (): AwsError => modelled(kms.KMSInvalidSignatureException, noText);
export const invalidMac = (): AwsError => modelled(kms.KMSInvalidMacException, noText);
export const incorrectKey = (): AwsError => modelled(
  kms.IncorrectKeyException,
  "The key ID in the request does not identify a CMK that can perform this operation.",
);
export const dryRunSucceeded = (): AwsError =>
  modelled(kms.DryRunOperationException, "The request would have succeeded, but the DryRun option is set.");

export const aliasExists = (arn: string): AwsError =>
  modelled(kms.AlreadyExistsException, `An alias with the name ${arn} already exists`);
/** A code of its own, without a text: unverified, see NOTES.md. */
export const aliasReserved = (): AwsError => unmodelled("NotAuthorizedException", noText);
/** @evidence recorded AWS answers, radkawar/stackd, testdata/aws/kms/multi_region.json */
export const replicaExists = (): AwsError => modelled(
  kms.AlreadyExistsException, "You can create only one replica of each primary key in each AWS Region.",
);

export const limitExceeded = (message: string): AwsError => modelled(kms.LimitExceededException, message);
export const malformedPolicy = (message: string): AwsError =>
  modelled(kms.MalformedPolicyDocumentException, message);
export const invalidTag = (message: string): AwsError => modelled(kms.TagException, message);
/** @evidence recorded AWS answers, radkawar/stackd, testdata/aws/kms/rotation.json */
export const invalidMarker = (): AwsError => modelled(kms.InvalidMarkerException, noText);
export const invalidGrantToken = (): AwsError => modelled(kms.InvalidGrantTokenException, noText);
export const invalidGrantId = (): AwsError => modelled(kms.InvalidGrantIdException, noText);
export const invalidImportToken = (): AwsError => modelled(kms.InvalidImportTokenException, noText);
export const expiredImportToken = (): AwsError => modelled(kms.ExpiredImportTokenException, noText);
export const incorrectKeyMaterial = (message: string = noText): AwsError =>
  modelled(kms.IncorrectKeyMaterialException, message);
