/**
 * HTTP requests out of the region, within limits: what services deliver to endpoints and fetch from them.
 * Time-outs go by the machine's clock, since the other side knows no other.
 */

import { request as requestPlain, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { request as requestSecure, type RequestOptions } from "node:https";
import { lookup as lookupName, type LookupOptions } from "node:dns";
import {
  createSecureContext, rootCertificates, TLSSocket, type DetailedPeerCertificate, type SecureContext,
} from "node:tls";
import { BoundedCache } from "./auth/bounded-cache.ts";

export interface OutboundRequest {
  readonly url: URL;
  readonly method: string;
  /** `host` and `content-length` come by themselves. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** The whole exchange may take so long, redirects included. */
  readonly timeoutMilliseconds: number;
  /** The region's, or the request's that waits for it. */
  readonly signal: AbortSignal;
  /** Of the answer's body, the rest is cut off. */
  readonly bytesMax: number;
  /** How many redirects are followed. Default 0: a redirect is the answer. */
  readonly redirectsMax?: number;
  /** PEM texts of authorities that are trusted beside the public ones. */
  readonly authorities?: readonly string[];
  /** SHA-1 fingerprints of certificates that are trusted beside those of authorities. */
  readonly thumbprints?: readonly string[];
}

export interface OutboundAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The body was longer than `bytesMax`. */
  readonly isCut: boolean;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
}

/**
 * `unresolved`: the host has no address. `refused`: nobody listens there. `timeout`: too slow. `untrusted`:
 * no authority vouches for its certificate. `stopped`: the signal. `malformed`: the request cannot be written
 * as HTTP, or the answer is none. `redirects`: too many, or to nowhere. `broken`: the connection ended early.
 */
export type OutboundReason =
  | "unresolved" | "refused" | "timeout" | "untrusted" | "stopped" | "malformed" | "redirects" | "broken";

/** There is no answer. The message says why in a sentence that may be shown to users. */
export class OutboundFailure extends Error {
  readonly reason: OutboundReason;

  constructor(reason: OutboundReason, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "OutboundFailure";
    this.reason = reason;
  }
}

/**
 * Any status is an answer.
 *
 * @throws OutboundFailure
 */
export async function sendOutbound(request: OutboundRequest): Promise<OutboundAnswer> {
  const deadline = AbortSignal.timeout(request.timeoutMilliseconds);
  const signal = AbortSignal.any([request.signal, deadline]);
  try {
    return await follow(request, signal);
  } catch (cause) {
    throw failureOf(cause, request, deadline);
  }
}

async function follow(request: OutboundRequest, signal: AbortSignal): Promise<OutboundAnswer> {
  let step: OutboundRequest = request;
  for (let redirects = 0; ; redirects++) {
    const answer = await exchange(step, signal);
    const { location } = answer.headers;
    const leads = redirectStatuses.has(answer.status) && location !== undefined;
    if (!leads || !request.redirectsMax) return answer;
    if (redirects === request.redirectsMax) {
      throw new OutboundFailure("redirects", `${request.url.host} redirects more than ${redirects} times.`);
    }
    step = redirected(step, answer.status, location);
  }
}

const redirectStatuses = new Set([301, 302, 303, 307, 308]);

/**
 * Credentials stay with the host that they were meant for.
 *
 * @evidence RFC 9110, 15.4: a POST becomes a GET after 301 and 302, anything after 303
 */
function redirected(request: OutboundRequest, status: number, location: string): OutboundRequest {
  const url = URL.canParse(location, request.url) ? new URL(location, request.url) : undefined;
  const isDowngrade = request.url.protocol === "https:" && url?.protocol !== "https:";
  if (!url || isDowngrade || !isHttp(url)) {
    throw new OutboundFailure("redirects", `${request.url.host} redirects to where nothing can be sent.`);
  }
  const isElsewhere = url.host !== request.url.host;
  const becomesGet = status === 303 || (status < 303 && request.method === "POST");
  const { body, headers = {}, ...rest } = request;
  const kept = Object.entries(headers).filter(([name]) => {
    const lower = name.toLowerCase();
    if (isElsewhere && (lower === "authorization" || lower === "cookie")) return false;
    return !(becomesGet && lower.startsWith("content-"));
  });
  const common = { ...rest, url, headers: Object.fromEntries(kept) };
  if (becomesGet) return { ...common, method: "GET" };
  return body === undefined ? common : { ...common, body };
}

function isHttp(url: URL): boolean {
  return url.protocol === "http:" || url.protocol === "https:";
}

async function exchange(request: OutboundRequest, signal: AbortSignal): Promise<OutboundAnswer> {
  const response = await responseTo(request, signal);
  try {
    if (request.thumbprints) requireThumbprint(response, request.thumbprints);
    const { body, isCut } = await bodyOf(response, request.bytesMax);
    return {
      status: response.statusCode ?? 0, headers: response.headers, body, isCut, url: request.url,
    };
  } finally {
    response.destroy();
  }
}

function responseTo(request: OutboundRequest, signal: AbortSignal): Promise<IncomingMessage> {
  const { url, method, headers = {}, body, authorities, thumbprints } = request;
  if (!isHttp(url)) throw new OutboundFailure("malformed", `Nothing can be sent by ${url.protocol}`);
  const options: RequestOptions & { readonly secureContext?: SecureContext } = {
    agent: false,
    method,
    signal,
    lookup,
    headers: body === undefined ? headers : { ...headers, "content-length": Buffer.byteLength(body) },
    // Who names thumbprints compares certificates with these instead; nothing secret goes out before.
    rejectUnauthorized: thumbprints === undefined,
    ...(authorities && authorities.length > 0 && { secureContext: trusting(authorities) }),
  };
  return new Promise((resolve, reject) => {
    const send = url.protocol === "https:" ? requestSecure : requestPlain;
    send(url, options, resolve).on("error", reject).end(body);
  });
}

/** To read the public authorities takes longer than all else of a request: it is done once. */
const contexts = new BoundedCache<SecureContext>(16);

function trusting(authorities: readonly string[]): SecureContext {
  const name = authorities.join("\n");
  let context = contexts.get(name);
  if (!context) {
    context = createSecureContext({ ca: [...rootCertificates, ...authorities] });
    contexts.set(name, context);
  }
  return context;
}

/**
 * Every name below `localhost` is this machine, also where the system's resolver does not know it.
 *
 * @evidence RFC 6761, 6.3
 */
const lookup: NonNullable<RequestOptions["lookup"]> = (hostname, options: LookupOptions, done) => {
  if (!hostname.endsWith(".localhost")) return lookupName(hostname, options, done);
  if (options.all) done(null, [{ address: "127.0.0.1", family: 4 }]);
  else done(null, "127.0.0.1", 4);
};

const certificatesMax = 10;

/** @throws OutboundFailure */
function requireThumbprint(response: IncomingMessage, thumbprints: readonly string[]): void {
  const { socket } = response;
  if (!(socket instanceof TLSSocket) || socket.authorized) return;
  const wanted = new Set(thumbprints.map((thumbprint) => thumbprint.toLowerCase()));
  let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  for (let depth = 0; certificate?.fingerprint !== undefined && depth < certificatesMax; depth++) {
    if (wanted.has(certificate.fingerprint.replaceAll(":", "").toLowerCase())) return;
    const issuer: DetailedPeerCertificate | undefined = certificate.issuerCertificate;
    certificate = issuer === certificate ? undefined : issuer;
  }
  throw new OutboundFailure("untrusted", "No authority and no thumbprint vouches for the certificate.");
}

async function bodyOf(
  response: IncomingMessage, bytesMax: number,
): Promise<Pick<OutboundAnswer, "body" | "isCut">> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > bytesMax) return { body: Buffer.concat(chunks).subarray(0, bytesMax), isCut: true };
  }
  return { body: Buffer.concat(chunks), isCut: false };
}

function failureOf(cause: unknown, request: OutboundRequest, deadline: AbortSignal): OutboundFailure {
  if (cause instanceof OutboundFailure) return cause;
  const { host } = request.url;
  if (request.signal.aborted) {
    return new OutboundFailure("stopped", `The request to ${host} was given up.`, cause);
  }
  if (deadline.aborted) return new OutboundFailure("timeout", `${host} took too long to answer.`, cause);
  const [reason, text] = worded(String((cause as { code?: unknown } | undefined)?.code ?? ""));
  return new OutboundFailure(reason, `${host} ${text}.`, cause);
}

/** By the codes of Node and of OpenSSL: `ECONNREFUSED`, `DEPTH_ZERO_SELF_SIGNED_CERT`. */
function worded(code: string): readonly [OutboundReason, string] {
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return ["unresolved", "has no address"];
  if (code === "ECONNREFUSED") return ["refused", "refuses connections"];
  if (/^(?:EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)$/.test(code)) return ["refused", "cannot be reached"];
  if (code === "ETIMEDOUT") return ["timeout", "took too long to answer"];
  if (code === "CERT_HAS_EXPIRED") return ["untrusted", "has a certificate that has expired"];
  if (code === "CERT_NOT_YET_VALID") return ["untrusted", "has a certificate that is not valid yet"];
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return ["untrusted", "has a certificate for another name"];
  if (/SELF_SIGNED/.test(code)) return ["untrusted", "has a certificate that is signed by itself"];
  if (/CERT|ISSUER|SIGNATURE|^UNABLE_TO/.test(code)) {
    return ["untrusted", "has a certificate that no known authority signed"];
  }
  if (/^(?:ERR_SSL|EPROTO)/.test(code)) return ["untrusted", "does not speak TLS as it should"];
  if (/^(?:HPE_|ERR_INVALID_|ERR_HTTP_|ERR_UNESCAPED)/.test(code)) {
    return ["malformed", "does not speak HTTP"];
  }
  return ["broken", "broke the connection off"];
}
