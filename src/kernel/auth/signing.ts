/** The client's side of Signature Version 4: in-process callers and tests sign with it. */

import { canonicalRequest, DEFAULT_PATHS, S3_PATHS } from "./canonical-request.ts";
import { EMPTY_SHA256, sha256OfBody, UNSIGNED_PAYLOAD } from "./payload-hash.ts";
import type { SignableRequest } from "./signature-claim.ts";
import type { SigningKeys } from "./signing-keys.ts";
import { deriveSigningKey } from "./signing-keys.ts";
import { stringToSign } from "./sigv4.ts";
import { basicTimestamp } from "./timestamp.ts";
import { uriEncode } from "./uri-encoding.ts";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface SigningOptions {
  readonly credentials: Credentials;
  readonly region: string;
  /** The signing name: `execute-api`, not `apigateway`. */
  readonly service: string;
  readonly nowMs: number;
  readonly keys?: SigningKeys;
  /** What stands for the body; its hash without it. S3's header is added either way. */
  readonly payloadHash?: string;
}

export interface PresignOptions extends SigningOptions {
  readonly expiresSeconds?: number;
}

const S3_SERVICES: ReadonlySet<string> = new Set(["s3", "s3express", "s3-object-lambda", "s3-outposts"]);

/**
 * The request with its `x-amz-` headers and `authorization` added. All headers but `authorization` are
 * signed.
 */
export function signRequest<Request extends SignableRequest>(
  request: Request,
  options: SigningOptions,
): Request & { readonly headers: Record<string, string> } {
  const payloadHash = options.payloadHash ?? sha256OfBody(request.body);
  const headers = withAmzHeaders(request.headers, options, payloadHash);
  const signedHeaders = Object.keys(headers).sort();
  const scope = scopeOf(options);
  const signature = signatureOf({ ...request, headers }, signedHeaders, options, payloadHash);
  headers["authorization"] =
    `AWS4-HMAC-SHA256 Credential=${options.credentials.accessKeyId}/${scope}, ` +
    `SignedHeaders=${signedHeaders.join(";")}, Signature=${signature}`;
  return { ...request, headers };
}

/** The request with its signature in the query. Every header given must be sent again, exactly. */
export function presign<Request extends SignableRequest>(request: Request, options: PresignOptions): Request {
  const isS3 = S3_SERVICES.has(options.service);
  const payloadHash = options.payloadHash ?? (isS3 ? UNSIGNED_PAYLOAD : EMPTY_SHA256);
  const signedHeaders = Object.keys(request.headers).sort();
  const { accessKeyId, sessionToken } = options.credentials;
  const parameters: [string, string][] = [
    ["X-Amz-Algorithm", "AWS4-HMAC-SHA256"],
    ["X-Amz-Credential", `${accessKeyId}/${scopeOf(options)}`],
    ["X-Amz-Date", basicTimestamp(options.nowMs)],
    ["X-Amz-Expires", String(options.expiresSeconds ?? 900)],
    ["X-Amz-SignedHeaders", signedHeaders.join(";")],
  ];
  if (sessionToken !== undefined) parameters.push(["X-Amz-Security-Token", sessionToken]);
  const added = parameters.map(([name, value]) => `${name}=${uriEncode(value)}`).join("&");
  const query = request.query === "" ? added : `${request.query}&${added}`;
  const signature = signatureOf({ ...request, query }, signedHeaders, options, payloadHash);
  return { ...request, query: `${query}&X-Amz-Signature=${signature}` };
}

function withAmzHeaders(
  given: Readonly<Record<string, string>>,
  options: SigningOptions,
  payloadHash: string,
): Record<string, string> {
  const headers: Record<string, string> = { ...given, "x-amz-date": basicTimestamp(options.nowMs) };
  delete headers["authorization"];
  const { sessionToken } = options.credentials;
  if (sessionToken !== undefined) headers["x-amz-security-token"] = sessionToken;
  if (S3_SERVICES.has(options.service) || options.payloadHash !== undefined) {
    headers["x-amz-content-sha256"] = payloadHash;
  }
  return headers;
}

function scopeOf(options: SigningOptions): string {
  return `${basicTimestamp(options.nowMs).slice(0, 8)}/${options.region}/${options.service}/aws4_request`;
}

function signatureOf(
  request: SignableRequest,
  signedHeaders: readonly string[],
  options: SigningOptions,
  payloadHash: string,
): string {
  const paths = S3_SERVICES.has(options.service) ? S3_PATHS : DEFAULT_PATHS;
  const canonical = canonicalRequest(request, signedHeaders, { paths, payloadHash });
  if (canonical === undefined)
    throw new TypeError(`Not a valid request target: ` + `${request.path}?${request.query}`);
  const timestamp = basicTimestamp(options.nowMs);
  const { accessKeyId, secretAccessKey } = options.credentials;
  const date = timestamp.slice(0, 8);
  const key = options.keys
    ? options.keys.get(accessKeyId, secretAccessKey, date, options.region, options.service)
    : deriveSigningKey(secretAccessKey, date, options.region, options.service);
  return key.signHex(
    stringToSign({ algorithm: "AWS4-HMAC-SHA256", timestamp, scope: scopeOf(options) }, canonical),
  );
}
