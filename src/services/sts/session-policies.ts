/** Policies passed with a session: they narrow what it may do, and never widen it. */

import { validatePolicy } from "../../iam/parse.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { malformedPolicy, validationError } from "./errors.ts";

export interface SessionPolicyInput {
  readonly Policy?: string | undefined;
  readonly PolicyArns?: readonly { readonly arn?: string | undefined }[] | undefined;
}

export interface SessionPolicies {
  readonly policies?: readonly string[];
  readonly policyArns?: readonly string[];
}

/** @evidence STS API Reference, AssumeRole, Policy: the plaintext may have 2,048 characters with all that is passed */
const plaintextMax = 2_048;
const policyArnsMax = 10;

/** @param account whose managed policies may be named, beside AWS's own */
export function sessionPolicies(input: SessionPolicyInput, account: string, ctx: ReadContext): SessionPolicies {
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

/** How much of the room for session policies and tags is used, in percent; undefined when nothing was passed. */
export function packedPolicySize(
  input: SessionPolicyInput, tags: Readonly<Record<string, string>>,
): number | undefined {
  const text = (input.Policy ?? "").length + JSON.stringify(input.PolicyArns ?? []).length - 2
    + Object.entries(tags).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  return text === 0 ? undefined : Math.max(1, Math.ceil((text / plaintextMax) * 100));
}
