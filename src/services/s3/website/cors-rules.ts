/** Which rule of a bucket lets a page of another origin in, and what browsers are told of it. */

import type * as s3 from "../../../generated/s3.ts";

/** What a browser says of the page that asks. */
export interface CrossOrigin {
  readonly origin: string;
  /** Of the request that is, or is to be, made. */
  readonly method: string;
  /** Names that a preflight asks for, in lower case. */
  readonly headers: readonly string[];
}

type Headers = Readonly<Record<string, string | undefined>>;

/**
 * The method that a preflight announces goes before the request's own, also where the request is none.
 *
 * @returns undefined without an origin
 */
export function crossOriginOf(method: string, headers: Headers): CrossOrigin | undefined {
  const { origin } = headers;
  if (origin === undefined) return undefined;
  const asked = headers["access-control-request-headers"] ?? "";
  return {
    origin,
    method: headers["access-control-request-method"] ?? method,
    headers: asked
      .split(",")
      .map((name) => name.trim().toLowerCase())
      .filter((name) => name !== ""),
  };
}

/**
 * What the first rule that matches answers; undefined when none does.
 *
 * @evidence S3 User Guide, "Elements of a CORS configuration"; recorded preflights of 2023 to 2025: the
 *   methods are the rule's, the headers those asked for, in lower case
 */
export function corsHeaders(
  { CORSRules }: s3.CORSConfiguration,
  asked: CrossOrigin,
): Record<string, string> | undefined {
  for (const rule of CORSRules) {
    const pattern = rule.AllowedOrigins.find((each) => matches(each, asked.origin));
    if (pattern === undefined || !rule.AllowedMethods.includes(asked.method)) continue;
    const allowed = (rule.AllowedHeaders ?? []).map((each) => each.toLowerCase());
    if (!asked.headers.every((name) => allowed.some((each) => matches(each, name)))) continue;
    return answerOf(rule, pattern, asked);
  }
  return undefined;
}

function answerOf(rule: s3.CORSRule, pattern: string, asked: CrossOrigin): Record<string, string> {
  const isAny = pattern === "*";
  const { AllowedMethods, ExposeHeaders = [], MaxAgeSeconds } = rule;
  return {
    "access-control-allow-origin": isAny ? "*" : asked.origin,
    "access-control-allow-methods": AllowedMethods.join(", "),
    ...(asked.headers.length > 0 && { "access-control-allow-headers": asked.headers.join(", ") }),
    ...(ExposeHeaders.length > 0 && { "access-control-expose-headers": ExposeHeaders.join(", ") }),
    ...(MaxAgeSeconds !== undefined && { "access-control-max-age": String(MaxAgeSeconds) }),
    ...(!isAny && { "access-control-allow-credentials": "true" }),
    vary: "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
  };
}

/** At most one `*` stands for any run of characters, also for none. */
function matches(pattern: string, text: string): boolean {
  const star = pattern.indexOf("*");
  if (star < 0) return pattern === text;
  const tail = pattern.slice(star + 1);
  return (
    text.length >= star + tail.length && text.startsWith(pattern.slice(0, star)) && text.endsWith(tail)
  );
}
