/** What the routes of the local API are made of. */

import type { Incoming } from "../kernel/gateway/chain.ts";
import type { WireResponse } from "../kernel/protocol/protocol.ts";
import type { LocalHost } from "./host.ts";

export interface LocalRequest {
  /** The parts of the path that the route leaves open, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The JSON body; an empty object when there is none. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Aborted when the client hangs up. */
  readonly signal: AbortSignal;
}

export interface LocalRoute {
  readonly method: "GET" | "POST" | "DELETE";
  /** `/_local/v1/snapshots/{name}`. */
  readonly path: string;
  /** One sentence for the index. */
  readonly summary: string;
  /** What it returns is the answer's JSON, or the answer. */
  readonly run: (request: LocalRequest, host: LocalHost) => unknown;
}

/** A refusal: `{"error": {"code": …, "message": …}}`. */
export class LocalError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
  }
}

export function invalidRequest(message: string): LocalError {
  return new LocalError(400, "InvalidRequest", message);
}

export function notFound(message: string): LocalError {
  return new LocalError(404, "NotFound", message);
}

export function json(status: number, value: unknown, headers: Record<string, string> = {}): WireResponse {
  return {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
    body: `${JSON.stringify(value, undefined, 2)}\n`,
  };
}

export function refusal(error: LocalError): WireResponse {
  return json(error.status, { error: { code: error.code, message: error.message } });
}

/**
 * The JSON body of a request. A post must say that it is JSON: a form on a foreign site cannot.
 *
 * @throws LocalError
 */
export function bodyOf({ method, headers, body, failure }: Incoming): Record<string, unknown> {
  if (method !== "POST") return {};
  const type = headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new LocalError(415, "UnsupportedMediaType", "Send the header content-type: application/json.");
  }
  // What did not come whole commands nothing.
  if (failure) throw invalidRequest(failure.message);
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch {
    throw invalidRequest("The body is not JSON.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidRequest("The body must be a JSON object.");
  }
  return value as Record<string, unknown>;
}

export function optionalText(body: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = Object.hasOwn(body, name) ? body[name] : undefined;
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string" || value === "")
    throw invalidRequest(`${name} must be a text that is not empty.`);
  return value;
}

export function requireText(body: Readonly<Record<string, unknown>>, name: string): string {
  const value = optionalText(body, name);
  if (value === undefined) throw invalidRequest(`${name} is missing.`);
  return value;
}

export function optionalInteger(
  body: Readonly<Record<string, unknown>>,
  name: string,
  [min, max]: readonly [number, number],
): number | undefined {
  const value = Object.hasOwn(body, name) ? body[name] : undefined;
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
    throw invalidRequest(`${name} must be a whole number from ${min} to ${max}.`);
  }
  return value;
}
