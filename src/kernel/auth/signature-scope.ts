/**
 * Whether a claim is for this time, this service and this region: all that can be refused without a secret.
 */

import type { AwsError } from "../errors.ts";
import type { AuthDialect } from "./auth-errors.ts";
import {
  headerMalformed,
  invalidSignature,
  queryParametersError,
  s3Error,
  unmatchedTime,
} from "./auth-errors.ts";
import { basicTimestamp } from "./timestamp.ts";
import type { SignableRequest, SignatureClaim } from "./signature-claim.ts";

export interface ScopeRules {
  readonly nowMs: number;
  readonly dialect: AuthDialect;
  /** The signing name of the service asked, or the names it accepts; the first is the one texts give. */
  readonly service: string | readonly string[];
  /** The region asked, or those accepted; undefined accepts any. */
  readonly region: string | readonly string[] | undefined;
  /** How far clocks may differ. @evidence STS and S3 answer "- 15 min.", JSON services "- 5 min." */
  readonly skewMinutes?: number;
}

const SKEW_MINUTES: Record<AuthDialect, number> = { query: 15, json: 5, rest: 5, ec2: 15, s3: 15 };
const MINUTE_MS = 60_000;

/**
 * @throws AwsError in the order in which the dialect's services check
 * @evidence a recorded series of answers of DynamoDB: time, host, scope; S3's own texts
 */
export function verifyScope(claim: SignatureClaim, request: SignableRequest, rules: ScopeRules): void {
  if (rules.dialect === "s3") verifyScopeOfS3(claim, request, rules);
  else verifyScopeOf(claim, rules, rules.dialect);
}

function verifyScopeOf(claim: SignatureClaim, rules: ScopeRules, dialect: Exclude<AuthDialect, "s3">): void {
  verifyTime(claim, rules, dialect);
  if (!claim.signedHeaders.includes("host") && !claim.signedHeaders.includes(":authority")) {
    throw invalidSignature(
      dialect,
      "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    );
  }

  const problems: string[] = [];
  if (!acceptsRegion(claim, rules.region)) {
    const region = claim.regionSet ? claim.regionSet.join(",") : claim.region;
    problems.push(`Credential should be scoped to a valid region, not '${region}'.`);
  }
  if (!accepts(rules.service, claim.service)) {
    problems.push(`Credential should be scoped to correct service: '${first(rules.service)}'.`);
  }
  if (claim.terminator !== "aws4_request") {
    problems.push(
      `Credential should be scoped with a valid terminator: 'aws4_request', not '${claim.terminator}'.`,
    );
  }
  if (claim.date !== claim.timestamp.slice(0, 8)) {
    problems.push(
      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: " +
        `'${claim.date}' != '${claim.timestamp.slice(0, 8)}', from '${claim.timestamp}'.`,
    );
  }
  if (problems.length > 0) throw invalidSignature(dialect, problems.join(" "));
}

/** A presigned request is valid from when it was signed, for as long as it says; others around that time. */
function verifyTime(claim: SignatureClaim, rules: ScopeRules, dialect: Exclude<AuthDialect, "s3">): void {
  const skewMinutes = rules.skewMinutes ?? SKEW_MINUTES[dialect];
  const skewMs = skewMinutes * MINUTE_MS;
  const validForMs = claim.expiresSeconds === undefined ? skewMs : claim.expiresSeconds * 1_000;
  const now = (): string => basicTimestamp(rules.nowMs);
  if (claim.signedAtMs + validForMs < wholeSeconds(rules.nowMs)) {
    const span =
      validForMs % MINUTE_MS === 0 ? `${validForMs / MINUTE_MS} min.` : `${validForMs / 1_000} sec.`;
    const limit = basicTimestamp(rules.nowMs - validForMs);
    throw unmatchedTime(
      dialect,
      `Signature expired: ${claim.timestamp} is now earlier than ${limit} (${now()} - ${span})`,
    );
  }
  if (claim.signedAtMs > wholeSeconds(rules.nowMs) + skewMs) {
    const limit = basicTimestamp(rules.nowMs + skewMs);
    throw unmatchedTime(
      dialect,
      `Signature not yet current: ${claim.timestamp} is still later than ${limit} (${now()} + ` +
        `${skewMinutes} min.)`,
    );
  }
}

function verifyScopeOfS3(claim: SignatureClaim, request: SignableRequest, rules: ScopeRules): void {
  const problem = scopeProblemOfS3(claim, rules);
  if (problem) throw problem;
  if (claim.source === "query") verifyPresignedTimeOfS3(claim, rules);
  else verifyHeaderTimeOfS3(claim, rules);

  // S3 wants every x-amz- header signed, so that none can be added to a captured or presigned request.
  const signed = new Set(claim.signedHeaders);
  const unsigned = Object.keys(request.headers).filter(
    (name) => name.startsWith("x-amz-") && !signed.has(name),
  );
  if (!signed.has("host")) unsigned.unshift("host");
  if (unsigned.length > 0) {
    const message = "There were headers present in the request which were not signed";
    throw s3Error("AccessDenied", message, 403, { HeadersNotSigned: unsigned.join(", ") });
  }
}

/** @evidence recorded answers of S3 to wrong terminators, services, dates and regions in both places */
function scopeProblemOfS3(claim: SignatureClaim, rules: ScopeRules): AwsError | undefined {
  const inQuery = claim.source === "query";
  const refuse = (detail: string, members?: Record<string, unknown>): AwsError =>
    inQuery
      ? queryParametersError(`Error parsing the X-Amz-Credential parameter; ${detail}`, members)
      : headerMalformed(detail, members);

  if (!/^\d{8}$/.test(claim.date)) {
    const shape = 'This date in the credential must be in the format "yyyyMMdd".';
    return refuse(`incorrect date format "${claim.date}". ${shape}`);
  }
  if (claim.terminator !== "aws4_request") {
    return refuse(`incorrect terminal "${claim.terminator}". This endpoint uses "aws4_request".`);
  }
  if (!accepts(rules.service, claim.service)) {
    return refuse(
      `incorrect service "${claim.service}". This endpoint belongs to ` + `"${first(rules.service)}".`,
    );
  }
  if (!acceptsRegion(claim, rules.region)) {
    const expected = first(rules.region ?? "");
    return refuse(`the region '${claim.region}' is wrong; expecting '${expected}'`, { Region: expected });
  }
  const day = claim.timestamp.slice(0, 8);
  if (claim.date !== day) {
    const detail =
      `Invalid credential date "${claim.date}". This date is not the same as ` + `X-Amz-Date: "${day}".`;
    return inQuery ? queryParametersError(detail) : headerMalformed(detail);
  }
  return undefined;
}

/**
 * S3's endpoints are of one region each, and take no signature for another.
 *
 * @throws AwsError AuthorizationHeaderMalformed, AuthorizationQueryParametersError: with the right region
 */
export function requireRegionOfHost(claim: SignatureClaim, region: string): void {
  if (acceptsRegion(claim, region)) return;
  const detail = `the region '${claim.region}' is wrong; expecting '${region}'`;
  if (claim.source === "header") throw headerMalformed(detail, { Region: region });
  throw queryParametersError(`Error parsing the X-Amz-Credential parameter; ${detail}`, { Region: region });
}

/** @evidence S3 API Reference, Error responses, RequestTimeTooSkewed */
function verifyHeaderTimeOfS3(claim: SignatureClaim, rules: ScopeRules): void {
  const skewMs = (rules.skewMinutes ?? SKEW_MINUTES.s3) * MINUTE_MS;
  if (Math.abs(rules.nowMs - claim.signedAtMs) <= skewMs) return;
  const message = "The difference between the request time and the current time is too large.";
  throw s3Error("RequestTimeTooSkewed", message, 403, {
    RequestTime: claim.timestamp,
    ServerTime: isoSeconds(rules.nowMs),
    MaxAllowedSkewMilliseconds: String(skewMs),
  });
}

/** @evidence a recorded answer of S3 to an expired and to an early presigned URL */
function verifyPresignedTimeOfS3(claim: SignatureClaim, rules: ScopeRules): void {
  const skewMs = (rules.skewMinutes ?? SKEW_MINUTES.s3) * MINUTE_MS;
  if (claim.signedAtMs > rules.nowMs + skewMs) {
    throw s3Error("AccessDenied", "Request is not valid yet", 403, {
      "X-Amz-Date": claim.timestamp,
      ServerTime: isoSeconds(rules.nowMs),
    });
  }
  const expiresAtMs = claim.signedAtMs + (claim.expiresSeconds ?? 0) * 1_000;
  if (rules.nowMs <= expiresAtMs) return;
  throw s3Error("AccessDenied", "Request has expired", 403, {
    "X-Amz-Expires": String(claim.expiresSeconds ?? 0),
    Expires: isoSeconds(expiresAtMs),
    ServerTime: isoSeconds(rules.nowMs),
  });
}

function accepts(accepted: string | readonly string[], value: string): boolean {
  return typeof accepted === "string" ? accepted === value : accepted.includes(value);
}

function first(accepted: string | readonly string[]): string {
  return typeof accepted === "string" ? accepted : (accepted[0] ?? "");
}

function acceptsRegion(claim: SignatureClaim, accepted: ScopeRules["region"]): boolean {
  if (accepted === undefined) return true;
  if (claim.regionSet === undefined) return accepts(accepted, claim.region);
  const regions = typeof accepted === "string" ? [accepted] : accepted;
  return claim.regionSet.some((pattern) => regions.some((region) => matchesRegion(pattern, region)));
}

/** `*` stands for any run of characters: `us-*`, `*`. */
function matchesRegion(pattern: string, region: string): boolean {
  if (pattern === "*" || pattern === region) return true;
  const [head = "", ...rest] = pattern.split("*");
  if (rest.length === 0 || !region.startsWith(head)) return false;
  const tail = rest.pop() ?? "";
  let position = head.length;
  for (const part of rest) {
    const found = region.indexOf(part, position);
    if (found < 0) return false;
    position = found + part.length;
  }
  return region.length - tail.length >= position && region.endsWith(tail);
}

function wholeSeconds(epochMs: number): number {
  return Math.floor(epochMs / 1_000) * 1_000;
}

function isoSeconds(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}
