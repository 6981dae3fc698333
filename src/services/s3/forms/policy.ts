/** What the signer of a form lets its users post. */

import { againstPolicy, invalidPolicyDocument } from "./errors.ts";

export interface FormPolicy {
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  readonly conditions: readonly Condition[];
}

export interface SizeRange {
  readonly sizeBytesMin: number;
  readonly sizeBytesMax: number;
}

interface Condition {
  readonly operation: "eq" | "starts-with" | "content-length-range";
  /** As written: `$key`. */
  readonly operands: readonly [string, string] | readonly [string | number, string | number];
  /** In lower case and without its `$`; undefined where it has none, and so is no field. */
  readonly field: string | undefined;
}

/**
 * @param text base64, as it was signed
 * @throws InvalidPolicyDocument
 * @evidence S3 API Reference, "POST policy"; texts recorded from S3, those for what is missing from versitygw
 */
export function parsePolicy(text: string): FormPolicy {
  const document = parsedJson(text);
  if (!isObject(document)) throw invalidPolicyDocument("Invalid JSON.");
  const { expiration, conditions } = document;
  const unknown = Object.keys(document).find((name) => name !== "expiration" && name !== "conditions");
  if (unknown !== undefined) throw invalidPolicyDocument(`Unexpected: '${unknown.toLowerCase()}'`);
  if (expiration === undefined) throw invalidPolicyDocument("Policy missing expiration.");
  const expiresAt = parseExpiration(expiration);
  if (conditions === undefined) throw invalidPolicyDocument("Policy missing conditions.");
  if (!Array.isArray(conditions)) {
    throw invalidPolicyDocument("Invalid 'conditions' value: must be a List.");
  }
  return { expiresAt, conditions: conditions.map(parseCondition) };
}

function parsedJson(text: string): unknown {
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text)) throw invalidPolicyDocument("invalid Base64 encoding.");
  try {
    return JSON.parse(Buffer.from(text, "base64").toString("utf8"));
  } catch {
    throw invalidPolicyDocument("Invalid JSON.");
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const utcTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;

function parseExpiration(value: unknown): number {
  const expiresAt = typeof value === "string" && utcTime.test(value) ? Date.parse(value) : NaN;
  if (Number.isNaN(expiresAt)) {
    throw invalidPolicyDocument(`Invalid 'expiration' value: '${typeof value === "string" ? value : ""}'`);
  }
  return expiresAt;
}

function parseCondition(condition: unknown): Condition {
  if (isObject(condition)) return parseSimple(condition);
  if (!Array.isArray(condition)) {
    throw invalidPolicyDocument("Invalid condition test: must be a List or Object.");
  }
  const [first, ...operands] = condition as unknown[];
  if (typeof first !== "string") {
    throw invalidPolicyDocument("Invalid Condition: missing operation identifier.");
  }
  const operation = first.toLowerCase();
  if (operation !== "eq" && operation !== "starts-with" && operation !== "content-length-range") {
    throw invalidPolicyDocument(`Invalid Condition: unknown operation '${first}'.`);
  }
  const [left, right] = operands;
  if (operands.length !== 2) throw invalidPolicyDocument(`Invalid ${first}: wrong number of arguments.`);
  if (operation === "content-length-range") {
    if (!isSize(left) || !isSize(right)) throw invalidPolicyDocument("Invalid JSON.");
    return { operation, operands: [left, right], field: undefined };
  }
  if (typeof left !== "string" || typeof right !== "string") throw invalidPolicyDocument("Invalid JSON.");
  return { operation, operands: [left, right], field: fieldOf(left) };
}

function isSize(value: unknown): value is string | number {
  return typeof value === "string" || Number.isInteger(value);
}

/** `{"acl": "public-read"}`, which is `["eq", "$acl", "public-read"]`. */
function parseSimple(condition: Record<string, unknown>): Condition {
  const [pair, ...more] = Object.entries(condition);
  if (!pair || more.length > 0) {
    throw invalidPolicyDocument(
      "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.",
    );
  }
  const [name, value] = pair;
  if (value === null) throw invalidPolicyDocument("Invalid JSON.");
  if (typeof value !== "string") {
    throw invalidPolicyDocument("Invalid Simple-Condition: value must be a string.");
  }
  return { operation: "eq", operands: [`$${name}`, value], field: name.toLowerCase() };
}

function fieldOf(operand: string): string | undefined {
  return operand.startsWith("$") ? operand.slice(1).toLowerCase() : undefined;
}

/** Fields that need no condition. @evidence S3 API Reference, "POST policy", conditions */
const unconditioned: ReadonlySet<string> = new Set([
  "x-amz-signature", "awsaccesskeyid", "signature", "file", "policy",
]);

export interface Posted {
  readonly bucket: string;
  readonly fields: ReadonlyMap<string, string>;
  /** As they were sent. */
  readonly names: readonly string[];
}

/**
 * @param now epoch milliseconds
 * @returns what the file's size is held to
 * @throws AccessDenied
 */
export function requirePolicy(policy: FormPolicy, posted: Posted, now: number): SizeRange | undefined {
  if (policy.expiresAt <= now) throw againstPolicy("Policy expired.");
  const named = new Set<string>();
  let range: SizeRange | undefined;
  for (const condition of policy.conditions) {
    if (condition.field !== undefined) named.add(condition.field);
    if (condition.operation === "content-length-range") range = requireRange(condition);
    else if (!holds(condition, posted)) throw failed(condition);
  }
  const extra = posted.names.find((each) => {
    const name = each.toLowerCase();
    return !named.has(name) && !unconditioned.has(name) && !name.startsWith("x-ignore-");
  });
  if (extra !== undefined) throw againstPolicy(`Extra input fields: ${extra}`);
  return range;
}

function requireRange(condition: Condition): SizeRange {
  const [sizeBytesMin, sizeBytesMax] = condition.operands.map((text) =>
    /^\d{1,15}$/.test(String(text)) ? Number(text) : NaN,
  ) as [number, number];
  if (Number.isNaN(sizeBytesMin) || Number.isNaN(sizeBytesMax)) throw failed(condition);
  return { sizeBytesMin, sizeBytesMax };
}

function failed({ operation, operands }: Condition): Error {
  const shown = [operation, ...operands].map((each) => JSON.stringify(each)).join(", ");
  return againstPolicy(`Policy Condition failed: [${shown}]`);
}

/** A field that is not there fulfils nothing, not even the beginning of every text. */
function holds({ operation, operands, field }: Condition, { bucket, fields }: Posted): boolean {
  const expected = String(operands[1]);
  const value = field === undefined ? undefined : field === "bucket" ? bucket : fields.get(field);
  if (value === undefined) return false;
  if (operation === "eq") return value === expected;
  const parts = field === "content-type" ? value.split(",") : [value];
  return parts.every((part) => part.startsWith(expected));
}
