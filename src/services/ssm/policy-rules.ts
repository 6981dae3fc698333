/**
 * Parameter policies: when a parameter goes, and when to say so.
 *
 * @evidence Systems Manager User Guide, "Assigning parameter policies in Parameter Store"
 */

import {
  incompatiblePolicies, invalidPolicies, invalidPolicyType, tooManyPolicies,
} from "./errors.ts";

export type PolicyType = "Expiration" | "ExpirationNotification" | "NoChangeNotification";

export interface ParameterPolicy {
  readonly type: PolicyType;
  /** The policy's own JSON text, as it was given. */
  readonly text: string;
  /** Of an Expiration: epoch milliseconds. */
  readonly expiresAt?: number;
  /** Of a notification: how long before the expiration, or after the last change. */
  readonly periodMilliseconds?: number;
  /** `5 Days`, for what the notification says. */
  readonly period?: string;
  readonly status: "Pending" | "Finished";
}

const policiesMax = 10;
const units: Readonly<Record<string, number>> = { Days: 86_400_000, Hours: 3_600_000 };
const timestampForm = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

interface PolicyText {
  readonly Type?: unknown;
  readonly Version?: unknown;
  readonly Attributes?: unknown;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseList(text: string): readonly PolicyText[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw invalidPolicies(`The policies are not valid JSON: ${text}`);
  }
  if (!Array.isArray(parsed) || !parsed.every(isObject)) {
    throw invalidPolicies("The policies must be a JSON array of objects.");
  }
  return parsed as PolicyText[];
}

function periodOf(attributes: Readonly<Record<string, unknown>>, member: "Before" | "After") {
  const amount = String(attributes[member] ?? "");
  const unit = String(attributes["Unit"] ?? "");
  const milliseconds = Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (!/^[1-9]\d{0,4}$/.test(amount) || milliseconds === undefined) {
    throw invalidPolicies(`The policy needs ${member}, a number, and Unit, which is Days or Hours.`);
  }
  return { periodMilliseconds: Number(amount) * milliseconds, period: `${amount} ${unit.toLowerCase()}` };
}

function parseOne(policy: PolicyText): ParameterPolicy {
  const { Type: type, Version: version } = policy;
  const attributes = isObject(policy.Attributes) ? policy.Attributes : {};
  if (version !== "1.0") throw invalidPolicies("The Version of a policy must be 1.0.");
  const shared = { text: JSON.stringify(policy), status: "Pending" as const };
  switch (type) {
    case "Expiration": {
      const timestamp = String(attributes["Timestamp"] ?? "");
      const expiresAt = timestampForm.test(timestamp) ? Date.parse(timestamp) : Number.NaN;
      if (Number.isNaN(expiresAt)) {
        throw invalidPolicies("The Timestamp of an Expiration policy must be ISO 8601.");
      }
      return { type, ...shared, expiresAt };
    }
    case "ExpirationNotification": return { type, ...shared, ...periodOf(attributes, "Before") };
    case "NoChangeNotification": return { type, ...shared, ...periodOf(attributes, "After") };
    default: throw invalidPolicyType(String(type));
  }
}

/**
 * `[{}]` takes all policies away.
 *
 * @evidence Systems Manager User Guide, "Removing a policy from a parameter"
 */
export function parsePolicies(text: string): readonly ParameterPolicy[] {
  const list = parseList(text);
  if (list.length === 1 && Object.keys(list[0] ?? {}).length === 0) return [];
  if (list.length > policiesMax) throw tooManyPolicies();
  const policies = list.map(parseOne);
  if (policies.filter(({ type }) => type === "Expiration").length > 1) throw incompatiblePolicies();
  return policies;
}
