/** An account as an issuer of tokens that others verify: the keys are IAM's, the tokens are STS's. */

import type { Kernel } from "../kernel.ts";

export interface IssuerKey {
  /** `RSA_0`, `EC384_0`. */
  readonly keyId: string;
  readonly algorithm: "RS256" | "ES384";
  /** PKCS #8, as PEM. */
  readonly privateKey: string;
}

export interface OutboundIssuer {
  /** A UUID, which the account keeps. */
  readonly id: string;
  /** Whether it issues tokens. Its keys are published either way, so that earlier tokens can be verified. */
  readonly enabled: boolean;
  readonly keys: readonly IssuerKey[];
}

/** Below this path of the region's endpoint, issuers publish their keys. */
export const issuersPath = "/_local/v1/issuers/";

/** AWS's is `https://<id>.tokens.sts.global.api.aws`. */
export function issuerUrl(kernel: Kernel, issuer: Pick<OutboundIssuer, "id">): string {
  return `${kernel.endpoint("sts", "us-east-1")}${issuersPath}${issuer.id}`;
}
