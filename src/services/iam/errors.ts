/**
 * IAM's refusals, each text once.
 *
 * @evidence answers recorded from AWS in LocalStack's tests/aws/services/iam, unless said otherwise
 */

import * as iam from "../../generated/iam.ts";
import { modelled, unmodelled, type AwsError } from "../../kernel/errors.ts";

export function noSuchEntity(message: string): AwsError {
  return modelled(iam.NoSuchEntityException, message);
}

export function noSuchPrincipal(kind: "user" | "group" | "role", name: string): AwsError {
  return noSuchEntity(`The ${kind} with name ${name} cannot be found.`);
}

export function noSuchInlinePolicy(kind: "user" | "group" | "role", policyName: string): AwsError {
  return noSuchEntity(`The ${kind} policy with name ${policyName} cannot be found.`);
}

export function noSuchInstanceProfile(name: string): AwsError {
  return noSuchEntity(`Instance Profile ${name} cannot be found.`);
}

/** How GetPolicy, the tagging operations and Detach* say it. */
export function noSuchPolicy(arn: string): AwsError {
  return noSuchEntity(`Policy ${arn} was not found.`);
}

/** How Attach* says it. */
export function policyNotAttachable(arn: string): AwsError {
  return noSuchEntity(`Policy ${arn} does not exist or is not attachable.`);
}

/** @evidence AWS re:Post, "Cannot attach a Service Role Policy to a Customer Role" */
export function serviceRolePolicy(): AwsError {
  return modelled(
    iam.PolicyNotAttachableException, "Cannot attach a Service Role Policy to a Customer Role.",
  );
}

/** How the operations on versions say it, also where the whole policy is missing. */
export function noSuchPolicyVersion(arn: string, versionId: string): AwsError {
  return noSuchEntity(`Policy ${arn} version ${versionId} does not exist or is not attachable.`);
}

/** How permissions boundaries say it. */
export function boundaryNotAttachable(arn: string): AwsError {
  return noSuchEntity(`Scope ARN: ${arn} does not exist or is not attachable.`);
}

/** @evidence none: the text is ours */
export function noBoundary(kind: "user" | "role", name: string): AwsError {
  return noSuchEntity(`The ${kind} with name ${name} does not have a permissions boundary.`);
}

export function noSuchAccessKey(id: string): AwsError {
  return noSuchEntity(`The Access Key with id ${id} cannot be found.`);
}

export function noSuchLoginProfile(userName: string): AwsError {
  return noSuchEntity(`Login Profile for User ${userName} cannot be found.`);
}

export function alreadyExists(message: string): AwsError {
  return modelled(iam.EntityAlreadyExistsException, message);
}

export function principalExists(kind: "User" | "Group" | "Role", name: string): AwsError {
  return alreadyExists(`${kind} with name ${name} already exists.`);
}

export function policyNameTaken(name: string): AwsError {
  return alreadyExists(`A policy called ${name} already exists. Duplicate names are not allowed.`);
}

export function limitExceeded(message: string): AwsError {
  return modelled(iam.LimitExceededException, message);
}

/** `quota` as AWS names it: `UsersPerAccount`. */
export function quotaExceeded(quota: string, limit: number): AwsError {
  return limitExceeded(`Cannot exceed quota for ${quota}: ${limit}`);
}

export function inlinePoliciesTooLarge(kind: string, name: string, limit: number): AwsError {
  return limitExceeded(`Maximum policy size of ${limit} bytes exceeded for ${kind} ${name}`);
}

export function tooManyVersions(limit: number): AwsError {
  return limitExceeded(`A managed policy can have up to ${limit} versions. ` +
    "Before you create a new version, you must delete an existing version.");
}

export function deleteConflict(message: string): AwsError {
  return modelled(iam.DeleteConflictException, message);
}

/** `first` is what has to go: `detach all policies`. */
export function stillInUse(first: string): AwsError {
  return deleteConflict(`Cannot delete entity, must ${first} first.`);
}

export function malformedPolicyDocument(message: string): AwsError {
  return modelled(iam.MalformedPolicyDocumentException, message);
}

export function invalidInput(message: string): AwsError {
  return modelled(iam.InvalidInputException, message);
}

export function validationError(message: string): AwsError {
  return unmodelled("ValidationError", message);
}

export function invalidArn(arn: string): AwsError {
  return validationError(`ARN ${arn} is not valid.`);
}

export function invalidMarker(): AwsError {
  return validationError("Invalid Marker.");
}

export function mustNameUser(): AwsError {
  return validationError("Must specify userName when calling with non-User credentials");
}

export function protectedRole(name: string): AwsError {
  return modelled(iam.UnmodifiableEntityException,
    `Cannot perform the operation on the protected role '${name}' - this role is only modifiable by AWS`);
}

export function passwordPolicyViolation(message: string): AwsError {
  return modelled(iam.PasswordPolicyViolationException, message);
}

/** @evidence recorded answers, radkawar/stackd, testdata/aws/iam/outbound_issuance.json; so the next */
export function outboundFederationEnabled(account: string): AwsError {
  return modelled(
    iam.FeatureEnabledException, `Outbound identity federation is already enabled for account ${account}`,
  );
}

export function outboundFederationDisabled(account: string): AwsError {
  return modelled(
    iam.FeatureDisabledException, `Outbound identity federation is disabled for account ${account}`,
  );
}

export function accessDenied(message: string): AwsError {
  return unmodelled("AccessDenied", message, 403);
}

const named = /on resource: arn:aws:iam::\d*:(user|group|role|instance-profile)\/(?:[^ ]*\/)?([^ /]+)/;
const policy = /on resource: (arn:aws:iam::[^:]*:policy\/)/;

/**
 * Refusals of operations on something that has a name say `role NAME`, and `policy ARN`, not the bare ARN;
 * those that create or list keep the ARN.
 *
 * @evidence AWS IoT Greengrass, Troubleshooting: "iam:GetRole on resource: role GreengrassV2TokenExchange…"
 * @evidence IAM workshops: "iam:CreatePolicyVersion on resource: policy arn:aws:iam::…"
 */
export function deniedByName(message: string): AwsError {
  return accessDenied(message
    .replace(named, (_, kind: string, name: string) => `on resource: ${kind.replace("-", " ")} ${name}`)
    .replace(policy, "on resource: policy $1"));
}
