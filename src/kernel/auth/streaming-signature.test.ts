import assert from "node:assert/strict";
import { createHash, verify } from "node:crypto";
import { test } from "node:test";
import { AwsError } from "../errors.ts";
import { deriveSigningKey } from "./signing-keys.ts";
import { deriveKeyPair } from "./sigv4a.ts";
import { ChunkSignatures } from "./streaming-signature.ts";

/**
 * @evidence S3 API Reference, Signature Calculations: Transferring Payload in Multiple Chunks, the example
 */
const SEED = {
  claim: {
    algorithm: "AWS4-HMAC-SHA256" as const,
    accessKeyId: "AKIAIOSFODNN7EXAMPLE",
    timestamp: "20130524T000000Z",
    scope: "20130524/us-east-1/s3/aws4_request",
    signature: "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
  },
  signingKey: deriveSigningKey("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20130524", "us-east-1", "s3"),
};
const CHUNKS: [number, string][] = [
  [65_536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"],
  [1_024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"],
  [0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"],
];
const hashOf = (bytes: number): string => createHash("sha256").update(Buffer.alloc(bytes, "a")).digest("hex");

test("the chunks of the S3 documentation have its signatures", () => {
  const sending = new ChunkSignatures(SEED);
  const receiving = new ChunkSignatures(SEED);
  for (const [bytes, signature] of CHUNKS) {
    assert.equal(sending.signChunk(hashOf(bytes)), signature);
    receiving.verifyChunk(signature, hashOf(bytes));
  }
});

/** @evidence S3 API Reference, Signature Calculations: …Including Trailing Headers, the example */
test("the chunks and the trailer of the S3 documentation have its signatures", () => {
  const signature = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";
  const signatures = new ChunkSignatures({ ...SEED, claim: { ...SEED.claim, signature } });
  signatures.verifyChunk("b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2", hashOf(65_536));
  signatures.verifyChunk("1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7", hashOf(1_024));
  signatures.verifyChunk("2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992", hashOf(0));
  signatures.verifyTrailer(
    "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435",
    "x-amz-checksum-crc32c:sOO8/Q==\n",
  );
});

test("a chunk that changed or came out of order is refused with its string to sign", () => {
  const [first, second] = CHUNKS;
  assert.ok(first && second);
  assert.throws(() => new ChunkSignatures(SEED).verifyChunk(second[1], hashOf(second[0])), AwsError);
  try {
    new ChunkSignatures(SEED).verifyChunk(first[1], hashOf(first[0] - 1));
    assert.fail("accepted");
  } catch (error) {
    assert.ok(error instanceof AwsError);
    assert.equal(error.code, "SignatureDoesNotMatch");
    assert.match(String(error.members["StringToSign"]), /^AWS4-HMAC-SHA256-PAYLOAD\n20130524T000000Z\n/);
  }
});

/** @evidence aws-c-auth tests/test_chunked_signing.c, s_sigv4a_chunked_signing_test: the strings to sign */
test("chunks and trailers are signed with ECDSA over the strings that AWS signs", () => {
  const { privateKey, publicKey } = deriveKeyPair("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCY");
  const claim = {
    ...SEED.claim,
    algorithm: "AWS4-ECDSA-P256-SHA256",
    scope: "20130524/s3/aws4_request",
  } as const;
  const sending = new ChunkSignatures({ claim, signingKey: privateKey });
  const holds = (toSign: string, padded: string): boolean =>
    verify("sha256", Buffer.from(toSign), publicKey, Buffer.from(padded.replaceAll("*", ""), "hex"));
  const start = (kind: string): string =>
    `AWS4-ECDSA-P256-SHA256-${kind}\n20130524T000000Z\n20130524/s3/aws4_request\n`;

  const first = sending.signChunk(hashOf(65_536));
  assert.equal(first.length, 144);
  assert.ok(
    holds(
      `${start("PAYLOAD")}${claim.signature}\n` +
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n" +
        "bf718b6f653bebc184e1479f1935b8da974d701b893afcf49e701f3e2f9f9c5a",
      first,
    ),
  );
  const last = sending.signChunk(hashOf(0));
  const trailer = sending.signTrailer("first:1st\nsecond:2nd\nthird:3rd\n");
  assert.ok(
    holds(
      `${start("TRAILER")}${last.replaceAll("*", "")}\n` +
        "83d8f190334fb741bc8daf73c891689d320bd8017756bc730c540021ed48001f",
      trailer,
    ),
  );

  for (const strip of [(text: string) => text, (text: string) => text.replaceAll("*", "")]) {
    const receiving = new ChunkSignatures({ claim, signingKey: publicKey });
    receiving.verifyChunk(strip(first), hashOf(65_536));
    receiving.verifyChunk(strip(last), hashOf(0));
    receiving.verifyTrailer(strip(trailer), "first:1st\nsecond:2nd\nthird:3rd\n");
  }
  for (const wrong of ["", "*", "zz", "00", `${first}00`, first.replace(/^30/, "31"), last]) {
    const receiving = new ChunkSignatures({ claim, signingKey: publicKey });
    const refused = { code: "SignatureDoesNotMatch" };
    assert.throws(() => receiving.verifyChunk(wrong, hashOf(65_536)), refused, wrong);
  }
});
