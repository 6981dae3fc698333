/** Roles for those whom an OpenID Connect provider knows: no AWS credentials are needed to ask. */

import * as sts from "../../generated/sts.ts";
import type { FederationProvider } from "../../kernel/auth/identity.ts";
import { issuersPath } from "../../kernel/auth/outbound-issuer.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { answer } from "./credentials.ts";
import {
  issuedHere, missingClaim, noOidcProvider, notJsonWebToken, providerUnreachable, validationError,
  wrongTokenSignature,
} from "./errors.ts";
import { requireTrust } from "./federated-trust.ts";
import { signingKey } from "./issuer-keys.ts";
import { isSignedBy, readToken, type JsonWebToken } from "./json-web-token.ts";
import { issueRoleSession, ownerOfRole, requireRoleArn } from "./role-sessions.ts";
import { checkTimes, webIdentityOf } from "./token-claims.ts";

const action = "sts:AssumeRoleWithWebIdentity";
/** Providers that AWS knows without their being registered, and asks over the network. */
const wellKnown = new Set(["www.amazon.com", "graph.facebook.com", "accounts.google.com"]);

type OidcProvider = Extract<FederationProvider, { readonly kind: "oidc" }>;

/** Only providers that the account has registered are ever asked. */
function providerOf(token: JsonWebToken, ctx: BodyContext): { provider: OidcProvider; issuer: string } {
  const { iss } = token.claims;
  if (typeof iss !== "string" || iss === "") throw missingClaim("iss");
  if (iss.startsWith(`${ctx.kernel.endpoint("sts", ctx.requestRegion)}${issuersPath}`)) throw issuedHere();
  const issuer = iss.replace(/^https?:\/\//, "").replace(/\/$/, "");
  const { identity } = ctx.kernel;
  const arn = identity.oidcProviderArn(ctx.account, issuer);
  const provider = arn === undefined ? undefined : identity.federation(ctx.account, arn);
  if (provider?.kind === "oidc") return { provider, issuer };
  if (wellKnown.has(issuer)) throw providerUnreachable(issuer);
  throw noOidcProvider(iss.includes("://") ? iss : `https://${iss}`);
}

/** Access tokens of OAuth 2.0 say nothing by themselves: their providers would have to be asked. */
function refuseAccessTokens(providerId: string | undefined): void {
  if (providerId === undefined) return;
  if (wellKnown.has(providerId)) throw providerUnreachable(providerId);
  throw validationError(`${providerId} is not a valid provider ID.`);
}

export const AssumeRoleWithWebIdentity = operation(sts.AssumeRoleWithWebIdentity, {
  access: "anonymous",
  owner: ownerOfRole,
  resource: (input) => input.RoleArn,

  async body(input, ctx) {
    requireRoleArn(input.RoleArn);
    refuseAccessTokens(input.ProviderId);
    const token = readToken(input.WebIdentityToken);
    if (token === undefined) throw notJsonWebToken();
    const { provider, issuer } = providerOf(token, ctx);
    const key = await signingKey(token, provider, ctx);
    if (!isSignedBy(token, key)) throw wrongTokenSignature();
    checkTimes(token.claims, Math.floor(ctx.clock.now() / 1000));
    const who = webIdentityOf(token.claims, issuer, provider.clientIds);
    requireTrust({
      action, roleArn: input.RoleArn, provider: provider.arn, sessionName: input.RoleSessionName,
      claims: who.conditions, tags: who.tags, sourceIdentity: who.sourceIdentity,
    }, ctx);
    const issued = issueRoleSession(input, ctx, {
      sessionTags: who.tags.tags,
      federatedProvider: provider.arn,
      contextKeys: who.conditions,
      ...(who.tags.transitiveKeys.length > 0 && { transitiveTagKeys: who.tags.transitiveKeys }),
      ...(who.sourceIdentity !== undefined && { sourceIdentity: who.sourceIdentity }),
    });
    return {
      Credentials: answer(issued.session), AssumedRoleUser: issued.user,
      SubjectFromWebIdentityToken: who.subject, Audience: who.audience, Provider: provider.arn,
      PackedPolicySize: issued.packedPolicySize, SourceIdentity: who.sourceIdentity,
    };
  },
});
