/** What the kernel asks of IAM with every request: who holds a key, and which policies somebody has. */

import type { SourcedPolicy } from "../../iam/types.ts";
import type { Caller } from "../../kernel/auth/caller.ts";
import type {
  AccessKeyOwner, FederationProvider, IdentityProvider, PrincipalPolicies,
} from "../../kernel/auth/identity.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { accessKeys } from "./credential-rows.ts";
import { oidcProviders, outboundIssuers, samlProviders, theIssuer } from "./federation-rows.ts";
import { memberships } from "./membership-rows.ts";
import { mfaDevices, stepOfCode } from "./mfa-rows.ts";
import { attachedArns, defaultDocument, inlinePoliciesOf } from "./policy-rows.ts";
import {
  arnOf, findRole, principalOfArn, roles, users, type Role, type User,
} from "./principals.ts";

function managed(ctx: ReadContext, arn: string, kind: SourcedPolicy["kind"]): SourcedPolicy[] {
  const document = defaultDocument(ctx, arn);
  return document === undefined ? [] : [{ document, kind, id: arn }];
}

function carriedBy(ctx: ReadContext, principalId: string, whose: "identity" | "group"): SourcedPolicy[] {
  return [
    ...attachedArns(ctx, principalId).flatMap((arn) => managed(ctx, arn, `${whose}-managed`)),
    ...inlinePoliciesOf(ctx, principalId).map(({ name, document }) => (
      { document, kind: `${whose}-inline` as const, id: name }
    )),
  ];
}

/** A boundary whose policy has gone lets nothing through, rather than everything. */
const closedBoundary =
  '{"Version":"2012-10-17","Statement":{"Effect":"Allow","NotAction":"*","Resource":"*"}}';

function boundaryOf(ctx: ReadContext, { boundaryArn }: User | Role): { boundary?: SourcedPolicy } {
  if (boundaryArn === undefined) return {};
  const document = defaultDocument(ctx, boundaryArn) ?? closedBoundary;
  return { boundary: { document, kind: "boundary", id: boundaryArn } };
}

function policiesOfUser(ctx: ReadContext, user: User): PrincipalPolicies {
  const groupPolicies = [...ctx.db(memberships).by("user").list({ prefix: [user.id] })]
    .flatMap(({ groupId }) => carriedBy(ctx, groupId, "group"));
  return { identity: [...carriedBy(ctx, user.id, "identity"), ...groupPolicies], ...boundaryOf(ctx, user) };
}

/** Whom root vouches for may do what the session's policies say. */
const rootsPermissions: SourcedPolicy = {
  document: '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}',
  kind: "identity-inline", id: "root",
};

/** By id: whoever has the name of somebody deleted is somebody else. */
function userOf(ctx: ReadContext, caller: Caller): User | undefined {
  return ctx.db(users).get(caller.session?.userId ?? caller.principalId);
}

export const identity: IdentityProvider = {
  accessKey(accessKeyId, ctx): AccessKeyOwner | undefined {
    const key = ctx.db(accessKeys).get(accessKeyId);
    if (key === undefined) return undefined;
    const facts = { secretAccessKey: key.secret, active: key.active, userId: key.ownerId };
    if (key.ownerId === ctx.account) {
      return { ...facts, userName: "root", userArn: ctx.arn("root"), tags: {} };
    }
    const user = ctx.db(users).get(key.ownerId);
    if (user === undefined) return undefined;
    const userArn = arnOf(ctx, user);
    return { ...facts, userName: user.name, userArn, tags: ctx.tags(userArn).get() };
  },

  policiesOf(caller, ctx): PrincipalPolicies | undefined {
    if (caller.type === "AssumedRole") {
      const [roleId = ""] = caller.principalId.split(":", 1);
      const role = ctx.db(roles).get(roleId);
      return role && { identity: carriedBy(ctx, role.id, "identity"), ...boundaryOf(ctx, role) };
    }
    if (caller.type === "FederatedUser" && caller.session?.userId === undefined) {
      return { identity: [rootsPermissions] };
    }
    if (caller.type === "IAMUser" || caller.type === "FederatedUser") {
      const user = userOf(ctx, caller);
      return user && policiesOfUser(ctx, user);
    }
    return { identity: [] };
  },

  managedPolicy(arn, ctx) {
    return managed(ctx, arn, "identity-managed")[0];
  },

  role(roleName, ctx) {
    const role = findRole(ctx, roleName);
    if (role === undefined) return undefined;
    const arn = arnOf(ctx, role);
    return {
      arn, roleId: role.id, roleName: role.name, trustPolicy: role.trustPolicy,
      maxSessionDurationSeconds: role.maxSessionDurationSeconds, tags: ctx.tags(arn).get(),
    };
  },

  uniqueIdOf(arn, ctx) {
    const principal = principalOfArn(ctx, arn);
    return principal?.kind === "group" ? undefined : principal?.id;
  },

  arnOfUniqueId(uniqueId, ctx) {
    const principal = ctx.db(users).get(uniqueId) ?? ctx.db(roles).get(uniqueId);
    return principal && arnOf(ctx, principal);
  },

  /** What a session or a request has used up is remembered by who checks it. */
  mfaCodeIsRight(caller, serialNumber, code, ctx) {
    const device = ctx.db(mfaDevices).get(serialNumber);
    const ownerId = caller.type === "IAMUser" || caller.type === "Root" ? caller.principalId : undefined;
    if (device?.ownerId === undefined || device.ownerId !== ownerId) return false;
    return stepOfCode(device, code, ctx.clock.now()) !== undefined;
  },

  federation(providerArn, ctx): FederationProvider | undefined {
    const saml = ctx.db(samlProviders).get(providerArn);
    if (saml !== undefined) return { kind: "saml", arn: saml.arn, metadata: saml.metadata };
    const oidc = ctx.db(oidcProviders).get(providerArn);
    return oidc && {
      kind: "oidc", arn: oidc.arn, url: oidc.url, clientIds: oidc.clientIds, thumbprints: oidc.thumbprints,
    };
  },

  outboundIssuer: (ctx) => ctx.db(outboundIssuers).get(theIssuer),

  oidcProviderArn(issuer, ctx) {
    const arn = ctx.arn(`oidc-provider/${issuer.replace(/\/$/, "")}`);
    return ctx.db(oidcProviders).has(arn) ? arn : undefined;
  },
};
