/** Reads what a request says about its own signature, before anybody looks the credentials up. */

import { AwsError } from "../errors.ts";
import type { AuthDialect } from "./auth-errors.ts";
import {
  hashedForDisplay,
  headerMalformed,
  incompleteSignature,
  invalidArgument,
  invalidSignature,
  missingAuthenticationToken,
  queryParametersError,
  s3Error,
} from "./auth-errors.ts";
import { splitHeader, type ClaimHead, type KnownClaims } from "./known-claims.ts";
import { basicTimestamp, parseBasicTimestamp, parseHttpDate } from "./timestamp.ts";
import { uriDecode } from "./uri-encoding.ts";

export type SignatureAlgorithm = "AWS4-HMAC-SHA256" | "AWS4-ECDSA-P256-SHA256";

/** The parts of a request that signatures cover; a `WireRequest` is one. */
export interface SignableRequest {
  readonly method: string;
  /** As sent, still percent-encoded. */
  readonly path: string;
  /** As sent, without `?`. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** What the caller claims: who signed, when, for what, over which headers. Nothing in it is proven. */
export interface SignatureClaim extends ClaimHead {
  readonly source: "header" | "query";
  /** When the request was signed, `YYYYMMDDTHHMMSSZ`, and as epoch milliseconds. */
  readonly timestamp: string;
  readonly signedAtMs: number;
  readonly signature: string;
  readonly securityToken: string | undefined;
  /** How long a presigned request is valid; undefined where it does not say. */
  readonly expiresSeconds: number | undefined;
  /** The asymmetric algorithm's regions, wildcards included. */
  readonly regionSet: readonly string[] | undefined;
}

interface RawClaim {
  readonly algorithm: string;
  readonly source: "header" | "query";
  readonly credential: string;
  readonly signedHeaders: string;
  readonly signature: string;
  readonly timestamp: string;
  readonly securityToken: string | undefined;
  readonly expiresSeconds: number | undefined;
  readonly regionSet: string | undefined;
}

const CREDENTIAL_SHAPE = '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request"';
const EXPIRES_MAX_SECONDS = 604_800;

/** What makes a query a presigned one. S3 takes any of the parameters as the wish to be one. */
const QUERY = /(?:^|&)X-Amz-Algorithm=/;
const QUERY_OF_S3 = /(?:^|&)X-Amz-(?:Algorithm|Credential|Signature)=/;

/**
 * The signature of version 4 that a request claims to carry, in its `Authorization` header or its query;
 * undefined when it has none.
 *
 * @param known what was read of earlier headers, so that it need not be read again
 * @throws AwsError as the dialect's services word each malformation
 */
export function parseSignature(
  request: SignableRequest,
  dialect: AuthDialect = "query",
  known?: KnownClaims,
): SignatureClaim | undefined {
  const authorization = stringHeader(request, "authorization");
  const inQuery = request.query !== "" && (dialect === "s3" ? QUERY_OF_S3 : QUERY).test(request.query);
  if (authorization === undefined && !inQuery) return undefined;
  if (authorization !== undefined && inQuery) throw twoSignatures(dialect, authorization);
  if (authorization === undefined) return toClaim(readQuery(request, dialect), dialect);
  const split = known && splitHeader(authorization);
  const head = split && known.get(dialect, split.start);
  const repeated = head && claimOf(head, split.signature, request);
  if (repeated) return repeated;
  const claim = toClaim(readHeader(request, authorization, dialect), dialect);
  if (split && claim.algorithm === "AWS4-HMAC-SHA256") known.set(dialect, split.start, headOf(claim));
  return claim;
}

/** Undefined when the request's time has to be refused, as reading from scratch will. */
function claimOf(head: ClaimHead, signature: string, request: SignableRequest): SignatureClaim | undefined {
  const timestamp = headerTimestamp(request);
  const signedAtMs = timestamp === undefined ? undefined : parseBasicTimestamp(timestamp);
  if (timestamp === undefined || signedAtMs === undefined) return undefined;
  // Named one by one: V8 takes many times as long to add members to a spread object.
  const { algorithm, accessKeyId, date, region, service, terminator, scope, signedHeaders } = head;
  return {
    algorithm, source: "header", accessKeyId, date, region, service, terminator, scope, timestamp, signedAtMs,
    signedHeaders, signature, securityToken: stringHeader(request, "x-amz-security-token"),
    expiresSeconds: undefined, regionSet: undefined,
  };
}

function headOf(claim: SignatureClaim): ClaimHead {
  const { algorithm, accessKeyId, date, region, service, terminator, scope, signedHeaders } = claim;
  return { algorithm, accessKeyId, date, region, service, terminator, scope, signedHeaders };
}

/** @evidence recorded answers of DynamoDB and of S3 to a presigned request with an Authorization header */
function twoSignatures(dialect: AuthDialect, authorization: string): AwsError {
  if (dialect !== "s3") {
    return invalidSignature(
      dialect,
      "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
    );
  }
  const message =
    "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, " +
    "Signature query string " +
    "parameter or the Authorization header should be specified";
  return invalidArgument(message, "Authorization", authorization);
}

function readHeader(request: SignableRequest, header: string, dialect: AuthDialect): RawClaim {
  const text = header.trim();
  const space = text.search(/\s/);
  const algorithm = space < 0 ? text : text.slice(0, space);
  if (dialect === "s3") refuseOtherSchemesOfS3(text, algorithm);
  else if (!text.startsWith("AWS4-")) throw missingAuthenticationToken(dialect);

  const parameters = headerParameters(space < 0 ? "" : text.slice(space + 1), text, dialect);
  const credential = parameters.get("Credential");
  const signature = parameters.get("Signature");
  const signedHeaders = parameters.get("SignedHeaders");
  const timestamp = headerTimestamp(request);
  if (!credential || !signature || signedHeaders === undefined || timestamp === undefined) {
    throw missingFromHeader(dialect, text, credential, signature, signedHeaders, timestamp);
  }
  return {
    algorithm,
    source: "header",
    credential,
    signedHeaders,
    signature,
    timestamp,
    securityToken: stringHeader(request, "x-amz-security-token"),
    expiresSeconds: undefined,
    regionSet: stringHeader(request, "x-amz-region-set"),
  };
}

/** @evidence recorded answers of S3: `Bearer x`, `AWS AKID:signature`, and a scheme alone */
function refuseOtherSchemesOfS3(text: string, algorithm: string): void {
  if (algorithm === "AWS4-HMAC-SHA256" || algorithm === "AWS4-ECDSA-P256-SHA256") {
    if (algorithm.length < text.length) return;
    const message = "Authorization header is invalid -- one and only one ' ' (space) required";
    throw invalidArgument(message, "Authorization", text);
  }
  if (algorithm === "AWS" || algorithm.startsWith("AWS4-")) throw mechanismNotSupported();
  throw invalidArgument("Unsupported Authorization Type", "Authorization", text);
}

function mechanismNotSupported(): AwsError {
  const message =
    "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.";
  return s3Error("InvalidRequest", message, 400);
}

/** Names and values between commas or spaces, as services outside S3 read them; S3 wants commas. */
function headerParameters(text: string, header: string, dialect: AuthDialect): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const part of text.split(dialect === "s3" ? /,/ : /[,\s]/)) {
    const pair = part.trim();
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    if (equals < 0) throw notAPair(dialect, pair, header);
    parameters.set(pair.slice(0, equals).trim(), pair.slice(equals + 1).trim());
  }
  return parameters;
}

/** @evidence recorded answers of DynamoDB and API Gateway since 2022; of S3 */
function notAPair(dialect: AuthDialect, pair: string, header: string): AwsError {
  if (dialect === "s3") return headerMalformed(`the authorization component "${pair}" is malformed.`);
  const hash = hashedForDisplay(header);
  return incompleteSignature(
    dialect,
    "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and " +
      "encoded with " +
      `Base64): '${hash}'.`,
  );
}

/** @evidence recorded answers of DynamoDB and API Gateway since 2022; of S3 */
function missingFromHeader(
  dialect: AuthDialect,
  header: string,
  credential: string | undefined,
  signature: string | undefined,
  signedHeaders: string | undefined,
  timestamp: string | undefined,
): AwsError {
  if (dialect === "s3") {
    if (!credential || !signature || signedHeaders === undefined) {
      return headerMalformed(
        "the authorization header requires three components: Credential, SignedHeaders, and Signature.",
      );
    }
    return s3Error("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header", 403);
  }
  let message = "";
  if (!credential) message += "Authorization header requires 'Credential' parameter. ";
  if (!signature) message += "Authorization header requires 'Signature' parameter. ";
  if (signedHeaders === undefined) message += "Authorization header requires 'SignedHeaders' parameter. ";
  if (timestamp === undefined) {
    message += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  }
  const hash = hashedForDisplay(header);
  return incompleteSignature(
    dialect,
    `${message}(Hashed with SHA-256 and encoded with Base64) Authorization=${hash}`,
  );
}

function headerTimestamp(request: SignableRequest): string | undefined {
  const basic = stringHeader(request, "x-amz-date");
  if (basic !== undefined) return basic.trim();
  const date = stringHeader(request, "date")?.trim();
  if (!date) return undefined;
  const epochMs = parseHttpDate(date);
  return epochMs === undefined ? date : basicTimestamp(epochMs);
}

function readQuery(request: SignableRequest, dialect: AuthDialect): RawClaim {
  const parameters = queryParameters(request.query);
  const required = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
    "X-Amz-Date",
  ];
  const missing = required.filter((name) => !parameters.get(name));
  const expires = parameters.get("X-Amz-Expires");
  if (missing.length > 0 || (dialect === "s3" && !expires)) throw missingFromQuery(dialect, missing);
  return {
    algorithm: parameters.get("X-Amz-Algorithm") ?? "",
    source: "query",
    credential: parameters.get("X-Amz-Credential") ?? "",
    signedHeaders: parameters.get("X-Amz-SignedHeaders") ?? "",
    signature: parameters.get("X-Amz-Signature") ?? "",
    timestamp: parameters.get("X-Amz-Date") ?? "",
    securityToken: parameters.get("X-Amz-Security-Token"),
    expiresSeconds: expires === undefined ? undefined : expiresSeconds(expires, dialect),
    regionSet: parameters.get("X-Amz-Region-Set"),
  };
}

/**
 * @evidence a recorded answer of DynamoDB; S3 API Reference, Authenticating Requests: Using Query Parameters
 */
function missingFromQuery(dialect: AuthDialect, missing: readonly string[]): AwsError {
  if (dialect === "s3") {
    return queryParametersError(
      "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, " +
        "X-Amz-Signature, " +
        "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
    );
  }
  const sentences = missing.map((name) => `AWS query-string parameters must include '${name}'. `).join("");
  return incompleteSignature(dialect, `${sentences}Re-examine the query-string parameters.`);
}

/** The first value of each name counts. The parameters of a signature are the only ones looked for. */
function queryParameters(query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const part of query.split("&")) {
    if (!part.startsWith("X-Amz-")) continue;
    const equals = part.indexOf("=");
    if (equals < 0) continue;
    const name = part.slice(0, equals);
    const value = uriDecode(part.slice(equals + 1));
    if (value !== undefined && !parameters.has(name)) parameters.set(name, value);
  }
  return parameters;
}

/** @evidence S3: openstack/swift test/s3api, expiration limits, run against S3 */
function expiresSeconds(text: string, dialect: AuthDialect): number {
  const seconds = /^-?\d{1,18}$/.test(text) ? Number(text) : NaN;
  let problem: string | undefined;
  if (Number.isNaN(seconds)) problem = "X-Amz-Expires should be a number";
  else if (seconds < 0) problem = "X-Amz-Expires must be non-negative";
  else if (seconds > EXPIRES_MAX_SECONDS) {
    problem =
      "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires " +
      "must be less " +
      "than 604800 seconds";
  }
  if (problem === undefined) return seconds;
  throw dialect === "s3" ? queryParametersError(problem) : incompleteSignature(dialect, problem);
}

function toClaim(raw: RawClaim, dialect: AuthDialect): SignatureClaim {
  const signedAtMs = parseBasicTimestamp(raw.timestamp);
  if (signedAtMs === undefined) throw badTimestamp(raw, dialect);
  const algorithm = raw.algorithm;
  if (algorithm !== "AWS4-HMAC-SHA256" && algorithm !== "AWS4-ECDSA-P256-SHA256") {
    throw unsupportedAlgorithm(algorithm, dialect);
  }

  const asymmetric = algorithm === "AWS4-ECDSA-P256-SHA256";
  const parts = raw.credential.split("/");
  while (parts.at(-1) === "") parts.pop();
  if (parts.length !== (asymmetric ? 4 : 5) || parts[0] === "") throw badCredential(raw, dialect);
  if (asymmetric) parts.splice(2, 0, "");
  const [accessKeyId = "", date = "", region = "", service = "", terminator = ""] = parts;
  return {
    algorithm,
    source: raw.source,
    accessKeyId,
    date,
    region,
    service,
    terminator,
    scope: (asymmetric ? [date, service, terminator] : [date, region, service, terminator]).join("/"),
    timestamp: raw.timestamp,
    signedAtMs,
    signedHeaders: raw.signedHeaders === "" ? [] : raw.signedHeaders.toLowerCase().split(";"),
    signature: raw.signature,
    securityToken: raw.securityToken,
    expiresSeconds: raw.expiresSeconds,
    regionSet: asymmetric ? (raw.regionSet ?? "").split(",").map((name) => name.trim()) : undefined,
  };
}

function badTimestamp(raw: RawClaim, dialect: AuthDialect): AwsError {
  if (dialect !== "s3") {
    return incompleteSignature(
      dialect,
      `Date must be in ISO-8601 'basic format'. Got '${raw.timestamp}'. See ` +
        `http://en.wikipedia.org/wiki/ISO_8601`,
    );
  }
  return raw.source === "query"
    ? queryParametersError(`X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`)
    : s3Error("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header", 403);
}

function unsupportedAlgorithm(algorithm: string, dialect: AuthDialect): AwsError {
  return dialect === "s3"
    ? queryParametersError('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"')
    : incompleteSignature(dialect, `Unsupported AWS 'algorithm': '${algorithm}'.`);
}

function badCredential(raw: RawClaim, dialect: AuthDialect): AwsError {
  if (dialect !== "s3") {
    return incompleteSignature(
      dialect,
      "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got " +
        `'${raw.credential}'`,
    );
  }
  return raw.source === "query"
    ? queryParametersError(
        `Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting ` +
          `${CREDENTIAL_SHAPE}.`,
      )
    : headerMalformed(`the Credential is mal-formed; expecting ${CREDENTIAL_SHAPE}.`);
}

/** A header record may have a prototype; what it inherits is not a header. */
function stringHeader(request: SignableRequest, name: string): string | undefined {
  const value: unknown = request.headers[name];
  return typeof value === "string" ? value : undefined;
}
