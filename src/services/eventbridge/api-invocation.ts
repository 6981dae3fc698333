/** A payload goes to an endpoint outside: what the request is made of, and what its answer means. */

import type * as events from "../../generated/eventbridge.ts";
import * as iam from "../../generated/iam.ts";
import { rootCaller } from "../../kernel/auth/authenticate.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { sendOutbound, type OutboundAnswer, type OutboundRequest } from "../../kernel/outbound.ts";
import { failed, failureOf, type Failure } from "../../delivery/failure.ts";
import {
  apiDestinationHeaders, jsonHeaders, removedFromApiDestinations,
} from "../../delivery/http-headers.ts";
import { sessionOf } from "../../delivery/role-session.ts";
import { apiDestinationArn, apiDestinations, type ApiDestination } from "./api-destination-table.ts";
import { readSecret, type Secret } from "./connection-secrets.ts";
import { compactObject } from "./event.ts";
import { findConnectionByArn, type Connection } from "./connection-table.ts";
import { valueAt } from "./json-path.ts";
import { forgetToken, pairs, tokenFor } from "./oauth.ts";
import { outboundFailure } from "./outbound-failures.ts";

export interface ApiInvocation {
  readonly target: events.Target;
  readonly payload: string;
  /** The event, for parameters that are paths into it. */
  readonly document: unknown;
}

/** @evidence EventBridge User Guide, "API destinations": an answer within five seconds */
const timeoutMilliseconds = 5_000;
const bytesMax = 1_048_576;
const bodiless = new Set(["GET", "HEAD", "OPTIONS"]);

/** Undefined when the endpoint has taken it. */
export async function invokeApiDestination(
  ctx: BodyContext, invocation: ApiInvocation,
): Promise<Failure | undefined> {
  const { target } = invocation;
  const found = ctx.transaction((within) => {
    const destination = within.db(apiDestinations).get(target.Arn.split("/")[1] ?? "");
    if (!destination || apiDestinationArn(within, destination) !== target.Arn) return undefined;
    return { destination, connection: findConnectionByArn(within, destination.connectionArn) };
  });
  if (!found) return failed("NO_RESOURCE", `The API destination ${target.Arn} does not exist.`, false);
  const { destination, connection } = found;
  if (connection?.state !== "AUTHORIZED") {
    return failed("NO_PERMISSIONS", `The connection of ${target.Arn} is not authorized.`, true);
  }
  try {
    await requireRole(ctx, target);
  } catch (cause) {
    if (cause instanceof AwsError) return failureOf(cause);
    throw cause;
  }
  if (!hasRoom(ctx, destination)) {
    return failed("THROTTLING", `The rate limit of ${target.Arn} is reached.`, true);
  }
  return send(ctx, invocation, destination, connection);
}

/** The role lets EventBridge in, and may invoke the destination. */
async function requireRole(ctx: BodyContext, { Arn, RoleArn: roleArn = "" }: events.Target): Promise<void> {
  await sessionOf(ctx, { roleArn, principal: "events.amazonaws.com", sourceArn: Arn });
  const { EvaluationResults: [result] = [] } = await ctx.call(
    iam.SimulatePrincipalPolicy,
    { PolicySourceArn: roleArn, ActionNames: ["events:InvokeApiDestination"], ResourceArns: [Arn] },
    { as: { for: rootCaller(ctx.account) } },
  );
  if (result?.EvalDecision === "allowed") return;
  throw new AwsError({
    code: "AccessDeniedException", status: 400,
    message: `${roleArn} is not authorized to perform: events:InvokeApiDestination on resource: ${Arn}`,
  });
}

interface Window {
  second: number;
  count: number;
}

/** Counts what has been sent in this second of the region's clock. */
function hasRoom(ctx: BodyContext, destination: ApiDestination): boolean {
  const windows = ctx.kernel.cacheFor<Window>("eventbridge.apiRates");
  const second = Math.floor(ctx.clock.now() / 1_000);
  const window = windows.get(destination.id);
  const count = window?.second === second ? window.count : 0;
  if (count >= destination.ratePerSecond) return false;
  windows.set(destination.id, { second, count: count + 1 });
  return true;
}

async function send(
  ctx: BodyContext, invocation: ApiInvocation, destination: ApiDestination, connection: Connection,
): Promise<Failure | undefined> {
  let secret: Secret;
  try {
    secret = await readSecret(ctx, connection.secretArn);
  } catch (cause) {
    if (cause instanceof AwsError) return failureOf(cause);
    throw cause;
  }
  const authorization = await authorizationOf(ctx, connection, secret);
  if ("failure" in authorization) return authorization.failure;
  const request = requestOf(invocation, destination, secret, authorization.headers);
  if (!request) return failed("INVALID_PARAMETER", "The endpoint's URL is not valid.", false);
  try {
    const answer = await sendOutbound({
      ...request, timeoutMilliseconds, bytesMax, signal: ctx.signal, authorities: ctx.kernel.authorities,
    });
    if (answer.status === 401 || answer.status === 407) forgetToken(ctx, connection);
    return failureIn(answer);
  } catch (cause) {
    return outboundFailure(cause);
  }
}

/**
 * @evidence EventBridge User Guide, "API destination error codes": which statuses are tried again; the more
 *   conservative of the retry policy and `Retry-After` counts; a negative `Retry-After` ends it
 */
function failureIn({ status, headers }: OutboundAnswer): Failure | undefined {
  if (status < 300) return undefined;
  const wait = waitIn(headers);
  const isRetryable = [401, 407, 409, 429].includes(status) || status >= 500;
  const code = status === 429 ? "THROTTLING" : status >= 500 ? "ERROR_FROM_TARGET" : "SDK_CLIENT_ERROR";
  const failure = failed(code, `The endpoint answered ${String(status)}.`, isRetryable && !(wait < 0));
  return wait > 0 ? { ...failure, waitMilliseconds: wait } : failure;
}

/** Milliseconds; a date counts from the answer's own. Not a number where there is none. */
function waitIn({ "retry-after": text = "", date = "" }: OutboundAnswer["headers"]): number {
  if (/^-?\d{1,9}$/.test(text)) return Number(text) * 1_000;
  return Date.parse(text) - Date.parse(date);
}

async function authorizationOf(
  ctx: BodyContext, connection: Connection, secret: Secret,
): Promise<{ readonly headers: Record<string, string> } | { readonly failure: Failure }> {
  switch (connection.type) {
    case "BASIC": {
      const credentials = Buffer.from(`${secret.username ?? ""}:${secret.password ?? ""}`).toString("base64");
      return { headers: { authorization: `Basic ${credentials}` } };
    }
    case "API_KEY":
      return { headers: { [secret.api_key_name ?? ""]: secret.api_key_value ?? "" } };
    case "OAUTH_CLIENT_CREDENTIALS": {
      const token = await tokenFor(ctx, connection, secret);
      return "failure" in token ? token : { headers: { authorization: token.authorization } };
    }
  }
}

/** What the connection says goes over what the target says. */
function requestOf(
  { target, payload, document }: ApiInvocation,
  destination: ApiDestination,
  secret: Secret,
  authorization: Record<string, string>,
): Pick<OutboundRequest, "url" | "method" | "headers" | "body"> | undefined {
  const { PathParameterValues = [], HeaderParameters = {}, QueryStringParameters = {} } =
    target.HttpParameters ?? {};
  const filled = (value: string): string => {
    if (!value.startsWith("$.")) return value;
    const found = valueAt(document, value) ?? "";
    return typeof found === "string" ? found : JSON.stringify(found);
  };
  let at = 0;
  const endpoint = destination.endpoint.replace(/\*/g, () =>
    encodeURIComponent(filled(PathParameterValues[at++] ?? "")));
  if (!URL.canParse(endpoint)) return undefined;
  const url = new URL(endpoint);
  const parameters = secret.invocation_http_parameters;
  const query = {
    ...mapped(QueryStringParameters, filled), ...pairs(parameters?.query_string_parameters),
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const { method } = destination;
  const given = {
    ...lowered(mapped(HeaderParameters, filled)),
    ...lowered(pairs(parameters?.header_parameters)),
    ...lowered(authorization),
  };
  const kept = Object.entries(given).filter(([name]) => !removedFromApiDestinations.has(name));
  const headers = { ...jsonHeaders, ...Object.fromEntries(kept), ...apiDestinationHeaders };
  if (bodiless.has(method)) return { url, method, headers };
  return { url, method, headers, body: withMembers(payload, pairs(parameters?.body_parameters)) };
}

function mapped(values: Readonly<Record<string, string>>, change: (value: string) => string) {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}

function lowered(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** A connection's body parameters become members of a payload that is an object. */
function withMembers(payload: string, members: Readonly<Record<string, string>>): string {
  if (Object.keys(members).length === 0) return payload;
  const object = compactObject(payload);
  return object === undefined ? payload : JSON.stringify({ ...JSON.parse(object) as object, ...members });
}
