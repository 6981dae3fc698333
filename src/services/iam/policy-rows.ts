/** How managed policies, inline policies and attachments are kept. */

import { parseArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { findAwsManagedPolicy, isAwsManagedArn } from "./aws-managed-policies.ts";
import { invalidArn, noSuchPolicy, serviceRolePolicy } from "./errors.ts";
import type { PrincipalKind } from "./principals.ts";

/** A customer managed policy. */
export interface Policy {
  readonly arn: string;
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly description?: string;
  readonly defaultVersion: number;
  /** Numbers are not given out twice, also when the version is gone. */
  readonly latestVersion: number;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A policy's name is unique in the account, whatever its path, and does not change. */
export const policies = table<Policy, "name">("iam.policies", {
  key: (policy) => policy.arn, indexes: { name: (policy) => policy.name.toLowerCase() },
});

export interface PolicyVersion {
  readonly policyArn: string;
  /** The 2 of `v2`. */
  readonly number: number;
  readonly document: string;
  readonly createdAt: number;
}

export const policyVersions = table<PolicyVersion>("iam.policyVersions", {
  key: (version) => [version.policyArn, version.number],
});

/** A managed policy, AWS's or the account's, on a user, group or role. */
export interface Attachment {
  readonly principalId: string;
  readonly kind: PrincipalKind;
  readonly policyArn: string;
}

export const attachments = table<Attachment, "policy">("iam.attachments", {
  key: (attachment) => [attachment.principalId, attachment.policyArn],
  indexes: { policy: (attachment) => [attachment.policyArn, attachment.kind] },
});

export interface InlinePolicy {
  readonly principalId: string;
  readonly name: string;
  readonly document: string;
}

export const inlinePolicies = table<InlinePolicy>("iam.inlinePolicies", {
  key: (policy) => [policy.principalId, policy.name],
});

export function versionIdOf(number: number): string {
  return `v${number}`;
}

/** Undefined for ids that no customer managed policy has. */
export function versionNumberOf(id: string): number | undefined {
  const digits = /^v([1-9][0-9]{0,8})$/.exec(id)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The name in a managed policy's ARN. */
export function policyNameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}

/** The path in a managed policy's ARN. */
export function policyPathOf(arn: string): string {
  return arn.slice(arn.indexOf(":policy/") + ":policy".length, arn.lastIndexOf("/") + 1);
}

export function isPolicyArn(arn: string): boolean {
  const parsed = parseArn(arn);
  return parsed?.service === "iam" && parsed.resource.startsWith("policy/");
}

/** @throws ValidationError for text that is no ARN of a managed policy */
export function checkPolicyArn(arn: string): void {
  if (!isPolicyArn(arn)) throw invalidArn(arn);
}

/** @throws ValidationError, NoSuchEntity */
export function requireOwnPolicy(ctx: ReadContext, arn: string): Policy {
  checkPolicyArn(arn);
  const policy = ctx.db(policies).get(arn);
  if (policy === undefined) throw noSuchPolicy(arn);
  return policy;
}

/** Whether there is such a managed policy, AWS's or the account's. */
export function policyExists(ctx: ReadContext, arn: string): boolean {
  return isAwsManagedArn(arn) ? findAwsManagedPolicy(arn) !== undefined : ctx.db(policies).has(arn);
}

/**
 * Policies of service-linked roles are for these roles alone.
 *
 * @throws PolicyNotAttachable
 */
export function refuseServiceRolePolicy(arn: string): void {
  if (isAwsManagedArn(arn) && policyPathOf(arn) === "/aws-service-role/") throw serviceRolePolicy();
}

/** The text that decides: the default version's. */
export function defaultDocument(ctx: ReadContext, arn: string): string | undefined {
  if (isAwsManagedArn(arn)) return findAwsManagedPolicy(arn)?.document;
  const policy = ctx.db(policies).get(arn);
  return policy && ctx.db(policyVersions).get([arn, policy.defaultVersion])?.document;
}

/** The ARNs of the managed policies on a principal. */
export function attachedArns(ctx: ReadContext, principalId: string): string[] {
  return [...ctx.db(attachments).list({ prefix: [principalId] })].map((attachment) => attachment.policyArn);
}

export function inlinePoliciesOf(ctx: ReadContext, principalId: string): InlinePolicy[] {
  return [...ctx.db(inlinePolicies).list({ prefix: [principalId] })];
}
