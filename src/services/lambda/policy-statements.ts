/**
 * Statements of resource policies as AddPermission and AddLayerVersionPermission make them: kept as policies
 * are decided by, with the unique ids of the users and roles that they name.
 */

import type { ReadContext } from "../../kernel/context.ts";
import { keptPolicy, shownPolicy } from "../../kernel/policy-principals.ts";
import { invalidPrincipal, policyTooLong } from "./errors.ts";

export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Principal: string | Readonly<Record<string, string>>;
  readonly Action: string;
  readonly Resource: string;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** @evidence Lambda quotas: function resource-based policy, 20 KB */
const policyBytesMax = 20_480;

/** As a policy document names a principal: a service, an account, a user, a role, or everybody. */
export function principalOf(principal: string): PolicyStatement["Principal"] {
  if (principal === "*") return "*";
  if (/^\d{12}$/.test(principal)) return { AWS: `arn:aws:iam::${principal}:root` };
  if (principal.startsWith("arn:")) return { AWS: principal };
  if (/^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:amazonaws\.com(?:\.cn)?|amazon\.com|alexa\.com)$/.test(principal)) {
    return { Service: principal };
  }
  throw invalidPrincipal();
}

/** @throws AwsError for principals that nobody is, and for too many of them */
export function keptStatement(ctx: ReadContext, statement: PolicyStatement): PolicyStatement {
  const kept = keptPolicy(ctx.kernel.identity, document([statement]), invalidPrincipal);
  return (JSON.parse(kept) as { Statement: [PolicyStatement] }).Statement[0];
}

export function requireShort(statements: readonly PolicyStatement[]): void {
  if (Buffer.byteLength(document(statements)) > policyBytesMax) throw policyTooLong();
}

export function document(statements: readonly PolicyStatement[]): string {
  return JSON.stringify({ Version: "2012-10-17", Id: "default", Statement: statements });
}

export function shownDocument(ctx: ReadContext, statements: readonly PolicyStatement[]): string {
  return shownPolicy(ctx.kernel.identity, document(statements));
}

export function shownStatement(ctx: ReadContext, statement: PolicyStatement): string {
  const shown = JSON.parse(shownDocument(ctx, [statement])) as { Statement: [PolicyStatement] };
  return JSON.stringify(shown.Statement[0]);
}
