/**
 * Fetching documents from outside the region, within limits: what identity providers publish. Only addresses
 * that a user of the region has registered, and those that they lead to, may be asked.
 */

import { get as getPlain, type IncomingMessage, type RequestOptions } from "node:http";
import { get as getSecure } from "node:https";
import { TLSSocket, type DetailedPeerCertificate } from "node:tls";

const timeoutMilliseconds = 5_000;
const bytesMax = 262_144;
const certificatesMax = 10;

/** The other side can't be reached, as opposed to: it answers something useless. */
export class Unreachable extends Error {}

/** No public authority and no thumbprint vouches for the other side's certificate. */
export class UntrustedCertificate extends Error {}

export interface FetchRules {
  /** SHA-1 fingerprints of certificates that are trusted beside those of public authorities. */
  readonly thumbprints: readonly string[];
  readonly signal: AbortSignal;
}

/** @throws UntrustedCertificate */
function checkCertificate(response: IncomingMessage, thumbprints: readonly string[]): void {
  const { socket } = response;
  if (!(socket instanceof TLSSocket) || socket.authorized) return;
  const wanted = new Set(thumbprints.map((thumbprint) => thumbprint.toLowerCase()));
  let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  for (let depth = 0; certificate?.fingerprint !== undefined && depth < certificatesMax; depth++) {
    if (wanted.has(certificate.fingerprint.replaceAll(":", "").toLowerCase())) return;
    const issuer: DetailedPeerCertificate | undefined = certificate.issuerCertificate;
    certificate = issuer === certificate ? undefined : issuer;
  }
  throw new UntrustedCertificate();
}

function request(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // Certificates that no public authority signed are compared with thumbprints instead.
    const options: RequestOptions & { rejectUnauthorized: boolean } = {
      agent: false,
      signal,
      rejectUnauthorized: false,
      headers: { accept: "application/json" },
    };
    const sent =
      url.protocol === "https:" ? getSecure(url, options, resolve) : getPlain(url, options, resolve);
    sent.on("error", (cause) => reject(new Unreachable(url.host, { cause })));
  });
}

async function bodyOf(response: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/**
 * The JSON object at an address; undefined when something else is there.
 *
 * @throws Unreachable, UntrustedCertificate
 */
export async function fetchDocument(
  url: URL,
  rules: FetchRules,
): Promise<Record<string, unknown> | undefined> {
  const signal = AbortSignal.any([rules.signal, AbortSignal.timeout(timeoutMilliseconds)]);
  const response = await request(url, signal);
  try {
    checkCertificate(response, rules.thumbprints);
    if ((response.statusCode ?? 0) >= 500) throw new Unreachable(url.host);
    if (response.statusCode !== 200) return undefined;
    const value = parsed(
      await bodyOf(response).catch((cause: unknown) => {
        throw new Unreachable(url.host, { cause });
      }),
    );
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } finally {
    response.destroy();
  }
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
