import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { effort } from "../../../test/effort.ts";
import type { AuthDialect } from "./auth-errors.ts";
import { missingAuthenticationToken, unknownAccessKey } from "./auth-errors.ts";
import { EMPTY_SHA256 } from "./payload-hash.ts";
import { presign, signRequest } from "./signing.ts";
import { SigningKeys } from "./signing-keys.ts";
import { parseSignature } from "./sigv4.ts";
import {
  DATED, GET, NOW_MS, RULES, SECRET, SIGNING, refusal, verify, withAuthorization,
} from "./sigv4-fixture.ts";

const hashed = (text: string): string => createHash("sha256").update(text).digest("base64");

test("a request without a signature is anonymous", () => {
  assert.equal(parseSignature(GET), undefined);
  assert.equal(parseSignature({ ...GET, query: "a=b&x-X-Amz-Algorithm=1" }), undefined);
});

test("the claim is read from the header", () => {
  const claim = parseSignature(
    withAuthorization(
      "AWS4-HMAC-SHA256 " +
        "Credential=AKID/20150830/us-east-1/iam/aws4_request,SignedHeaders=host;x-amz-date,Signature=ab",
      { ...DATED, "x-amz-security-token": "token" },
    ),
  );
  assert.deepEqual(claim, {
    algorithm: "AWS4-HMAC-SHA256",
    source: "header",
    accessKeyId: "AKID",
    date: "20150830",
    region: "us-east-1",
    service: "iam",
    terminator: "aws4_request",
    scope: "20150830/us-east-1/iam/aws4_request",
    timestamp: "20150830T123600Z",
    signedAtMs: NOW_MS,
    signedHeaders: ["host", "x-amz-date"],
    signature: "ab",
    securityToken: "token",
    expiresSeconds: undefined,
    regionSet: undefined,
  });
});

test("the Date header stands in for x-amz-date", () => {
  const claim = parseSignature(
    withAuthorization(
      "AWS4-HMAC-SHA256 Credential=AKID/20150830/us-east-1/iam/aws4_request, SignedHeaders=date;host, " +
        "Signature=ab",
      { date: "Sun, 30 Aug 2015 12:36:00 GMT" },
    ),
  );
  assert.equal(claim?.timestamp, "20150830T123600Z");
});

const CREDENTIAL = "Credential=AKID/20150830/us-east-1/iam/aws4_request";
const malformed: [string, Record<string, string>, string, number, string][] = [
  ["Bearer abc", DATED, "MissingAuthenticationToken", 403, "Request is missing Authentication Token"],
  [
    "AWS4-HMAC-SHA256",
    {},
    "IncompleteSignature",
    400,
    "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' " +
      "parameter. " +
      "Authorization header requires 'SignedHeaders' parameter. Authorization header requires " +
      "existence of either a " +
      `'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) Authorization=` +
      hashed("AWS4-HMAC-SHA256"),
  ],
  [
    "AWS4-HMAC-SHA256 SignedHeaders=host, Signature=ab",
    DATED,
    "IncompleteSignature",
    400,
    "Authorization header requires 'Credential' parameter. (Hashed with SHA-256 and encoded with Base64) " +
      `Authorization=${hashed("AWS4-HMAC-SHA256 SignedHeaders=host, Signature=ab")}`,
  ],
  [
    "AWS4-HMAC-SHA256 Credential, Signature=ab",
    DATED,
    "IncompleteSignature",
    400,
    "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and " +
      "encoded with " +
      `Base64): '${hashed("AWS4-HMAC-SHA256 Credential, Signature=ab")}'.`,
  ],
  [
    `AWS4-HMAC-SHA256 ${CREDENTIAL}, SignedHeaders=host, Signature=ab`,
    { "x-amz-date": "201" },
    "IncompleteSignature",
    400,
    "Date must be in ISO-8601 'basic format'. Got '201'. See http://en.wikipedia.org/wiki/ISO_8601",
  ],
  [
    `AWS4-HMAC-SHA256 ${CREDENTIAL}, SignedHeaders=host, Signature=ab`,
    { "x-amz-date": "20150231T000000Z" },
    "IncompleteSignature",
    400,
    "Date must be in ISO-8601 'basic format'. Got '20150231T000000Z'. See " +
      "http://en.wikipedia.org/wiki/ISO_8601",
  ],
  [
    `AWS4-HMAC-SHA1 ${CREDENTIAL}, SignedHeaders=host, Signature=ab`,
    DATED,
    "IncompleteSignature",
    400,
    "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1'.",
  ],
  [
    "AWS4-HMAC-SHA256 Credential=a/b/c/d, SignedHeaders=host, Signature=ab",
    DATED,
    "IncompleteSignature",
    400,
    "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, " +
      "got 'a/b/c/d'",
  ],
];
for (const [authorization, headers, code, status, message] of malformed) {
  test(`a malformed header is told why: ${authorization}`, () => {
    assert.deepEqual(
      refusal(() => parseSignature(withAuthorization(authorization, headers))),
      {
        code,
        status,
        message,
      },
    );
  });
}

test("a credential of slashes is malformed, and told so at once", () => {
  const hostile = `AWS4-HMAC-SHA256 Credential=A${"/".repeat(60_000)}x, SignedHeaders=host, Signature=ab`;
  const before = effort();
  const { message } = refusal(() => parseSignature(withAuthorization(hostile, DATED), "json"));
  assert.match(message, /^Credential must have exactly 5/);
  assert.ok(effort() - before < 1);
  const slashAtTheEnd = `AWS4-HMAC-SHA256 ${CREDENTIAL}//, SignedHeaders=host, Signature=ab`;
  assert.equal(parseSignature(withAuthorization(slashAtTheEnd, DATED))?.terminator, "aws4_request");
});

test("a presigned query is told what it lacks", () => {
  const query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20150830T123600Z&X-Amz-Signature=ab";
  assert.deepEqual(
    refusal(() => parseSignature({ ...GET, query })),
    {
      code: "IncompleteSignature",
      status: 400,
      message:
        "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string " +
        "parameters must include " +
        "'X-Amz-SignedHeaders'. Re-examine the query-string parameters.",
    },
  );
});

test("a signature in both places is refused", () => {
  const request = { ...withAuthorization("AWS4-HMAC-SHA256 x=y"), query: "X-Amz-Algorithm=AWS4-HMAC-SHA256" };
  assert.equal(
    refusal(() => parseSignature(request)).message,
    "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
  );
  assert.equal(refusal(() => parseSignature(request, "s3")).code, "InvalidArgument");
});

test(
  "a signature of a quarter of an hour ago or later has expired, and one for later is not yet " + "current",
  () => {
    const signed = signRequest(GET, SIGNING);
    verify(signed, { ...RULES, nowMs: NOW_MS + 900_000 });
    verify(signed, { ...RULES, nowMs: NOW_MS - 900_000 });
    assert.deepEqual(
      refusal(() => verify(signed, { ...RULES, nowMs: NOW_MS + 901_000 })),
      {
        code: "SignatureDoesNotMatch",
        status: 403,
        message:
          "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z " +
          "(20150830T125101Z - 15 min.)",
      },
    );
    assert.equal(
      refusal(() => verify(signed, { ...RULES, nowMs: NOW_MS - 901_000 })).message,
      "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z " +
        "(20150830T122059Z + 15 min.)",
    );
    assert.deepEqual(
      refusal(() => verify(signed, { ...RULES, dialect: "json", nowMs: NOW_MS + 301_000 })),
      {
        code: "InvalidSignatureException",
        status: 400,
        message:
          "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z " +
          "(20150830T124101Z - 5 min.)",
      },
    );
    assert.deepEqual(
      refusal(() => verify(signed, { ...RULES, dialect: "ec2", nowMs: NOW_MS + 901_000 })),
      {
        code: "RequestExpired",
        status: 400,
        message: "Request has expired.",
      },
    );
  },
);

test("every part of the scope that is wrong is named", () => {
  const signed = signRequest(GET, SIGNING);
  assert.deepEqual(
    refusal(() => verify(signed, { ...RULES, region: "eu-west-1", service: "sts" })),
    {
      code: "SignatureDoesNotMatch",
      status: 403,
      message:
        "Credential should be scoped to a valid region, not 'us-east-1'. Credential should be " +
        "scoped to correct " +
        "service: 'sts'.",
    },
  );
  verify(signed, { ...RULES, region: undefined, service: ["sts", "iam"] });
  const other = withAuthorization(
    "AWS4-HMAC-SHA256 Credential=AKID/20150829/us-east-1/iam/aws5_request, SignedHeaders=host, Signature=ab",
    DATED,
  );
  assert.equal(
    refusal(() => verify(other, RULES)).message,
    "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'. Date " +
      "in Credential " +
      "scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150829' != " +
      "'20150830', from " +
      "'20150830T123600Z'.",
  );
});

test("the host must be signed", () => {
  const request = withAuthorization(
    `AWS4-HMAC-SHA256 ${CREDENTIAL}, SignedHeaders=x-amz-date, ` + `Signature=ab`,
    DATED,
  );
  assert.equal(
    refusal(() => verify(request, RULES)).message,
    "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
  );
});

test("a wrong secret is told the canonical request and the string to sign", () => {
  const signed = signRequest(GET, SIGNING);
  const canonical =
    "GET\n/\n\nhost:iam.amazonaws.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n" + EMPTY_SHA256;
  const toSign =
    "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n" +
    createHash("sha256").update(canonical).digest("hex");
  assert.deepEqual(
    refusal(() => verify(signed, RULES, "wrong")),
    {
      code: "SignatureDoesNotMatch",
      status: 403,
      message:
        "The request signature we calculated does not match the signature you provided. Check " +
        "your AWS Secret " +
        "Access Key and signing method. Consult the service documentation for details.\n\nThe " +
        "Canonical String for this " +
        `request should have been\n'${canonical}'\n\nThe String-to-Sign should have been\n'${toSign}'\n`,
    },
  );
  assert.deepEqual(
    refusal(() => verify(signed, { ...RULES, dialect: "ec2" }, "wrong")),
    {
      code: "AuthFailure",
      status: 401,
      message: "AWS was not able to validate the provided access credentials",
    },
  );
});

test("a presigned request holds for as long as it says", () => {
  const presigned = presign(GET, { ...SIGNING, expiresSeconds: 90 });
  verify(presigned, { ...RULES, nowMs: NOW_MS + 90_000 });
  assert.equal(
    refusal(() => verify(presigned, { ...RULES, nowMs: NOW_MS + 91_000 })).message,
    "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T123731Z - 90 sec.)",
  );
  const token = presign(GET, { ...SIGNING, credentials: { ...SIGNING.credentials, sessionToken: "a/b+c=" } });
  assert.equal(parseSignature(token)?.securityToken, "a/b+c=");
  verify(token, RULES);
});

test("a body that changed is refused, and its hash is asked for once", () => {
  const request = { ...GET, method: "POST", body: Buffer.from("Action=ListUsers") };
  const signed = signRequest(request, SIGNING);
  verify(signed, RULES);
  assert.equal(
    refusal(() => verify({ ...signed, body: Buffer.from("Action=ListUserz") }, RULES)).status,
    403,
  );
  let asked = 0;
  const bodyHash = (): string => {
    asked += 1;
    return createHash("sha256").update("Action=ListUsers").digest("hex");
  };
  verify({ ...signed, body: Buffer.alloc(0) }, { ...RULES, bodyHash });
  assert.equal(asked, 1);
});

/** @evidence S3 API Reference, Authenticating Requests: Using Query Parameters, the example */
test("each family of services names an unknown key and a missing signature its own way", () => {
  const codes = (["query", "json", "rest", "ec2", "s3"] as AuthDialect[]).map((dialect) => [
    `${unknownAccessKey(dialect, "AKID").status} ${unknownAccessKey(dialect, "AKID").code}`,
    `${missingAuthenticationToken(dialect).status} ${missingAuthenticationToken(dialect).code}`,
  ]);
  assert.deepEqual(codes, [
    ["403 InvalidClientTokenId", "403 MissingAuthenticationToken"],
    ["400 UnrecognizedClientException", "400 MissingAuthenticationTokenException"],
    ["403 UnrecognizedClientException", "403 MissingAuthenticationTokenException"],
    ["401 AuthFailure", "400 MissingParameter"],
    ["403 InvalidAccessKeyId", "403 AccessDenied"],
  ]);
});

test("headers that a prototype would answer for are not there", () => {
  for (const name of ["__proto__", "constructor", "tostring"]) {
    const request = withAuthorization(
      `AWS4-HMAC-SHA256 ${CREDENTIAL}, SignedHeaders=${name};host, Signature=ab`,
      DATED,
    );
    assert.match(
      refusal(() => verify(request, RULES)).message,
      new RegExp(`been\\n'GET\\n/\\n\\n${name}:\\nhost:`),
    );
  }
});

test("derived keys are kept, up to a limit", () => {
  const keys = new SigningKeys(2);
  const rules = { ...RULES, keys };
  verify(signRequest(GET, SIGNING), rules);
  const first = keys.get("AKIDEXAMPLE", SECRET, "20150830", "us-east-1", "iam");
  assert.equal(keys.size, 1);
  keys.get("B", SECRET, "20150830", "us-east-1", "iam");
  assert.equal(keys.get("AKIDEXAMPLE", SECRET, "20150830", "us-east-1", "iam"), first);
  keys.get("C", SECRET, "20150830", "us-east-1", "iam");
  assert.equal(keys.size, 2);
  assert.equal(keys.get("AKIDEXAMPLE", SECRET, "20150830", "us-east-1", "iam"), first);
});
