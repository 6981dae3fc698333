/**
 * Fetching documents from outside the region: what identity providers publish. Only addresses that a user of
 * the region has registered, and those that they lead to, may be asked.
 */

import { OutboundFailure, sendOutbound, type OutboundAnswer } from "./outbound.ts";

const timeoutMilliseconds = 5_000;
const bytesMax = 262_144;

/** The other side can't be reached, as opposed to: it answers something useless. */
export class Unreachable extends Error {}

/** No public authority and no thumbprint vouches for the other side's certificate. */
export class UntrustedCertificate extends Error {}

export interface FetchRules {
  /** SHA-1 fingerprints of certificates that are trusted beside those of public authorities. */
  readonly thumbprints: readonly string[];
  readonly signal: AbortSignal;
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
  const { status, body, isCut } = await answerOf(url, rules);
  if (status >= 500) throw new Unreachable(url.host);
  const value = status === 200 && !isCut ? parsed(body.toString()) : undefined;
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
}

async function answerOf(url: URL, { thumbprints, signal }: FetchRules): Promise<OutboundAnswer> {
  const headers = { accept: "application/json" };
  try {
    return await sendOutbound({
      url, method: "GET", headers, timeoutMilliseconds, bytesMax, thumbprints, signal,
    });
  } catch (cause) {
    if (cause instanceof OutboundFailure && cause.reason === "untrusted") throw new UntrustedCertificate();
    throw new Unreachable(url.host, { cause });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
