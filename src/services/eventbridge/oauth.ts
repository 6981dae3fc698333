/** Tokens for connections with OAuth client credentials. */

import type { BodyContext } from "../../kernel/context.ts";
import { sendOutbound } from "../../kernel/outbound.ts";
import { failed, type Failure } from "../../delivery/failure.ts";
import { formHeaders } from "../../delivery/http-headers.ts";
import type { HttpParameter, Secret } from "./connection-secrets.ts";
import type { Connection } from "./connection-table.ts";
import { outboundFailure } from "./outbound-failures.ts";

export interface Token {
  readonly authorization: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

const secondsDefault = 3_600;
const timeoutMilliseconds = 5_000;
const bytesMax = 65_536;

function known(ctx: BodyContext) {
  return ctx.kernel.cacheFor<Token>("eventbridge.tokens");
}

export function forgetToken(ctx: BodyContext, { id }: Connection): void {
  known(ctx).delete(id);
}

/** A token that is still good, or a new one. */
export async function tokenFor(
  ctx: BodyContext, connection: Connection, secret: Secret,
): Promise<Token | { readonly failure: Failure }> {
  const token = known(ctx).get(connection.id);
  return token && token.expiresAt > ctx.clock.now() ? token : fetchToken(ctx, connection, secret);
}

/** @evidence EventBridge User Guide, "Connections": grant type client_credentials */
export async function fetchToken(
  ctx: BodyContext, connection: Connection, secret: Secret,
): Promise<Token | { readonly failure: Failure }> {
  const { authorization_endpoint: endpoint = "", http_method: method = "POST" } = secret;
  const { oauth_http_parameters } = secret;
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (!url) return { failure: failed("INVALID_PARAMETER", "The authorization endpoint is no URL.", false) };
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: secret.client_id ?? "",
    client_secret: secret.client_secret ?? "",
    ...pairs(oauth_http_parameters?.body_parameters),
  });
  const query = Object.entries(pairs(oauth_http_parameters?.query_string_parameters));
  for (const [name, value] of query) url.searchParams.set(name, value);
  if (method === "GET") for (const [name, value] of form) url.searchParams.set(name, value);
  try {
    const { status, body } = await sendOutbound({
      url, method, timeoutMilliseconds, bytesMax, signal: ctx.signal, authorities: ctx.kernel.authorities,
      headers: {
        ...pairs(oauth_http_parameters?.header_parameters),
        ...(method !== "GET" && formHeaders),
      },
      ...(method !== "GET" && { body: form.toString() }),
    });
    const token = status < 300 ? tokenIn(body.toString(), ctx.clock.now()) : undefined;
    if (!token) {
      const message = `The authorization endpoint answered ${String(status)}.`;
      return { failure: failed("NO_PERMISSIONS", message, status >= 500) };
    }
    known(ctx).set(connection.id, token);
    return token;
  } catch (cause) {
    return { failure: outboundFailure(cause) };
  }
}

function tokenIn(text: string, now: number): Token | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof answer !== "object" || answer === null) return undefined;
  const { access_token: token, expires_in: seconds, token_type: type } = answer as Record<string, unknown>;
  if (typeof token !== "string") return undefined;
  const lasts = Number(seconds) > 0 ? Number(seconds) : secondsDefault;
  const kind = typeof type === "string" && type.toLowerCase() !== "bearer" ? type : "Bearer";
  return { authorization: `${kind} ${token}`, expiresAt: now + lasts * 1_000 };
}

export function pairs(parameters: readonly HttpParameter[] | undefined): Record<string, string> {
  return Object.fromEntries((parameters ?? []).map(({ key, value }) => [key, value]));
}
