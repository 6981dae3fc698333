/** What the claims of a web identity token mean to STS. */

import type { ContextValue } from "../../iam/types.ts";
import { invalidToken, missingClaim, tokenExpired, wrongAudience } from "./errors.ts";
import type { Claims } from "./json-web-token.ts";
import { checkedTags, type SessionTags } from "./session-tags.ts";

export interface WebIdentity {
  readonly subject: string;
  readonly audience: string;
  readonly conditions: Readonly<Record<string, ContextValue>>;
  readonly tags: SessionTags;
  readonly sourceIdentity: string | undefined;
}

const tagsClaim = "https://aws.amazon.com/tags";
const sourceIdentityClaim = "https://aws.amazon.com/source_identity";
/** How far the clocks of providers may be ahead. */
const skewSeconds = 300;

/** @evidence IAM User Guide, Available keys for AWS OIDC federation, GitHub */
const furtherClaims: ReadonlyMap<string, readonly string[]> = new Map([
  ["token.actions.githubusercontent.com", [
    "actor", "actor_id", "enterprise_id", "environment", "job_workflow_ref", "ref", "repository",
    "repository_id", "repository_owner", "repository_owner_id", "workflow",
  ]],
]);

function textsOf(claim: unknown): string[] {
  return (Array.isArray(claim) ? (claim as unknown[]) : [claim]).filter((value) => typeof value === "string");
}

/** @throws InvalidIdentityToken, ExpiredTokenException. @param now epoch seconds */
export function checkTimes(claims: Claims, now: number): void {
  const { exp, nbf } = claims;
  if (typeof exp !== "number") throw missingClaim("exp");
  if (now >= exp) throw tokenExpired(now, Math.floor(exp));
  if (typeof nbf === "number" && nbf > now + skewSeconds) throw invalidToken(
    "The ID Token is not valid yet.");
}

/**
 * Where a provider sets `azp`, that is the audience. @evidence IAM User Guide, Available keys for AWS OIDC
 * federation
 */
function audienceOf(claims: Claims, clientIds: readonly string[]): string {
  const given = typeof claims.azp === "string" ? [claims.azp] : textsOf(claims.aud);
  if (textsOf(claims.aud).length === 0) throw missingClaim("aud");
  const audience = given.find((name) => clientIds.includes(name));
  if (audience === undefined) throw wrongAudience();
  return audience;
}

/** @param issuer without its scheme */
function conditionsOf(claims: Claims, issuer: string): Record<string, ContextValue> {
  const audiences = textsOf(claims.aud);
  const azp = textsOf(claims.azp);
  const values: Record<string, ContextValue> = {};
  const set = (name: string, texts: readonly string[], list: boolean) => {
    const [only] = texts;
    if (only !== undefined) values[`${issuer}:${name}`.toLowerCase()] = texts.length === 1 && !list ? only
      : texts;
  };
  set("aud", azp.length > 0 ? azp : audiences, false);
  if (azp.length > 0) set("oaud", audiences, false);
  set("sub", textsOf(claims.sub), false);
  set("amr", textsOf(claims.amr), true);
  set("email", textsOf(claims.email), false);
  for (const name of furtherClaims.get(issuer) ?? []) set(name, textsOf(claims[name]), false);
  return values;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Tags stand in one nested claim, or each in a claim of its own. @evidence IAM User Guide, Pass session tags
 */
function tagsOf(claims: Claims): SessionTags {
  const nested = claims[tagsClaim];
  const given: [string, unknown][] = isRecord(nested) && isRecord(nested.principal_tags)
    ? Object.entries(nested.principal_tags) : [];
  const flat = `${tagsClaim}/principal_tags/`;
  for (const [name, value] of Object.entries(claims)) {
    if (name.startsWith(flat)) given.push([name.slice(flat.length), value]);
  }
  const transitive = isRecord(nested) ? nested.transitive_tag_keys
    : claims[`${tagsClaim}/transitive_tag_keys`];
  const list = given.map(([Key, value]) => {
    const [Value, ...more] = textsOf(value);
    const fits = Value !== undefined && more.length === 0 && Value.length <= 256;
    if (!fits || Key.length === 0 || Key.length > 128) throw invalidToken(
      `The tag ${Key} must have one value.`);
    return { Key, Value };
  });
  return checkedTags(list, textsOf(transitive));
}

/** @throws InvalidIdentityToken, ValidationError */
export function webIdentityOf(claims: Claims, issuer: string, clientIds: readonly string[]): WebIdentity {
  const audience = audienceOf(claims, clientIds);
  const [subject] = textsOf(claims.sub);
  if (subject === undefined || subject === "") throw missingClaim("sub");
  const [sourceIdentity] = textsOf(claims[sourceIdentityClaim]);
  if (sourceIdentity !== undefined && !/^[\w+=,.@-]{2,64}$/.test(sourceIdentity)) {
    throw invalidToken("Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64}");
  }
  return { subject, audience, conditions: conditionsOf(claims, issuer), tags: tagsOf(claims),
    sourceIdentity };
}
