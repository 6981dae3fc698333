import assert from "node:assert/strict";
import { test } from "node:test";
import { AwsError } from "../errors.ts";
import type { AuthDialect } from "./auth-errors.ts";
import type { SignableRequest } from "./signature-claim.ts";
import { presign, signRequest } from "./signing.ts";
import { KnownClaims } from "./known-claims.ts";
import { SigningKeys } from "./signing-keys.ts";
import { KeyPairs, verifyAsymmetricSignature } from "./sigv4a.ts";
import { parseSignature, verifySignature } from "./sigv4.ts";
import { rounds } from "../../../test/rounds.ts";

const SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const NOW_MS = Date.UTC(2015, 7, 30, 12, 36, 0);
const DIALECTS: AuthDialect[] = ["query", "json", "rest", "ec2", "s3"];
const PIECES = [
  "",
  "/",
  "//",
  "=",
  "&",
  ",",
  ";",
  "%",
  "%zz",
  "%00",
  "\u0000",
  "\ud800",
  "é",
  "__proto__",
  "../",
  " ",
  "Credential=",
  "X-Amz-Algorithm=",
  "X-Amz-Date=",
  "AWS4-ECDSA-P256-SHA256",
  "9".repeat(40),
  "-1",
  "aws4_request",
];

/** Marsaglia's xorshift, so that a failure can be repeated. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function mutated(text: string, pick: (below: number) => number): string {
  let result = text;
  for (let count = pick(4); count >= 0; count -= 1) {
    const at = pick(result.length + 1);
    const piece = pick(2) === 0 ? String.fromCharCode(pick(256)) : (PIECES[pick(PIECES.length)] ?? "");
    result = result.slice(0, at) + piece + result.slice(Math.min(result.length, at + pick(12)));
  }
  return result;
}

test("damaged signatures are refused with an AwsError, and none is taken", () => {
  const pick = chance(20150830);
  const keys = new SigningKeys(100);
  const pairs = new KeyPairs(10);
  const request: SignableRequest = {
    method: "GET",
    path: "/a/b",
    query: "x=1",
    headers: { host: "example.amazonaws.com" },
  };
  let accepted = 0;
  for (let round = 0; round < rounds(100_000); round += 1) {
    const dialect = DIALECTS[round % DIALECTS.length] ?? "query";
    const service = dialect === "s3" ? "s3" : "service";
    const signing = {
      credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: SECRET },
      region: "us-east-1",
      service,
      nowMs: NOW_MS,
      keys,
    };
    let damaged: SignableRequest;
    let original: SignableRequest;
    if (round % 2 === 0) {
      original = signRequest(request, signing);
      const authorization = mutated(original.headers["authorization"] ?? "", pick);
      damaged = { ...original, headers: { ...original.headers, authorization } };
    } else {
      original = presign(request, signing);
      damaged = { ...original, query: mutated(original.query, pick) };
    }
    try {
      const claim = parseSignature(damaged, dialect);
      if (!claim) continue;
      const options = { nowMs: NOW_MS, dialect, service, region: "us-east-1", keys, pairs };
      if (claim.algorithm === "AWS4-HMAC-SHA256") verifySignature(claim, damaged, SECRET, options);
      else verifyAsymmetricSignature(claim, damaged, SECRET, options);
      accepted += 1;
      // What is taken means the same: only spacing, empty parameters or another spelling of a letter changed.
      assert.equal(claim.signature, parseSignature(original, dialect)?.signature);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
    }
  }
  assert.ok(accepted < rounds(10_000), `${accepted} accepted`);
});

/** What comes of reading a header: a claim, or a refusal's text. */
function outcome(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return String(error);
  }
}

test("headers that are remembered read as headers that are not", () => {
  const pick = chance(20150831);
  const known = new KnownClaims();
  const request: SignableRequest = {
    method: "GET", path: "/", query: "", headers: { host: "example.amazonaws.com" },
  };
  for (let round = 0; round < rounds(20_000); round += 1) {
    const dialect = DIALECTS[pick(DIALECTS.length)] ?? "query";
    const credentials = { accessKeyId: `AKID${pick(3)}`, secretAccessKey: SECRET };
    const nowMs = NOW_MS + pick(1000) * 1000;
    const { headers } = signRequest(request, { credentials, region: "us-east-1", service: "s", nowMs });
    const header = headers["authorization"] ?? "";
    const authorization = pick(2) === 0 ? header : mutated(header, pick);
    const broken = pick(9) === 0 && { "x-amz-date": "x" };
    const sent = { ...request, headers: { ...headers, authorization, ...broken } };
    assert.deepEqual(
      outcome(() => parseSignature(sent, dialect, known)), outcome(() => parseSignature(sent, dialect)),
    );
  }
});
