import assert from "node:assert/strict";
import { test } from "node:test";
import {
  holdsOlder, parseOlderSignature, requireNotExpired, verifyOlderSignature, type OlderClaim,
} from "./sigv2.ts";
import type { SignableRequest } from "./signature-claim.ts";
import { thrown } from "./sigv4-fixture.ts";

const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const path = "/johnsmith/photos/puppy.jpg";

/** @evidence S3 API Reference, "Signing and authenticating REST requests", requests by query string */
const documented: SignableRequest = {
  method: "GET", path: "/photos/puppy.jpg",
  query:
    "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620",
  headers: { host: "johnsmith.s3.us-west-1.amazonaws.com" },
};

function claimOf(request: SignableRequest): OlderClaim {
  const claim = parseOlderSignature(request);
  assert.ok(claim);
  return claim;
}

test("the documented request holds, for what was signed only", () => {
  const claim = claimOf(documented);
  assert.equal(claim.expiresAtMs, 1_175_139_620_000);
  verifyOlderSignature(claim, documented, path, secret);
  assert.equal(holdsOlder(claim, { ...documented, method: "PUT" }, path, secret), false);
  assert.equal(holdsOlder(claim, documented, "/johnsmith/photos/kitten.jpg", secret), false);
  assert.equal(holdsOlder({ ...claim, expires: "1175139621" }, documented, path, secret), false);
  const more = { ...documented, headers: { ...documented.headers, "x-amz-meta-a": "b" } };
  assert.equal(holdsOlder(claim, more, path, secret), false);
  const typed = { ...documented, headers: { ...documented.headers, "content-type": "text/plain" } };
  const error = thrown(() => verifyOlderSignature(claim, typed, path, secret));
  assert.equal(error.code, "SignatureDoesNotMatch");
  assert.equal(error.members?.["StringToSign"], `GET\n\ntext/plain\n1175139620\n${path}`);
  assert.equal(error.members?.["CanonicalRequest"], undefined);
});

test("headers that were moved into the query, subresources and overrides are signed", () => {
  const query =
    `${documented.query}&x-amz-meta-b=two%20words&x-amz-security-token=token&versionId=a%2Fb&acl&prefix=x` +
    "&response-content-type=text%2Fplain";
  const request = { ...documented, query, headers: { ...documented.headers, "x-amz-meta-a": " b " } };
  const claim = claimOf(request);
  assert.equal(claim.securityToken, "token");
  const error = thrown(() => verifyOlderSignature(claim, request, path, secret));
  assert.equal(
    error.members?.["StringToSign"],
    "GET\n\n\n1175139620\nx-amz-meta-a:b\nx-amz-meta-b:two words\nx-amz-security-token:token\n" +
      `${path}?acl&response-content-type=text/plain&versionId=a/b`,
  );
});

test("a bucket is signed with a slash at its end", () => {
  const request = { ...documented, path: "/johnsmith" };
  for (const named of ["/johnsmith", "/johnsmith/"]) {
    const error = thrown(() => verifyOlderSignature(claimOf(request), request, named, secret));
    assert.equal(error.members?.["StringToSign"], "GET\n\n\n1175139620\n/johnsmith/");
  }
});

test("a part of a signature, or one that has run out, is refused", () => {
  assert.equal(parseOlderSignature({ ...documented, query: "prefix=x" }), undefined);
  const parse = (query: string): unknown => parseOlderSignature({ ...documented, query });
  const parts = ["AWSAccessKeyId=x", "AWSAccessKeyId=x&Expires=1", "AWSAccessKeyId=&Signature=x&Expires=1"];
  for (const query of parts) {
    assert.equal(
      thrown(() => parse(query)).message,
      "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
    );
  }
  const { code, message } = thrown(() => parse("AWSAccessKeyId=x&Signature=x&Expires=soon"));
  assert.deepEqual([code, message], ["AccessDenied", "Invalid date (should be seconds since epoch): soon"]);
  const claim = claimOf(documented);
  requireNotExpired(claim, 1_175_139_620_000);
  assert.deepEqual(thrown(() => requireNotExpired(claim, 1_175_139_621_000)).members, {
    Expires: "2007-03-29T03:40:20Z", ServerTime: "2007-03-29T03:40:21Z",
  });
});
