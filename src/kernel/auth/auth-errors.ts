/**
 * What a request is told whose signature is missing, malformed, out of time or wrong: one constructor a
 * text.
 */

import { createHash } from "node:crypto";
import { AwsError } from "../errors.ts";

/**
 * Families of services agree about codes, texts and status codes: the Query and REST-XML services, the JSON
 * 1.0/1.1 services, the REST-JSON services, EC2, and S3.
 */
export type AuthDialect = "query" | "json" | "rest" | "ec2" | "s3";

type Members = Record<string, unknown>;

interface Wording {
  readonly code: string;
  readonly status: number;
}

/** @evidence SQS, STS, DynamoDB and Lambda API References, Common Errors; EC2 API Reference, Error codes */
const WORDINGS: Record<
  "incomplete" | "mismatch" | "missing" | "unknownKey" | "expiredToken",
  Record<Exclude<AuthDialect, "s3">, Wording>
> = {
  incomplete: {
    query: { code: "IncompleteSignature", status: 400 },
    json: { code: "IncompleteSignatureException", status: 400 },
    rest: { code: "IncompleteSignatureException", status: 403 },
    ec2: { code: "IncompleteSignature", status: 400 },
  },
  mismatch: {
    query: { code: "SignatureDoesNotMatch", status: 403 },
    json: { code: "InvalidSignatureException", status: 400 },
    rest: { code: "InvalidSignatureException", status: 403 },
    ec2: { code: "AuthFailure", status: 401 },
  },
  missing: {
    query: { code: "MissingAuthenticationToken", status: 403 },
    json: { code: "MissingAuthenticationTokenException", status: 400 },
    rest: { code: "MissingAuthenticationTokenException", status: 403 },
    ec2: { code: "MissingParameter", status: 400 },
  },
  unknownKey: {
    query: { code: "InvalidClientTokenId", status: 403 },
    json: { code: "UnrecognizedClientException", status: 400 },
    rest: { code: "UnrecognizedClientException", status: 403 },
    ec2: { code: "AuthFailure", status: 401 },
  },
  expiredToken: {
    query: { code: "ExpiredToken", status: 403 },
    json: { code: "ExpiredTokenException", status: 400 },
    rest: { code: "ExpiredTokenException", status: 403 },
    ec2: { code: "RequestExpired", status: 400 },
  },
};

const EC2_REFUSAL = "AWS was not able to validate the provided access credentials";

export function s3Error(code: string, message: string, status: number, members?: Members): AwsError {
  return new AwsError({ code, message, status, ...(members && { members }) });
}

/** A signature that cannot be read. Not for S3, whose texts differ one by one. */
export function incompleteSignature(dialect: Exclude<AuthDialect, "s3">, message: string): AwsError {
  return new AwsError({ ...WORDINGS.incomplete[dialect], message });
}

/** A signature that can be read and does not hold. Not for S3. EC2 does not say why. */
export function invalidSignature(dialect: Exclude<AuthDialect, "s3">, message: string): AwsError {
  return new AwsError({ ...WORDINGS.mismatch[dialect], message: dialect === "ec2" ? EC2_REFUSAL : message });
}

/**
 * A signature made too long ago or for later.
 *
 * @evidence EC2 API Reference, Error codes, RequestExpired; recorded answers of STS and DynamoDB
 */
export function unmatchedTime(dialect: Exclude<AuthDialect, "s3">, message: string): AwsError {
  if (dialect !== "ec2") return invalidSignature(dialect, message);
  return new AwsError({ code: "RequestExpired", message: "Request has expired.", status: 400 });
}

/** An operation that needs a signature got none. */
export function missingAuthenticationToken(dialect: AuthDialect): AwsError {
  if (dialect === "s3") return s3Error("AccessDenied", "Access Denied", 403);
  const message =
    dialect === "ec2"
      ? "The request must contain the parameter AWSAccessKeyId"
      : "Request is missing Authentication Token";
  return new AwsError({ ...WORDINGS.missing[dialect], message });
}

/** No credentials with this access key id exist, or its session token is not its own. */
export function unknownAccessKey(dialect: AuthDialect, accessKeyId: string): AwsError {
  if (dialect === "s3") {
    const message = "The AWS Access Key Id you provided does not exist in our records.";
    return s3Error("InvalidAccessKeyId", message, 403, { AWSAccessKeyId: accessKeyId });
  }
  const message = dialect === "ec2" ? EC2_REFUSAL : "The security token included in the request is invalid.";
  return new AwsError({ ...WORDINGS.unknownKey[dialect], message });
}

/** A session token that cannot be unsealed or belongs to another key. */
export function invalidSessionToken(dialect: AuthDialect, accessKeyId: string, token: string): AwsError {
  if (dialect !== "s3") return unknownAccessKey(dialect, accessKeyId);
  const message = "The provided token is malformed or otherwise invalid.";
  return s3Error("InvalidToken", message, 400, { "Token-0": token });
}

export function expiredSessionToken(dialect: AuthDialect, token: string): AwsError {
  if (dialect === "s3") {
    return s3Error("ExpiredToken", "The provided token has expired.", 400, { "Token-0": token });
  }
  const message =
    dialect === "ec2" ? "Request has expired." : "The security token included in the " + "request is expired";
  return new AwsError({ ...WORDINGS.expiredToken[dialect], message });
}

/**
 * @evidence recorded answer of S3 2021: "The authorization header is malformed; the region 'us-east-1' is
 * wrong"
 */
export function headerMalformed(detail: string, members?: Members): AwsError {
  const message = `The authorization header is malformed; ${detail}`;
  return s3Error("AuthorizationHeaderMalformed", message, 400, members);
}

export function queryParametersError(message: string, members?: Members): AwsError {
  return s3Error("AuthorizationQueryParametersError", message, 400, members);
}

/** S3 names the argument it refuses beside the text. */
export function invalidArgument(message: string, name: string, value: string): AwsError {
  return s3Error("InvalidArgument", message, 400, { ArgumentName: name, ArgumentValue: value });
}

/** What S3 adds to `SignatureDoesNotMatch`, for the chunks of a streaming upload too. */
export interface S3Mismatch {
  readonly accessKeyId: string;
  readonly stringToSign: string;
  readonly signature: string;
  /** Absent for version 2, which has none. */
  readonly canonicalRequest?: string;
}

/**
 * @evidence S3 API Reference, Error responses; openstack/swift test/s3api/test_input_errors.py, run against
 * S3
 */
export function s3SignatureMismatch(mismatch: S3Mismatch): AwsError {
  const { canonicalRequest } = mismatch;
  const message =
    "The request signature we calculated does not match the signature you provided. Check your key " +
    "and signing method.";
  return s3Error("SignatureDoesNotMatch", message, 403, {
    AWSAccessKeyId: mismatch.accessKeyId,
    StringToSign: mismatch.stringToSign,
    SignatureProvided: mismatch.signature,
    StringToSignBytes: spacedHex(mismatch.stringToSign),
    ...(canonicalRequest !== undefined && {
      CanonicalRequest: canonicalRequest, CanonicalRequestBytes: spacedHex(canonicalRequest),
    }),
  });
}

/**
 * The long form names what the service would have signed.
 *
 * @evidence IAM User Guide, Troubleshoot signed requests, Canonicalization errors; a recorded answer of
 *   DynamoDB
 */
export function signatureMismatch(
  dialect: Exclude<AuthDialect, "s3">,
  canonicalRequest: string,
  stringToSign: string,
): AwsError {
  return invalidSignature(
    dialect,
    "The request signature we calculated does not match the signature you provided. Check your AWS " +
      "Secret Access Key " +
      "and signing method. Consult the service documentation for details.\n\n" +
      `The Canonical String for this request should have been\n'${canonicalRequest}'\n\n` +
      `The String-to-Sign should have been\n'${stringToSign}'\n`,
  );
}

/** Services repeat an Authorization header only as its hash, for it may hold somebody's secret. */
export function hashedForDisplay(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}

function spacedHex(text: string): string {
  return Buffer.from(text, "utf8")
    .toString("hex")
    .replace(/..(?=.)/g, "$& ");
}
