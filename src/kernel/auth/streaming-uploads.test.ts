import assert from "node:assert/strict";
import { test } from "node:test";
import { CreateBucketCommand, GetObjectCommand, HeadObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { startRegion, testEpoch, type TestCredentials, type TestRegion } from "../../../test/region.ts";
import { encodeAwsChunked } from "../body/aws-chunked-encoding.ts";
import { checksumBase64 } from "../body/checksums.ts";
import { deriveKeyPair, signAsymmetrically } from "./sigv4a.ts";
import { parseSignature } from "./signature-claim.ts";
import { signRequest } from "./signing.ts";
import { SigningKey } from "./signing-keys.ts";
import { ChunkSignatures } from "./streaming-signature.ts";

const body = Buffer.alloc(300_000, "0123456789");
const trailers = [["x-amz-checksum-crc32", checksumBase64("CRC32", body)]] as const;
const everything = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }],
};

interface Upload {
  readonly payload: string;
  readonly credentials: TestCredentials;
  readonly asymmetric: boolean;
  /** What happens to the framed body on its way. */
  readonly damage?: (framed: Buffer) => void;
}

async function upload(region: TestRegion, what: Upload): Promise<string> {
  const endpoint = await region.endpoint();
  const hasTrailer = what.payload.endsWith("-TRAILER");
  const headers = {
    host: new URL(endpoint).host,
    "content-encoding": "aws-chunked",
    "x-amz-decoded-content-length": String(body.length),
    ...(hasTrailer && { "x-amz-trailer": "x-amz-checksum-crc32" }),
  };
  const request = { method: "PUT", path: "/uploads/key", query: "", headers };
  const common = {
    credentials: what.credentials, service: "s3", nowMs: testEpoch, payloadHash: what.payload,
  };
  const signed = what.asymmetric
    ? signAsymmetrically(request, { ...common, regionSet: ["us-*"] })
    : signRequest(request, { ...common, region: "us-east-1" });
  const claim = parseSignature(signed, "s3");
  assert.ok(claim);
  const { accessKeyId, secretAccessKey } = what.credentials;
  const signingKey = what.asymmetric
    ? deriveKeyPair(accessKeyId, secretAccessKey).privateKey
    // Of no secret at all: the chunks of those who may have any secret are taken as they are.
    : new SigningKey(Buffer.alloc(32));
  const signatures = new ChunkSignatures({ claim, signingKey });
  const framed = encodeAwsChunked(body, {
    chunkBytes: 65_536, signatures, ...(hasTrailer && { trailers }),
  });
  what.damage?.(framed);
  const { host: _host, ...sent } = signed.headers as Record<string, string>;
  const options = { method: "PUT", headers: sent, body: new Uint8Array(framed) };
  const answer = await fetch(`${endpoint}${request.path}`, options);
  const text = await answer.text();
  return answer.status === 200 ? "ok" : `${answer.status} ${/<Code>(.*?)<\/Code>/.exec(text)?.[1]}`;
}

async function stored(region: TestRegion): Promise<Buffer> {
  const get = new GetObjectCommand({ Bucket: "uploads", Key: "key" });
  const { Body } = await region.client(S3Client).send(get);
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

for (const payload of [
  "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
  "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER",
]) {
  test(`an upload with ${payload} is stored when each chunk is its sender's`, async () => {
    await using region = await startRegion();
    const s3 = region.client(S3Client);
    await s3.send(new CreateBucketCommand({ Bucket: "uploads" }));
    const what = { payload, credentials: await region.user("ana", everything), asymmetric: true };
    const damaged = await upload(region, { ...what, damage: (framed) => framed.fill(0, 200_000, 200_010) });
    assert.equal(damaged, "403 SignatureDoesNotMatch");
    await assert.rejects(s3.send(new HeadObjectCommand({ Bucket: "uploads", Key: "key" })), {
      name: "NotFound",
    });
    assert.equal(await upload(region, what), "ok");
    assert.deepEqual(await stored(region), body);
  });
}

test("under an account's keys an upload in chunks is stored, whatever they are signed with", async () => {
  await using region = await startRegion();
  await region.client(S3Client).send(new CreateBucketCommand({ Bucket: "uploads" }));
  const what = { credentials: region.root("000000000000"), asymmetric: false };
  assert.equal(await upload(region, { ...what, payload: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" }), "ok");
  assert.deepEqual(await stored(region), body);
  const trailing = { ...what, payload: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" };
  assert.equal(await upload(region, trailing), "ok");
  const damage = (framed: Buffer) => framed.fill(0, 200_000, 200_010);
  assert.equal(await upload(region, { ...trailing, damage }), "400 BadDigest");
});
