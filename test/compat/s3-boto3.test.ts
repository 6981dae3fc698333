/** boto3 and S3: the transfer manager, with every checksum that it can compute. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { checksumBase64 } from "../../src/kernel/body/checksums.ts";
import { startWorkstation, without } from "./clients.ts";

const skip = without("boto3");

test("boto3's transfer manager uploads, copies and downloads in parts", { skip }, async () => {
  await using station = await startWorkstation();
  const answer = await station.python<Record<string, unknown>>(`
    import os, hashlib
    from boto3.s3.transfer import TransferConfig
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="transfer")
    data = os.urandom(1024 * 1024) * 17 + b"end"
    open("data", "wb").write(data)
    config = TransferConfig(multipart_threshold=5 * 1024**2, multipart_chunksize=5 * 1024**2)
    seen = {}
    for algorithm in [None, "CRC32", "SHA1", "SHA256"]:
        extra = {"ChecksumAlgorithm": algorithm} if algorithm else {}
        s3.upload_file("data", "transfer", "key", ExtraArgs=extra, Config=config)
        s3.download_file("transfer", "key", "back", Config=config)
        assert open("back", "rb").read() == data, algorithm
        head = s3.head_object(Bucket="transfer", Key="key", ChecksumMode="ENABLED")
        seen[str(algorithm)] = [
            sorted(k for k in head if k.startswith("Checksum")), head["ChecksumType"], head["ETag"][-3:]]
        source = {"Bucket": "transfer", "Key": "key"}
        s3.copy(source, "transfer", "copy", Config=config)
        assert s3.get_object(Bucket="transfer", Key="copy")["Body"].read() == data
    answer(seen)
  `);
  const composite = (name: string) => [[name, "ChecksumType"], "COMPOSITE", '-4"'];
  assert.deepEqual(answer, {
    None: composite("ChecksumCRC32"),
    CRC32: composite("ChecksumCRC32"),
    SHA1: composite("ChecksumSHA1"),
    SHA256: composite("ChecksumSHA256"),
  });
});

test("boto3 brings checksums as headers, as trailers, or not at all", { skip }, async () => {
  await using station = await startWorkstation();
  const answer = await station.python<unknown>(`
    import io
    from botocore.config import Config
    seen = []
    boto3.client("s3").create_bucket(Bucket="modes")
    for calculation in ["when_supported", "when_required"]:
        s3 = boto3.client("s3", config=Config(
            request_checksum_calculation=calculation, response_checksum_validation=calculation))
        for size in [0, 10, 300000]:
            body = b"x" * size
            put = s3.put_object(Bucket="modes", Key="key", Body=io.BytesIO(body))
            assert s3.get_object(Bucket="modes", Key="key")["Body"].read() == body
            seen.append(sorted(k for k in put if k.startswith("Checksum")))
        upload = s3.create_multipart_upload(Bucket="modes", Key="parts", ChecksumAlgorithm="CRC32",
            ChecksumType="FULL_OBJECT")["UploadId"]
        part = s3.upload_part(Bucket="modes", Key="parts", UploadId=upload, PartNumber=1, Body=b"body")
        parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        done = s3.complete_multipart_upload(Bucket="modes", Key="parts", UploadId=upload,
            MultipartUpload=parts, ChecksumType="FULL_OBJECT")
        seen.append([done["ChecksumCRC32"], done["ChecksumType"]])
    answer(seen)
  `);
  const full = [checksumBase64("CRC32", Buffer.from("body")), "FULL_OBJECT"];
  const crc32 = ["ChecksumCRC32", "ChecksumType"];
  const ours = ["ChecksumCRC64NVME", "ChecksumType"];
  assert.deepEqual(answer, [crc32, crc32, crc32, full, ours, ours, ours, full]);
});

test("boto3's resources and paginators walk over a bucket", { skip }, async () => {
  await using station = await startWorkstation();
  const answer = await station.python<unknown>(`
    bucket = boto3.resource("s3").create_bucket(Bucket="walk")
    for number in range(25):
        bucket.put_object(Key=f"dir{number % 5}/{number:02}", Body=b"")
    s3 = boto3.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket="walk", Delimiter="/", PaginationConfig={"PageSize": 2})
    prefixes = [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", [])]
    count = sum(1 for _ in bucket.objects.filter(Prefix="dir3/"))
    bucket.objects.delete()
    bucket.delete()
    answer([prefixes, count, s3.list_buckets()["Buckets"]])
  `);
  assert.deepEqual(answer, [["dir0/", "dir1/", "dir2/", "dir3/", "dir4/"], 5, []]);
});
