import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { AwsError } from "../errors.ts";
import { canonicalRequest, DEFAULT_PATHS } from "./canonical-request.ts";
import { sha256OfBody } from "./payload-hash.ts";
import type { SignableRequest } from "./signature-claim.ts";
import { signRequest } from "./signing.ts";
import { parseSignature, stringToSign, verifySignature } from "./sigv4.ts";
import type { VerifyOptions } from "./sigv4.ts";

const SUITE = fileURLToPath(new URL("../../../../test/fixtures/sigv4-tests", import.meta.url));
const SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const NOW_MS = Date.UTC(2015, 7, 30, 12, 36, 0);
const OPTIONS: VerifyOptions = { nowMs: NOW_MS, dialect: "query", service: "service", region: "us-east-1" };
/**
 * The suite's own mistake: its expected signature is that of `get-vanilla`, without the token of its
 * request.
 */
const WRONG_SIGNATURE = "get-vanilla-with-session-token";

/** Bytes as node hands them out: a character each; a header sent twice joined with `separator`. */
function readRequest(path: string, separator: string): SignableRequest {
  const text = readFileSync(path, "latin1").replaceAll("\r\n", "\n");
  const blank = text.indexOf("\n\n");
  const [first = "", ...lines] = (blank < 0 ? text : text.slice(0, blank)).split("\n");
  const target = first.slice(first.indexOf(" ") + 1, first.lastIndexOf(" "));
  const mark = target.indexOf("?");
  const headers: Record<string, string> = {};
  let last = "";
  for (const line of lines) {
    if (line === "") continue;
    if (/^\s/.test(line)) {
      headers[last] += ` ${line.trim()}`;
      continue;
    }
    const name = line.slice(0, line.indexOf(":")).toLowerCase();
    const value = line.slice(line.indexOf(":") + 1).trim();
    headers[name] = headers[name] === undefined ? value : headers[name] + separator + value;
    last = name;
  }
  return {
    method: first.slice(0, first.indexOf(" ")),
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? "" : target.slice(mark + 1),
    headers,
    body: Buffer.from(blank < 0 ? "" : text.slice(blank + 2), "latin1"),
  };
}

function withoutTrailingLine(path: string): string {
  return readFileSync(path, "utf8").replaceAll("\r\n", "\n");
}

const cases = readdirSync(SUITE, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".req"))
  .map((name) => join(SUITE, name.slice(0, -4)));

test("the suite is there", () => assert.equal(cases.length, 34));

for (const path of cases) {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const claimed = parseSignature(readRequest(`${path}.sreq`, ","));
  if (!claimed) throw new Error(`${name} has no signature`);
  const claim = claimed;

  test(`${name}: the canonical request, the string to sign and the signature are the suite's`, () => {
    const request = readRequest(`${path}.req`, ",");
    if (name === WRONG_SIGNATURE)
      Object.assign(request.headers, { "x-amz-security-token": claim.securityToken });
    const signedHeaders = Object.keys(request.headers).sort();
    const payloadHash = sha256OfBody(request.body);
    const canonical = canonicalRequest(request, signedHeaders, { paths: DEFAULT_PATHS, payloadHash });
    assert.equal(canonical, withoutTrailingLine(`${path}.creq`));
    assert.equal(stringToSign(claim, canonical), withoutTrailingLine(`${path}.sts`));
    if (name === WRONG_SIGNATURE) return;
    const signed = signRequest(request, {
      credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: SECRET },
      region: "us-east-1",
      service: "service",
      nowMs: NOW_MS,
    });
    assert.equal(signed.headers["authorization"], withoutTrailingLine(`${path}.authz`));
  });

  if (name === WRONG_SIGNATURE) {
    test(`${name}: the suite's signature does not cover the token, and is refused`, () => {
      assert.throws(
        () => verifySignature(claim, readRequest(`${path}.sreq`, ","), SECRET, OPTIONS),
        AwsError,
      );
    });
    continue;
  }
  test(`${name}: the signed request verifies, as node hands it out too, and no byte of it may change`, () => {
    const request = readRequest(`${path}.sreq`, ", ");
    assert.equal(verifySignature(claim, request, SECRET, OPTIONS).claim, claim);
    assert.equal(verifySignature(claim, readRequest(`${path}.sreq`, ","), SECRET, OPTIONS).claim, claim);
    const payloadHash = sha256OfBody(request.body);
    const style = { paths: DEFAULT_PATHS, payloadHash, narrowLists: true };
    const original = canonicalRequest(request, claim.signedHeaders, style);
    let refused = 0;
    for (const mutant of mutants(request, claim.signedHeaders)) {
      const canonical = canonicalRequest(mutant, claim.signedHeaders, {
        ...style,
        payloadHash: sha256OfBody(mutant.body),
      });
      // Two spellings of one path are one path; everything else that changes must be refused.
      if (canonical === original) continue;
      assert.throws(() => verifySignature(claim, mutant, SECRET, OPTIONS), AwsError);
      refused += 1;
    }
    assert.ok(refused >= 3 + (request.headers["host"]?.length ?? 0));
    assert.throws(() => verifySignature(claim, request, `${SECRET}x`, OPTIONS), AwsError);
  });

  test(`${name}: no character of the signature may change`, () => {
    const request = readRequest(`${path}.sreq`, ",");
    for (let position = 0; position < claim.signature.length; position += 1) {
      const signature = changed(claim.signature, position);
      assert.throws(() => verifySignature({ ...claim, signature }, request, SECRET, OPTIONS), AwsError);
    }
  });
}

function* mutants(request: SignableRequest, signedHeaders: readonly string[]): Generator<SignableRequest> {
  for (const part of ["method", "path", "query"] as const) {
    for (let position = 0; position < request[part].length; position += 1) {
      yield { ...request, [part]: changed(request[part], position) };
    }
  }
  for (const name of signedHeaders) {
    const value = request.headers[name] ?? "";
    for (let position = 0; position < value.length; position += 1) {
      yield { ...request, headers: { ...request.headers, [name]: changed(value, position) } };
    }
  }
  const body = request.body ?? Buffer.alloc(0);
  for (let position = 0; position < body.length; position += 1) {
    const copy = Buffer.from(body);
    copy[position] = (copy[position] ?? 0) ^ 1;
    yield { ...request, body: copy };
  }
}

function changed(text: string, position: number): string {
  const letter = String.fromCharCode(text.charCodeAt(position) ^ 1);
  return text.slice(0, position) + letter + text.slice(position + 1);
}
