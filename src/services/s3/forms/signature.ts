/** The signature of a form, before anybody looks the credentials up. */

import { parseBasicTimestamp } from "../../../kernel/auth/timestamp.ts";
import type { SignedText, TextScope } from "../../../kernel/front.ts";
import { fieldNeeded, invalidAlgorithm, invalidCredential, invalidFormDate } from "./errors.ts";

type Fields = ReadonlyMap<string, string>;

/** In the order in which they are missed, and as they are called then. */
const current = ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Signature"] as const;
const old = ["AWSAccessKeyId", "Signature"] as const;
const algorithm = "AWS4-HMAC-SHA256";

/**
 * @param region of the bucket
 * @returns undefined for a form that is not signed
 * @throws InvalidArgument, InvalidRequest
 */
export function signatureOf(fields: Fields, region: string): SignedText | undefined {
  if (isSigned(fields, current)) return readSignature(fields, region);
  if (isSigned(fields, old)) return readOlder(fields);
  return undefined;
}

/** @evidence botocore, HmacV1PostAuth; S3 Developer Guide of 2018, "Browser-based uploads using POST" */
function readOlder(fields: Fields): SignedText {
  const text = fields.get("policy");
  if (text === undefined) throw fieldNeeded("policy");
  const [accessKeyId = "", signature = ""] = old.map((name) => fields.get(name.toLowerCase()));
  const securityToken = fields.get("x-amz-security-token");
  return { accessKeyId, scope: undefined, text, signature, securityToken };
}

/** A part of a signature is the wish to be signed. */
function isSigned(fields: Fields, names: readonly string[]): boolean {
  const missing = names.find((name) => !fields.has(name.toLowerCase()));
  if (missing === undefined) return true;
  if (names.every((name) => !fields.has(name.toLowerCase()))) return false;
  throw fieldNeeded(missing);
}

/** @evidence S3 API Reference, "Authenticating requests in browser-based uploads using POST" */
function readSignature(fields: Fields, region: string): SignedText {
  const [given = "", credential = "", date = "", signature = ""] = current.map(
    (name) => fields.get(name.toLowerCase()),
  );
  if (given !== algorithm) throw invalidAlgorithm(given);
  const text = fields.get("policy");
  if (text === undefined) throw fieldNeeded("policy");
  const { accessKeyId, ...scope } = readCredential(credential, region);
  const signedAtMs = parseBasicTimestamp(date);
  if (signedAtMs === undefined) throw invalidFormDate(date);
  const securityToken = fields.get("x-amz-security-token");
  return { accessKeyId, scope: { ...scope, signedAtMs }, text, signature, securityToken };
}

function readCredential(
  credential: string,
  expected: string,
): Pick<SignedText, "accessKeyId"> & Omit<TextScope, "signedAtMs"> {
  const parts = credential.split("/");
  if (parts.length !== 5) {
    const shape = '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request"';
    throw invalidCredential(`the Credential is mal-formed; expecting ${shape}.`, credential);
  }
  const [accessKeyId = "", date = "", region = "", service = "", terminal = ""] = parts;
  if (accessKeyId === "") {
    const detail = "a non-empty Access Key (AKID) must be provided in the credential.";
    throw invalidCredential(detail, credential);
  }
  if (!/^\d{8}$/.test(date)) {
    const shape = 'This date in the credential must be in the format "yyyyMMdd".';
    throw invalidCredential(`incorrect date format "${date}". ${shape}`, credential);
  }
  if (region !== expected) {
    throw invalidCredential(`the region '${region}' is wrong; expecting '${expected}'`, credential, expected);
  }
  if (service !== "s3") {
    throw invalidCredential(`incorrect service "${service}". This endpoint belongs to "s3".`, credential);
  }
  if (terminal !== "aws4_request") {
    const detail = `incorrect terminal "${terminal}". This endpoint uses "aws4_request".`;
    throw invalidCredential(detail, credential);
  }
  return { accessKeyId, date, region };
}
