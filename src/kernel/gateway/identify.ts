/**
 * Whose request is it? From what AWS's own front doors look at: the RPC target, the CBOR path, the service in
 * the credential scope, the host name, and last the API version of a Query request.
 */

import { directory } from "../../generated/directory.ts";
import { isOlderSignature } from "../auth/sigv2.ts";
import type { ProtocolName } from "../model/model.ts";
import { isCbor11 } from "../protocol/cbor-1.1.ts";
import type { Headers } from "../protocol/protocol.ts";
import type { DirectoryEntry } from "../tokens.ts";

export interface RequestHead {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Headers;
}

export interface Identified {
  readonly entry: DirectoryEntry;
  readonly protocol: ProtocolName;
  /** Undefined for protocols that name the operation in the body or the path. */
  readonly operation: string | undefined;
  readonly region: string;
  /** Nothing says which region is meant, and `region` is the default. */
  readonly anywhere: boolean;
  /** The region in an S3 host's name, also where the signature names another. */
  readonly hostRegion?: string | undefined;
}

/** The region of a request that names none. */
export const defaultRegion = "us-east-1";

const byTarget = new Map<string, DirectoryEntry>();
const bySigningName = new Map<string, DirectoryEntry[]>();
const byEndpoint = new Map<string, DirectoryEntry>();
for (const entry of directory) {
  if (entry.targetPrefix !== undefined) {
    byTarget.set(entry.targetPrefix, entry);
    // SDKs made from Smithy models send the bare service name where older ones send the whole Java-like
    // prefix.
    byTarget.set(entry.targetPrefix.slice(entry.targetPrefix.lastIndexOf(".") + 1), entry);
  }
  bySigningName.set(entry.signingName, [...(bySigningName.get(entry.signingName) ?? []), entry]);
  byEndpoint.set(entry.endpointPrefix, entry);
}

const regionPattern = /^[a-z]{2}(-[a-z]+)+-\d$/;
const regionWithin = /-[a-z]+-\d/i;

interface Scope {
  readonly service: string;
  readonly region: string;
}

/** Only where the first credential begins: tried everywhere, they take seconds over a hostile header. */
const scopePattern = /Credential=[^/,\s]*\/\d{8}\/([^/,\s]*)\/([^/,\s]*)\/aws4_request/y;
const scopePatternSigV4a = /Credential=[^/,\s]*\/\d{8}\/([^/,\s]*)\/aws4_request/y;
const queryScopePattern =
  /(?:^|&)X-Amz-Credential=[^&]*?(?:%2F|\/)\d{8}(?:%2F|\/)([^&/%]*)(?:%2F|\/)([^&/%]*)(?:%2F|\/)aws4_/i;

/** The region and service that the signature names; it is verified later. */
export function signedScope(head: RequestHead): Scope | undefined {
  const authorization = head.headers["authorization"];
  if (authorization !== undefined) {
    const start = Math.max(0, authorization.indexOf("Credential="));
    scopePattern.lastIndex = scopePatternSigV4a.lastIndex = start;
    const match = scopePattern.exec(authorization);
    if (match) return { region: match[1] ?? "", service: match[2] ?? "" };
    const asymmetric = scopePatternSigV4a.exec(authorization);
    if (asymmetric) return { region: defaultRegion, service: asymmetric[1] ?? "" };
    return undefined;
  }
  const match = queryScopePattern.exec(head.query);
  return match ? { region: match[1] ?? "", service: match[2] ?? "" } : undefined;
}

/** `s3`, `s3-us-west-2`, `s3-website-us-west-2`, `s3-accelerate`, `s3-accesspoint`, `s3-global`. */
const s3LabelPattern = /^s3(?:-(?!control$)[a-z-]*([a-z]{2}(?:-[a-z]+)+-\d)?[a-z-]*)?$/;

/** Buckets come before the rest of their host names, and may be named as other services are. */
function s3Scope(labels: readonly string[]): HostScope | undefined {
  const at = labels.findLastIndex((label) => s3LabelPattern.test(label));
  if (at >= 0) {
    const within = s3LabelPattern.exec(labels[at] ?? "")?.[1];
    const after = labels.slice(at + 1).find((label) => regionPattern.test(label));
    return { service: "s3", region: within ?? after };
  }
  const isBucketOfThisRegion =
    labels.length > 1 && labels.at(-1) === "localhost" && !labels.some((label) => byEndpoint.has(label));
  return isBucketOfThisRegion ? { service: "s3", region: undefined } : undefined;
}

/** Longer ones name nothing, and the patterns above would take minutes over them. @evidence RFC 1035 */
const hostLengthMax = 253 + ":65535".length;

/** `<url id>.lambda-url.us-east-1.localhost` */
const functionUrlLabel = "lambda-url";

interface HostScope {
  readonly service: string | undefined;
  readonly region: string | undefined;
}

/** Of a host that names nothing, and where it is not asked, since the signature says it. */
const noHost: HostScope = { service: undefined, region: undefined };

/**
 * `sqs.eu-west-1.localhost:4566`, `sqs.eu-west-1.amazonaws.com`, `eu-west-1.queue.amazonaws.com`,
 * `iam.amazonaws.com`, `bucket.s3.localhost`, `bucket.localhost`.
 */
function hostScope(host: string | undefined): HostScope {
  if (host === undefined || host.length > hostLengthMax) return noHost;
  const labels = host.split(":", 1)[0]?.toLowerCase().split(".") ?? [];
  if (labels[1] === functionUrlLabel) return { service: "lambda", region: labels[2] };
  const s3 = s3Scope(labels);
  if (s3) return s3;
  const region = labels.find((label) => regionPattern.test(label));
  const service = labels.find((label) => byEndpoint.has(label));
  return { service: service ?? (labels.includes("queue") ? "sqs" : undefined), region };
}

const linkPattern = /^Action=\w+&(?:.*&)?\w+Arn=arn(?::|%3A)aws(?::|%3A)([a-z]+)(?::|%3A)([a-z0-9-]+)/i;

/**
 * Links that services give out name no service but by what they are about, and need no signature: SNS's to
 * confirm a subscription.
 */
function linkScope({ method, path, query, headers }: RequestHead): HostScope | undefined {
  if (method !== "GET" || path !== "/" || headers["authorization"] !== undefined) return undefined;
  const [, service, region] = linkPattern.exec(query) ?? [];
  return service !== undefined && byEndpoint.has(service) ? { service, region } : undefined;
}

/** The value of one parameter of a query string or form body, decoded. */
export function parameter(encoded: string, name: string): string | undefined {
  const start = encoded.startsWith(`${name}=`) ? 0 : encoded.indexOf(`&${name}=`) + 1;
  if (start === 0 && !encoded.startsWith(`${name}=`)) return undefined;
  const from = start + name.length + 1;
  const end = encoded.indexOf("&", from);
  const value = encoded.slice(from, end < 0 ? undefined : end);
  if (!/[%+]/.test(value)) return value;
  const text = value.replaceAll("+", " ");
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function jsonTarget(head: RequestHead): { entry: DirectoryEntry; operation: string } | undefined {
  const target = head.headers["x-amz-target"];
  if (target === undefined) return undefined;
  const dot = target.lastIndexOf(".");
  const entry = byTarget.get(target.slice(0, dot));
  return entry && { entry, operation: target.slice(dot + 1) };
}

const cborPath = /^\/service\/([^/]+)\/operation\/([^/]+)\/?$/;

/** Whether the body is a form, as Query requests post it. */
export function isForm(headers: Headers): boolean {
  return headers["content-type"]?.startsWith("application/x-www-form-urlencoded") ?? false;
}

/**
 * @param form the body of a form post, else empty: Query requests name their operation there
 * @returns undefined when nothing says which service is meant
 */
export function identify(head: RequestHead, form: string): Identified | undefined {
  const functionUrl = toFunctionUrl(head);
  if (functionUrl) return functionUrl;
  const scope = signedScope(head);
  const target = jsonTarget(head);
  if (target) {
    const region = scope?.region ?? hostScope(head.headers["host"]).region ?? defaultRegion;
    const protocol = isCbor11(head.headers["content-type"]) ? "cbor-1.1" : "json";
    return { entry: target.entry, protocol, operation: target.operation, region, anywhere: false };
  }
  const host =
    scope?.region && bySigningName.has(scope.service)
      ? noHost
      : (linkScope(head) ?? hostScope(head.headers["host"]));
  const named = scope?.region || host.region;
  const region = named || defaultRegion;
  const anywhere = !named;
  const cbor = cborPath.exec(head.path);
  if (cbor && head.headers["smithy-protocol"] === "rpc-v2-cbor") {
    const entry = byTarget.get(cbor[1] ?? "");
    if (entry) return { entry, protocol: "smithy-rpc-v2-cbor", operation: cbor[2], region, anywhere };
  }
  const posted = isForm(head.headers);
  const parameters = posted ? form : head.query;
  const action = parameter(parameters, "Action");
  const version = parameter(parameters, "Version");
  const entry =
    entryFor(head, scope?.service, host.service, version) ??
    (action === undefined && meansBucket(head) ? byEndpoint.get("s3") : undefined);
  if (!entry) return undefined;
  const query = entry.protocols.includes("query")
    ? "query"
    : entry.protocols.includes("ec2")
      ? "ec2"
      : undefined;
  if (query !== undefined && (action !== undefined || posted || entry.protocols[0] === query)) {
    return { entry, protocol: query, operation: action, region, anywhere };
  }
  const protocol = entry.protocols[0] as ProtocolName;
  const found = { entry, protocol, operation: undefined, region, anywhere };
  return entry.signingName === "s3" ? { ...found, hostRegion: s3HostRegion(head) } : found;
}

/** What comes for a function is the function's, whatever its headers and its body would mean elsewhere. */
function toFunctionUrl(head: RequestHead): Identified | undefined {
  const host = head.headers["host"];
  const entry = byEndpoint.get("lambda");
  if (!entry || host === undefined || !host.includes(`.${functionUrlLabel}.`)) return undefined;
  const { region = defaultRegion } = hostScope(host);
  return {
    entry, protocol: entry.protocols[0] as ProtocolName, operation: undefined, region, anywhere: false,
  };
}

/** `localhost` names no region, and most hosts are that. */
function s3HostRegion(head: RequestHead): string | undefined {
  const host = head.headers["host"];
  return host !== undefined && regionWithin.test(host) ? hostScope(host).region : undefined;
}

/** Signing names under which S3's requests come, besides its own. */
const s3SigningNames = new Set(["s3express", "s3-object-lambda", "s3-outposts"]);
const s3ControlPath = /^\/v20180820\//;

function entryFor(
  head: RequestHead,
  signed: string | undefined,
  host: string | undefined,
  version: string | undefined,
): DirectoryEntry | undefined {
  const signingName = signed !== undefined && s3SigningNames.has(signed) ? "s3" : signed;
  if ((signingName ?? host) === "s3") {
    return byEndpoint.get(s3ControlPath.test(head.path) ? "s3-control" : "s3");
  }
  const candidates = signingName === undefined ? [] : (bySigningName.get(signingName) ?? []);
  if (candidates.length === 1) return candidates[0];
  if (candidates.length > 1) return candidates.find((entry) => entry.apiVersion === version) ?? candidates[0];
  if (host !== undefined && byEndpoint.has(host)) return byEndpoint.get(host);
  return version === undefined ? undefined : directory.find((entry) => entry.apiVersion === version);
}

const bucketPath = /^\/[a-z0-9][a-z0-9.-]{2,62}(?:\/|$)/;

/** What names no other service and has a bucket's name in its path, or an old signature, is for S3. */
function meansBucket(head: RequestHead): boolean {
  const authorization = head.headers["authorization"];
  if (authorization !== undefined) return authorization.startsWith("AWS ");
  if (isOlderSignature(head.query)) return true;
  const isRpc = head.headers["smithy-protocol"] !== undefined || head.headers["x-amz-target"] !== undefined;
  return !isRpc && bucketPath.test(head.path);
}
