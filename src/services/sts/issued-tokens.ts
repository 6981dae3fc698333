/** Tokens that say who an AWS principal is to those outside of AWS. */

import { createPrivateKey, sign } from "node:crypto";
import * as sts from "../../generated/sts.ts";
import { issuerUrl, type IssuerKey } from "../../kernel/auth/outbound-issuer.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import {
  accessDenied, duplicateTagKeys, outboundFederationDisabled, payloadTooLarge, tokenOutlivesSession,
  unsupportedAlgorithm,
} from "./errors.ts";

const durationSecondsDefault = 300;
/** @evidence radkawar/stackd, docs on outbound federation: a boundary that was measured on AWS */
const payloadBytesMax = 14_984;
const digests = { RS256: "sha256", ES384: "sha384" } as const;

function nameOf(text: string): text is IssuerKey["algorithm"] {
  return Object.hasOwn(digests, text);
}

function requestTags(input: sts.GetWebIdentityTokenRequest): Record<string, string> | undefined {
  const tags = input.Tags ?? [];
  const keys = new Set(tags.map(({ Key }) => Key.toLowerCase()));
  if (keys.size < tags.length) throw duplicateTagKeys();
  return tags.length === 0 ? undefined : Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]));
}

/**
 * What does not apply is left out; `JSON.stringify` does that.
 *
 * @evidence IAM User Guide, Understanding token claims; recorded tokens, radkawar/stackd,
 *   testdata/aws/iam/outbound_issuance.json
 */
function claimsOf(
  { Audience }: sts.GetWebIdentityTokenRequest, ctx: ReadContext, issued: {
    readonly issuer: string; readonly expiry: number; readonly tags: Record<string, string> | undefined;
  },
) {
  const { caller } = ctx;
  const { session } = caller;
  const subject = caller.roleArn ?? caller.arn;
  const [audience, ...more] = Audience;
  return {
    iss: issued.issuer,
    sub: subject,
    aud: more.length === 0 ? audience : Audience,
    iat: Math.floor(ctx.clock.now() / 1000),
    exp: Math.floor(issued.expiry / 1000),
    jti: ctx.ids.uuid(),
    "https://sts.amazonaws.com/": {
      aws_account: caller.account,
      source_region: ctx.requestRegion,
      principal_id: subject,
      principal_tags: Object.keys(caller.tags).length > 0 ? caller.tags : undefined,
      request_tags: issued.tags,
      original_session_exp: session && new Date(session.expiresAt).toISOString().replace(/\.\d+Z$/, "Z"),
      federated_provider: session?.federatedProvider,
      source_identity: session?.sourceIdentity,
    },
  };
}

function encoded(value: Buffer | string): string {
  return Buffer.from(value).toString("base64url");
}

/** ECDSA signatures are the two numbers side by side. @evidence RFC 7518, 3.4 */
function signed(payload: string, { keyId, algorithm, privateKey }: IssuerKey): string {
  const head = JSON.stringify({ kid: keyId, typ: "JWT", alg: algorithm });
  const text = `${encoded(head)}.${encoded(payload)}`;
  const key = { key: createPrivateKey(privateKey), dsaEncoding: "ieee-p1363" } as const;
  return `${text}.${encoded(sign(digests[algorithm], Buffer.from(text), key))}`;
}

/**
 * @evidence the resource, the order of the refusals and their texts: recorded answers, radkawar/stackd,
 *   testdata/aws/iam/outbound_identity.json
 */
export const GetWebIdentityToken = operation(sts.GetWebIdentityToken, {
  resource: (_input, ctx) => `arn:aws:sts::${ctx.account}:self`,
  action: ({ Tags }) => Tags?.length
    ? ["sts:GetWebIdentityToken", "sts:TagGetWebIdentityToken"] : "sts:GetWebIdentityToken",
  conditions: (input) => ({
    "sts:identitytokenaudience": input.Audience,
    "sts:signingalgorithm": input.SigningAlgorithm,
    "sts:durationseconds": String(input.DurationSeconds ?? durationSecondsDefault),
  }),

  run(input, ctx) {
    const { caller } = ctx;
    if (caller.type === "FederatedUser") {
      throw accessDenied("GetWebIdentityToken does not support federated user sessions");
    }
    const { SigningAlgorithm: algorithm } = input;
    if (!nameOf(algorithm)) throw unsupportedAlgorithm();
    const expiry = ctx.clock.now() + (input.DurationSeconds ?? durationSecondsDefault) * 1000;
    if (caller.session && expiry > caller.session.expiresAt) throw tokenOutlivesSession();
    const tags = requestTags(input);
    const issuer = ctx.kernel.identity.outboundIssuer(caller.account);
    const key = issuer?.keys.find((each) => each.algorithm === algorithm);
    if (!issuer?.enabled || !key) throw outboundFederationDisabled();
    const payload = JSON.stringify(
      claimsOf(input, ctx, { issuer: issuerUrl(ctx.kernel, issuer), expiry, tags }),
    );
    if (Buffer.byteLength(payload) > payloadBytesMax) throw payloadTooLarge();
    return { WebIdentityToken: signed(payload, key), Expiration: expiry };
  },
});
