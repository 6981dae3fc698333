/** What Parameter Store refuses, worded once. */

import * as ssm from "../../generated/ssm.ts";
import { AwsError, modelled, unmodelled } from "../../kernel/errors.ts";

/**
 * The type of exceptions without a text.
 *
 * @evidence AWS CLI: "(ParameterNotFound) when calling the GetParameter operation: "
 */
const noText = "";

export const validation = (message: string): AwsError => unmodelled("ValidationException", message);
export const accessDenied = (message: string): AwsError => unmodelled("AccessDeniedException", message);

export const parameterNotFound = (): AwsError => modelled(ssm.ParameterNotFound, noText);

/** @evidence recorded AWS answer to GetParameter with a version that is not there */
export const versionNotFound = (name: string, selector: string | number): AwsError => modelled(
  ssm.ParameterVersionNotFound,
  `Systems Manager could not find version ${selector} of ${name}. Verify the version and try again.`,
);

/** @evidence recorded AWS answer to PutParameter without Overwrite */
export const parameterAlreadyExists = (): AwsError => modelled(
  ssm.ParameterAlreadyExists,
  "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
);

/** @evidence recorded AWS answers to GetParameter with the name of a secret; the `null` is AWS's */
export const decryptionRequired = (): AwsError =>
  validation("WithDecryption flag must be True for retrieving a Secret Manager secret.");
export const malformedSelector = (): AwsError => validation(
  "Invalid parameter name. Please use correct syntax for referencing a version/label  <name>:<version/label>",
);
export const invalidSecretRequest = (): AwsError => validation("Invalid Request to Secrets Manager");
export const secretNotFound = (name: string, selector: string | undefined): AwsError => modelled(
  ssm.ParameterNotFound,
  "An error occurred (ParameterNotFound) when referencing Secrets Manager: "
  + `Secret ${name.slice(1)}${selector ?? "null"} not found.`,
);

const pathRule =
  "If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as "
  + "a mix of letters, numbers and the following 3 symbols .-_";

/** @evidence recorded AWS answers to GetParameter and PutParameter with malformed names */
export const invalidName = (): AwsError =>
  validation(`Parameter name: can't be prefixed with "ssm" (case-insensitive). ${pathRule}`);
export const reservedPrefix = (): AwsError =>
  validation('Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).');
export const reservedName = (name: string): AwsError =>
  accessDenied(`No access to reserved parameter name: ${name}.`);
export const notFullyQualified = (): AwsError => validation("Parameter name must be a fully qualified name.");

/** @evidence SSM API Reference, PutParameter, HierarchyLevelLimitExceededException */
export const tooManyLevels = (): AwsError => modelled(
  ssm.HierarchyLevelLimitExceededException,
  "A hierarchy can have a maximum of 15 levels. For more information, see Requirements and constraints for "
  + "parameter names in the AWS Systems Manager User Guide.",
);

/** @evidence recorded AWS answer to GetParametersByPath with a path that does not begin with a slash */
export const invalidPath = (): AwsError => validation(
  "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward "
  + "slash "
  + '"/". It can\'t be prefixed with "aws" or "ssm" (case-insensitive). It must use only letters, numbers, '
  + 'or the '
  + "following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All "
  + "sub-paths, "
  + 'if specified, must use the forward slash symbol "/". Valid example: /get/parameters2-/by1./path0_.',
);

/** @evidence recorded AWS answers to PutParameter */
export const tagsWithOverwrite = (): AwsError => validation(
  "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please "
  + "remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or "
  + "RemoveTagsFromResource.",
);
export const typeRequired = (): AwsError => validation(
  "A parameter type is required when you create a parameter.",
);
export const keyForSecureStringOnly = (): AwsError =>
  validation("KeyId is required for SecureString type parameter only.");
export const nestedParameter = (): AwsError =>
  validation('Parameter value can\'t nest another parameter. Do not use "{{}}" in the value.');
export const emptyValue = (): AwsError => validation(
  "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length "
  + "greater than or equal to 1.",
);
export const unsupportedDataType = (dataType: string): AwsError =>
  validation(`The following data type is not supported: ${dataType} (Data type names are all lowercase.)`);

const tierGuide =
  "https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html";

/** @evidence recorded AWS answers to PutParameter with values past 4 KB and past 8 KB */
export const tooLargeForStandard = (): AwsError => validation(
  "Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger "
  + "parameter "
  + `value, upgrade the parameter to use the advanced-parameter tier. For more information, see ${tierGuide}`,
);
export const tooLargeForAdvanced = (): AwsError => validation(
  "The specified parameter value is too large. Advanced-tier parameters support a maximum parameter value of "
  + "8192 characters.",
);
/**
 * @evidence recorded AWS answer to PutParameter, quoted in the Terraform provider and in CloudFormation's
 * reasons
 */
export const downgrade = (): AwsError => validation(
  "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the "
  + "advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced "
  + "parameter and recreate it as a standard parameter. Be aware that standard parameters have a value limit "
  + "of 4096 characters.",
);
/** @evidence recorded AWS answer to the 10,001st standard parameter */
export const tooManyParameters = (tier: string, limit: number): AwsError => modelled(
  ssm.ParameterLimitExceeded,
  `You have reached the maximum number of ${tier.toLowerCase()} parameters for this AWS account and Region `
  + `(${limit}).`
  + (tier === "Standard" ? " To add more parameters, either delete existing parameters or upgrade to the "
  + "advanced-parameter tier (charges apply)." : ""),
);

/**
 * @evidence Systems Manager User Guide, "Create a SecureString parameter and join a node to a domain",
 * allowed pattern
 */
export const patternMismatch = (pattern: string): AwsError => modelled(
  ssm.ParameterPatternMismatchException,
  `Parameter value, cannot be validated against allowedPattern: ${pattern}`,
);
export const invalidAllowedPattern = (pattern: string): AwsError => modelled(
  ssm.InvalidAllowedPatternException,
  `The request does not meet the regular expression requirement: ${pattern}`,
);

/** @evidence SSM API Reference, ParameterMaxVersionLimitExceeded */
export const versionLimitExceeded = (name: string, oldest: number): AwsError => modelled(
  ssm.ParameterMaxVersionLimitExceeded,
  `You attempted to create a new version of ${name} by calling the PutParameter API with the overwrite flag. `
  + `Version ${oldest}, the oldest version, can't be deleted because it has a label associated with it. Move `
  + "the label to another version of the parameter, and try again.",
);
export const labelLimitExceeded = (): AwsError => modelled(
  ssm.ParameterVersionLabelLimitExceeded,
  "A parameter version can have maximum 10 labels.Move one or more labels to another version and try again.",
);

export const invalidPolicies = (message: string): AwsError => modelled(
  ssm.InvalidPolicyAttributeException, message,
);
export const invalidPolicyType = (type: string): AwsError => modelled(
  ssm.InvalidPolicyTypeException,
  `The policy type ${type} isn't supported. Parameter Store supports the following policy types: Expiration, `
  + "ExpirationNotification, and NoChangeNotification.",
);
export const incompatiblePolicies = (): AwsError => modelled(
  ssm.IncompatiblePolicyException,
  "There is a conflict in the policies specified for this parameter. You can't, for example, specify two "
  + "Expiration policies for a parameter. Review your policies, and try again.",
);
export const tooManyPolicies = (): AwsError => modelled(
  ssm.PoliciesLimitExceededException,
  "You specified more than the maximum number of allowed policies for the parameter. The maximum is 10.",
);
export const policiesNeedAdvanced = (): AwsError => validation(
  `Parameter policies are supported by advanced-tier parameters only. For more information, see ${tierGuide}`,
);

export const invalidNextToken = (): AwsError => modelled(
  ssm.InvalidNextToken, "The specified token isn't valid.",
);
export const invalidFilterKey = (message: string): AwsError => modelled(ssm.InvalidFilterKey, message);
export const invalidFilterOption = (message: string): AwsError => modelled(ssm.InvalidFilterOption, message);
export const invalidFilterValue = (message: string): AwsError => modelled(ssm.InvalidFilterValue, message);

export const invalidResourceId = (): AwsError => modelled(ssm.InvalidResourceId, noText);
export const tooManyTags = (): AwsError => modelled(ssm.TooManyTagsError, noText);
export const settingNotFound = (id: string): AwsError => modelled(
  ssm.ServiceSettingNotFound, `Setting with name ${id} wasn't found.`,
);

/**
 * KMS's own refusal, as Systems Manager passes it on.
 *
 * @evidence recorded AWS answers to GetParameter and PutParameter
 */
export function refusedByKms(cause: AwsError, requestId: string): AwsError {
  const message =
    `${cause.message} (Service: AWSKMS; Status Code: ${cause.status}; Error Code: ${cause.code}; `
    + `Request ID: ${requestId}; Proxy: null)`;
  if (cause.code === "AccessDeniedException") return accessDenied(message);
  return cause.status >= 500 ? cause : modelled(ssm.InvalidKeyId, message);
}

export const resourceNotFound = (): AwsError =>
  modelled(ssm.ResourceNotFoundException, "The specified parameter to be shared could not be found.");
export const resourcePolicyNotFound = (): AwsError =>
  modelled(
    ssm.ResourcePolicyNotFoundException, "No policies with the specified policy ID and hash could be found.",
  );
export const resourcePolicyConflict = (): AwsError => modelled(
  ssm.ResourcePolicyConflictException,
  "The hash provided in the call doesn't match the stored hash. This exception is thrown when trying to "
  + "update an obsolete policy version or when multiple requests to update a policy are sent.",
);
export const resourcePolicyLimit = (LimitType: string, Limit: number, message: string): AwsError =>
  modelled(ssm.ResourcePolicyLimitExceededException, message, { Limit, LimitType });
export const malformedResourcePolicy = (message: string): AwsError =>
  modelled(ssm.MalformedResourcePolicyDocumentException, message);
export const resourcePolicyInvalid = (ParameterNames: string[], message: string): AwsError =>
  modelled(ssm.ResourcePolicyInvalidParameterException, message, { ParameterNames });
