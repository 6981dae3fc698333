/** What the tests of signatures sign, and how they look at refusals. */

import { AwsError } from "../errors.ts";
import type { SignableRequest } from "./signature-claim.ts";
import type { SigningOptions } from "./signing.ts";
import { parseSignature, verifySignature, type VerifyOptions } from "./sigv4.ts";

export const SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
export const NOW_MS = Date.UTC(2015, 7, 30, 12, 36, 0);
export const SIGNING: SigningOptions = {
  credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: SECRET },
  region: "us-east-1",
  service: "iam",
  nowMs: NOW_MS,
};
export const RULES: VerifyOptions = { nowMs: NOW_MS, dialect: "query", service: "iam", region: "us-east-1" };
export const GET: SignableRequest = {
  method: "GET", path: "/", query: "", headers: { host: "iam.amazonaws.com" },
};

export function refusal(action: () => unknown): { code: string; status: number; message: string } {
  const error = thrown(action);
  return { code: error.code, status: error.status, message: error.message };
}

export function thrown(action: () => unknown): AwsError {
  try {
    action();
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

export function verify(request: SignableRequest, rules: VerifyOptions, secret = SECRET): void {
  const claim = parseSignature(request, rules.dialect);
  if (!claim) throw new Error("anonymous");
  verifySignature(claim, request, secret, rules);
}

export function withAuthorization(authorization: string, more: Record<string, string> = {}): SignableRequest {
  return { ...GET, headers: { ...GET.headers, authorization, ...more } };
}

export const DATED = { "x-amz-date": "20150830T123600Z" };
