import assert from "node:assert/strict";
import { test } from "node:test";
import type { AwsError } from "../errors.ts";
import type { Headers, Value, WireRequest, WireResponse } from "./protocol.ts";
import { bodyMeaning, errorCodeOf, withoutType } from "./protocol-suite-answers.ts";
import { outputExceptions } from "./protocol-suite-exceptions.ts";
import { errorOf, isCbor, loadCases, suiteFiles, toValue } from "./protocol-suite.ts";
import type { LoadedCase } from "./protocol-suite.ts";
import { protocolByName } from "./protocols.ts";

const request: WireRequest = { method: "POST", path: "/", query: "", headers: {}, body: Buffer.alloc(0) };

for (const file of suiteFiles) {
  for (const loaded of loadCases("output", file)) {
    if (outputExceptions.has(loaded.test.id)) continue;
    const what = loaded.test.result ? "what is written is what a client reads" : "the error is understood";
    test(`${file} ${loaded.test.id}: ${what}`, () => check(loaded));
  }
}

test("every output case that is left out exists", () => {
  const ids = new Set(suiteFiles.flatMap((file) => loadCases("output", file).map(({ test: { id } }) => id)));
  assert.deepEqual([...outputExceptions.keys()].filter((id) => !ids.has(id)), []);
});

async function check(loaded: LoadedCase): Promise<void> {
  const { test: { response, result, errorCode }, operation, service } = loaded;
  assert.ok(response);
  const protocol = protocolByName(service.protocols[0] ?? "json");
  const expectedHeaders: Headers = {};
  for (const [name, value] of Object.entries(response.headers ?? {})) {
    expectedHeaders[name.toLowerCase()] = value;
  }
  const expectedBody = Buffer.from(response.body ?? "", isCbor(service) ? "base64" : "utf8");
  const idInBody = /<request-?id>([^<]+)</i.exec(expectedBody.toString("utf8"))?.[1];
  const requestId = expectedHeaders["x-amzn-requestid"] ?? idInBody ?? "request-id";
  const output = result && (toValue(result, operation.output, service) as Value);
  const answer: WireResponse = output
    ? protocol.serialize(output, operation, service, requestId)
    : protocol.serializeError(errorOf(loaded), operation, service, requestId, request);

  assert.equal(answer.status, response.status_code);
  const contentType = expectedHeaders["content-type"] ?? answer.headers["content-type"] ?? "";
  const actual = bodyMeaning(await bytes(answer.body), answer.headers["content-type"] ?? contentType);
  const expected = bodyMeaning(expectedBody, contentType);
  if (errorCode !== undefined && !contentType.includes("xml")) {
    checkError(errorOf(loaded), answer.headers, actual as object, expectedHeaders, expected as object);
  } else {
    const { "content-type": _type, ...others } = expectedHeaders;
    compareHeaders(answer.headers, expectedBody.length > 0 ? expectedHeaders : others);
    assert.deepEqual(actual, expected);
  }
}

function checkError(
  error: AwsError, headers: Headers, actual: object, expectedHeaders: Headers, expected: object,
): void {
  assert.equal(errorCodeOf(headers, actual), error.shape ?? error.code);
  assert.equal(errorCodeOf(headers, actual), errorCodeOf(expectedHeaders, expected));
  assert.deepEqual(withoutType(actual), withoutType(expected));
  const { "x-amzn-errortype": _type, ...others } = expectedHeaders;
  compareHeaders(headers, others);
}

function compareHeaders(actual: Headers, expected: Headers): void {
  for (const [name, value] of Object.entries(expected)) {
    if (name === "content-type") assert.equal(mediaType(actual[name]), mediaType(value));
    else if (name !== "content-length") assert.equal(actual[name], value, name);
  }
}

function mediaType(contentType: string | undefined): string | undefined {
  return contentType?.split(";")[0]?.trim();
}

async function bytes(body: WireResponse["body"]): Promise<Buffer> {
  if (typeof body === "string") return Buffer.from(body, "utf8");
  if (Buffer.isBuffer(body)) return body;
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
