/**
 * What is wrong with attribute values, in AWS's words.
 *
 * DynamoDB checks the values of a request in one of two layers, and words what is wrong by the layer: the
 * `current` one in PutItem, UpdateItem, DeleteItem, GetItem, BatchGetItem and Query, the `older` one in Scan,
 * BatchWriteItem, transactions and PartiQL. PutItem, UpdateItem and DeleteItem put what they say of values,
 * expressions and legacy parameters in an envelope of their own: `enveloped`.
 *
 * @evidence dynamodb-conformance, error-messages/valueLayers, error-messages/deleteItem, 2026-10-09: the
 *   same in four regions, but for transactions, where one region runs the current layer
 */

import { AwsError, unmodelled } from "../../../kernel/errors.ts";

export type Layer = "older" | "current";

const ENVELOPE = "1 validation error detected: ";

/**
 * Checks what PutItem, UpdateItem and DeleteItem find wrong before they look for the table:
 *
 *     const bound = enveloped(() => bindExpressions(input, cache, "current"));
 *
 * @throws the ValidationException of `check`, in its envelope
 */
export function enveloped<Result>(check: () => Result): Result {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof AwsError) || error.code !== "ValidationException" || isBare(error)) throw error;
    throw validation(ENVELOPE + error.message);
  }
}

/** @evidence dynoxide's table of what real regions put in the envelope: not what is no value at all */
function isBare({ message }: AwsError): boolean {
  return message === EMPTY_VALUE || message === SEVERAL_TYPES;
}

/** The one way to a ValidationException: every text of the data language goes through here. */
export function validation(message: string): AwsError {
  return unmodelled("ValidationException", message);
}

/** @evidence recorded texts: empty sets, duplicates, wrong numbers all begin so */
export function invalidParameters(reason: string): AwsError {
  return validation(`One or more parameter values were invalid: ${reason}`);
}

export const EMPTY_VALUE = "Supplied AttributeValue is empty, " +
  "must contain exactly one of the supported datatypes";

export function emptyValue(): AwsError {
  return validation(EMPTY_VALUE);
}

const SEVERAL_TYPES = "Supplied AttributeValue has more than one datatypes set, " +
  "must contain exactly one of the supported datatypes";

export function severalTypes(): AwsError {
  return validation(SEVERAL_TYPES);
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

export function duplicateStrings(members: readonly string[], layer: Layer): AwsError {
  const shown = layer === "older"
    ? members.join(", ")
    : upToRepeat(members).map((member) => `"${member}"`).join(", ");
  return invalidParameters(`Input collection [${shown}] contains duplicates.`);
}

/** The missing space is AWS's. */
export function duplicateBinaries(members: readonly Buffer[], layer: Layer): AwsError {
  const shown = layer === "older"
    ? members.map(base64).join(", ")
    : upToRepeat(members.map((member) => member.toString("latin1")))
      .map((member) => `"${base64(Buffer.from(member, "latin1"))}"`).join(",");
  return invalidParameters(`Input collection [${shown}]of type BS contains duplicates.`);
}

function base64(bytes: Buffer): string {
  return bytes.toString("base64");
}

/** The current layer lists the members before the first repeat in their order, and the rest as sent. */
function upToRepeat(members: readonly string[]): string[] {
  const known = new Set<string>();
  let repeat = 0;
  for (const member of members) {
    if (known.has(member)) break;
    known.add(member);
    repeat += 1;
  }
  const inOrder = [...known].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  return [...inOrder, ...members.slice(repeat)];
}

export function duplicateNumbers(layer: Layer): AwsError {
  if (layer === "older") return validation("Input collection contains duplicates");
  return invalidParameters("Input collection contains duplicates.");
}

export function falseNull(): AwsError {
  return invalidParameters("Null attribute value types must have the value of true");
}

export function notANumber(text: string, layer: Layer): AwsError {
  const shown = text === "" && layer === "older" ? "" : `: ${text}`;
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

export function nestedTooDeeply(): AwsError {
  return validation(
    "Nesting Levels have exceeded supported limits: " +
      "Attributes in the item have nested levels beyond supported limit",
  );
}

/** @evidence floci's PartiQL tests, recorded in 2026-09: of an item that an update made too deep */
export function updatedTooDeeply(): AwsError {
  return validation("Nesting Levels have exceeded supported limits");
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
/** @evidence dynamodb-conformance, validation-ordering/deepRequests, of transactions, 2026-10-09 */
export const EMPTY_ATTRIBUTE_NAME = "Empty attribute name";

export function isEmptyName(error: unknown): boolean {
  return error instanceof AwsError && error.message === EMPTY_ATTRIBUTE_NAME;
}

export function attributeNameTooLarge(): AwsError {
  return invalidParameters(ATTRIBUTE_NAME_TOO_LARGE);
}

export function emptyAttributeName(): AwsError {
  return validation(EMPTY_ATTRIBUTE_NAME);
}
