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

/** The wording is unverified, see NOTES.md. */
export function accessDeniedToKey(callerArn: string, action: string, arn: string): AwsError {
  const attempt = `User: ${callerArn} is not authorized to perform: ${action} on resource: ${arn}`;
  return accessDenied(`${attempt} ${noWayIn}`);
}

/** The wording is unverified, see NOTES.md. */
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
export const replicaExists = (arn: string): AwsError =>
  modelled(kms.AlreadyExistsException, `Key '${arn}' already exists`);

export const limitExceeded = (message: string): AwsError => modelled(kms.LimitExceededException, message);
export const malformedPolicy = (message: string): AwsError =>
  modelled(kms.MalformedPolicyDocumentException, message);
export const invalidTag = (message: string): AwsError => modelled(kms.TagException, message);
export const invalidMarker = (): AwsError =>
  modelled(kms.InvalidMarkerException, "Could not deserialize marker");
export const invalidGrantToken = (): AwsError => modelled(kms.InvalidGrantTokenException, noText);
export const invalidGrantId = (): AwsError => modelled(kms.InvalidGrantIdException, noText);
export const invalidImportToken = (): AwsError => modelled(kms.InvalidImportTokenException, noText);
export const expiredImportToken = (): AwsError => modelled(kms.ExpiredImportTokenException, noText);
export const incorrectKeyMaterial = (message: string = noText): AwsError =>
  modelled(kms.IncorrectKeyMaterialException, message);
