/** A denial, with the statements that decided it in full. */

import type { DenialReason, StatementMatch } from "../iam/types.ts";
import type { Denial } from "../kernel/authorize.ts";

export interface ExplainedStatement {
  readonly effect: "Allow" | "Deny";
  /** The kind of policy, and its ARN or name. */
  readonly kind: string;
  readonly policy: string;
  readonly sid: string | null;
  /** Position in the policy, from 1. */
  readonly position: number;
  /** As the policy has it. */
  readonly statement: unknown;
}

export interface Explanation {
  readonly requestId: string;
  /** ISO 8601, by the region's clock. */
  readonly at: string;
  /** The sentence that the caller was answered. */
  readonly message: string;
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  /** `explicit`: a statement denies it. `implicit`: none allows it. */
  readonly type: "explicit" | "implicit";
  readonly policyKind: string | null;
  readonly statements: readonly ExplainedStatement[];
  /** Condition keys that a policy asks for and the request did not have. */
  readonly missingConditionKeys: readonly string[];
  /** What to do about it. */
  readonly remedy: { readonly text: string; readonly statement: unknown };
  readonly decoded: Denial["decoded"];
}

export function explained(denial: Denial): Explanation {
  const { principal, action, resource } = denial.decoded.context;
  const { reason } = denial;
  return {
    requestId: denial.requestId,
    at: new Date(denial.at).toISOString(),
    message: denial.message,
    principal: principal.arn,
    action,
    resource,
    type: reason?.type ?? (denial.decoded.explicitDeny ? "explicit" : "implicit"),
    policyKind: reason?.kind ?? null,
    statements: denial.matched.map(explainedStatement),
    missingConditionKeys: denial.missingContext,
    remedy: remedyOf(reason, action, resource, denial.missingContext),
    decoded: denial.decoded,
  };
}

function explainedStatement({ policy, statement, sid, effect }: StatementMatch): ExplainedStatement {
  return {
    effect,
    kind: policy.kind,
    policy: policy.id,
    sid: sid ?? null,
    position: statement + 1,
    statement: statementOf(policy.document, statement),
  };
}

function statementOf(document: string, position: number): unknown {
  try {
    const { Statement } = JSON.parse(document) as { Statement?: unknown };
    return (Array.isArray(Statement) ? (Statement as unknown[]) : [Statement])[position] ?? null;
  } catch {
    return null;
  }
}

const kindNames: Readonly<Record<string, string>> = {
  identity: "an identity-based policy of the caller",
  "identity-managed": "an identity-based policy of the caller",
  "identity-inline": "an identity-based policy of the caller",
  "group-managed": "a policy of a group of the caller",
  "group-inline": "a policy of a group of the caller",
  boundary: "the caller's permissions boundary",
  session: "the session's policy",
  resource: "the resource's policy",
  scp: "a service control policy",
  rcp: "a resource control policy",
  "vpc-endpoint": "the VPC endpoint's policy",
};

function remedyOf(
  reason: DenialReason | undefined,
  action: string,
  resource: string,
  missing: readonly string[],
): Explanation["remedy"] {
  const where = kindNames[reason?.kind ?? "identity"] ?? "a policy";
  if (reason?.type === "explicit") {
    return {
      text: `A Deny outweighs every Allow: change the statement in ${where} (${reason.policy.id}).`,
      statement: null,
    };
  }
  const statement = { Effect: "Allow", Action: action, Resource: resource };
  const condition =
    missing.length === 0
      ? ""
      : ` A statement would be judged differently if the request had ${missing.join(", ")}.`;
  return { text: `Nothing allows it: add this statement to ${where}.${condition}`, statement };
}
