import assert from "node:assert/strict";
import { test } from "node:test";
import { EMPTY_SHA256, requirePayloadHash } from "./payload-hash.ts";
import { presign, signRequest } from "./signing.ts";
import type { SigningOptions } from "./signing.ts";
import { parseSignature } from "./sigv4.ts";
import {
  DATED, GET, NOW_MS, RULES, SECRET, SIGNING, refusal, thrown, verify, withAuthorization,
} from "./sigv4-fixture.ts";
import type { VerifyOptions } from "./sigv4.ts";

const S3_SIGNING: SigningOptions = { ...SIGNING, service: "s3" };
const S3_RULES: VerifyOptions = { ...RULES, dialect: "s3", service: "s3" };

test("S3 takes paths as they are and encodes them once", () => {
  const request = { ...GET, path: "/bucket/a%20b//c/../d+e", query: "list-type=2&prefix=%C3%A4" };
  const signed = signRequest(request, S3_SIGNING);
  verify(signed, S3_RULES);
  verify({ ...signed, path: "/bucket/a%20b//c/../d%2Be" }, S3_RULES);
  assert.equal(
    refusal(() => verify({ ...signed, path: "/bucket/a%20b/d+e" }, S3_RULES)).code,
    "SignatureDoesNotMatch",
  );
  assert.deepEqual(
    refusal(() => verify({ ...signed, path: "/bucket/%zz" }, S3_RULES)),
    {
      code: "InvalidURI",
      status: 400,
      message: "Couldn't parse the specified URI.",
    },
  );
});

test("the presigned URL of the S3 documentation verifies", () => {
  const nowMs = Date.UTC(2013, 4, 24);
  const presigned = presign(
    { method: "GET", path: "/test.txt", query: "", headers: { host: "examplebucket.s3.amazonaws.com" } },
    {
      ...S3_SIGNING,
      credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: SECRET.replace("+", "/") },
      nowMs,
      expiresSeconds: 86_400,
    },
  );
  assert.equal(
    parseSignature(presigned, "s3")?.signature,
    "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
  );
  verify(presigned, { ...S3_RULES, nowMs: nowMs + 86_400_000 }, SECRET.replace("+", "/"));
  const expired = thrown(() => verify(presigned, { ...S3_RULES, nowMs: nowMs + 86_401_000 }, SECRET));
  assert.deepEqual(
    { code: expired.code, message: expired.message, status: expired.status, members: expired.members },
    {
      code: "AccessDenied",
      message: "Request has expired",
      status: 403,
      members: {
        "X-Amz-Expires": "86400",
        Expires: "2013-05-25T00:00:00Z",
        ServerTime: "2013-05-25T00:00:01Z",
      },
    },
  );
});

test("S3 words every malformation of the header its own way", () => {
  const say = (authorization: string, headers: Record<string, string> = DATED): string => {
    const { code, message } = refusal(() => verify(withAuthorization(authorization, headers), S3_RULES));
    return `${code}: ${message}`;
  };
  const rest = "SignedHeaders=host, Signature=ab";
  const start = "AuthorizationHeaderMalformed: The authorization header is malformed; ";
  assert.equal(say("Bearer x"), "InvalidArgument: Unsupported Authorization Type");
  assert.equal(
    say("AWS a:b"),
    "InvalidRequest: The authorization mechanism you have provided is not " +
      "supported. " +
      "Please use AWS4-HMAC-SHA256.",
  );
  assert.equal(
    say("AWS4-HMAC-SHA256"),
    "InvalidArgument: Authorization header is invalid -- one and " + "only one ' ' " + "(space) required",
  );
  assert.equal(say("AWS4-HMAC-SHA256 a"), `${start}the authorization component "a" is malformed.`);
  assert.equal(
    say("AWS4-HMAC-SHA256 a=b"),
    `${start}the authorization header requires three components: Credential, SignedHeaders, and Signature.`,
  );
  assert.equal(
    say(`AWS4-HMAC-SHA256 Credential=a/b, ${rest}`),
    `${start}the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`,
  );
  assert.equal(
    say(`AWS4-HMAC-SHA256 Credential=a/b/us-east-1/s3/aws4_request, ${rest}`),
    `${start}incorrect date format "b". This date in the credential must be in the format "yyyyMMdd".`,
  );
  assert.equal(
    say(`AWS4-HMAC-SHA256 Credential=a/20150830/us-east-1/s3/x, ${rest}`),
    `${start}incorrect terminal "x". This endpoint uses "aws4_request".`,
  );
  assert.equal(
    say(`AWS4-HMAC-SHA256 Credential=a/20150830/us-east-1/ec2/aws4_request, ${rest}`),
    `${start}incorrect service "ec2". This endpoint belongs to "s3".`,
  );
  assert.equal(
    say(`AWS4-HMAC-SHA256 Credential=a/20150830/eu-west-1/s3/aws4_request, ${rest}`),
    `${start}the region 'eu-west-1' is wrong; expecting 'us-east-1'`,
  );
  assert.equal(
    say(`AWS4-HMAC-SHA256 Credential=a/20150829/us-east-1/s3/aws4_request, ${rest}`),
    `${start}Invalid credential date "20150829". This date is not the same as X-Amz-Date: "20150830".`,
  );
  assert.equal(
    say(`AWS4-HMAC-SHA256 Credential=a/20150830/us-east-1/s3/aws4_request, ${rest}`, {}),
    "AccessDenied: AWS authentication requires a valid Date or x-amz-date header",
  );
  assert.equal(
    say(`AWS4-HMAC-SHA256 Credential=a/20150830/us-east-1/s3/aws4_request, ${rest}`),
    "AccessDenied: There were headers present in the request which were not signed",
  );
});

test("S3 words every malformation of the query its own way", () => {
  const good = presign(GET, S3_SIGNING).query;
  const say = (query: string, rules = S3_RULES): string => {
    const { code, message } = refusal(() => verify({ ...GET, query }, rules));
    return code === "AuthorizationQueryParametersError" ? message : `${code}: ${message}`;
  };
  assert.equal(
    say("X-Amz-Signature=a"),
    "Query-string authentication version 4 requires the " +
      "X-Amz-Algorithm, " +
      "X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
  );
  assert.equal(
    say(good.replace("HMAC-SHA256", "X")),
    'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"',
  );
  assert.equal(say(good.replace("Expires=900", "Expires=x")), "X-Amz-Expires should be a number");
  assert.equal(say(good.replace("Expires=900", "Expires=-1")), "X-Amz-Expires must be non-negative");
  assert.equal(
    say(good.replace("Expires=900", "Expires=604801")),
    "X-Amz-Expires must be less than " +
      "a week (in " +
      "seconds); that is, the given X-Amz-Expires must be less than 604800 seconds",
  );
  assert.equal(
    say(good.replace("20150830T", "x")),
    `X-Amz-Date must be in the ISO8601 Long Format ` + `"yyyyMMdd'T'HHmmss'Z'"`,
  );
  assert.equal(
    say(good.replace("us-east-1", "eu-west-1")),
    "Error parsing the X-Amz-Credential " +
      "parameter; the region " +
      "'eu-west-1' is wrong; expecting 'us-east-1'",
  );
  assert.equal(say(good, { ...S3_RULES, nowMs: NOW_MS - 901_000 }), "AccessDenied: Request is not valid yet");
});

test("S3 tells a wrong clock and a wrong secret in its own words", () => {
  const signed = signRequest(GET, S3_SIGNING);
  const skewed = thrown(() => verify(signed, { ...S3_RULES, nowMs: NOW_MS + 900_001 }));
  assert.equal(skewed.code, "RequestTimeTooSkewed");
  assert.equal(skewed.message, "The difference between the request time and the current time is too large.");
  assert.deepEqual(skewed.members, {
    RequestTime: "20150830T123600Z",
    ServerTime: "2015-08-30T12:51:00Z",
    MaxAllowedSkewMilliseconds: "900000",
  });
  const wrong = thrown(() => verify(signed, S3_RULES, "wrong"));
  assert.equal(
    wrong.message,
    "The request signature we calculated does not match the signature you " +
      "provided. Check " +
      "your key and signing method.",
  );
  assert.deepEqual(Object.keys(wrong.members), [
    "AWSAccessKeyId",
    "StringToSign",
    "SignatureProvided",
    "StringToSignBytes",
    "CanonicalRequest",
    "CanonicalRequestBytes",
  ]);
  assert.match(String(wrong.members["StringToSignBytes"]), /^41 57 53 34 2d 48 4d 41 43/);
});

test("S3 wants the hash of the payload and every x-amz- header signed", () => {
  const signed = signRequest(GET, S3_SIGNING);
  const added = thrown(() =>
    verify({ ...signed, headers: { ...signed.headers, "x-amz-acl": "private" } }, S3_RULES),
  );
  assert.deepEqual(added.members, { HeadersNotSigned: "x-amz-acl" });
  const { "x-amz-content-sha256": _hash, ...headers } = signed.headers;
  assert.equal(
    refusal(() => verify({ ...signed, headers }, S3_RULES)).message,
    "Missing required header for this request: x-amz-content-sha256",
  );
  const invalid = signRequest(GET, { ...S3_SIGNING, payloadHash: "invalid" });
  assert.equal(
    refusal(() => verify(invalid, S3_RULES)).message,
    "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, " +
      "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, " +
      "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER " +
      "or a valid sha256 value.",
  );
});

test("S3 compares the body with the hash that was signed", () => {
  requirePayloadHash("UNSIGNED-PAYLOAD", EMPTY_SHA256);
  requirePayloadHash(EMPTY_SHA256, EMPTY_SHA256);
  const error = thrown(() => requirePayloadHash(EMPTY_SHA256.toUpperCase(), EMPTY_SHA256));
  assert.equal(error.code, "XAmzContentSHA256Mismatch");
  assert.equal(error.message, "The provided 'x-amz-content-sha256' header does not match what was computed.");
});
