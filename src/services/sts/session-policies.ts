/** Policies passed with a session: they narrow what it may do, and never widen it. */

import { validatePolicy } from "../../iam/parse.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { malformedPolicy, packedTooLarge, validationError } from "./errors.ts";

export interface SessionPolicyInput {
  readonly Policy?: string | undefined;
  readonly PolicyArns?: readonly { readonly arn?: string | undefined }[] | undefined;
}

export interface SessionPolicies {
  readonly policies?: readonly string[];
  readonly policyArns?: readonly string[];
}

/**
 * @evidence STS API Reference, AssumeRole, Policy: the plaintext may have 2,048 characters with all that is
 * passed
 */
const plaintextMax = 2_048;
/** @evidence none: AWS packs tags into a binary format of its own, whose size it does not tell */
const tagCharactersMax = 8_192;
const policyArnsMax = 10;

/** @param account whose managed policies may be named, beside AWS's own */
export function sessionPolicies(input: SessionPolicyInput, account: string,
  ctx: ReadContext): SessionPolicies {
  if (input.Policy !== undefined) {
    const [problem] = validatePolicy(input.Policy, "identity");
    if (problem) throw malformedPolicy(problem.message);
  }
  const arns = (input.PolicyArns ?? []).flatMap(({ arn }) => (arn === undefined ? [] : [arn]));
  if (arns.length > policyArnsMax) {
    throw validationError(`The number of policy ARNs exceeds the limit of ${policyArnsMax}.`);
  }
  const unknown = arns.find((arn) => !ctx.kernel.identity.managedPolicy(account, arn));
  if (unknown !== undefined) throw malformedPolicy(`Policy ${unknown} does not exist or is not attachable.`);
  return {
    ...(input.Policy !== undefined && { policies: [input.Policy] }),
    ...(arns.length > 0 && { policyArns: arns }),
  };
}

/**
 * How much of the room for session policies and tags is used, in percent; undefined when nothing was passed.
 *
 * @throws PackedPolicyTooLarge
 */
export function packedPolicySize(
  input: SessionPolicyInput, tags: Readonly<Record<string, string>>,
): number | undefined {
  const policies = (input.Policy ?? "").length + JSON.stringify(input.PolicyArns ?? []).length - 2;
  const tagged = Object.entries(tags).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  if (policies + tagged === 0) return undefined;
  const percent = Math.max(1, Math.ceil(((policies + tagged) / roomCharacters(policies)) * 100));
  if (percent > 100) throw packedTooLarge(policies > 0 ? "policy" : "tags", percent);
  return percent;
}

/** Policies are measured by their limit; fifty tags of full length just do not fit. */
function roomCharacters(policies: number): number {
  return policies > 0 ? plaintextMax : tagCharactersMax;
}
