import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CompleteMultipartUploadCommand, CopyObjectCommand, CreateBucketCommand, CreateMultipartUploadCommand,
  GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client, UploadPartCopyCommand,
  type UploadPartCopyCommandInput,
} from "@aws-sdk/client-s3";
import { startRegion, type TestCredentials, type TestRegion } from "../../../../test/region.ts";
import { checksumBase64 } from "../../../kernel/body/checksums.ts";
import { multipartTag } from "../uploads/complete-upload.ts";

const MiB = 1024 ** 2;

/** Buckets `here` in us-east-1 and `there` in eu-west-1. */
async function withBuckets(region: TestRegion): Promise<{ here: S3Client; there: S3Client }> {
  const here = region.client(S3Client);
  const there = region.client(S3Client, { region: "eu-west-1" });
  await here.send(new CreateBucketCommand({ Bucket: "here" }));
  const CreateBucketConfiguration = { LocationConstraint: "eu-west-1" as const };
  await there.send(new CreateBucketCommand({ Bucket: "there", CreateBucketConfiguration }));
  return { here, there };
}

async function bytesOf(s3: S3Client, Bucket: string, Key: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

test("a source in another region is read there, and streams", async () => {
  await using region = await startRegion();
  const { here, there } = await withBuckets(region);
  for (const size of [0, 10, 1_000_000]) {
    const Body = Buffer.alloc(size, "content ");
    const put = await there.send(new PutObjectCommand({
      Bucket: "there", Key: "key", Body, ContentType: "text/plain", Metadata: { a: "b" },
      CacheControl: "no-store",
    }));
    const { CopyObjectResult } = await here.send(
      new CopyObjectCommand({ Bucket: "here", Key: "copy", CopySource: "there/key" }),
    );
    assert.equal(CopyObjectResult?.ETag, put.ETag);
    assert.equal(CopyObjectResult?.ChecksumCRC32, put.ChecksumCRC32);
    assert.ok((await bytesOf(here, "here", "copy")).equals(Body));
    const head = await here.send(new HeadObjectCommand({ Bucket: "here", Key: "copy" }));
    assert.deepEqual(head.Metadata, { a: "b" });
    assert.equal(head.ContentType, "text/plain");
    assert.equal(head.CacheControl, "no-store");
  }
  await assert.rejects(
    here.send(new CopyObjectCommand({ Bucket: "here", Key: "copy", CopySource: "there/none" })),
    { name: "NoSuchKey" },
  );
});

function statement(Effect: string, Action: string | string[], Resource: string, Condition?: object): object {
  return { Effect, Action, Resource, ...(Condition && { Condition }) };
}

test("copying takes permission to read the source and to write the copy, wherever they are", async () => {
  await using region = await startRegion();
  const { here, there } = await withBuckets(region);
  await there.send(new PutObjectCommand({ Bucket: "there", Key: "key", Body: "body" }));
  await here.send(new PutObjectCommand({ Bucket: "here", Key: "key", Body: "body" }));
  const write = statement("Allow", "s3:PutObject", "arn:aws:s3:::here/copy");
  const read = [
    statement("Allow", "s3:GetObject", "arn:aws:s3:::here/key"),
    statement("Allow", "s3:GetObject", "arn:aws:s3:::there/key"),
    // A copy is one request of its caller's: no service comes between, and its address stays.
    statement("Deny", "s3:GetObject", "*", { Bool: { "aws:ViaAWSService": "true" } }),
    statement("Deny", "s3:GetObject", "*", { NotIpAddress: { "aws:SourceIp": "127.0.0.1/32" } }),
  ];
  const policy = (Statement: object[]) => ({ Version: "2012-10-17", Statement });
  const both = await region.user("both", policy([write, ...read]));
  const writer = await region.user("writer", policy([write]));
  const reader = await region.user("reader", policy(read));
  const copy = (credentials: TestCredentials, CopySource: string) =>
    region
      .client(S3Client, { credentials })
      .send(new CopyObjectCommand({ Bucket: "here", Key: "copy", CopySource }));
  for (const source of ["here", "there"]) {
    await copy(both, `${source}/key`);
    await assert.rejects(copy(writer, `${source}/key`), {
      name: "AccessDenied",
      message:
        "User: arn:aws:iam::000000000000:user/writer is not authorized to perform: s3:GetObject on " +
        `resource: "arn:aws:s3:::${source}/key" because no identity-based policy allows the s3:GetObject ` +
        "action",
    });
    await assert.rejects(copy(reader, `${source}/key`), {
      name: "AccessDenied",
      message:
        "User: arn:aws:iam::000000000000:user/reader is not authorized to perform: s3:PutObject on " +
        'resource: "arn:aws:s3:::here/copy" because no identity-based policy allows the s3:PutObject action',
    });
  }
});

test("tags of a source in another region are copied, or the copy is refused", async () => {
  await using region = await startRegion();
  const { here, there } = await withBuckets(region);
  await there.send(new PutObjectCommand({ Bucket: "there", Key: "key", Tagging: "a=1" }));
  const copy = new CopyObjectCommand({ Bucket: "here", Key: "copy", CopySource: "there/key" });
  await here.send(copy);
  const { TagCount } = await here.send(new HeadObjectCommand({ Bucket: "here", Key: "copy" }));
  assert.equal(TagCount, 1);
  const Statement = [
    statement("Allow", "s3:GetObject", "arn:aws:s3:::there/*"),
    statement("Allow", ["s3:PutObject", "s3:PutObjectTagging"], "arn:aws:s3:::here/*"),
  ];
  const credentials = await region.user("copier", { Version: "2012-10-17", Statement });
  await assert.rejects(region.client(S3Client, { credentials }).send(copy), { name: "AccessDenied" });
});

test("who must not overwrite may upload parts, and make an object of them on that condition", async () => {
  await using region = await startRegion();
  const { here } = await withBuckets(region);
  await here.send(new PutObjectCommand({ Bucket: "here", Key: "key", Body: "body" }));
  const Statement = [
    statement("Allow", "s3:*", "*"),
    statement("Deny", "s3:PutObject", "*", {
      Null: { "s3:if-none-match": "true" }, Bool: { "s3:ObjectCreationOperation": "true" },
    }),
  ];
  const credentials = await region.user("careful", { Version: "2012-10-17", Statement });
  const s3 = region.client(S3Client, { credentials });
  const target = { Bucket: "here", Key: "new" };
  const copy = { ...target, CopySource: "here/key" };
  await assert.rejects(s3.send(new CopyObjectCommand(copy)), { name: "AccessDenied" });
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(target));
  const part = { ...copy, UploadId, PartNumber: 1 };
  const { CopyPartResult } = await s3.send(new UploadPartCopyCommand(part));
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: CopyPartResult?.ETag }] };
  const done = { ...target, UploadId, MultipartUpload };
  await assert.rejects(s3.send(new CompleteMultipartUploadCommand(done)), { name: "AccessDenied" });
  await s3.send(new CompleteMultipartUploadCommand({ ...done, IfNoneMatch: "*" }));
  assert.equal((await bytesOf(here, "here", "new")).toString(), "body");
});

test("an object in parts becomes one, whose tag is its own MD5 again", async () => {
  await using region = await startRegion();
  const { here, there } = await withBuckets(region);
  const Body = Buffer.alloc(6 * MiB, "content ");
  const put = await there.send(new PutObjectCommand({ Bucket: "there", Key: "key", Body }));
  const target = { Bucket: "here", Key: "parts" };
  const { UploadId } = await here.send(new CreateMultipartUploadCommand(target));
  const CopySource = "there/key";
  const ranges = [`bytes=0-${5 * MiB - 1}`, `bytes=${5 * MiB}-${6 * MiB - 1}`];
  const Parts = [];
  for (const [index, CopySourceRange] of ranges.entries()) {
    const input = { ...target, UploadId, CopySource, CopySourceRange, PartNumber: index + 1 };
    const { CopyPartResult } = await here.send(new UploadPartCopyCommand(input));
    Parts.push({ PartNumber: index + 1, ETag: CopyPartResult?.ETag });
  }
  const MultipartUpload = { Parts };
  const done = await here.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload }));
  assert.equal(done.ETag, `"${multipartTag(Parts.map(({ ETag }) => String(ETag).replaceAll('"', "")))}"`);
  assert.equal(done.ChecksumCRC64NVME, checksumBase64("CRC64NVME", Body));
  for (const [s3, bucket] of [[here, "here"], [there, "there"]] as const) {
    const { CopyObjectResult } = await s3.send(
      new CopyObjectCommand({ Bucket: bucket, Key: "one", CopySource: "here/parts" }),
    );
    assert.equal(CopyObjectResult?.ETag, put.ETag);
    assert.equal(CopyObjectResult?.ChecksumCRC64NVME, checksumBase64("CRC64NVME", Body));
    assert.ok((await bytesOf(s3, bucket, "one")).equals(Body));
  }
});

test("a range of a source is in it, from first to last", async () => {
  await using region = await startRegion();
  const { here } = await withBuckets(region);
  await here.send(new PutObjectCommand({ Bucket: "here", Key: "key", Body: "0123456789" }));
  const target = { Bucket: "here", Key: "parts" };
  const created = { ...target, ChecksumAlgorithm: "SHA256" } as const;
  const { UploadId } = await here.send(new CreateMultipartUploadCommand(created));
  const copyPart = (more: Partial<UploadPartCopyCommandInput>) =>
    here.send(
      new UploadPartCopyCommand({ ...target, UploadId, CopySource: "here/key", PartNumber: 1, ...more }),
    );
  const form =
    "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the " +
    "zero-based offsets of the first and last bytes to copy";
  for (const CopySourceRange of ["0-1", "bytes=0-", "bytes=-1", "bytes=2-1", "bytes=0-1,3-4", "bytes=a-b"]) {
    await assert.rejects(copyPart({ CopySourceRange }), { name: "InvalidArgument", message: form });
  }
  await assert.rejects(copyPart({ CopySourceRange: "bytes=10-11" }), {
    name: "InvalidRequest", message: "The specified copy range is invalid for the source object size",
  });
  await assert.rejects(copyPart({ CopySourceRange: "bytes=0-10" }), {
    name: "InvalidArgument", message: "Range specified is not valid for source object of size: 10",
  });
  await assert.rejects(copyPart({ CopySourceIfMatch: '"x"' }), {
    name: "PreconditionFailed", Condition: "x-amz-copy-source-If-Match",
  });
  await assert.rejects(copyPart({ UploadId: "x" }), { name: "NoSuchUpload" });
  const { CopyPartResult } = await copyPart({ CopySourceRange: "bytes=3-5" });
  assert.equal(CopyPartResult?.ChecksumSHA256, checksumBase64("SHA256", Buffer.from("345")));
  const part = { PartNumber: 1, ETag: CopyPartResult?.ETag, ChecksumSHA256: CopyPartResult?.ChecksumSHA256 };
  const MultipartUpload = { Parts: [part] };
  await here.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload }));
  assert.equal((await bytesOf(here, "here", "parts")).toString(), "345");
});
