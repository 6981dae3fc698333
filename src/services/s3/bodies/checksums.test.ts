import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { test } from "node:test";
import {
  CompleteMultipartUploadCommand, CreateBucketCommand, CreateMultipartUploadCommand, GetObjectCommand,
  GetObjectAttributesCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client,
  UploadPartCommand, type GetObjectAttributesCommandInput,
} from "@aws-sdk/client-s3";
import { startRegion, type TestRegion } from "../../../../test/region.ts";
import { checksumBase64, CHECKSUM_ALGORITHMS } from "../../../kernel/body/checksums.ts";

const Bucket = "bucket";

async function withBucket(region: TestRegion, whenever = "WHEN_REQUIRED"): Promise<S3Client> {
  const s3 = region.client(S3Client, {
    requestChecksumCalculation: whenever, responseChecksumValidation: "WHEN_REQUIRED",
  });
  await s3.send(new CreateBucketCommand({ Bucket }));
  return s3;
}

function streamed(bytes: Buffer): Readable {
  return Readable.from([bytes.subarray(0, 999), bytes.subarray(999)]);
}

/** Kept in a row and in a file, whole and taken as it comes. */
const bodies = [4_096, 300_000]
  .map((size) => Buffer.alloc(size, "content "))
  .flatMap((bytes) => [
    [`${bytes.length} at once`, bytes, () => bytes] as const,
    [`${bytes.length} streamed`, bytes, () => streamed(bytes)] as const,
  ]);

test("an object keeps the checksum it comes with, of any algorithm", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const member = `Checksum${algorithm}` as const;
    for (const [Key, bytes, body] of bodies) {
      const value = checksumBase64(algorithm, bytes);
      const input = { Bucket, Key, Body: body(), ContentLength: bytes.length, [member]: value };
      const put = await s3.send(new PutObjectCommand(input));
      assert.equal(put[member], value, `${algorithm} ${Key}`);
      assert.equal(put.ChecksumType, "FULL_OBJECT");
      const head = await s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: "ENABLED" }));
      assert.equal(head[member], value);
      const plain = await s3.send(new HeadObjectCommand({ Bucket, Key }));
      assert.equal(plain[member], undefined);
    }
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 1 }));
    assert.deepEqual(Contents?.[0]?.ChecksumAlgorithm, [algorithm]);
  }
});

test("a body that is not what its checksum says is refused, and nothing of it is kept", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const wrong = checksumBase64(algorithm, Buffer.from("something else"));
    for (const [Key, bytes, body] of bodies) {
      const facts = { Bucket, Key, ContentLength: bytes.length, [`Checksum${algorithm}`]: wrong };
      await assert.rejects(s3.send(new PutObjectCommand({ ...facts, Body: body() })), {
        name: "BadDigest",
        message: `The ${algorithm} you specified did not match the calculated checksum.`,
      });
      const short = { ...facts, Body: body(), [`Checksum${algorithm}`]: "AAA=" };
      await assert.rejects(s3.send(new PutObjectCommand(short)), {
        name: "InvalidRequest",
        message: `Value for x-amz-checksum-${algorithm.toLowerCase()} header is invalid.`,
      });
    }
  }
  assert.equal((await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount, 0);
});

test("a checksum may come after the body", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region, "WHEN_SUPPORTED");
  for (const ChecksumAlgorithm of ["CRC32", "CRC32C", "SHA1", "SHA256"] as const) {
    const bytes = Buffer.alloc(300_000, ChecksumAlgorithm);
    const Body = Readable.from([bytes]);
    const input = { Bucket, Key: "key", Body, ContentLength: bytes.length, ChecksumAlgorithm };
    const put = await s3.send(new PutObjectCommand(input));
    assert.equal(put[`Checksum${ChecksumAlgorithm}`], checksumBase64(ChecksumAlgorithm, bytes));
  }
});

test("who brings no checksum gets CRC64NVME, or the one that is named", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  for (const [Key, bytes, body] of bodies) {
    const input = { Bucket, Key, Body: body(), ContentLength: bytes.length };
    const put = await s3.send(new PutObjectCommand(input));
    assert.equal(put.ChecksumCRC64NVME, checksumBase64("CRC64NVME", bytes));
    const object = await s3.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: "ENABLED" }));
    assert.equal(object.ChecksumCRC64NVME, checksumBase64("CRC64NVME", bytes));
    assert.equal((await object.Body?.transformToByteArray())?.length, bytes.length);
  }
});

test("Content-MD5 is compared, and must be one", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  for (const [Key, bytes, body] of bodies) {
    const facts = { Bucket, Key, ContentLength: bytes.length };
    const ContentMD5 = createHash("md5").update(bytes).digest("base64");
    await s3.send(new PutObjectCommand({ ...facts, Body: body(), ContentMD5 }));
    const other = createHash("md5").update("other").digest("base64");
    await assert.rejects(s3.send(new PutObjectCommand({ ...facts, Body: body(), ContentMD5: other })), {
      name: "BadDigest", message: "The Content-MD5 you specified did not match what we received.",
      CalculatedDigest: ContentMD5,
    });
    await assert.rejects(s3.send(new PutObjectCommand({ ...facts, Body: body(), ContentMD5: "x" })), {
      name: "InvalidDigest", message: "The Content-MD5 you specified was invalid.",
    });
  }
});

test("attributes are answered as they are asked for, parts in pages", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const attributes = (Key: string, ObjectAttributes: string[], more: object = {}) =>
    s3.send(new GetObjectAttributesCommand({
      Bucket, Key, ObjectAttributes, ...more,
    } as GetObjectAttributesCommandInput));
  const all = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];
  const ChecksumSHA1 = checksumBase64("SHA1", Buffer.from("body"));
  await s3.send(new PutObjectCommand({ Bucket, Key: "one", Body: "body", ChecksumSHA1 }));
  const { $metadata: _, ...one } = await attributes("one", all);
  assert.deepEqual(one, {
    LastModified: new Date(Date.UTC(2026, 0, 1)), ETag: createHash("md5").update("body").digest("hex"),
    Checksum: { ChecksumSHA1, ChecksumType: "FULL_OBJECT" },
    StorageClass: "STANDARD", ObjectSize: 4,
  });
  assert.equal((await attributes("one", ["ETag"])).ObjectSize, undefined);
  for (const names of [["Colour"], ["ETag", "Colour"]]) {
    await assert.rejects(attributes("one", names), {
      name: "InvalidArgument", message: "Invalid attribute name specified.", ArgumentValue: "Colour",
    });
  }
  await assert.rejects(attributes("none", all), { name: "NoSuchKey" });

  const created = { Bucket, Key: "parts", ChecksumAlgorithm: "SHA256" } as const;
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(created));
  const Parts = [];
  for (const [index, Body] of [Buffer.alloc(5 * 1024 ** 2), Buffer.from("x")].entries()) {
    const ChecksumSHA256 = checksumBase64("SHA256", Body);
    const PartNumber = index + 1;
    const sent = { Bucket, Key: "parts", UploadId, PartNumber, Body, ChecksumSHA256 };
    const { ETag } = await s3.send(new UploadPartCommand(sent));
    Parts.push({ PartNumber, ETag, ChecksumSHA256 });
  }
  const MultipartUpload = { Parts };
  await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: "parts", UploadId, MultipartUpload }));
  const first = await attributes("parts", all, { MaxParts: 1 });
  assert.equal(first.Checksum?.ChecksumType, "COMPOSITE");
  assert.doesNotMatch(first.Checksum?.ChecksumSHA256 ?? "-", /-/);
  assert.deepEqual(first.ObjectParts, {
    TotalPartsCount: 2, PartNumberMarker: "0", NextPartNumberMarker: "1", MaxParts: 1, IsTruncated: true,
    Parts: [{ PartNumber: 1, Size: 5 * 1024 ** 2, ChecksumSHA256: Parts[0]?.ChecksumSHA256 }],
  });
  const rest = await attributes("parts", all, { PartNumberMarker: "1" });
  assert.deepEqual(rest.ObjectParts?.Parts?.map(({ PartNumber }) => PartNumber), [2]);
  assert.equal(rest.ObjectParts?.IsTruncated, false);
});
