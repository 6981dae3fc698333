/**
 * The keys by which OpenID Connect providers sign. They are fetched anew every hour, and for keys not yet
 * known.
 */

import type { FederationProvider } from "../../kernel/auth/identity.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { fetchDocument, Unreachable, UntrustedCertificate } from "../../kernel/outside-documents.ts";
import { table } from "../../store/types.ts";
import { noVerificationKey, providerUnreachable, wrongThumbprint } from "./errors.ts";
import { keyOf, type JsonWebToken, type PublishedKey } from "./json-web-token.ts";

type OidcProvider = Extract<FederationProvider, { readonly kind: "oidc" }>;

interface IssuerKeys {
  /** The provider's ARN. */
  readonly provider: string;
  /** Epoch milliseconds. */
  readonly fetchedAt: number;
  readonly keys: readonly PublishedKey[];
}

const issuerKeys = table<IssuerKeys>("sts.issuerKeys", { key: (row) => row.provider });

const freshMilliseconds = 3_600_000;
const keysMax = 100;

/**
 * The provider's key by which the token claims to be signed. @throws InvalidIdentityToken,
 * IDPCommunicationError
 */
export async function signingKey(
  token: JsonWebToken, provider: OidcProvider, ctx: BodyContext,
): Promise<PublishedKey> {
  const known = ctx.transaction((within) => within.db(issuerKeys).get(provider.arn));
  const now = ctx.clock.now();
  const fresh = known !== undefined && known.fetchedAt <= now && now < known.fetchedAt + freshMilliseconds;
  const remembered = fresh ? keyOf(token, known.keys) : undefined;
  if (remembered !== undefined) return remembered;
  const keys = await fetchKeys(provider, ctx);
  ctx.transaction((within) => within.db(issuerKeys).put({ provider: provider.arn, fetchedAt: now, keys }));
  const fetched = keyOf(token, keys);
  if (fetched === undefined) throw noVerificationKey();
  return fetched;
}

async function fetchKeys(provider: OidcProvider, ctx: BodyContext): Promise<PublishedKey[]> {
  const rules = { thumbprints: provider.thumbprints, signal: ctx.signal };
  try {
    const discovery = await fetchDocument(new URL(`${provider.url}/.well-known/openid-configuration`), rules);
    const { issuer, jwks_uri: address } = discovery ?? {};
    if (issuer !== provider.url && issuer !== `${provider.url}/`) throw noVerificationKey();
    const url = typeof address === "string" && URL.canParse(address) ? new URL(address) : undefined;
    // Plain http is for providers on this machine only, and they may not point anywhere else by it.
    const here = url?.protocol === "http:" && url.host === new URL(provider.url).host;
    if (url === undefined || !(url.protocol === "https:" || here)) throw noVerificationKey();
    const { keys } = (await fetchDocument(url, rules)) ?? {};
    if (!Array.isArray(keys) || keys.length === 0 || keys.length > keysMax) throw noVerificationKey();
    return (keys as unknown[]).flatMap((key) => published(key) ?? []);
  } catch (error) {
    if (error instanceof Unreachable) throw providerUnreachable(provider.url);
    if (error instanceof UntrustedCertificate) throw wrongThumbprint();
    throw error;
  }
}

function published(value: unknown): PublishedKey | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const key = value as Record<string, unknown>;
  if (typeof key.kty !== "string") return undefined;
  const members = ["kid", "kty", "n", "e", "crv", "x", "y"] as const;
  const texts = members.filter((name) => typeof key[name] === "string").map((name) => [name, key[name]]);
  return Object.fromEntries(texts) as PublishedKey;
}
