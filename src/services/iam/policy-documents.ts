/** Policy documents as they come in and go out. */

import { validatePolicy } from "../../iam/parse.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { keptPolicy } from "../../kernel/policy-principals.ts";
import { malformedPolicyDocument } from "./errors.ts";

/**
 * Percent-encoded, with only RFC 3986's unreserved characters left as they are.
 *
 * @evidence IAM API Reference, GetPolicyVersion: "URL-encoded compliant with RFC 3986"
 */
export function encodeDocument(document: string): string {
  return encodeURIComponent(document)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** @throws MalformedPolicyDocument */
export function checkDocument(document: string, kind: "managed" | "inline" | "trust"): void {
  const [problem] = kind === "trust"
    ? validatePolicy(document, kind)
    : validatePolicy(document, "identity",
      kind === "managed" ? { statementIds: "alphanumeric" } : { version: "any" });
  if (problem !== undefined) throw malformedPolicyDocument(problem.message);
}

/**
 * A trust policy as it is kept: the users and roles that it names must be there.
 *
 * @throws MalformedPolicyDocument
 * @evidence recorded answers of UpdateAssumeRolePolicy: `Invalid principal in policy: "AWS":"arn:…"`
 */
export function keptTrustPolicy(ctx: ReadContext, document: string): string {
  checkDocument(document, "trust");
  return keptPolicy(ctx.kernel.identity, document, (name) =>
    malformedPolicyDocument(`Invalid principal in policy: "AWS":"${name}"`));
}

/** @evidence IAM User Guide, IAM and AWS STS quotas: "IAM doesn't count white space" */
export function documentSize(document: string): number {
  return document.replace(/\s/g, "").length;
}
