/**
 * HTTP requests as events of functions, and functions' answers as HTTP responses.
 *
 * @evidence Lambda Developer Guide, "Invoking Lambda function URLs": request and response payload format 2.0
 */

import { validateHeaderName, validateHeaderValue } from "node:http";
import type { Caller } from "../../../kernel/auth/caller.ts";
import type { FrontRequest, WireResponse } from "../../../kernel/front.ts";

export interface UrlRequest {
  readonly request: FrontRequest;
  readonly body: Buffer;
  readonly urlId: string;
  readonly caller: Caller;
  readonly requestId: string;
  readonly traceHeader: string;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly isSigned: boolean;
}

/** What is not text comes in base64. */
const textual = /^(?:text\/|application\/(?:json|xml|javascript)\b|application\/[^;]*\+(?:json|xml)\b)/i;

export function eventOf(arrived: UrlRequest): object {
  const { request, body, urlId, caller, requestId, traceHeader, now, isSigned } = arrived;
  const { method, path, query, headers, sourceIp, secure } = request;
  const { cookie, connection: _, ...others } = headers;
  const isText = textual.test(headers["content-type"] ?? "text/plain");
  const domainName = headers["host"] ?? "";
  const rawPath = decoded(path);
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath,
    rawQueryString: query,
    ...(cookie !== undefined && { cookies: cookie.split(/;\s*/) }),
    headers: {
      ...others,
      "x-forwarded-for": sourceIp,
      "x-forwarded-proto": secure ? "https" : "http",
      "x-amzn-trace-id": traceHeader,
      "x-forwarded-port": domainName.split(":")[1] ?? (secure ? "443" : "80"),
    },
    ...(query !== "" && { queryStringParameters: parametersOf(query) }),
    requestContext: {
      accountId: isSigned ? caller.account : "anonymous",
      apiId: urlId,
      ...(isSigned && { authorizer: { iam: iamOf(caller) } }),
      domainName,
      domainPrefix: urlId,
      http: { method, path: rawPath, protocol: "HTTP/1.1", sourceIp, userAgent: headers["user-agent"] ?? "" },
      requestId,
      routeKey: "$default",
      stage: "$default",
      time: timeText(now),
      timeEpoch: now,
    },
    ...(body.length > 0 && { body: body.toString(isText ? "utf8" : "base64") }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Values of one name are one text, separated by commas. */
function parametersOf(query: string): Record<string, string> {
  const parameters = Object.create(null) as Record<string, string>;
  for (const [name, value] of new URLSearchParams(query)) {
    parameters[name] = parameters[name] === undefined ? value : `${parameters[name]},${value}`;
  }
  return parameters;
}

function iamOf({ accessKeyId, account, principalId, arn }: Caller): object {
  return {
    accessKey: accessKeyId, accountId: account, callerId: principalId, cognitoIdentity: null,
    principalOrgId: null,
    userArn: arn, userId: principalId,
  };
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `12/Mar/2026:19:03:58 +0000` */
function timeText(now: number): string {
  const [day = "", clock = ""] = new Date(now).toISOString().slice(0, 19).split("T");
  const [year, month, date] = day.split("-");
  return `${date}/${months[Number(month) - 1]}/${year}:${clock} +0000`;
}

interface Answer {
  readonly statusCode?: unknown;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly cookies?: readonly unknown[];
  readonly body?: unknown;
  readonly isBase64Encoded?: unknown;
}

/** A function either says status and headers, or it has answered with what is the body. */
export function responseOf(payload: Buffer): WireResponse {
  const text = payload.toString("utf8");
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return { status: 200, headers: { "content-type": "application/json" }, body: text };
  }
  if (typeof answer !== "object" || answer === null || !("statusCode" in answer)) {
    return {
      status: 200, headers: { "content-type": "application/json" },
      body: typeof answer === "string" ? answer : text,
    };
  }
  return described(answer as Answer);
}

/**
 * What belongs to the connection, and the length of what is sent on it, a function has no say in.
 *
 * @evidence RFC 9110, 7.6.1, "Connection"
 */
const ofConnection: ReadonlySet<string> = new Set([
  "connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding",
  "upgrade",
]);

/** @throws RangeError for a status that is none, TypeError for what can't be in a header */
export function described({ statusCode, headers, cookies, body, isBase64Encoded }: Answer): WireResponse {
  const status = Number(statusCode ?? 200);
  if (!Number.isInteger(status) || status < 100 || status > 599) throw new RangeError(`no status: ${status}`);
  const named = Object.entries(headers ?? {})
    .map(([name, value]) => [name.toLowerCase(), String(value)] as const)
    .filter(([name]) => !ofConnection.has(name));
  const all: Record<string, string | string[]> = {
    "content-type": "application/json", ...Object.fromEntries(named),
  };
  if (cookies && cookies.length > 0) all["set-cookie"] = cookies.map(String);
  for (const [name, value] of Object.entries(all)) {
    validateHeaderName(name);
    for (const each of [value].flat()) validateHeaderValue(name, each);
  }
  const isThere = body !== undefined && body !== null;
  const text = typeof body === "string" ? body : isThere ? JSON.stringify(body) : "";
  return {
    status,
    headers: all as WireResponse["headers"],
    body: isBase64Encoded === true ? Buffer.from(text, "base64") : text,
  };
}
