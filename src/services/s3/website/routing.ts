/** Where a website sends its visitors instead of answering. */

import type * as s3 from "../../../generated/s3.ts";
import { printableUrl } from "../printable-url.ts";

export interface Visit {
  /** As the visitor's browser has it, with its port. */
  readonly host: string;
  readonly protocol: "http" | "https";
  /** Percent-encoded, with its slash. */
  readonly path: string;
  /** Without `?`; empty when there is none. */
  readonly query: string;
  /** Decoded. */
  readonly key: string;
}

export interface Redirection {
  readonly status: number;
  readonly location: string;
}

const movedPermanently = 301;

/**
 * The first rule that matches. Before the object is looked for, those that wait for an error match nothing.
 *
 * @param error status of the answer that would be given
 * @evidence S3 User Guide, "Configure redirection rules to use advanced conditional redirects"
 */
export function routedTo(
  rules: readonly s3.RoutingRule[] | undefined,
  visit: Visit,
  error?: number,
): Redirection | undefined {
  const rule = rules?.find(({ Condition: condition }) => {
    const { KeyPrefixEquals: prefix = "", HttpErrorCodeReturnedEquals: errorCode } = condition ?? {};
    const isAwaited = errorCode === undefined ? error === undefined : Number(errorCode) === error;
    return isAwaited && visit.key.startsWith(prefix);
  });
  return rule && redirection(rule, visit);
}

/** What a rule leaves out stays as the visitor had it; a prefix is replaced also where it is empty. */
function redirection(rule: s3.RoutingRule, visit: Visit): Redirection {
  const { Condition: condition, Redirect: redirect } = rule;
  const { ReplaceKeyWith, ReplaceKeyPrefixWith, HttpRedirectCode } = redirect;
  let path = visit.path;
  if (ReplaceKeyWith !== undefined) path = `/${ReplaceKeyWith}`;
  else if (ReplaceKeyPrefixWith !== undefined) {
    const rest = visit.key.slice(condition?.KeyPrefixEquals?.length ?? 0);
    path = `/${ReplaceKeyPrefixWith}${encodedKey(rest)}`;
  }
  const status = HttpRedirectCode === undefined ? movedPermanently : Number(HttpRedirectCode);
  return { status, location: locationOf({ ...visit, path }, redirect) };
}

/** What is no UTF-16, because a prefix ended within a character, becomes what stands for that. */
function encodedKey(key: string): string {
  return Buffer.from(key).toString().split("/").map(encodeURIComponent).join("/");
}

export function redirectedToAll(to: s3.RedirectAllRequestsTo, visit: Visit): Redirection {
  return { status: movedPermanently, location: locationOf(visit, to) };
}

interface Target {
  readonly HostName?: string | undefined;
  readonly Protocol?: s3.Protocol | undefined;
}

function locationOf(visit: Visit, { HostName, Protocol }: Target): string {
  const query = visit.query === "" ? "" : `?${visit.query}`;
  return printableUrl(`${Protocol ?? visit.protocol}://${HostName ?? visit.host}${visit.path}${query}`);
}
