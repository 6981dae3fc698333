import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CopyObjectCommand, CreateBucketCommand, DeleteObjectCommand, GetObjectCommand, HeadObjectCommand,
  ListObjectsV2Command, PutObjectCommand, S3Client,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { blobFiles } from "../../../test/blob-files.ts";
import { exchange, send, type RawRequest } from "../../../test/raw-request.ts";
import { startRegion, testEpoch, type TestCredentials, type TestRegion } from "../../../test/region.ts";
import { encodeAwsChunked } from "../../kernel/body/aws-chunked-encoding.ts";
import { checksumBase64 } from "../../kernel/body/checksums.ts";

const Bucket = "bucket";
const signingDate = new Date(testEpoch);

async function withBucket(region: TestRegion): Promise<S3Client> {
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket }));
  return s3;
}

async function textOf(s3: S3Client, Key: string, more: object = {}): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return (await Body?.transformToString()) ?? "";
}

/** Nothing was stored, not even for a while. */
async function requireNothing(region: TestRegion, s3: S3Client): Promise<void> {
  assert.equal((await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount, 0);
  assert.deepEqual(await blobFiles(region), []);
}

test("keys are texts and nothing else, whatever they look like", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const keys = [
    "..", ".", "../../etc/passwd", "a/../b", "/leading", "//", "a//b", "trailing/", "%2F", "a%2Fb", "a+b",
    "a b", "?versionId=x", "a?b#c&d=e", "__proto__", "constructor", "hasOwnProperty", "é", "e\u0301", "日本語",
    "😀",
    "\u{10ffff}", "\u0001", "\n", "\t", "a\u0000b", "<&>\"'", "C:\\x", "x".repeat(1024), "é".repeat(512),
  ];
  for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
  for (const Key of keys) assert.equal(await textOf(s3, Key), Key);
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket, EncodingType: "url" }));
  const listed = (Contents ?? []).map(({ Key = "" }) => decodeURIComponent(Key.replaceAll("+", " ")));
  const byBytes = keys.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  assert.deepEqual(listed, byBytes);
  for (const Key of keys) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  for (const Key of ["x".repeat(1025), `${"é".repeat(512)}x`]) {
    const tooLong = {
      name: "KeyTooLongError", message: "Your key is too long", Size: "1025", MaxSizeAllowed: "1024",
    };
    await assert.rejects(s3.send(new PutObjectCommand({ Bucket, Key, Body: "" })), tooLong);
    await assert.rejects(s3.send(new GetObjectCommand({ Bucket, Key })), tooLong);
    const path = `/bucket/${encodeURIComponent(Key)}`;
    assert.equal((await send(region, { method: "HEAD", path })).status, 400);
  }
  await requireNothing(region, s3);
});

test("s3-metadata: metadata are given back, up to 2 KB, in ASCII", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const put = (Metadata: Record<string, string>) =>
    s3.send(new PutObjectCommand({ Bucket, Key: "key", ContentType: "text/plain", Metadata }));
  await put({ k: "v", __proto__x: "1", constructor: "2" });
  const { Metadata, ContentType } = await s3.send(new HeadObjectCommand({ Bucket, Key: "key" }));
  assert.deepEqual(Metadata, { k: "v", __proto__x: "1", constructor: "2" });
  assert.equal(ContentType, "text/plain");
  await put({ name: "x".repeat(2044) });
  await assert.rejects(put({ name: "x".repeat(2045) }), {
    name: "MetadataTooLarge", message: "Your metadata headers exceed the maximum allowed metadata size",
    Size: "2049", MaxSizeAllowed: "2048",
  });
});

test("metadata beyond ASCII come and go encoded, or as bytes that count as ISO 8859-1", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const sent: (readonly [sent: string, answered: string])[] = [
    ["=?UTF-8?B?w4PChE3Dg8KEWsODwpXDg8KRIFMz?=", "=?UTF-8?B?w4PChE3Dg8KEWsODwpXDg8KRIFMz?="],
    [Buffer.from("ÄMÄZÕÑ S3").toString("latin1"), "=?UTF-8?B?w4PChE3Dg8KEWsODwpXDg8KRIFMz?="],
    ["=?utf-8?q?caf=C3=A9_au_lait?=", "=?UTF-8?Q?caf=C3=A9_au_lait?="],
    ["=?UTF-8?B?cGxhaW4=?=", "plain"],
    ["=?UTF-8?Q?not closed", "=?UTF-8?Q?not closed"],
  ];
  for (const [value, answered] of sent) {
    const headers = { "x-amz-meta-value": value };
    const { status } = await send(region, { path: "/bucket/key", headers });
    assert.equal(status, 200);
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "key" }));
    assert.equal(head.Metadata?.["value"], answered);
  }
});

test("a file's name beyond ASCII is answered in the bytes it came in", async () => {
  await using region = await startRegion();
  await withBucket(region);
  for (const name of ["ü", Buffer.from("ü日").toString("latin1")]) {
    const headers = { "content-disposition": `attachment; filename="${name}"` };
    await send(region, { path: "/bucket/key", headers, body: () => Buffer.from("text") });
    for (const method of ["HEAD", "GET"]) {
      const { status, head } = await send(region, { method, path: "/bucket/key" });
      assert.equal(status, 200);
      assert.match(head, new RegExp(`content-disposition: attachment; filename="${name}"\r\n`));
    }
  }
});

test("headers that a download asks for are in ISO 8859-1", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  await s3.send(new PutObjectCommand({ Bucket, Key: "key", Body: "text" }));
  const get = (disposition: string) => {
    const query = `response-content-disposition=${encodeURIComponent(disposition)}`;
    return send(region, { method: "GET", path: "/bucket/key", query });
  };
  const { status, head, body } = await get('attachment; filename="ü.txt"');
  assert.equal(status, 200);
  assert.match(head, /content-disposition: attachment; filename="ü.txt"\r\n/);
  assert.equal(body, "text");
  const beyond = new GetObjectCommand({ Bucket, Key: "key", ResponseContentDisposition: "D’Arcy" });
  await assert.rejects(s3.send(beyond), {
    name: "InvalidArgument",
    message: "Header value cannot be represented using ISO-8859-1.",
    ArgumentName: "response-content-disposition",
    ArgumentValue: "D’Arcy",
  });
  assert.equal((await get("\u0001\u007fa")).status, 200);
});

test("an upload says how long it is, also when it is empty", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const { hostname, port } = new URL(await region.endpoint());
  const sent = async (url: string, length = "") => {
    const { host, pathname, search } = new URL(url);
    const head = `PUT ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\n${length}connection: close\r\n\r\n`;
    return exchange(hostname, Number(port), Buffer.from(head));
  };
  const put = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: "key" }), { signingDate });
  const { status, body } = await sent(put);
  assert.equal(status, 411);
  assert.match(body, /<Code>MissingContentLength<.*>You must provide the Content-Length HTTP header\.</);
  await requireNothing(region, s3);
  assert.equal((await sent(put, "content-length: 0\r\n")).status, 200);
  const copy = new CopyObjectCommand({ Bucket, Key: "copy", CopySource: "bucket/key" });
  assert.equal((await sent(await getSignedUrl(s3, copy, { signingDate }))).status, 200);
});

test("a range that is none is ignored, and one of nothing is refused", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  await s3.send(new PutObjectCommand({ Bucket, Key: "key", Body: "0123456789" }));
  const whole = [
    "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=0-1,3-4", "items=0-1", "0-1", "bytes=--1",
    "bytes=1--2", "bytes 0-1",
  ];
  for (const Range of whole) assert.equal(await textOf(s3, "key", { Range }), "0123456789", Range);
  const huge = "9".repeat(400);
  assert.equal(await textOf(s3, "key", { Range: `bytes=8-${huge}` }), "89");
  assert.equal(await textOf(s3, "key", { Range: `bytes=-${huge}` }), "0123456789");
  for (const Range of ["bytes=-0", "bytes=10-", `bytes=${huge}-`, "bytes=10-11"]) {
    await assert.rejects(textOf(s3, "key", { Range }), {
      name: "InvalidRange", message: "The requested range is not satisfiable",
    });
  }
});

const large = Buffer.alloc(200_000, "body ");

test("bodies that end too early leave nothing", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  for (const contentLength of [large.length * 2, large.length + 1]) {
    await send(region, { path: "/bucket/key", body: () => large, contentLength, hangsUp: true });
    const query = "partNumber=1&uploadId=none";
    await send(region, { path: "/bucket/key", query, body: () => large, contentLength, hangsUp: true });
  }
  await requireNothing(region, s3);
  assert.deepEqual(region.engine.defects, []);
});

test("s3-put-limit-5gb-multipart-required: more is refused before it comes", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const body = () => large;
  const contentLength = 5 * 1024 ** 3 + 1;
  const tooLarge = await send(region, { path: "/bucket/key", body, contentLength });
  assert.equal(tooLarge.status, 400);
  assert.match(tooLarge.body, /<Code>EntityTooLarge<\/Code>/);
  const nowhere = await send(region, { path: "/none/key", body, contentLength: 2 ** 30 });
  assert.equal(nowhere.status, 404);
  assert.match(nowhere.body, /<Code>NoSuchBucket<\/Code>/);
  await requireNothing(region, s3);
});

interface Lie {
  readonly code: string;
  readonly request: RawRequest;
}

/** Sizes of chunks that are none, or not those of what follows. */
const brokenFrames: readonly (readonly [code: string, body: Buffer])[] = [
  "-1", "ffffffffffffffff", "zz", "", "10000000000000000000000", "1 2", "0x10", "+5",
  `${"0".repeat(100_000)}5`,
].map((size) => ["IncompleteBody", Buffer.from(`${size}\r\nbody!\r\n0\r\n\r\n`)] as const);

function lies(credentials: TestCredentials): Lie[] {
  const path = "/bucket/key";
  const length = { "x-amz-decoded-content-length": String(large.length) };
  const crc = checksumBase64("CRC32", Buffer.from("other"));
  const trailers = [["x-amz-checksum-crc32", crc]] as const;
  const trailing = { ...length, "x-amz-trailer": "x-amz-checksum-crc32" };
  const unsigned = { path, payload: "STREAMING-UNSIGNED-PAYLOAD-TRAILER", headers: trailing };
  const signed = { path, credentials, payload: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", headers: length };
  const chunkBytes = 65_536;
  const framed = encodeAwsChunked(large, { chunkBytes, trailers });
  const shorter = encodeAwsChunked(large.subarray(1), { chunkBytes, trailers });
  const withoutTrailer = encodeAwsChunked(large, { chunkBytes });
  return [
    { code: "BadDigest", request: { ...unsigned, body: () => framed } },
    { code: "IncompleteBody", request: { ...unsigned, body: () => shorter } },
    { code: "MalformedTrailerError", request: { ...unsigned, body: () => withoutTrailer } },
    {
      code: "SignatureDoesNotMatch",
      request: {
        ...signed,
        body: (signatures) => {
          const changed = encodeAwsChunked(large, { chunkBytes, signatures });
          changed.writeUInt8(0x21, 150_000);
          return changed;
        },
      },
    },
    ...brokenFrames.map(([code, body]) => ({ code, request: { ...unsigned, body: () => body } })),
    {
      code: "SignatureDoesNotMatch",
      request: {
        ...signed,
        payload: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        headers: trailing,
        body: (signatures) => {
          const right = [["x-amz-checksum-crc32", checksumBase64("CRC32", large)]] as const;
          const framing = { chunkBytes, trailers: right, signatures };
          const text = encodeAwsChunked(large, framing).toString("latin1");
          const flipped = text.replace(/(x-amz-trailer-signature:)(.)/, (_, name: string, digit: string) =>
            `${name}${digit === "0" ? "1" : "0"}`);
          return Buffer.from(flipped, "latin1");
        },
      },
    },
    { code: "XAmzContentSHA256Mismatch", request: { path, payload: "0".repeat(64), body: () => large } },
    { code: "BadDigest", request: { path, headers: { "x-amz-checksum-crc32": crc }, body: () => large } },
    { code: "InvalidDigest", request: { path, headers: { "content-md5": "x" }, body: () => large } },
    { code: "InvalidRequest", request: { path, headers: { "x-amz-checksum-sha9": "x" }, body: () => large } },
  ];
}

test("bodies that are not what was announced leave nothing", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const statement = { Effect: "Allow", Action: "s3:*", Resource: "*" };
  const credentials = await region.user("writer", { Version: "2012-10-17", Statement: [statement] });
  for (const { code, request } of lies(credentials)) {
    const { status, body } = await send(region, request);
    assert.match(body, new RegExp(`<Code>${code}</Code>`), `${status} ${body}`);
    await requireNothing(region, s3);
  }
  const payload = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
  const headers = { "x-amz-decoded-content-length": String(large.length) };
  const honest = await send(region, {
    path: "/bucket/key", credentials, payload, headers,
    body: (signatures) => encodeAwsChunked(large, { chunkBytes: 65_536, signatures }),
  });
  assert.equal(honest.status, 200, honest.body);
  assert.equal(await textOf(s3, "key"), large.toString());
});

test("a megabyte of headers is refused, and whoever comes next is served", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const { hostname, port } = new URL(await region.endpoint());
  const head = `PUT /bucket/key HTTP/1.1\r\nhost: x\r\nx-amz-meta-a: ${"x".repeat(2 ** 20)}\r\n\r\n`;
  const answer = await exchange(hostname, Number(port), Buffer.from(head));
  assert.ok(answer.status === 431 || answer.status === 0, answer.head);
  await s3.send(new PutObjectCommand({ Bucket, Key: "key", Body: "body" }));
  assert.equal(await textOf(s3, "key"), "body");
});
