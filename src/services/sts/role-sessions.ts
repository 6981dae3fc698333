/** Assuming a role: what its trust policy lets in becomes a session of the role. */

import * as sts from "../../generated/sts.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { Caller, Session } from "../../kernel/auth/caller.ts";
import type { RoleFacts } from "../../kernel/auth/identity.ts";
import type { ReadContext } from "../../kernel/context.ts";
import type { IssuedSession } from "../../kernel/kernel.ts";
import { operation } from "../../kernel/operation.ts";
import type { ContextValue } from "../../iam/types.ts";
import { answer } from "./credentials.ts";
import { accessDenied, durationExceedsChaining, durationExceedsRole, validationError } from "./errors.ts";
import { mfaGiven, useMfaCode } from "./mfa-codes.ts";
import { packedPolicySize, sessionPolicies, type SessionPolicyInput } from "./session-policies.ts";
import { checkedTags, mergedTags, withInherited, type Tags } from "./session-tags.ts";

const durationSecondsDefault = 3_600;
const chainedDurationSecondsMax = 3_600;

/** A policy without statements could not be read, and would deny explicitly. */
const trustsNobody = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "nobody.amazonaws.com" }, Action: "sts:AssumeRole" }],
});

/** The trust policy of a role, for the kernel's decision; a role that is not there trusts nobody. */
export function trustPolicy(arn: string, ctx: ReadContext): string | undefined {
  const parsed = parseArn(arn);
  if (parsed?.service !== "iam" || !parsed.resource.startsWith("role/")) return undefined;
  return findRole(arn, ctx)?.trustPolicy ?? trustsNobody;
}

export function findRole(arn: string, ctx: ReadContext): RoleFacts | undefined {
  const parsed = parseArn(arn);
  if (parsed?.service !== "iam" || !parsed.resource.startsWith("role/")) return undefined;
  const role =
    ctx.kernel.identity.role(parsed.account, parsed.resource.slice(parsed.resource.lastIndexOf("/") + 1));
  return role?.arn === arn ? role : undefined;
}

/** A role session happens in the account of the role. */
export function ownerOfRole(input: { readonly RoleArn: string }): { account: string } | undefined {
  const account = parseArn(input.RoleArn)?.account;
  return account === undefined || !/^\d{12}$/.test(account) ? undefined : { account };
}

export function requireRoleArn(arn: string): void {
  if (!parseArn(arn)) throw validationError(`${arn} is invalid`);
}

export interface RoleSessionRequest extends SessionPolicyInput {
  readonly RoleArn: string;
  readonly RoleSessionName: string;
  readonly DurationSeconds?: number | undefined;
}

/** What the three ways to assume a role have in common. @throws AccessDenied when there is no such role */
export function issueRoleSession(
  request: RoleSessionRequest,
  ctx: ReadContext,
  more: Partial<Session> & { readonly sessionTags?: Tags },
): { session: IssuedSession; user: sts.AssumedRoleUser; packedPolicySize: number | undefined } {
  const role = findRole(request.RoleArn, ctx);
  if (!role) throw accessDenied("Access denied");
  const seconds = request.DurationSeconds ?? durationSecondsDefault;
  if (seconds > role.maxSessionDurationSeconds) throw durationExceedsRole();
  if (more.chained && seconds > chainedDurationSecondsMax) throw durationExceedsChaining();
  const { sessionTags = {}, ...rest } = more;
  const name = request.RoleSessionName;
  const principalId = `${role.roleId}:${name}`;
  const arn = `arn:aws:sts::${ctx.account}:assumed-role/${role.roleName}/${name}`;
  const session = ctx.kernel.sessions.issue({
    kind: "role",
    account: ctx.account,
    arn,
    principalId,
    roleArn: role.arn,
    roleName: role.roleName,
    sessionName: name,
    expiresAt: ctx.clock.now() + seconds * 1000,
    tags: mergedTags(role.tags, sessionTags),
    ...sessionPolicies(request, ctx.account, ctx),
    ...rest,
  });
  return {
    session,
    user: { AssumedRoleId: principalId, Arn: arn },
    packedPolicySize: packedPolicySize(request, sessionTags),
  };
}

/** A source identity, once set, goes on to every further session, and every further role must allow it. */
function actions(input: sts.AssumeRoleRequest, ctx: ReadContext): string[] {
  const sourceIdentity = input.SourceIdentity ?? ctx.caller.session?.sourceIdentity;
  return [
    "sts:AssumeRole",
    ...((input.Tags?.length ?? 0) > 0 ? ["sts:TagSession"] : []),
    ...(sourceIdentity !== undefined ? ["sts:SetSourceIdentity"] : []),
  ];
}

function conditions(
  input: sts.AssumeRoleRequest, ctx: ReadContext,
): Record<string, ContextValue | undefined> {
  const mfa = mfaGiven(input, ctx);
  return {
    "sts:externalid": input.ExternalId,
    "sts:rolesessionname": input.RoleSessionName,
    "sts:sourceidentity": input.SourceIdentity ?? ctx.caller.session?.sourceIdentity,
    "sts:transitivetagkeys": input.TransitiveTagKeys,
    "aws:multifactorauthpresent": mfa ? "true" : undefined,
    "aws:multifactorauthage": mfa ? "0" : undefined,
  };
}

/** @evidence IAM User Guide, Permissions for GetFederationToken: its sessions can't call AssumeRole */
function refuseFederated(input: sts.AssumeRoleRequest, ctx: ReadContext): void {
  if (ctx.caller.type !== "FederatedUser") return;
  throw accessDenied(
    `User: ${ctx.caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${input.RoleArn}`);
}

/** @evidence IAM User Guide, Monitor and control actions taken with assumed roles: it "cannot be changed" */
function sourceIdentityOf(input: sts.AssumeRoleRequest, ctx: ReadContext): string | undefined {
  const set = ctx.caller.session?.sourceIdentity;
  if (set !== undefined && input.SourceIdentity !== undefined && input.SourceIdentity !== set) {
    throw accessDenied("The source identity of a session cannot be changed.");
  }
  return input.SourceIdentity ?? set;
}

/**
 * What a function asks for says which function it is, whatever the role is used for besides.
 *
 * @evidence Lambda Developer Guide, "Using source function ARN to control function access behavior"
 */
function contextKeysOf({ type, arn, sourceArn }: Caller): Session["contextKeys"] {
  const isFunction = type === "AWSService" && arn === "lambda.amazonaws.com" && sourceArn !== undefined;
  return isFunction ? { "lambda:sourcefunctionarn": sourceArn } : undefined;
}

export const AssumeRole = operation(sts.AssumeRole, {
  owner: ownerOfRole,
  resource: (input) => input.RoleArn,
  action: actions,
  conditions,
  run(input, ctx) {
    requireRoleArn(input.RoleArn);
    refuseFederated(input, ctx);
    const mfa = useMfaCode(input, ctx);
    const sourceIdentity = sourceIdentityOf(input, ctx);
    const { tags, transitiveKeys } =
      withInherited(checkedTags(input.Tags ?? [], input.TransitiveTagKeys), ctx);
    const contextKeys = contextKeysOf(ctx.caller);
    const issued = issueRoleSession(input, ctx, {
      sessionTags: tags,
      ...(contextKeys && { contextKeys }),
      chained: ctx.caller.session?.kind === "role",
      ...(transitiveKeys.length > 0 && { transitiveTagKeys: transitiveKeys }),
      ...(sourceIdentity !== undefined && { sourceIdentity }),
      ...(mfa && { mfaAuthenticatedAt: ctx.clock.now() }),
    });
    return {
      Credentials: answer(issued.session),
      AssumedRoleUser: issued.user,
      PackedPolicySize: issued.packedPolicySize,
      SourceIdentity: sourceIdentity,
    };
  },
});
