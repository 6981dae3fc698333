/**
 * Who in browsers may use a function's URL. @evidence Lambda Developer Guide, "Cross-origin resource sharing"
 */

import type { Cors } from "../../../generated/lambda.ts";
import type { Headers, WireResponse } from "../../../kernel/front.ts";

const join = (list: readonly string[] | undefined): string | undefined => list?.join(",");

function isAllowed(list: readonly string[] | undefined, value: string): boolean {
  return list?.some((allowed) => allowed === "*" || allowed.toLowerCase() === value.toLowerCase()) ?? false;
}

/** What every answer carries; the function's own headers of this kind make way for it. */
export function corsHeaders(cors: Cors | undefined, origin: string | undefined): Headers | undefined {
  if (!cors || origin === undefined || !isAllowed(cors.AllowOrigins, origin)) return undefined;
  const exposed = join(cors.ExposeHeaders);
  return {
    "access-control-allow-origin": cors.AllowOrigins?.includes("*") && !cors.AllowCredentials ? "*" : origin,
    vary: "Origin",
    ...(cors.AllowCredentials && { "access-control-allow-credentials": "true" }),
    ...(exposed !== undefined && { "access-control-expose-headers": exposed }),
  };
}

/** A browser asks before it sends; the function does not hear of it. */
export function preflight(cors: Cors, headers: Headers): WireResponse {
  const method = headers["access-control-request-method"] ?? "";
  const base = corsHeaders(cors, headers["origin"]);
  if (!base || !isAllowed(cors.AllowMethods, method)) return { status: 200, headers: {}, body: "" };
  const asked = headers["access-control-request-headers"];
  const allowed = cors.AllowHeaders?.includes("*") ? asked : join(cors.AllowHeaders);
  return {
    status: 200,
    headers: {
      ...base,
      "access-control-allow-methods": join(cors.AllowMethods) ?? method,
      ...(allowed !== undefined && { "access-control-allow-headers": allowed }),
      ...(cors.MaxAge !== undefined && { "access-control-max-age": String(cors.MaxAge) }),
    },
    body: "",
  };
}
