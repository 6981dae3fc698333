/**
 * URLs and forms that were presigned with version 2 of signatures, as boto3 and version 1 of the aws CLI do
 * in the older Regions where nobody tells them otherwise. S3 alone takes them.
 *
 * @evidence aws/aws-cli#10663: "emits SigV2 URLs by default in regions where S3 still supports it"; S3 API
 *   Reference, "Signing and authenticating REST requests"; botocore, HmacV1QueryAuth
 */

import { createHmac } from "node:crypto";
import { s3Error, s3SignatureMismatch } from "./auth-errors.ts";
import { sameText } from "./sigv4.ts";
import type { SignableRequest } from "./signature-claim.ts";
import { uriDecode } from "./uri-encoding.ts";

export interface OlderClaim {
  readonly accessKeyId: string;
  readonly signature: string;
  /** Epoch seconds, as sent. */
  readonly expires: string;
  readonly expiresAtMs: number;
  readonly securityToken: string | undefined;
}

export function isOlderSignature(query: string): boolean {
  return /(?:^|&)AWSAccessKeyId=/.test(query);
}

/** @throws AwsError AccessDenied for a part of a signature */
export function parseOlderSignature(request: SignableRequest): OlderClaim | undefined {
  if (!isOlderSignature(request.query)) return undefined;
  const parameters = new Map(parametersOf(request.query));
  const [accessKeyId, signature, expires] = ["AWSAccessKeyId", "Signature", "Expires"].map((name) =>
    parameters.get(name),
  );
  if (!accessKeyId || !signature || !expires) {
    const message =
      "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters";
    throw s3Error("AccessDenied", message, 403);
  }
  if (!/^\d{1,12}$/.test(expires)) {
    throw s3Error("AccessDenied", `Invalid date (should be seconds since epoch): ${expires}`, 403);
  }
  const securityToken = request.headers["x-amz-security-token"] ?? parameters.get("x-amz-security-token");
  return { accessKeyId, signature, expires, expiresAtMs: Number(expires) * 1_000, securityToken };
}

/** @throws AwsError AccessDenied when it has run out */
export function requireNotExpired({ expiresAtMs }: OlderClaim, nowMs: number): void {
  if (nowMs <= expiresAtMs) return;
  throw s3Error("AccessDenied", "Request has expired", 403, {
    Expires: isoSeconds(expiresAtMs), ServerTime: isoSeconds(nowMs),
  });
}

/** @param path with the bucket in front, still percent-encoded */
export function holdsOlder(
  claim: OlderClaim, request: SignableRequest, path: string, secret: string,
): boolean {
  return sameText(signOlder(secret, textToSign(claim, request, path)), claim.signature);
}

export function signOlder(secret: string, text: string): string {
  return createHmac("sha1", secret).update(text).digest("base64");
}

/** @throws AwsError SignatureDoesNotMatch */
export function verifyOlderSignature(
  claim: OlderClaim, request: SignableRequest, path: string, secret: string,
): void {
  if (holdsOlder(claim, request, path, secret)) return;
  const { accessKeyId, signature } = claim;
  throw s3SignatureMismatch({ accessKeyId, signature, stringToSign: textToSign(claim, request, path) });
}

function textToSign({ expires }: OlderClaim, request: SignableRequest, path: string): string {
  const { method, headers } = request;
  const parameters = parametersOf(request.query);
  const inQuery = new Map(parameters.map(([name, value]) => [name.toLowerCase(), value ?? ""]));
  const said = (name: string): string => (headers[name] ?? inQuery.get(name) ?? "").trim();
  const names = [...new Set([...Object.keys(headers), ...inQuery.keys()])]
    .filter((name) => name.startsWith("x-amz-"))
    .toSorted();
  const amz = names.map((name) => `${name}:${said(name)}\n`).join("");
  const head = `${method}\n${said("content-md5")}\n${said("content-type")}\n${expires}\n`;
  return `${head}${amz}${withSlash(path)}${resourceOf(parameters)}`;
}

/** @evidence botocore, handlers.py: S3 accepts no signature of a bucket without a slash at its end */
function withSlash(path: string): string {
  return path.includes("/", 1) ? path : `${path}/`;
}

/** The parameters that say which resource, or which answer, is meant. */
function resourceOf(parameters: readonly Parameter[]): string {
  const signed = parameters
    .filter(([name]) => ofResource.has(name))
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => (value === undefined ? name : `${name}=${value}`));
  return signed.length === 0 ? "" : `?${signed.join("&")}`;
}

type Parameter = readonly [name: string, value: string | undefined];

function parametersOf(query: string): Parameter[] {
  return query.split("&").map((part) => {
    const equals = part.indexOf("=");
    return equals < 0 ? [part, undefined] : [part.slice(0, equals), uriDecode(part.slice(equals + 1))];
  });
}

function isoSeconds(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}

const ofResource: ReadonlySet<string> = new Set([
  "accelerate", "acl", "analytics", "cors", "defaultObjectAcl", "delete", "inventory", "lifecycle",
  "location", "logging", "metrics", "notification", "object-lock", "partNumber", "policy", "replication",
  "requestPayment", "response-cache-control", "response-content-disposition", "response-content-encoding",
  "response-content-language", "response-content-type", "response-expires", "restore", "select",
  "select-type", "storageClass", "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning",
  "versions", "website",
]);
