/**
 * Whether a role trusts a provider's word: requests without credentials are decided by the trust policy
 * alone.
 */

import { decide } from "../../iam/decide.ts";
import type { ConditionContext, ContextValue } from "../../iam/types.ts";
import type { RoleFacts } from "../../kernel/auth/identity.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { notAuthorized } from "./errors.ts";
import { findRole } from "./role-sessions.ts";
import type { SessionTags } from "./session-tags.ts";

export interface FederatedRequest {
  readonly action: "sts:AssumeRoleWithWebIdentity" | "sts:AssumeRoleWithSAML";
  readonly roleArn: string;
  /** As trust policies name it: an ARN. */
  readonly provider: string;
  readonly sessionName: string;
  /** What the provider's token says, by lower-case condition keys. */
  readonly claims: Readonly<Record<string, ContextValue>>;
  readonly tags: SessionTags;
  readonly sourceIdentity?: string | undefined;
}

function isoTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

function contextOf(request: FederatedRequest, role: RoleFacts, ctx: ReadContext): ConditionContext {
  const { tags, transitiveKeys } = request.tags;
  const tagKeys = Object.keys(tags);
  const now = ctx.clock.now();
  const values = new Map<string, ContextValue | undefined>([
    ["aws:currenttime", isoTime(now)],
    ["aws:epochtime", String(Math.floor(now / 1000))],
    ["aws:sourceip", ctx.origin.sourceIp],
    ["aws:useragent", ctx.origin.userAgent],
    ["aws:securetransport", String(ctx.origin.secureTransport)],
    ["aws:requestedregion", ctx.requestRegion],
    ["aws:resourceaccount", ctx.account],
    ["aws:principaltype", "Anonymous"],
    ["aws:federatedprovider", request.provider],
    ["aws:tagkeys", tagKeys.length > 0 ? tagKeys : undefined],
    ["sts:rolesessionname", request.sessionName],
    ["sts:sourceidentity", request.sourceIdentity],
    ["sts:transitivetagkeys", transitiveKeys.length > 0 ? transitiveKeys : undefined],
    ...Object.entries(tags).map(([key, value]) => [`aws:requesttag/${key.toLowerCase()}`, value] as const),
    ...Object.entries(role.tags).flatMap(([key, value]) => [
      [`aws:resourcetag/${key.toLowerCase()}`, value] as const,
      [`iam:resourcetag/${key.toLowerCase()}`, value] as const,
    ]),
    ...Object.entries(request.claims),
  ]);
  return {
    get: (key) => values.get(key),
    keys: () => [...values].filter(([, value]) => value !== undefined).map(([key]) => key),
  };
}

/** @throws AccessDenied, also where there is no such role */
export function requireTrust(request: FederatedRequest, ctx: ReadContext): void {
  const role = findRole(request.roleArn, ctx);
  if (role === undefined) throw notAuthorized(request.action);
  const actions: string[] = [
    request.action,
    ...(Object.keys(request.tags.tags).length > 0 ? ["sts:TagSession"] : []),
    ...(request.sourceIdentity !== undefined ? ["sts:SetSourceIdentity"] : []),
  ];
  const context = contextOf(request, role, ctx);
  for (const action of actions) {
    const decision = decide({
      principal: { type: "Anonymous", account: "", arn: "*", federatedProvider: request.provider },
      action, resource: role.arn, resourceAccount: ctx.account, context,
    }, {
      identity: [], resource: { document: role.trustPolicy, kind: "resource", id: role.arn },
      resourcePolicyRequired: true,
    });
    if (!decision.allowed) throw notAuthorized(action);
  }
}
