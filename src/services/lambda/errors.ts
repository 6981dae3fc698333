/** What Lambda refuses, worded once. */

import * as lambda from "../../generated/lambda.ts";
import { modelled, unmodelled, type AwsError, type ErrorToken } from "../../kernel/errors.ts";
import type { CannotRunReason } from "../../planes/functions/contract.ts";

/** @evidence recorded AWS answers: errors that the caller can mend have the `Type` `User` */
export const refusal = (token: ErrorToken, message: string, more?: Record<string, unknown>): AwsError =>
  modelled(token, message, { Type: "User", ...more });

export const invalidParameter = (message: string): AwsError =>
  refusal(lambda.InvalidParameterValueException, message);
export const notFound = (message: string): AwsError => refusal(lambda.ResourceNotFoundException, message);
export const conflict = (message: string): AwsError => refusal(lambda.ResourceConflictException, message);

/** @evidence recorded AWS answers to GetFunction, Invoke and others for what is not there */
export const functionNotFound = (arn: string): AwsError => notFound(`Function not found: ${arn}`);
export const aliasNotFound = (arn: string): AwsError => notFound(`Cannot find alias arn: ${arn}`);
export const nothingThere = (): AwsError => notFound("The resource you requested does not exist.");
/** @evidence answers to functions' ARNs of another Region, quoted by users */
export const otherRegion = (named: string, here: string): AwsError =>
  notFound(`Functions from '${named}' are not reachable in this region ('${here}')`);

/** @evidence recorded AWS answer to CreateFunction for a name that is taken */
export const functionExists = (name: string): AwsError => conflict(`Function already exist: ${name}`);
export const aliasExists = (arn: string): AwsError => conflict(`Alias already exists: ${arn}`);
/** @evidence Lambda Developer Guide, "Lambda function states"; recorded answers quoted by deployment tools */
export const updateInProgress = (arn: string): AwsError => conflict(
  `The operation cannot be performed at this time. An update is in progress for resource: ${arn}`,
);
export const functionPending = (state: string): AwsError => conflict(
  "The operation cannot be performed at this time. The function is currently in the following state: "
  + `${state}`,
);
/**
 * @evidence answers to DeleteFunction with a version that an alias names, quoted by cloud-custodian's users
 */
export const versionInUse = (aliases: readonly string[]): AwsError => conflict(
  `Unable to delete version because the following aliases reference it: [${aliases.join(", ")}]`,
);
export const latestStays = (): AwsError =>
  invalidParameter("$LATEST version cannot be deleted without deleting the function.");
export const aliasIsNoVersion = (): AwsError =>
  invalidParameter("Deletion of aliases is not currently supported.");

/** @evidence answers to CreateFunction quoted by users of CDK and cloud-custodian */
export const nameTooLong = (name: string, lengthMax: number): AwsError => invalidParameter(
  `1 validation error detected: Value '${name}' at 'functionName' failed to satisfy constraint: Member must `
  + `have length less than or equal to ${lengthMax}`,
);

/** @evidence answers to UpdateFunctionCode for versions and aliases, quoted by users of ask-cli and others */
export const onlyForLatest = (): AwsError => invalidParameter(
  "Current operation does not support versions other than $LATEST. Please set the version to $LATEST or do "
  + "not set a version in your request.",
);

/** @evidence recorded AWS answer to an ARN with one qualifier beside another */
export const qualifiersDiffer = (): AwsError => invalidParameter(
  "The derived qualifier from the function name does not match the specified qualifier.",
);

const revisionText = (calls: string): string =>
  `The RevisionId provided does not match the latest RevisionId. Call the ${calls} API to retrieve the `
  + "latest RevisionId";
export const otherRevision = (calls = "GetFunction/GetAlias"): AwsError =>
  refusal(lambda.PreconditionFailedException, revisionText(calls));

/** @evidence recorded AWS answers to CreateFunction */
export const roleNotAssumable = (): AwsError =>
  invalidParameter("The role defined for the function cannot be assumed by Lambda.");
/** @evidence answers to CreateFunction with a role of another account, quoted by users of deployment tools */
export const roleElsewhere = (): AwsError =>
  unmodelled("AccessDeniedException", "Cross-account pass role is not allowed.", 403);
export const runtimeAndHandlerRequired = (): AwsError => invalidParameter(
  "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
);
/** @evidence answers to CreateFunction and UpdateFunctionCode, quoted in issues of Terraform and CDK */
export const imageAbsent = (uri: string): AwsError =>
  invalidParameter(`Source image ${uri} does not exist. Provide a valid source image.`);
export const imageInvalid = (uri: string): AwsError =>
  invalidParameter(`Source image ${uri} is not valid. Provide a valid source image.`);
/** @evidence an answer to UpdateFunctionCode, quoted in issues of serverless applications */
export const imageUnwanted = (): AwsError => invalidParameter(
  "Please don't provide ImageUri when updating a function with packageType Zip.",
);
export const imageMissing = (): AwsError => invalidParameter(
  "Please provide ImageUri when updating a function with packageType Image.",
);
/** @evidence an answer to CreateFunction quoted in CDK's pull request 28045 */
export const levelsNeedJson = (): AwsError => invalidParameter(
  'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change '
  + 'the LogFormat to "Json" and try again.',
);
/** @evidence an answer to CreateFunction quoted in LocalStack's pull request 12458 */
export const notForSnapStart = (runtime: string): AwsError =>
  invalidParameter(`${runtime} is not supported for SnapStart enabled functions.`);
/** In our words: AWS's are not recorded. */
export const notBesideSnapStart = (what: string): AwsError =>
  invalidParameter(`SnapStart does not support ${what}.`);
/** @evidence answers to CreateFunction and UpdateFunctionConfiguration, quoted in CDK's issue 13037 */
export const notForImages = (): AwsError => invalidParameter(
  "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image.",
);
/** In our words, after those about images: AWS's are not recorded. */
export const notForPackages = (): AwsError => invalidParameter(
  "Please don't provide ImageConfig when the intended function PackageType is Zip.",
);
export const noRuntime = (name: string, known: readonly string[]): AwsError => invalidParameter(
  `Value ${name} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: `
  + `[${known.join(", ")}] or be a valid ARN`,
);
export const runtimeRetired = (runtime: string): AwsError => invalidParameter(
  `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. `
  + "We recommend you use a supported runtime while creating or updating functions.",
);
/** @evidence answers to UpdateFunctionConfiguration of a function with reserved names, quoted by users */
export const reservedVariables = (names: readonly string[]): AwsError => invalidParameter(
  "Lambda was unable to configure your environment variables because the environment variables you have "
  + "provided contains reserved keys that are currently not supported for modification. Reserved keys used "
  + `in this request: ${names.join(", ")}`,
);
export const variablesTooLong = (measured: string): AwsError => invalidParameter(
  "Lambda was unable to configure your environment variables because the environment variables you have "
  + `provided exceeded the 4KB limit. String measured: ${measured}`,
);
/** @evidence answers to CreateFunction with keys that can't be used, quoted by users */
export const keyNotUsable = (code: string, message: string): AwsError => invalidParameter(
  "Lambda was unable to configure access to your environment variables because the KMS key is invalid for "
  + `CreateGrant. Please check your KMS key settings. KMS Exception: ${code} KMS Message: ${message}`,
);

export const filterKeyNotUsable = (code: string, message: string): AwsError => invalidParameter(
  "Lambda was unable to encrypt the filter criteria. Please check your KMS key settings. KMS Exception: "
  + `${code} KMS Message: ${message}`,
);

export const notAZip = (): AwsError => invalidParameter(
  "Could not unzip uploaded file. Please check your file, then try to upload again.",
);
export const emptyZip = (): AwsError => invalidParameter("Uploaded file must be a non-empty zip");
/** @evidence Lambda quotas; recorded AWS answer to packages that are too large */
export const unzippedTooLarge = (limitBytes: number): AwsError =>
  invalidParameter(`Unzipped size must be smaller than ${limitBytes} bytes`);
export const zippedTooLarge = (operation: string, limitBytes: number): AwsError => unmodelled(
  "RequestEntityTooLargeException",
  `Request must be smaller than ${limitBytes} bytes for the ${operation} operation`,
  413,
);
export const withLayersTooLarge = (sizeBytes: number, limitBytes: number): AwsError => invalidParameter(
  `Function code combined with layers exceeds the maximum allowed size of ${limitBytes} bytes. The actual `
  + `size is ${sizeBytes} bytes.`,
);
export const oneSourceOfCode = (): AwsError =>
  invalidParameter("Please do not provide other FunctionCode parameters when providing a ZipFile.");
export const codeRequired = (): AwsError =>
  invalidParameter("Please provide a source for function code.");
/** @evidence answers to CreateFunction with a bucket or key that can't be read, quoted by users */
export const codeNotReadable = (code: string, message: string): AwsError => invalidParameter(
  `Error occurred while GetObject. S3 Error Code: ${code}. S3 Error Message: ${message}`,
);
export const codeStorageExceeded = (): AwsError =>
  refusal(lambda.CodeStorageExceededException, "Code storage limit exceeded.");

export const tooManyLayers = (): AwsError => invalidParameter("Cannot reference more than 5 layers.");
export const sameLayerTwice = (one: string, other: string): AwsError => invalidParameter(
  "Two different versions of the same layer are not allowed to be referenced in the same function. "
  + `${one} and ${other} are versions of the same layer.`,
);
export const layersElsewhere = (region: string): AwsError => invalidParameter(
  `Layers are not in the same region as the function. Layers are expected to be in region ${region}.`,
);
export const layerNotThere = (arn: string): AwsError =>
  invalidParameter(`Layer version ${arn} does not exist.`);

/** @evidence answers to CreateFunction and UpdateFunctionConfiguration quoted by users */
export const roleNotPermitted = (call: string, service: string): AwsError => invalidParameter(
  `The provided execution role does not have permissions to call ${call} on ${service}`,
);
/** @evidence answers to CreateFunction, quoted by users */
export const halfNetwork = (): AwsError =>
  invalidParameter("SubnetIds and SecurityIds must coexist or be both empty list.");
export const invalidDeadLetter = (arn: string): AwsError => invalidParameter(
  `The provided target ARN ${arn} is invalid. Only SQS standard queues and SNS standard topics are `
  + "supported.",
);

/** @evidence recorded AWS answers to AddPermission, RemovePermission and GetPolicy */
export const statementExists = (sid: string): AwsError => conflict(
  `The statement id (${sid}) provided already exists. Please provide a new statement id, or remove the `
  + "existing statement.",
);
export const statementNotFound = (sid: string): AwsError =>
  notFound(`Statement ${sid} is not found in resource policy.`);
export const noPolicy = nothingThere;
export const noPolicyForLatest = (): AwsError =>
  invalidParameter("We currently do not support adding policies for $LATEST.");
export const invalidPrincipal = (): AwsError => invalidParameter(
  "The provided principal was invalid. Please check the principal and try again.",
);
export const policyTooLong = (): AwsError => refusal(
  lambda.PolicyLengthExceededException,
  "The final policy size (20480 bytes) is larger than the maximum allowed size (20480 bytes).",
);

/** @evidence recorded AWS answers to PutFunctionConcurrency and PutProvisionedConcurrencyConfig */
export const unreservedTooFew = (atLeast: number): AwsError => invalidParameter(
  "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
  + `below its minimum value of [${atLeast}].`,
);
export const provisionedAboveReserved = (): AwsError => invalidParameter(
  "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function",
);
/** @evidence answers to PutProvisionedConcurrencyConfig, quoted by users of SST and recorded by LocalStack */
export const provisionedAboveAccount = (limit: number): AwsError => invalidParameter(
  `Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [${limit}].`,
);
export const provisionedTooMany = (atLeast: number): AwsError => invalidParameter(
  "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its "
  + `minimum value of [${atLeast}].`,
);
export const versionProvisioned = (): AwsError => conflict(
  "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version",
);
export const aliasProvisioned = (): AwsError =>
  conflict("Version is pointed by a Provisioned Concurrency alias");
/** In our words: AWS's are not recorded. */
export const reservedBelowProvisioned = (reserved: number, provisioned: number): AwsError => invalidParameter(
  `ReservedConcurrentExecutions ${reserved} should not be lower than function's total provisioned `
  + `concurrency [${provisioned}].`,
);
export const provisionedForLatest = (): AwsError => invalidParameter(
  "Provisioned Concurrency Configs cannot be applied to unpublished function versions.",
);
export const provisionedIsOfVersions = (): AwsError =>
  invalidParameter("The function resource provided must be an alias or a published version.");
export const noProvisioned = (): AwsError => refusal(
  lambda.ProvisionedConcurrencyConfigNotFoundException,
  "No Provisioned Concurrency Config found for this function",
);

export type ThrottleReason =
  | "ReservedFunctionConcurrentInvocationLimitExceeded"
  | "ConcurrentInvocationLimitExceeded";
/** @evidence Lambda API Reference, Invoke, TooManyRequestsException; recorded AWS answers */
export const throttled = (reason: ThrottleReason): AwsError =>
  refusal(lambda.TooManyRequestsException, "Rate Exceeded.", { Reason: reason });

/** @evidence recorded AWS answers to Invoke */
export const payloadTooLarge = (limitBytes: number, operation = "InvokeFunction"): AwsError => unmodelled(
  "RequestEntityTooLargeException",
  `Request must be smaller than ${limitBytes} bytes for the ${operation} operation`,
  413,
);
export const payloadNotJson = (detail: string): AwsError => refusal(
  lambda.InvalidRequestContentException,
  `Could not parse request body into json: Could not parse payload into json: ${detail}`,
);

/** @evidence answers to Invoke, quoted in the examples of AWS's SDK for Rust and by users */
export const clientContextInvalid = (): AwsError => modelled(
  lambda.InvalidRequestContentException, "Client context must be a valid Base64-encoded JSON object.",
);

export type KeyTrouble = "denied" | "disabled" | "not found" | "invalid state";
/** @evidence Lambda API Reference, Invoke, Errors; answers quoted by users */
export function variablesNotReadable(trouble: KeyTrouble, detail: string): AwsError {
  const [token, because] = {
    "denied": [lambda.KMSAccessDeniedException, "KMS access was denied"],
    "disabled": [lambda.KMSDisabledException, "the KMS key used is disabled"],
    "not found": [lambda.KMSNotFoundException, "the KMS key used is not found"],
    "invalid state": [lambda.KMSInvalidStateException, "the KMS key used is in an invalid state"],
  }[trouble] as [ErrorToken, string];
  return refusal(
    token,
    `Lambda was unable to decrypt the environment variables because ${because}. Please check the function's `
    + `KMS key settings. KMS Exception: ${detail}`,
  );
}

/** @evidence recorded AWS answers to the operations on event invoke configurations */
export const noEventInvokeConfig = (arn: string): AwsError =>
  notFound(`The function ${arn} doesn't have an EventInvokeConfig`);
export const invalidDestination = (arn: string): AwsError =>
  invalidParameter(`The destination ARN ${arn} is invalid.`);
export const destinationNotPermitted = (arn: string, call: string): AwsError => invalidParameter(
  `The function's execution role does not have permissions to call ${call} on ${arn}`,
);
export const destinationIsSelf = (): AwsError => invalidParameter(
  "You can't specify the function as a destination for itself.",
);
export const eventInvokeConfigEmpty = (): AwsError => invalidParameter(
  "You must specify at least one of error handling or destination setting.",
);

/** @evidence recorded AWS answers to PutFunctionEventInvokeConfig, its update and its list */
export const noFunctionForEvents = (): AwsError => notFound("The function doesn't exist.");
/** @evidence recorded AWS answers to CreateFunctionUrlConfig and ListFunctionUrlConfigs */
export const noFunctionForUrl = (): AwsError => notFound("Function does not exist");
/** @evidence recorded AWS answer to CreateEventSourceMapping */
export const noFunctionForSource = (): AwsError => invalidParameter("Function does not exist");
/** @evidence recorded AWS answer to PutFunctionConcurrency */
export const forWholeFunctions = (): AwsError => invalidParameter(
  "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
  + "Please specify either a function name or an unqualified function ARN.",
);

/** @evidence recorded AWS answer to a second CreateFunctionUrlConfig */
export const urlExists = (arn: string): AwsError => conflict(
  `Failed to create function url config for [functionArn = ${arn}]. Error message:  FunctionUrlConfig exists `
  + "for this Lambda function",
);

export const codeSigningNotFound = (arn: string): AwsError => refusal(
  lambda.CodeSigningConfigNotFoundException,
  "The code signing configuration cannot be found. Check that the provided configuration is not deleted: "
  + `${arn}.`,
);
export const codeSigningInUse = (): AwsError => conflict(
  "Cannot delete the CodeSigningConfig because some functions still use it. Remove it from these functions "
  + "first.",
);
export const codeNotSigned = (arn: string): AwsError => refusal(
  lambda.CodeVerificationFailedException,
  "Lambda cannot deploy the function. The function or layer might be signed using a signature that the "
  + `client is not configured to accept. Check the provided signature for ${arn}.`,
);

export const invalidMarker = (): AwsError => invalidParameter("The provided marker is invalid.");
export const shaDiffers = (given: string, is: string): AwsError => invalidParameter(
  `CodeSHA256 (${given}) is different from current CodeSHA256 in $LATEST (${is}). Please try again with the `
  + "CodeSHA256 in $LATEST.",
);
/** @evidence recorded AWS answers to TagResource */
export const tooManyTags = (): AwsError => invalidParameter("Number of tags exceeds resource tag limit.");
export const noTags = (): AwsError =>
  invalidParameter("An error occurred and the request cannot be processed.");
export const invalidTag = (key: string): AwsError => invalidParameter(
  `The tag with the key ${key} is invalid: a key has 1 to 128 characters, a value at most 256.`,
);
export const reservedTag = (): AwsError => invalidParameter(
  "The tag key must not begin with 'aws:'.",
);

/** @evidence Lambda Developer Guide, "Use Lambda recursive loop detection", what happens in the API */
export const recursive = (): AwsError => refusal(
  lambda.RecursiveInvocationException,
  "Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services "
  + "resources and stopped your function's invocation.",
);

/** @evidence answers to Invoke of functions with and without tenants, quoted by users */
export const tenantRequired = (): AwsError => invalidParameter(
  "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request and try "
  + "again.",
);
export const noTenant = (): AwsError => invalidParameter(
  "The invoked function is not enabled with tenancy configuration. Remove the tenant ID from your request "
  + "and try again.",
);
export const notForTenants = (what: string): AwsError =>
  invalidParameter(`${what} can't be used with functions that have a TenancyConfig.`);

/** The function is right, and can't be run here: the message says what is missing. */
export function notRunnable(reason: CannotRunReason, message: string): AwsError {
  switch (reason) {
    case "runtime-unavailable":
      return refusal(lambda.InvalidRuntimeException, message);
    case "image-unavailable":
      return invalidParameter(message);
    case "code-unavailable":
      return refusal(lambda.InvalidZipFileException, message);
    case "role-unavailable":
      return roleNotAssumable();
    case "environment-unavailable":
      return refusal(lambda.ServiceException, message, { Type: "Server" });
  }
}

/**
 * @evidence answers to GetLayerVersion and GetLayerVersionPolicy, quoted by users and by the Terraform
 * provider
 */
export const layerVersionNotFound = nothingThere;
export const noPolicyAssociated = (): AwsError =>
  notFound("No policy is associated with the given resource.");
export const noPolicyFor = (arn: string): AwsError => notFound(`No policy found for: ${arn}`);
export const otherLayerRevision = (): AwsError => refusal(
  lambda.PreconditionFailedException,
  "The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API to retrieve "
  + "the latest Revision Id",
);
