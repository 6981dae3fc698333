import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { deflateSync, gzipSync } from "node:zlib";
import type { WireRequest } from "../protocol/protocol.ts";
import { Models } from "../model/load.ts";
import type { OperationModel } from "../model/model.ts";
import { bodyBytesMax, decodedBody } from "./body.ts";

const model = new Models().get("sqs");
const operation = model.operations["SendMessage"] as OperationModel;

function request(body: Buffer | string, headers: Record<string, string> = {}): WireRequest {
  return { method: "POST", path: "/", query: "", headers, body: Buffer.from(body) };
}

function decoded(body: Buffer | string, headers?: Record<string, string>): string {
  return decodedBody(request(body, headers), undefined, operation, model).body.toString();
}

test("a plain body is passed on as it is, not copied", () => {
  const plain = request("text");
  assert.equal(decodedBody(plain, undefined, operation, model), plain);
});

test("gzip is undone, and what unpacks to too much is refused before it is unpacked", () => {
  assert.equal(decoded(gzipSync("text"), { "content-encoding": "gzip" }), "text");
  const bomb = gzipSync(Buffer.alloc(bodyBytesMax + 1));
  assert.ok(bomb.length < 100_000);
  assert.throws(() => decoded(bomb, { "content-encoding": "gzip" }), { name: "RequestEntityTooLarge" });
  assert.equal(
    decoded(gzipSync(Buffer.alloc(bodyBytesMax)), { "content-encoding": "gzip" }).length,
    bodyBytesMax,
  );
});

test("what is not what it says is refused", () => {
  for (const body of ["text", "", gzipSync("text").subarray(0, 10), deflateSync("text")]) {
    assert.throws(
      () => decoded(body, { "content-encoding": "gzip" }),
      (error: Error) => /^[A-Z]\w+$/.test(error.name) && error.name !== "Error",
    );
  }
});

test("a checksum of the body is compared", () => {
  const sha256 = (text: string) => createHash("sha256").update(text).digest("base64");
  assert.equal(decoded("text", { "x-amz-checksum-sha256": sha256("text") }), "text");
  assert.throws(() => decoded("text", { "x-amz-checksum-sha256": sha256("other") }));
  assert.equal(decoded("text", { "content-md5": createHash("md5").update("text").digest("base64") }), "text");
  assert.throws(() => decoded("text", { "content-md5": createHash("md5").update("other").digest("base64") }));
});

test("aws-chunked framing is undone, with its trailing checksum compared", () => {
  const headers = {
    "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "x-amz-decoded-content-length": "4",
    "content-encoding": "aws-chunked",
    "x-amz-trailer": "x-amz-checksum-sha256",
  };
  const checksum = createHash("sha256").update("text").digest("base64");
  assert.equal(decoded(`4\r\ntext\r\n0\r\nx-amz-checksum-sha256:${checksum}\r\n\r\n`, headers), "text");
  const wrong = createHash("sha256").update("other").digest("base64");
  assert.throws(() => decoded(`4\r\ntext\r\n0\r\nx-amz-checksum-sha256:${wrong}\r\n\r\n`, headers));
  assert.throws(() => decoded("4\r\nte", headers));
  assert.throws(() => decoded("zz\r\ntext\r\n", headers));
});
