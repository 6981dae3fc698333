import assert from "node:assert/strict";
import { test } from "node:test";
import { AwsError } from "../errors.ts";
import { parseSignature } from "./signature-claim.ts";
import type { SignableRequest } from "./signature-claim.ts";
import {
  deriveKeyPair,
  KeyPairs,
  presignAsymmetrically,
  signAsymmetrically,
  verifyAsymmetricSignature,
} from "./sigv4a.ts";
import type { VerifyOptions } from "./sigv4.ts";

const SECRET = "q+jcrXGc+0zWN6uzclKVhvMmUsIfRPa4rlRandom";
const NOW_MS = Date.UTC(2015, 7, 30, 12, 36, 0);
const SIGNING = {
  credentials: { accessKeyId: "AKISORANDOMAASORANDOM", secretAccessKey: SECRET },
  regionSet: ["us-east-*", "eu-west-1"],
  service: "s3",
  nowMs: NOW_MS,
};
const RULES: VerifyOptions = { nowMs: NOW_MS, dialect: "s3", service: "s3", region: "us-east-1" };
const GET: SignableRequest = {
  method: "GET",
  path: "/key%20one",
  query: "versionId=1",
  headers: { host: "name.mrap.accesspoint.s3-global.amazonaws.com" },
};

function verify(request: SignableRequest, rules = RULES, secret = SECRET): void {
  const claim = parseSignature(request, rules.dialect);
  if (!claim) throw new Error("anonymous");
  verifyAsymmetricSignature(claim, request, secret, { ...rules, pairs: new KeyPairs() });
}

/** @evidence aws-c-auth tests/key_derivation_tests.c, the fixed pair of credentials and key */
test("the key pair of a secret is the one that AWS derives", () => {
  const { privateKey } = deriveKeyPair("AKISORANDOMAASORANDOM", SECRET);
  const { d, x, y } = privateKey.export({ format: "jwk" });
  const hex = (part: string | undefined): string => Buffer.from(part ?? "", "base64url").toString("hex");
  assert.equal(hex(d), "7fd3bd010c0d9c292141c2b77bfbde1042c92e6836fff749d1269ec890fca1bd");
  assert.equal(hex(x), "15d242ceebf8d8169fd6a8b5a746c41140414c3b07579038da06af89190fffcb");
  assert.equal(hex(y), "0515242cedd82e94799482e4c0514b505afccf2c0c98d6a553bf539f424c5ec0");
});

test("a request signed for a set of regions holds in each of them and in no other", () => {
  const signed = signAsymmetrically(GET, SIGNING);
  for (const region of ["us-east-1", "us-east-2", "eu-west-1"]) verify(signed, { ...RULES, region });
  for (const region of ["us-west-2", "eu-west-12", ""]) {
    assert.throws(() => verify(signed, { ...RULES, region }), AwsError);
  }
});

test("a presigned request holds", () => {
  const presigned = presignAsymmetrically(GET, { ...SIGNING, regionSet: ["*"], expiresSeconds: 60 });
  verify(presigned);
  verify(presigned, { ...RULES, nowMs: NOW_MS + 60_000 });
  assert.throws(() => verify(presigned, { ...RULES, nowMs: NOW_MS + 61_000 }), AwsError);
  assert.throws(() => verify({ ...presigned, query: presigned.query.replace("=1", "=2") }), AwsError);
});

test("another secret, another body, another region set or another signature does not hold", () => {
  const signed = signAsymmetrically(GET, SIGNING);
  assert.throws(() => verify(signed, RULES, `${SECRET}x`), AwsError);
  assert.throws(() => verify({ ...signed, path: "/key%20two" }), AwsError);
  assert.throws(
    () => verify({ ...signed, headers: { ...signed.headers, "x-amz-region-set": "*" } }),
    AwsError,
  );
  const { authorization = "" } = signed.headers;
  const start = authorization.indexOf("Signature=") + "Signature=".length;
  for (let position = start; position < authorization.length; position += 1) {
    const letter = authorization[position] === "0" ? "1" : "0";
    const forged = authorization.slice(0, position) + letter + authorization.slice(position + 1);
    assert.throws(
      () => verify({ ...signed, headers: { ...signed.headers, authorization: forged } }),
      AwsError,
    );
  }
});
