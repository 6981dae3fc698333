/**
 * What is wrong with attribute values, in AWS's words.
 *
 * Since the summer of 2026 some regions (us-east-1, eu-west-2, eu-central-1) put `1 validation error
 * detected: ` before most of these texts, and print sets as `["a", "a"]`; the others still word them as here.
 * Should that change arrive everywhere, `validation` is the one place to make it.
 *
 * @evidence dynamodb-conformance, captures of real regions of 2026-06-09 and 2026-08-12
 */

import { unmodelled } from "../../../kernel/errors.ts";
import type { AwsError } from "../../../kernel/errors.ts";

/** The one way to a ValidationException: every text of the data language goes through here. */
export function validation(message: string): AwsError {
  return unmodelled("ValidationException", message);
}

/** @evidence recorded texts: empty sets, duplicates, wrong numbers all begin so */
export function invalidParameters(reason: string): AwsError {
  return validation(`One or more parameter values were invalid: ${reason}`);
}

export function emptyValue(): AwsError {
  return validation(
    "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
  );
}

export function severalTypes(): AwsError {
  return validation(
    "Supplied AttributeValue has more than one datatypes set, " +
      "must contain exactly one of the supported datatypes",
  );
}

/** AWS's own words and spaces, one text for each kind of set. */
const EMPTY_SETS = {
  SS: "An string set  may not be empty",
  NS: "An number set  may not be empty",
  BS: "Binary sets should not be empty",
} as const;

export function emptySet(type: "SS" | "NS" | "BS"): AwsError {
  return invalidParameters(EMPTY_SETS[type]);
}

export function duplicateStrings(members: readonly string[]): AwsError {
  return invalidParameters(`Input collection [${members.join(", ")}] contains duplicates.`);
}

/** The missing space is AWS's. */
export function duplicateBinaries(members: readonly Uint8Array[]): AwsError {
  const shown = members.map((member) => Buffer.from(member).toString("base64")).join(", ");
  return invalidParameters(`Input collection [${shown}]of type BS contains duplicates.`);
}

export function duplicateNumbers(): AwsError {
  return validation("Input collection contains duplicates");
}

export function notANumber(text: string): AwsError {
  const shown = text === "" ? "" : `: ${text}`;
  return validation(`The parameter cannot be converted to a numeric value${shown}`);
}

export function numberOverflow(): AwsError {
  return validation(
    "Number overflow. Attempting to store a number with magnitude larger than supported range",
  );
}

export function numberUnderflow(): AwsError {
  return validation(
    "Number underflow. Attempting to store a number with magnitude smaller than supported range",
  );
}

export function tooManyDigits(): AwsError {
  return validation("Attempting to store more than 38 significant digits in a Number");
}

export const NESTED_TOO_DEEPLY = "Nesting Levels have exceeded supported limits: " +
  "Attributes in the item have nested levels beyond supported limit";

export function nestedTooDeeply(): AwsError {
  return validation(NESTED_TOO_DEEPLY);
}

/** A put and a delete say it so; an update has `itemToUpdateTooLarge`. */
export function itemTooLarge(): AwsError {
  return validation("Item size has exceeded the maximum allowed size");
}

export function itemToUpdateTooLarge(): AwsError {
  return validation("Item size to update has exceeded the maximum allowed size");
}

/** No recorded text is known; scylladb's tests say that it holds 65535 or 65536. */
export const ATTRIBUTE_NAME_TOO_LARGE = "Attribute name is too large, must be less than 65536 bytes";
/** No recorded text is known. */
export const EMPTY_ATTRIBUTE_NAME = "Empty attribute name";

export function attributeNameTooLarge(): AwsError {
  return invalidParameters(ATTRIBUTE_NAME_TOO_LARGE);
}

export function emptyAttributeName(): AwsError {
  return invalidParameters(EMPTY_ATTRIBUTE_NAME);
}
