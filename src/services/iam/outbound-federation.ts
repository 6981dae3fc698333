/** Outbound federation: the account as an issuer of tokens, which STS signs with the keys that are here. */

import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import * as iam from "../../generated/iam.ts";
import { issuerUrl, type IssuerKey } from "../../kernel/auth/outbound-issuer.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { outboundFederationDisabled, outboundFederationEnabled } from "./errors.ts";
import { theIssuer, outboundIssuers, type OutboundIssuerRow } from "./federation-rows.ts";

const generate = promisify(generateKeyPair);

/** @evidence key ids and kinds of keys: a recorded jwks.json of AWS's, and recorded headers of tokens */
async function newKeys(): Promise<IssuerKey[]> {
  const rsa = await generate("rsa", { modulusLength: 2048 });
  const ec = await generate("ec", { namedCurve: "secp384r1" });
  const pem = { format: "pem", type: "pkcs8" } as const;
  return [
    { keyId: "RSA_0", algorithm: "RS256", privateKey: rsa.privateKey.export(pem).toString() },
    { keyId: "EC384_0", algorithm: "ES384", privateKey: ec.privateKey.export(pem).toString() },
  ];
}

function find(ctx: ReadContext): OutboundIssuerRow | undefined {
  return ctx.db(outboundIssuers).get(theIssuer);
}

function requireEnabled(ctx: ReadContext): OutboundIssuerRow {
  const issuer = find(ctx);
  if (!issuer?.enabled) throw outboundFederationDisabled(ctx.account);
  return issuer;
}

/**
 * The issuer and its keys stay the same when it is disabled and enabled again.
 *
 * @evidence recorded answers, radkawar/stackd, testdata/aws/iam/outbound_issuance.json and
 *   outbound_lifecycle.json
 */
export const EnableOutboundWebIdentityFederation = operation(iam.EnableOutboundWebIdentityFederation, {
  async body(_input, ctx) {
    const isNew = ctx.transaction((within) => find(within) === undefined);
    const keys = isNew ? await newKeys() : [];
    const issuer = ctx.transaction((within) => {
      const before = find(within) ?? { key: theIssuer, id: within.ids.uuid(), keys, enabled: false };
      if (before.enabled) throw outboundFederationEnabled(within.account);
      return within.db(outboundIssuers).put({ ...before, enabled: true });
    });
    return { IssuerIdentifier: issuerUrl(ctx.kernel, issuer) };
  },
});

/** What was issued stays valid, and its keys stay published. */
export const DisableOutboundWebIdentityFederation = operation(iam.DisableOutboundWebIdentityFederation, {
  run(_input, ctx) {
    ctx.db(outboundIssuers).put({ ...requireEnabled(ctx), enabled: false });
  },
});

export const GetOutboundWebIdentityFederationInfo = operation(iam.GetOutboundWebIdentityFederationInfo, {
  run(_input, ctx) {
    const issuer = requireEnabled(ctx);
    return { IssuerIdentifier: issuerUrl(ctx.kernel, issuer), JwtVendingEnabled: issuer.enabled };
  },
});
