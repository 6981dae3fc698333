import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { deriveSigningKey } from "../auth/signing-keys.ts";
import { deriveKeyPair } from "../auth/sigv4a.ts";
import { ChunkSignatures } from "../auth/streaming-signature.ts";
import { AwsError } from "../errors.ts";
import { encodeAwsChunked } from "./aws-chunked-encoding.ts";
import { AwsChunkedDecoder, awsChunkedOptions, decodeAwsChunked } from "./aws-chunked.ts";
import { BodyStream } from "./body-stream.ts";
import { checksumBase64 } from "./checksums.ts";

const BODY = Buffer.alloc(20_000, "abc");
const SMALL = "0123456789abcdef0123456789abcdef";
const SEED = {
  claim: {
    algorithm: "AWS4-HMAC-SHA256" as const,
    accessKeyId: "AKID",
    timestamp: "20150830T123600Z",
    scope: "20150830/us-east-1/s3/aws4_request",
    signature: "0".repeat(64),
  },
  signingKey: deriveSigningKey("secret", "20150830", "us-east-1", "s3"),
};
const SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const INCOMPLETE = "400 IncompleteBody: The request body terminated unexpectedly";
const CRC = checksumBase64("CRC32", Buffer.from(SMALL));
const TRAILER: [string, string][] = [["x-amz-checksum-crc32", checksumBase64("CRC32", BODY)]];
const WITH_CRC = { "x-amz-trailer": "x-amz-checksum-crc32" };

function headersFor(
  payload: string,
  length: number,
  more: Record<string, string> = {},
): Record<string, string> {
  return { "x-amz-content-sha256": payload, "x-amz-decoded-content-length": String(length), ...more };
}

const ECDSA = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD";
const { privateKey, publicKey } = deriveKeyPair("AKID", "secret");
const ECDSA_CLAIM = {
  ...SEED.claim, algorithm: "AWS4-ECDSA-P256-SHA256", scope: "20150830/s3/aws4_request",
} as const;

test("bodies signed with ECDSA are decoded, whole and in pieces, and refused when damaged", async () => {
  for (const trailers of [[], TRAILER]) {
    const payload = trailers.length > 0 ? `${ECDSA}-TRAILER` : ECDSA;
    const body = encodeAwsChunked(BODY, {
      chunkBytes: 8_192,
      trailers,
      signatures: new ChunkSignatures({ claim: ECDSA_CLAIM, signingKey: privateKey }),
    });
    const headers = headersFor(payload, BODY.length, trailers.length > 0 ? WITH_CRC : {});
    const options = () => {
      const found = awsChunkedOptions(headers, { claim: ECDSA_CLAIM, signingKey: publicKey });
      assert.ok(found);
      return found;
    };
    assert.deepEqual(decodeAwsChunked(body, options()).body, BODY);
    const starts = Array.from({ length: Math.ceil(body.length / 1_000) }, (_, index) => index * 1_000);
    const sent = Readable.from(starts.map((start) => body.subarray(start, start + 1_000)));
    const facts = { sizeBytes: BODY.length, algorithm: undefined };
    const stream = new BodyStream(sent, new AwsChunkedDecoder(options()), facts);
    assert.deepEqual(Buffer.concat(await stream.toArray()), BODY);

    const damaged = Buffer.from(body);
    damaged[9_000] = 0;
    assert.throws(() => decodeAwsChunked(damaged, options()), { code: "SignatureDoesNotMatch" });
  }
});

test("the framing must be of the algorithm with which the request is signed", () => {
  const invalid = { code: "InvalidArgument", status: 400 };
  assert.throws(() => awsChunkedOptions(headersFor(ECDSA, 1), SEED), invalid);
  const seed = { claim: ECDSA_CLAIM, signingKey: publicKey };
  assert.throws(() => awsChunkedOptions(headersFor(SIGNED, 1), seed), invalid);
});

test("where credentials take any secret, all but the signatures of chunks is verified", () => {
  const seed = { claim: SEED.claim, signingKey: undefined };
  const said = (body: string, payload = SIGNED, more: Record<string, string> = {}): string => {
    try {
      const options = awsChunkedOptions(headersFor(payload, SMALL.length, more), seed);
      assert.ok(options);
      return decodeAwsChunked(Buffer.from(body, "latin1"), options).body.toString("latin1");
    } catch (error) {
      if (error instanceof AwsError) return `${error.status} ${error.code}: ${error.message}`;
      throw error;
    }
  };
  const signature = `;chunk-signature=${"0".repeat(64)}`;
  const framed = (parameter: string, end = "\r\n"): string =>
    `20${parameter}\r\n${SMALL}\r\n0${parameter}\r\n${end}`;
  assert.equal(said(framed(signature)), SMALL);
  assert.equal(said(framed("")), INCOMPLETE);
  assert.equal(said(framed(signature).slice(0, -90)), INCOMPLETE);
  const trailer = (crc: string): string =>
    `x-amz-checksum-crc32:${crc}\r\nx-amz-trailer-signature:${"0".repeat(64)}\r\n\r\n`;
  assert.equal(said(framed(signature, "") + trailer(CRC), `${SIGNED}-TRAILER`, WITH_CRC), SMALL);
  assert.equal(
    said(framed(signature, "") + trailer("AAAAAA=="), `${SIGNED}-TRAILER`, WITH_CRC),
    "400 BadDigest: The CRC32 you specified did not match the calculated checksum.",
  );
});
