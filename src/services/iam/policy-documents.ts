/** Policy documents as they come in and go out. */

import { validatePolicy } from "../../iam/parse.ts";
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
export function checkDocument(document: string, kind: "identity" | "trust"): void {
  const [problem] = validatePolicy(document, kind);
  if (problem !== undefined) throw malformedPolicyDocument(problem.message);
}

/** @evidence IAM User Guide, IAM and AWS STS quotas: "IAM doesn't count white space" */
export function documentSize(document: string): number {
  return document.replace(/\s/g, "").length;
}
