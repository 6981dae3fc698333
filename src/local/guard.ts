/**
 * Who may use `/_local/`: programs on this machine, and pages that the region itself serves. A web page from
 * elsewhere may not, neither by posting here nor by a DNS name of its own that leads to this machine.
 */

import { isIP } from "node:net";
import type { Incoming } from "../kernel/gateway/chain.ts";
import { LocalError } from "./http.ts";

export interface GuardOptions {
  /** The address that the region listens on. */
  readonly boundHost: string;
  readonly allowedHosts: readonly string[];
}

/** @throws LocalError 403 */
export function requireLocal({ headers }: Incoming, options: GuardOptions): void {
  const host = headers["host"] ?? "";
  if (!isLocalName(nameOf(host), options)) {
    throw forbidden(`The host ${JSON.stringify(host)} is not this machine's. Allow it with --allow-host.`);
  }
  const { origin } = headers;
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    throw forbidden(`Requests from pages of ${JSON.stringify(origin)} are refused.`);
  }
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") {
    throw forbidden("Requests from pages of other sites are refused.");
  }
}

function forbidden(message: string): LocalError {
  return new LocalError(403, "Forbidden", message);
}

/** `localhost:4566` and `[::1]:4566` without the port. */
function nameOf(host: string): string {
  return host
    .replace(/:\d*$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .toLowerCase();
}

function isLocalName(name: string, { boundHost, allowedHosts }: GuardOptions): boolean {
  if (name === "localhost" || name.endsWith(".localhost") || name === "::1") return true;
  if (name === boundHost.toLowerCase() || allowedHosts.some((allowed) => allowed.toLowerCase() === name))
    return true;
  const family = isIP(name);
  if (family === 4 && name.startsWith("127.")) return true;
  // A DNS name can be made to lead anywhere; an address is what it says.
  return family !== 0 && (boundHost === "0.0.0.0" || boundHost === "::");
}
