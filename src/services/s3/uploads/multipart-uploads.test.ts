import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { test } from "node:test";
import {
  AbortMultipartUploadCommand, CompleteMultipartUploadCommand, CreateBucketCommand,
  CreateMultipartUploadCommand, DeleteBucketCommand, DeleteObjectCommand, GetObjectCommand,
  HeadObjectCommand, ListMultipartUploadsCommand, ListObjectVersionsCommand, ListPartsCommand,
  PutBucketVersioningCommand, PutObjectCommand, S3Client, UploadPartCommand, type CompletedPart,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { blobFiles } from "../../../../test/blob-files.ts";
import { startRegion, type TestRegion } from "../../../../test/region.ts";
import { multipartTag } from "./complete-upload.ts";

const Bucket = "bucket";
const MiB = 1024 ** 2;

async function withBucket(region: TestRegion): Promise<S3Client> {
  // Bodies come without checksums unless a test gives them one.
  const s3 = region.client(S3Client, { requestChecksumCalculation: "WHEN_REQUIRED" });
  await s3.send(new CreateBucketCommand({ Bucket }));
  return s3;
}

async function initiate(s3: S3Client, Key: string, more: object = {}): Promise<string> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }));
  return UploadId ?? "";
}

async function upload(
  s3: S3Client, Key: string, UploadId: string, PartNumber: number, Body: Uint8Array,
): Promise<CompletedPart> {
  const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
  return { PartNumber, ETag };
}

function complete(s3: S3Client, Key: string, UploadId: string, Parts: CompletedPart[], more: object = {}) {
  const input = { Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more };
  return s3.send(new CompleteMultipartUploadCommand(input));
}

async function bytesOf(s3: S3Client, Key: string, more: object = {}): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

function md5(data: Uint8Array): string {
  return createHash("md5").update(data).digest("hex");
}

const noSuchUpload = {
  name: "NoSuchUpload",
  message:
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been " +
    "aborted or completed.",
};
const invalidPart = {
  name: "InvalidPart",
  message:
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the " +
    "specified entity tag may not match the part's entity tag.",
};
const malformedXml = {
  name: "MalformedXML",
  message: "The XML you provided was not well-formed or did not validate against our published schema",
};

test("s3-multipart-parallel-bandwidth: ten parts at once and out of order make one object", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const sizes = [...Array<number>(9).fill(5 * MiB), 7];
  const bodies = sizes.map((size, index) => Buffer.alloc(size, `${index}.`));
  const id = await initiate(s3, "key");
  const numbers = [7, 2, 10, 5, 1, 9, 3, 8, 6, 4];
  const sent = await Promise.all(
    numbers.map((number) => upload(s3, "key", id, number, bodies[number - 1] ?? Buffer.alloc(0))),
  );
  const parts = sent.sort((left, right) => (left.PartNumber ?? 0) - (right.PartNumber ?? 0));
  const done = await complete(s3, "key", id, parts);
  assert.equal(done.ETag, `"${multipartTag(bodies.map(md5))}"`);
  assert.match(done.ETag ?? "", /-10"$/);
  assert.ok((await bytesOf(s3, "key")).equals(Buffer.concat(bodies)));
  const overTheSeam = { Range: `bytes=${5 * MiB - 2}-${5 * MiB + 1}` };
  assert.equal((await bytesOf(s3, "key", overTheSeam)).toString(), "0.1.");
  const last = await s3.send(new GetObjectCommand({ Bucket, Key: "key", PartNumber: 10 }));
  assert.equal(last.PartsCount, 10);
  assert.equal(last.ContentRange, `bytes ${45 * MiB}-${45 * MiB + 6}/${45 * MiB + 7}`);
  assert.equal(await last.Body?.transformToString(), "9.9.9.9");
  // Assembling made no file: there are the nine that the parts came in, and the tenth is in a row.
  assert.equal((await blobFiles(region)).length, 9);
});

test("s3-put-limit-5gb-multipart-required: the SDK's uploader takes a stream apart by itself", async () => {
  await using region = await startRegion();
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket }));
  const piece = Buffer.alloc(MiB, "streamed ");
  const Body = Readable.from(Array.from({ length: 12 }, () => piece));
  const params = { Bucket, Key: "key", Body, Metadata: { colour: "red" } };
  const done = await new Upload({ client: s3, params, queueSize: 4, partSize: 5 * MiB }).done();
  assert.match(done.ETag ?? "", /-3"$/);
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "key" }));
  assert.equal(head.ContentLength, 12 * MiB);
  assert.deepEqual(head.Metadata, { colour: "red" });
  assert.ok((await bytesOf(s3, "key")).equals(Buffer.alloc(12 * MiB, piece)));
});

test("s3-multipart-retry-part: a part that is sent again replaces the first, the others stay", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const id = await initiate(s3, "key");
  const kept = await upload(s3, "key", id, 1, Buffer.alloc(5 * MiB, "a"));
  await upload(s3, "key", id, 2, Buffer.alloc(100_000, "wrong"));
  const again = await upload(s3, "key", id, 2, Buffer.alloc(200_000, "right"));
  const listed = await s3.send(new ListPartsCommand({ Bucket, Key: "key", UploadId: id }));
  assert.deepEqual(
    listed.Parts?.map(({ PartNumber, Size, ETag }) => ({ PartNumber, Size, ETag })),
    [{ ...kept, Size: 5 * MiB }, { ...again, Size: 200_000 }],
  );
  assert.equal((await blobFiles(region)).length, 2);
  await complete(s3, "key", id, [kept, again]);
  const whole = Buffer.concat([Buffer.alloc(5 * MiB, "a"), Buffer.alloc(200_000, "right")]);
  assert.ok((await bytesOf(s3, "key")).equals(whole));
});

test("what is said at the beginning is the object's, and it is as old as the upload", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const id = await initiate(s3, "dir/key", {
    ContentType: "text/plain", Metadata: { colour: "red" }, StorageClass: "STANDARD_IA", Tagging: "a=1&b=2",
  });
  await region.clock.advance({ hours: 1 });
  const part = await upload(s3, "dir/key", id, 3, Buffer.from("short"));
  const done = await complete(s3, "dir/key", id, [part]);
  assert.equal(done.Bucket, Bucket);
  assert.equal(done.Key, "dir/key");
  assert.match(done.Location ?? "", /\/dir%2Fkey$/);
  assert.equal(done.ChecksumType, "FULL_OBJECT");
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "dir/key" }));
  assert.equal(head.ContentType, "text/plain");
  assert.deepEqual(head.Metadata, { colour: "red" });
  assert.equal(head.StorageClass, "STANDARD_IA");
  assert.equal(head.LastModified?.getTime(), Date.UTC(2026, 0, 1));
  const { TagCount } = await s3.send(new GetObjectCommand({ Bucket, Key: "dir/key" }));
  assert.equal(TagCount, 2);
});

test("parts are found by number, tag and size, and their order is kept", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const id = await initiate(s3, "key");
  const one = await upload(s3, "key", id, 1, Buffer.alloc(5 * MiB - 1));
  const two = await upload(s3, "key", id, 2, Buffer.from("2"));
  await assert.rejects(complete(s3, "key", id, [one, two]), {
    name: "EntityTooSmall", message: "Your proposed upload is smaller than the minimum allowed size",
    ProposedSize: String(5 * MiB - 1), MinSizeAllowed: String(5 * MiB), PartNumber: "1",
  });
  await assert.rejects(complete(s3, "key", id, [two, one]), {
    name: "InvalidPartOrder",
    message: "The list of parts was not in ascending order. Parts must be ordered by part number.",
  });
  await assert.rejects(complete(s3, "key", id, [one, one]), { name: "InvalidPartOrder" });
  await assert.rejects(complete(s3, "key", id, [{ PartNumber: 3, ETag: two.ETag }]), invalidPart);
  await assert.rejects(complete(s3, "key", id, [{ PartNumber: 1, ETag: two.ETag }]), invalidPart);
  await assert.rejects(complete(s3, "key", id, [{ PartNumber: 1 }]), malformedXml);
  await assert.rejects(complete(s3, "key", id, []), malformedXml);
  await assert.rejects(
    s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: "key", UploadId: id })),
    { name: "InvalidRequest", message: "You must specify at least one part" },
  );
  await assert.rejects(complete(s3, "key", id, [two], { MpuObjectSize: 2 }), {
    name: "InvalidRequest",
    message: "The provided 'x-amz-mp-object-size' header value 2 does not match what was computed: 1",
  });
  const many = Array.from({ length: 10_001 }, (_, index) => ({ PartNumber: index + 1, ETag: two.ETag }));
  await assert.rejects(complete(s3, "key", id, many), malformedXml);
  await complete(s3, "key", id, [two], { MpuObjectSize: 1 });
  assert.equal((await bytesOf(s3, "key")).toString(), "2");
  // The part that was not asked for went with the upload.
  assert.deepEqual(await blobFiles(region), []);
});

test("numbers of parts are 1 to 10000, and uploads are found by bucket, key and id", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const id = await initiate(s3, "key");
  for (const number of [0, -1, 10_001]) {
    await assert.rejects(upload(s3, "key", id, number, Buffer.from("x")), {
      name: "InvalidArgument",
      message: "Part number must be an integer between 1 and 10000, inclusive",
      ArgumentName: "partNumber", ArgumentValue: String(number),
    });
  }
  const part = await upload(s3, "key", id, 10_000, Buffer.from("x"));
  const madeUp = ["x", `${id}x`, `${id.slice(0, -1)}A`].map((other) => ["key", other] as const);
  for (const [key, other] of [["other", id] as const, ...madeUp]) {
    await assert.rejects(upload(s3, key, other, 1, Buffer.from("x")), noSuchUpload);
    await assert.rejects(complete(s3, key, other, [part]), noSuchUpload);
    await assert.rejects(s3.send(new ListPartsCommand({ Bucket, Key: key, UploadId: other })), noSuchUpload);
    await assert.rejects(
      s3.send(new AbortMultipartUploadCommand({ Bucket, Key: key, UploadId: other })), noSuchUpload,
    );
  }
});

test("after the end an upload is gone, and repeating its end changes nothing", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const id = await initiate(s3, "key");
  const parts = [await upload(s3, "key", id, 1, Buffer.from("body"))];
  const first = await complete(s3, "key", id, parts);
  const again = await complete(s3, "key", id, parts);
  assert.deepEqual({ ...again, $metadata: 0 }, { ...first, $metadata: 0 });
  await assert.rejects(upload(s3, "key", id, 2, Buffer.from("late")), noSuchUpload);
  await assert.rejects(s3.send(new ListPartsCommand({ Bucket, Key: "key", UploadId: id })), noSuchUpload);
  const abort = () => s3.send(new AbortMultipartUploadCommand({ Bucket, Key: "key", UploadId: id }));
  await abort();
  assert.equal((await bytesOf(s3, "key")).toString(), "body");
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "key" }));
  await assert.rejects(complete(s3, "key", id, parts), noSuchUpload);
  await abort();
});

test("giving up takes the parts away, also those of a bucket that is deleted", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const ids = [await initiate(s3, "key"), await initiate(s3, "key")];
  for (const id of ids) await upload(s3, "key", id, 1, Buffer.alloc(100_000));
  assert.equal((await blobFiles(region)).length, 2);
  const abort = { Bucket, Key: "key", UploadId: ids[0] ?? "" };
  await assert.rejects(
    s3.send(new AbortMultipartUploadCommand({ ...abort, IfMatchInitiatedTime: new Date(0) })),
    { name: "PreconditionFailed" },
  );
  await s3.send(new AbortMultipartUploadCommand(abort));
  await s3.send(new AbortMultipartUploadCommand(abort));
  await assert.rejects(upload(s3, "key", ids[0] ?? "", 1, Buffer.from("late")), noSuchUpload);
  assert.equal((await blobFiles(region)).length, 1);
  await s3.send(new DeleteBucketCommand({ Bucket }));
  assert.deepEqual(await blobFiles(region), []);
  await s3.send(new CreateBucketCommand({ Bucket }));
  assert.equal((await s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads, undefined);
});

test("what was written to the key since the upload began stays, as does its deletion", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const overtaken = await initiate(s3, "overtaken");
  const deleted = await initiate(s3, "deleted");
  const parts = [await upload(s3, "overtaken", overtaken, 1, Buffer.alloc(100_000, "old"))];
  await upload(s3, "deleted", deleted, 1, Buffer.alloc(100_000, "old"));
  await s3.send(new PutObjectCommand({ Bucket, Key: "overtaken", Body: "newer" }));
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "deleted" }));
  await complete(s3, "overtaken", overtaken, parts);
  await complete(s3, "deleted", deleted, parts);
  assert.equal((await bytesOf(s3, "overtaken")).toString(), "newer");
  await assert.rejects(bytesOf(s3, "deleted"), { name: "NoSuchKey" });
  assert.deepEqual(await blobFiles(region), []);
});

test("with versioning every upload makes a version, in the order in which they began", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const Status = "Enabled" as const;
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
  const first = await initiate(s3, "key");
  const second = await initiate(s3, "key");
  for (const [id, body] of [[second, "second"], [first, "first"]] as const) {
    await complete(s3, "key", id, [await upload(s3, "key", id, 1, Buffer.from(body))]);
  }
  assert.equal((await bytesOf(s3, "key")).toString(), "second");
  const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
  assert.deepEqual(Versions.map(({ IsLatest }) => IsLatest), [true, false]);
  assert.equal((await bytesOf(s3, "key", { VersionId: Versions[1]?.VersionId })).toString(), "first");
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "key", VersionId: Versions[0]?.VersionId }));
  assert.equal((await bytesOf(s3, "key")).toString(), "first");
});

test("an object is completed only on its conditions, and only if nothing came between", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const put = (Key: string, Body: string) => s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  const { ETag } = await put("key", "one");
  const id = await initiate(s3, "key");
  const parts = [await upload(s3, "key", id, 1, Buffer.from("two"))];
  const failed = {
    name: "PreconditionFailed",
    message: "At least one of the pre-conditions you specified did not hold",
  };
  const conflict = {
    name: "ConditionalRequestConflict",
    message: "The conditional request cannot succeed due to a conflicting operation against this resource.",
  };
  await assert.rejects(complete(s3, "key", id, parts, { IfNoneMatch: "*" }), failed);
  await assert.rejects(complete(s3, "key", id, parts, { IfMatch: '"other"' }), failed);
  await assert.rejects(complete(s3, "none", await initiate(s3, "none"), parts, { IfMatch: ETag }), {
    name: "NoSuchKey",
  });
  await put("key", "one");
  await assert.rejects(complete(s3, "key", id, parts, { IfMatch: ETag }), conflict);
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "key" }));
  await assert.rejects(complete(s3, "key", id, parts, { IfNoneMatch: "*" }), conflict);
  const fresh = await initiate(s3, "key");
  await upload(s3, "key", fresh, 1, Buffer.from("two"));
  await complete(s3, "key", fresh, parts, { IfNoneMatch: "*" });
  assert.equal((await bytesOf(s3, "key")).toString(), "two");
});
