/**
 * Requests as lines of a server access log.
 *
 * @evidence S3 User Guide, "Amazon S3 server access log format"
 */

import type { Caller } from "../../../kernel/auth/caller.ts";
import { isOlderSignature } from "../../../kernel/auth/sigv2.ts";
import type { FrontRequest, Headers } from "../../../kernel/front.ts";
import { canonicalId } from "../access/owners.ts";

/** What is logged of a request besides what it was. */
export interface LoggedRequest {
  /** `REST.GET.OBJECT`. */
  readonly operation: string;
  /** Percent-encoded; empty for the bucket itself. */
  readonly key: string;
  readonly caller: Caller | undefined;
  /** `AuthHeader`, `QueryString`; `POST` has none. */
  readonly authenticationMethod: string;
  readonly status: number;
  readonly error: string | undefined;
  readonly bytesSent: number;
  readonly objectBytes: number | undefined;
  readonly versionId: string | undefined;
  readonly milliseconds: number | undefined;
  readonly requestId: string;
  readonly hostId: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** One of several things that a request did: what it was is said on its own line. */
  readonly isPart?: boolean;
}

/** @param owner account of the bucket */
export function logLine(owner: string, bucket: string, request: FrontRequest, logged: LoggedRequest): string {
  const { headers } = request;
  const { caller, isPart } = logged;
  const isSigned = caller !== undefined && caller.type !== "Anonymous";
  const milliseconds = logged.milliseconds === undefined ? "-" : String(Math.round(logged.milliseconds));
  return [
    canonicalId(owner),
    bucket,
    `[${timeText(logged.at)}]`,
    request.sourceIp,
    requesterOf(caller),
    logged.requestId,
    logged.operation,
    field(logged.key),
    isPart ? "-" : quoted(requestUri(request)),
    String(logged.status),
    field(logged.error),
    isPart ? "-" : count(logged.bytesSent),
    logged.objectBytes === undefined ? "-" : String(logged.objectBytes),
    milliseconds,
    milliseconds,
    isPart ? "-" : quoted(headers["referer"]),
    isPart ? "-" : quoted(headers["user-agent"]),
    field(logged.versionId),
    logged.hostId,
    isSigned ? signatureShown(request) : "-",
    field(request.tlsCipher),
    isSigned && logged.authenticationMethod !== "Form" ? logged.authenticationMethod : "-",
    field(hostOf(headers)),
    request.tlsVersion === undefined ? "-" : `TLSv${request.tlsVersion}`,
    // Through which access point, whether a list was needed, and from which region.
    "-",
    "-",
    "-",
  ].join(" ");
}

function requestUri({ method, path, query }: FrontRequest): string {
  return `${method} ${path}${query === "" ? "" : `?${query}`} HTTP/1.1`;
}

function hostOf(headers: Headers): string | undefined {
  return headers["host"]?.replace(/:\d+$/, "");
}

/** Roots are their accounts, by the accounts' canonical ids. */
function requesterOf(caller: Caller | undefined): string {
  if (!caller || caller.type === "Anonymous") return "-";
  return caller.type === "Root" ? canonicalId(caller.account) : caller.arn;
}

/** A line has no line within it, and a field no space. */
function field(text: string | undefined): string {
  return text === undefined || text === "" ? "-" : text.replace(/[\s"]/g, (mark) => encodeURIComponent(mark));
}

function quoted(text: string | undefined): string {
  if (text === undefined || text === "") return '"-"';
  return `"${text.replace(/["\r\n]/g, (mark) => encodeURIComponent(mark))}"`;
}

function count(bytes: number): string {
  return bytes === 0 ? "-" : String(bytes);
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `06/Feb/2019:00:00:38 +0000`. */
function timeText(at: number): string {
  const iso = new Date(at).toISOString();
  const month = months[Number(iso.slice(5, 7)) - 1] ?? "";
  return `${iso.slice(8, 10)}/${month}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`;
}

function signatureShown({ query }: FrontRequest): string {
  return isOlderSignature(query) ? "SigV2" : "SigV4";
}
