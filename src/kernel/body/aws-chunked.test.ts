import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { test } from "node:test";
import { deriveSigningKey } from "../auth/signing-keys.ts";
import { ChunkSignatures } from "../auth/streaming-signature.ts";
import { AwsError } from "../errors.ts";
import { encodeAwsChunked } from "./aws-chunked-encoding.ts";
import { AwsChunkedDecoder, awsChunkedOptions, decodeAwsChunked } from "./aws-chunked.ts";
import { BodyStream } from "./body-stream.ts";
import { checksumBase64 } from "./checksums.ts";
import { rounds } from "../../../test/rounds.ts";

/** @evidence for all answers: openstack/swift test/s3api/test_input_errors.py, which runs against S3 */
const BODY = Buffer.alloc(20_000, "abc");
const SMALL = Buffer.from("0123456789abcdef0123456789abcdef");
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
const UNSIGNED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
const SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
const INCOMPLETE = "400 IncompleteBody: The request body terminated unexpectedly";
const MALFORMED =
  "400 MalformedTrailerError: The request contained trailing data that was not " +
  "well-formed or did not " +
  "conform to our published schema.";
const UNSUPPORTED = "400 InvalidRequest: The value specified in the x-amz-trailer header is not supported";
const MISMATCH =
  "403 SignatureDoesNotMatch: The request signature we calculated does not match the " +
  "signature you " +
  "provided. Check your key and signing method.";
const CRC = checksumBase64("CRC32", SMALL);
const TRAILER: [string, string][] = [["x-amz-checksum-crc32", checksumBase64("CRC32", BODY)]];

function headersFor(
  payload: string,
  length: number,
  more: Record<string, string> = {},
): Record<string, string> {
  return { "x-amz-content-sha256": payload, "x-amz-decoded-content-length": String(length), ...more };
}

function optionsFor(headers: Record<string, string>) {
  const options = awsChunkedOptions(headers, SEED);
  if (!options) throw new Error("not chunked");
  return options;
}

function streamOf(pieces: readonly Buffer[], headers: Record<string, string>): BodyStream {
  const options = optionsFor(headers);
  const facts = { sizeBytes: options.decodedBytes, algorithm: options.checksums.algorithm };
  return new BodyStream(Readable.from(pieces), new AwsChunkedDecoder(options), facts);
}

function piecesOf(body: Buffer, step: number): Buffer[] {
  const starts = Array.from({ length: Math.ceil(body.length / step) }, (_, index) => index * step);
  return starts.map((start) => body.subarray(start, start + step));
}

/** The answer to a body: `ok`, or the refusal, the same whole and byte by byte. */
function answer(body: Buffer | string, headers: Record<string, string>): string {
  const bytes = Buffer.from(body as string, "latin1");
  try {
    decodeAwsChunked(bytes, optionsFor(headers));
    return "ok";
  } catch (error) {
    if (error instanceof AwsError) return `${error.status} ${error.code}: ${error.message}`;
    throw error;
  }
}

function small(payload: string, body: string, more: Record<string, string> = {}): string {
  return answer(body, headersFor(payload, SMALL.length, more));
}

const FRAMED = `20\r\n${SMALL.toString()}\r\n`;
const WITH_CRC = { "x-amz-trailer": "x-amz-checksum-crc32" };

test("a body without a streaming payload is not framed", () => {
  assert.equal(awsChunkedOptions({ "x-amz-content-sha256": "UNSIGNED-PAYLOAD" }, SEED), undefined);
  assert.equal(awsChunkedOptions({}, SEED), undefined);
});

test("signed and unsigned framings are decoded, whole and in pieces of any size", async () => {
  for (const payload of [UNSIGNED, SIGNED, SIGNED_TRAILER]) {
    const trailers = payload === SIGNED ? [] : TRAILER;
    const body = encodeAwsChunked(BODY, {
      chunkBytes: 8_192,
      trailers,
      ...(payload !== UNSIGNED && { signatures: new ChunkSignatures(SEED) }),
    });
    const headers = headersFor(payload, BODY.length, trailers.length > 0 ? WITH_CRC : {});
    const whole = decodeAwsChunked(body, optionsFor(headers));
    assert.deepEqual(whole.body, BODY);
    assert.equal(whole.checksum?.value, trailers[0]?.[1]);
    for (const step of [1, 2, 3, 1_000, 8_193]) {
      const stream = streamOf(piecesOf(body, step), headers);
      assert.deepEqual(Buffer.concat(await stream.toArray()), BODY);
      assert.deepEqual(stream.checksum, whole.checksum);
    }
  }
});

test("the end of an unsigned framing is forgiving where S3 is", () => {
  assert.equal(small(UNSIGNED, `${FRAMED}0\r\n\r\n`), "ok");
  assert.equal(small(UNSIGNED, `${FRAMED}0\r\n`), "ok");
  assert.equal(small(UNSIGNED, `${FRAMED}0\r\n\r`), INCOMPLETE);
  assert.equal(small(UNSIGNED, FRAMED), INCOMPLETE);
  assert.equal(small(UNSIGNED, FRAMED.replaceAll("\r\n", "\n") + "0\n\n"), INCOMPLETE);
  assert.equal(small(UNSIGNED, FRAMED.replaceAll("\r\n", "\r") + "0\r\r"), INCOMPLETE);
  assert.equal(small(UNSIGNED, SMALL.toString()), INCOMPLETE);
  assert.equal(small(UNSIGNED, ""), INCOMPLETE);
  assert.equal(small(UNSIGNED, `20\r\n${SMALL.toString()}0\r\n`), INCOMPLETE);
  assert.equal(small(UNSIGNED, `-20\r\n${SMALL.toString()}\r\n-0\r\n\r\n`), INCOMPLETE);
});

test("trailers are taken and refused as S3 does", () => {
  const end = `${FRAMED}0\r\n`;
  const crc = `x-amz-checksum-crc32: ${CRC}\r\n`;
  const bad = `x-amz-checksum-crc32: ${checksumBase64("CRC32", BODY)}\r\n`;
  const badDigest = "400 BadDigest: The CRC32 you specified did not match the calculated checksum.";
  const cases: [string, string][] = [
    [crc, "ok"],
    [`${crc}\r\n`, "ok"],
    [`${crc}\r\n\r\n`, "ok"],
    [`${crc}\r\n\u00ff\u00de\u00ad`, "ok"],
    [`${crc}\r\nbonus: trailer\r\n`, "ok"],
    [`${bad}${crc}`, "ok"],
    [`${crc}${bad}`, badDigest],
    [bad, badDigest],
    [
      "x-amz-checksum-crc32: not-base-64\r\n",
      "400 InvalidRequest: Value for x-amz-checksum-crc32 trailing header is invalid.",
    ],
    ["", MALFORMED],
    ["\r\n", MALFORMED],
    [`\r\n${crc}`, MALFORMED],
    [`${crc}bonus: trailer\r\n`, MALFORMED],
    [crc.replace("crc32", "bad"), MALFORMED],
    ["no colon\r\n", MALFORMED],
    [crc.replace("\r\n", "\n"), INCOMPLETE],
    [crc.replace("\r\n", "\r"), INCOMPLETE],
    [crc.replace("\r\n", ""), INCOMPLETE],
  ];
  for (const [trailer, expected] of cases) {
    assert.equal(small(UNSIGNED, end + trailer, WITH_CRC), expected, JSON.stringify(trailer));
  }
});

test("the announcement of trailers is read as S3 reads it", () => {
  const body = `${FRAMED}0\r\nx-amz-checksum-crc32:${CRC}\r\n\r\n`;
  const announce = (value: string): string => small(UNSIGNED, body, { "x-amz-trailer": value });
  for (const value of ["x-amz-checksum-crc32,", "x-amz-checksum-crc32,,", "x-amz-checksum-crc32, "]) {
    assert.equal(announce(value), "ok");
  }
  for (const value of [
    ", x-amz-checksum-crc32, ,",
    ",x-amz-checksum-crc32",
    "x-amz-checksum-crc32, ,",
    "x-amz-checksum-bad",
    "foo",
    "content-md5",
    "x-amz-content-sha256",
    "x-amz-checksum-crc32, x-amz-foo",
  ])
    assert.equal(announce(value), UNSUPPORTED, value);
  assert.equal(
    announce("x-amz-checksum-crc32, x-amz-checksum-sha256"),
    "400 InvalidRequest: Expecting a single x-amz-checksum- header. Multiple checksum Types are not " +
      "allowed.",
  );
  assert.equal(announce("x-amz-checksum-crc32c"), MALFORMED);
});

test("the decoded length must be the one announced", () => {
  const wrong =
    "400 IncompleteBody: You did not provide the number of bytes specified by the " +
    "Content-Length HTTP header";
  assert.equal(small(UNSIGNED, `4\r\n0123\r\n0\r\n\r\n1c\r\n${"x".repeat(28)}\r\n0\r\n\r\n`), wrong);
  assert.equal(small(UNSIGNED, `40\r\n${"x".repeat(64)}\r\n0\r\n\r\n`), wrong);
  assert.equal(small(UNSIGNED, "fffffffffffff\r\n"), wrong);
  assert.equal(small(UNSIGNED, `${"f".repeat(20)}\r\n`), INCOMPLETE);
  assert.equal(
    answer(`${FRAMED}0\r\n\r\n`, { "x-amz-content-sha256": UNSIGNED }),
    "411 MissingContentLength: You must provide the Content-Length HTTP header.",
  );
});

test("chunks before the last may not be small", () => {
  const chunk = (bytes: number): string => `${bytes.toString(16)}\r\n${"x".repeat(bytes)}\r\n`;
  const headers = headersFor(UNSIGNED, 9_216);
  assert.equal(
    answer(`${chunk(1_024)}${chunk(8_192)}0\r\n\r\n`, headers),
    "403 InvalidChunkSizeError: Only the last chunk is allowed to have a size less than 8192 bytes",
  );
  assert.equal(answer(`${chunk(8_192)}${chunk(1_024)}0\r\n\r\n`, headers), "ok");
});

test("a checksum in a header is compared with the decoded body", () => {
  assert.equal(small(UNSIGNED, `${FRAMED}0\r\n\r\n`, { "x-amz-checksum-crc32": CRC }), "ok");
  assert.equal(
    small(UNSIGNED, `${FRAMED}0\r\n\r\n`, { "x-amz-checksum-crc32": "AAAAAA==" }),
    "400 BadDigest: The CRC32 you specified did not match the calculated checksum.",
  );
});

function signedBody(spell: (size: string, signature: string) => string, end = "\r\n"): string {
  const signatures = new ChunkSignatures(SEED);
  return [SMALL.toString(), ""]
    .map((chunk) => {
      const signature = signatures.signChunk(createHash("sha256").update(chunk).digest("hex"));
      return `${spell(chunk.length.toString(16), signature)}\r\n${chunk}${chunk ? "\r\n" : end}`;
    })
    .join("");
}

test("the signature of a chunk is read as S3 reads it", () => {
  const say = (spell: (size: string, signature: string) => string): string =>
    small(SIGNED, signedBody(spell));
  assert.equal(
    say((size, signature) => `${size};chunk-signature=${signature}`),
    "ok",
  );
  assert.equal(
    say((size, signature) => `${size} ; chunk-signature=${signature}`),
    "ok",
  );
  assert.equal(
    say((size, signature) => `${size};chunk-signature = ${signature} `),
    "ok",
  );
  assert.equal(
    say((size) => size),
    INCOMPLETE,
  );
  assert.equal(
    say((size) => `${size};chunk-signature=`),
    INCOMPLETE,
  );
  assert.equal(
    say((size, signature) => `${size};chunk-signature=${signature};extra=param`),
    INCOMPLETE,
  );
  assert.equal(
    say((size, signature) => `${size};extra=param;chunk-signature=${signature}`),
    MISMATCH,
  );
  assert.equal(
    say((size) => `${size};chunk-signature=invalid`),
    MISMATCH,
  );
  assert.equal(
    say((size, signature) => `${size};chunk-signature=${size === "0" ? "0".repeat(64) : signature}`),
    MISMATCH,
  );
});

test("a signed trailer must be there and must hold", () => {
  const encode = (): string =>
    encodeAwsChunked(SMALL, {
      chunkBytes: 8_192,
      signatures: new ChunkSignatures(SEED),
      trailers: [["x-amz-checksum-crc32", CRC]],
    }).toString("latin1");
  assert.equal(small(SIGNED_TRAILER, encode(), WITH_CRC), "ok");
  assert.equal(
    small(SIGNED_TRAILER, encode().replace(/x-amz-trailer-signature:.*\r\n/, ""), WITH_CRC),
    INCOMPLETE,
  );
  assert.equal(
    small(SIGNED_TRAILER, encode().replace(/(trailer-signature:).{64}/, `$1${"0".repeat(64)}`), WITH_CRC),
    MISMATCH,
  );
  assert.equal(small(SIGNED_TRAILER, encode()), MALFORMED);
  assert.equal(
    small(
      SIGNED_TRAILER,
      signedBody((size, signature) => `${size};chunk-signature=${signature}`, ""),
    ),
    INCOMPLETE,
  );
});

test("nothing hostile makes the decoder hold much", () => {
  assert.equal(small(UNSIGNED, "0".repeat(2_000)), INCOMPLETE);
  assert.equal(small(UNSIGNED, `${FRAMED}0\r\n${"x".repeat(10_000)}`, WITH_CRC), MALFORMED);
  assert.equal(
    small(UNSIGNED, `${FRAMED}0\r\n${`x-amz-checksum-crc32:${CRC}\r\n`.repeat(1_000)}`, WITH_CRC),
    MALFORMED,
  );
});

test("a stream that fails says why", async () => {
  const stream = streamOf([Buffer.from("20\r\nshort")], headersFor(UNSIGNED, SMALL.length));
  await assert.rejects(stream.toArray(), { code: "IncompleteBody" });
});

test("damaged bodies are refused with an AwsError, or decode to what was sent", () => {
  let state = 20150830;
  const pick = (below: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  const pieces = [
    "",
    "\r\n",
    "\n",
    ";",
    "0\r\n",
    "fffffff",
    ":",
    "\u0000",
    "x-amz-checksum-crc32:",
    "__proto__:1\r\n",
  ];
  const bodies = [UNSIGNED, SIGNED, SIGNED_TRAILER].map((payload) => {
    const trailers: [string, string][] = payload === SIGNED ? [] : [["x-amz-checksum-crc32", CRC]];
    const signatures = payload === UNSIGNED ? undefined : new ChunkSignatures(SEED);
    const body = encodeAwsChunked(SMALL, { chunkBytes: 8_192, trailers, ...(signatures && { signatures }) });
    const headers = headersFor(payload, SMALL.length, payload === SIGNED ? {} : WITH_CRC);
    return { body: body.toString("latin1"), headers };
  });
  for (let round = 0; round < rounds(50_000); round += 1) {
    const { body, headers } = bodies[round % 3] ?? { body: "", headers: {} };
    let damaged = body;
    for (let count = pick(3); count >= 0; count -= 1) {
      const at = pick(damaged.length + 1);
      const piece = pick(2) === 0 ? String.fromCharCode(pick(256)) : (pieces[pick(pieces.length)] ?? "");
      damaged = damaged.slice(0, at) + piece + damaged.slice(Math.min(damaged.length, at + pick(6)));
    }
    try {
      const decoded = decodeAwsChunked(Buffer.from(damaged, "latin1"), optionsFor(headers));
      assert.equal(decoded.body.toString("latin1"), SMALL.toString("latin1"));
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
    }
  }
});
