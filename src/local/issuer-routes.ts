/** Where accounts publish the keys of the tokens that STS issues for them. */

import { createPublicKey } from "node:crypto";
import { issuersPath, issuerUrl, type OutboundIssuer } from "../kernel/auth/outbound-issuer.ts";
import type { Engine } from "../kernel/engine.ts";
import { notFound, type LocalRoute } from "./http.ts";

function requireIssuer(engine: Engine, id = ""): OutboundIssuer {
  const issuer = engine.identity.outboundIssuerById(id);
  if (!issuer) throw notFound(`There is no issuer ${id}.`);
  return issuer;
}

export const issuerRoutes: readonly LocalRoute[] = [
  {
    method: "GET",
    path: `${issuersPath}{issuer}/.well-known/openid-configuration`,
    summary: "What an account says of itself as an issuer of tokens.",
    /** @evidence a recorded openid-configuration of AWS's */
    run({ parameters }, { region: { engine } }) {
      const issuer = issuerUrl(engine, requireIssuer(engine, parameters["issuer"]));
      return {
        issuer,
        jwks_uri: `${issuer}/.well-known/jwks.json`,
        claims_supported: ["sub", "iss", "aud", "exp", "iat", "jti", "https://sts.amazonaws.com/"],
        id_token_signing_alg_values_supported: ["RS256", "ES384"],
        subject_types_supported: ["public"],
      };
    },
  },
  {
    method: "GET",
    path: `${issuersPath}{issuer}/.well-known/jwks.json`,
    summary: "The public keys with which an account's tokens are verified.",
    run({ parameters }, { region: { engine } }) {
      const { keys } = requireIssuer(engine, parameters["issuer"]);
      return {
        keys: keys.map(({ keyId, algorithm, privateKey }) => ({
          ...createPublicKey(privateKey).export({ format: "jwk" }),
          kid: keyId,
          use: "sig",
          alg: algorithm,
        })),
      };
    },
  },
];
