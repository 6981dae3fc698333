/** What Secrets Manager refuses, worded once. */

import * as sm from "../../generated/secrets-manager.ts";
import { modelled, unmodelled, type AwsError } from "../../kernel/errors.ts";

const invalidRequest = (message: string): AwsError => modelled(sm.InvalidRequestException, message);
const invalidParameter = (message: string): AwsError => modelled(sm.InvalidParameterException, message);
const notFound = (message: string): AwsError => modelled(sm.ResourceNotFoundException, message);

/** @evidence recorded AWS answers to every operation with a name that is not valid */
export const invalidName = (): AwsError => unmodelled(
  "ValidationException",
  "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
);

/** @evidence recorded AWS answers to GetSecretValue and ListSecretVersionIds */
export const secretNotFound = (): AwsError => notFound("Secrets Manager can't find the specified secret.");
export const stageNotFound = (stage: string): AwsError =>
  notFound(`Secrets Manager can't find the specified secret value for staging label: ${stage}`);
export const versionNotFound = (versionId: string): AwsError =>
  notFound(`Secrets Manager can't find the specified secret value for VersionId: ${versionId}`);
export const stageNotOnVersion = (): AwsError =>
  invalidRequest("You provided a VersionStage that is not associated to the provided VersionId.");

/** @evidence recorded AWS answers to CreateSecret */
export const secretExists = (name: string): AwsError => modelled(
  sm.ResourceExistsException, `The operation failed because the secret ${name} already exists.`,
);
export const nameScheduledForDeletion = (): AwsError => invalidRequest(
  "You can't create this secret because a secret with this name is already scheduled for deletion.",
);
/** @evidence recorded AWS answers to CreateSecret and PutSecretValue with a token that is in use */
export const tokenInUse = (token: string, arn: string): AwsError => modelled(
  sm.ResourceExistsException,
  `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret `
  + `${arn}.`,
);

const tokenText = "You must provide a ClientRequestToken value. We recommend a UUID-type value.";
/**
 * @evidence recorded AWS answers to requests without a token; RotateSecret has another code than the others
 */
export const tokenRequired = (): AwsError => invalidRequest(tokenText);
export const tokenRequiredToRotate = (): AwsError => invalidParameter(tokenText);

export const bothValues = (): AwsError => invalidParameter(
  "You can't specify both a binary secret value and a string secret value in the same secret.",
);
export const noValue = (): AwsError => invalidRequest(
  "You must provide either SecretString or SecretBinary.",
);

/** @evidence recorded AWS answers to operations on secrets that are to be deleted */
export const markedForDeletion = (): AwsError =>
  invalidRequest("You can't perform this operation on the secret because it was marked for deletion.");
export const alreadyScheduled = (): AwsError => invalidRequest(
  "You can't perform this operation on the secret because it was already scheduled for deletion.",
);
export const recoveryWindow = (): AwsError =>
  invalidParameter("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).");
export const forceWithWindow = (): AwsError =>
  invalidParameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");
export const hasReplicas = (arn: string, regions: readonly string[]): AwsError => invalidParameter(
  `You can't delete secret ${arn} that still has replica regions [${regions.join(", ")}].`,
);
export const isReplica = (): AwsError => invalidParameter(
  "Operation not permitted on a replica secret. Call must be made in primary secret's region.",
);
export const invalidReplicaRegion = (): AwsError => invalidParameter("Invalid replica region.");
export const isNoReplica = (): AwsError => invalidParameter("The secret is not a replica secret.");

/** @evidence recorded AWS answers to UpdateSecretVersionStage, quoted by the Terraform provider */
export const removeFromRequired = (stage: string, versionId: string): AwsError => invalidParameter(
  `The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to version `
  + `${versionId}, so you must explicitly reference that version in RemoveFromVersionId.`,
);
export const notAVersion = (versionId: string): AwsError => invalidParameter(
  `Not a valid version: ${versionId}`,
);
export const stageNotInVersion = (stage: string, versionId: string): AwsError =>
  invalidParameter(`Version stage ${stage} not found in version ${versionId}`);
export const currentStaysPut = (): AwsError =>
  invalidParameter("You can't remove the staging label AWSCURRENT without moving it to another version.");
export const quotaExceeded = (): AwsError => modelled(
  sm.LimitExceededException, "The request failed because it would exceed one of the Secrets Manager quotas.",
);

export const invalidNextToken = (): AwsError =>
  modelled(sm.InvalidNextTokenException, "The NextToken value is invalid.");
/** @evidence recorded AWS answers to BatchGetSecretValue */
export const listOrFilters = (): AwsError =>
  invalidParameter("Either 'SecretIdList' or 'Filters' must be provided, but not both.");
export const maxResultsNeedsFilters = (): AwsError => invalidParameter(
  "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.",
);

/** @evidence recorded AWS answers to GetSecretValue and CreateSecret without permissions for the key */
export const kmsDenied = (): AwsError => unmodelled("AccessDeniedException", "Access to KMS is not allowed");
export const encryptionFailure = (): AwsError => modelled(
  sm.EncryptionFailure,
  "Secrets Manager can't encrypt the protected secret text using the provided KMS key. Check that the KMS "
  + "key is available, enabled, and not in an invalid state.",
);
export const decryptionFailure = (): AwsError => modelled(
  sm.DecryptionFailure, "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
);
/** @evidence Secrets Manager User Guide, "Access secrets from a different account" */
export const defaultKeyAcrossAccounts = (): AwsError => invalidRequest(
  "You can't access a secret from a different AWS account if you encrypt the secret with the default KMS "
  + "service key.",
);

/** @evidence recorded AWS answers to GetRandomPassword */
export const passwordTooShort = (): AwsError =>
  invalidParameter("Password length is too short based on the required types.");
export const noCharacters = (): AwsError =>
  invalidParameter("The specified exclusions leave no characters to make a password of.");

/** @evidence recorded AWS answers to PutResourcePolicy */
export const malformedPolicy = (): AwsError =>
  modelled(sm.MalformedPolicyDocumentException, "This policy has invalid syntax.");
export const unsupportedPrincipal = (): AwsError =>
  modelled(sm.MalformedPolicyDocumentException, "This resource policy contains an unsupported principal.");
/** @evidence Secrets Manager API Reference, PublicPolicyException */
export const publicPolicy = (): AwsError => modelled(
  sm.PublicPolicyException,
  "The BlockPublicPolicy parameter is set to true, and the resource policy did not prevent broad access to "
  + "the secret.",
);

/** @evidence recorded AWS answers to RotateSecret */
export const noRotationFunction = (): AwsError =>
  invalidRequest("No Lambda rotation function ARN is associated with this secret.");
export const functionNotInvocable = (): AwsError => unmodelled(
  "AccessDeniedException",
  "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants "
  + "access to the principal secretsmanager.amazonaws.com.",
);
export const rotationInProgress = (): AwsError =>
  invalidRequest("A previous rotation isn't complete. That rotation will be reattempted.");
export const invalidRotationRules = (message: string): AwsError => invalidParameter(message);

export const reservedTag = (): AwsError => invalidParameter("Tag keys can't begin with aws:.");
export const duplicateTag = (): AwsError => invalidParameter("You can't specify a tag key more than once.");
export const tooManyTags = (): AwsError => modelled(
  sm.LimitExceededException, "You have reached the maximum of 50 tags for this secret.",
);

/**
 * Of a secret that is not there a denial tells the name that was given, and not the ARN that IAM was asked
 * about.
 *
 * @evidence recorded denials: "secretsmanager:CreateSecret on resource: MySecret because no …", and
 *   "secretsmanager:GetSecretValue on resource: semgrep_token because no …"
 */
export function deniedByName(message: string, id: string): AwsError {
  const named = message.replace(/ on resource: arn:\S+?:secret:(\S+)/, (whole, resource: string) =>
    resource === id ? ` on resource: ${id}` : whole);
  return unmodelled("AccessDeniedException", named);
}
