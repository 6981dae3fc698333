/** What S3 refuses about lifecycle configurations, in its own words. */

import type { AwsError } from "../../../kernel/errors.ts";
import { invalidArgument, invalidRequest, refuse } from "../errors.ts";

/** @evidence recorded: GetBucketLifecycleConfiguration */
export function noSuchLifecycle(bucket: string): AwsError {
  const message = "The lifecycle configuration does not exist";
  return refuse("NoSuchLifecycleConfiguration", message, 404, { members: { BucketName: bucket } });
}

/** @evidence S3 API Reference, list of error codes, InvalidRequest */
export function tooManyRules(): AwsError {
  return invalidRequest("The number of lifecycle rules must not exceed the allowed limit of 1000 rules.");
}

/** @evidence answers of S3 quoted in issues, as for all that follow and say nothing else */
export function idTooLong(id: string): AwsError {
  return invalidArgument("ID length should not exceed allowed limit of 255", "ID", id);
}

export function idNotUnique(id: string): AwsError {
  return invalidArgument("Rule ID must be unique. Found same ID for more than one rule", "ID", id);
}

export function filterBesidePrefixes(): AwsError {
  return invalidRequest("Filter element can only be used in Lifecycle V2.");
}

export function prefixBesideFilters(): AwsError {
  return invalidRequest(
    "Base level prefix cannot be used in Lifecycle V2, prefixes are only supported in the Filter.",
  );
}

export function newerVersionsNeedFilter(): AwsError {
  return invalidRequest("NewerNoncurrentVersions element can only be used in Lifecycle V2.");
}

export function overlappingPrefixes(first: string, second: string, action: string): AwsError {
  return invalidRequest(
    `Found overlapping prefixes '${first}' and '${second}' for same action type '${action}'`,
  );
}

export function noAction(): AwsError {
  return invalidRequest("At least one action needs to be specified in a rule");
}

/** @evidence recorded: And with two tags of one key */
export function duplicateTagKeys(): AwsError {
  return invalidRequest("Duplicate Tag Keys are not allowed.");
}

export function sizeOutOfBounds(member: string, sizeMin: number, sizeMax: number): AwsError {
  return invalidRequest(`'${member}' should be between ${sizeMin} and ${sizeMax}.`);
}

export function sizesCross(): AwsError {
  return invalidRequest("'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.");
}

/** `AbortIncompleteMultipartUpload cannot be specified with Tags.` */
export function notWithFilter(action: string, filter: "Tags" | "Object Size"): AwsError {
  return invalidRequest(`${action} cannot be specified with ${filter}.`);
}

/** @evidence recorded: Expiration with a date that is none */
export function notMidnight(value: string): AwsError {
  return invalidArgument("'Date' must be at midnight GMT", "Date", value);
}

export function notPositive(member: string, action: string, value: number): AwsError {
  const message = `'${member}' for ${action} action must be a positive integer`;
  return invalidArgument(message, member, String(value));
}

export function negative(member: string, action: string, value: number): AwsError {
  return invalidArgument(`'${member}' in ${action} action must be nonnegative`, member, String(value));
}

export function tooEarlyForClass(
  member: string,
  action: string,
  storageClass: string,
  value: number,
): AwsError {
  const message =
    `'${member}' in ${action} action must be greater than or equal to 30 for storageClass ` +
    `'${storageClass}'`;
  return invalidArgument(message, member, String(value));
}

export function sameClassTwice(action: string, filter: string): AwsError {
  return invalidRequest(
    `'StorageClass' must be different for '${action}' actions in same 'Rule' with filter '${filter}'`,
  );
}

export function mixedTimes(actions: string, filter: string): AwsError {
  return invalidRequest(
    `Found mixed 'Date' and 'Days' based ${actions} actions in lifecycle rule for filter '${filter}'`,
  );
}

/** @evidence NooBaa's tests, which follow S3's answers; unverified, see NOTES.md */
export function colderClassTooEarly(
  member: string,
  action: string,
  classes: { readonly colder: string; readonly warmer: string },
  filter: string,
): AwsError {
  const part = (storageClass: string): string =>
    `'${member}' in the ${action} action for StorageClass '${storageClass}' for filter '${filter}'`;
  return refuse(
    "InvalidArgument",
    `${part(classes.colder)} must be greater than ${part(classes.warmer)}`,
  );
}

export function expirationTooEarly(
  member: string,
  expiration: string,
  transition: string,
  filter: string,
): AwsError {
  const message =
    `'${member}' in the ${expiration} action for filter '${filter}' must be greater than '${member}' in ` +
    `the ${transition} action`;
  return refuse("InvalidArgument", message);
}

/** @evidence recorded: PutBucketLifecycleConfiguration with another value of the header */
export function unknownMinimumSize(value: string): AwsError {
  return invalidRequest(`Invalid TransitionDefaultMinimumObjectSize found: ${value}`);
}

/** Unverified, see NOTES.md. */
export function lifecycleBesideMfa(): AwsError {
  const message = "Lifecycle configuration is not supported on a bucket with Mfa Delete enabled.";
  return refuse("InvalidBucketState", message, 409);
}
