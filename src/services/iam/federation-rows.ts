/** How identity providers outside AWS are kept. */

import type { OutboundIssuer } from "../../kernel/auth/outbound-issuer.ts";
import { table } from "../../store/types.ts";

export interface OidcProvider {
  readonly arn: string;
  /** With its scheme. */
  readonly url: string;
  readonly clientIds: readonly string[];
  /** SHA-1 of certificates, 40 hexadecimal digits. */
  readonly thumbprints: readonly string[];
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

export const oidcProviders = table<OidcProvider>("iam.oidcProviders", { key: (provider) => provider.arn });

export interface SamlProvider {
  readonly arn: string;
  readonly name: string;
  /** `SAMLSP…`. */
  readonly id: string;
  readonly metadata: string;
  readonly createdAt: number;
  readonly validUntil: number;
}

export const samlProviders = table<SamlProvider>("iam.samlProviders", { key: (provider) => provider.arn });

/** What an OIDC provider's ARN ends with, and what the claims of its tokens are named by in policies. */
export function withoutScheme(url: string): string {
  return url.replace(/^https?:\/\//, "");
}

/** An account has one issuer; it is there from when it is first enabled. */
export const theIssuer = "issuer";

export interface OutboundIssuerRow extends OutboundIssuer {
  readonly key: typeof theIssuer;
}

export const outboundIssuers = table<OutboundIssuerRow>("iam.outboundIssuers", { key: (row) => row.key });
