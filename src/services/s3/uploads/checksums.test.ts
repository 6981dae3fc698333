import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CompleteMultipartUploadCommand, CreateBucketCommand, CreateMultipartUploadCommand, GetObjectCommand,
  HeadObjectCommand, ListPartsCommand, S3Client, UploadPartCommand, type ChecksumAlgorithm,
  type CompletedPart,
} from "@aws-sdk/client-s3";
import { checksumBase64, CHECKSUM_ALGORITHMS } from "../../../kernel/body/checksums.ts";
import { startRegion, type TestRegion } from "../../../../test/region.ts";
import { factsOf } from "./complete-upload.ts";
import { requireSize, singleUploadBytesMax } from "../objects/input.ts";
import { uploadChecksum } from "./checksums.ts";
import { partNumberMax, requirePartNumber } from "./parts.ts";

const Bucket = "bucket";
const Key = "key";
const bodies = [Buffer.alloc(5 * 1024 ** 2, "first"), Buffer.alloc(70_000, "second")];

async function withBucket(region: TestRegion): Promise<S3Client> {
  const s3 = region.client(S3Client, {
    requestChecksumCalculation: "WHEN_REQUIRED", responseChecksumValidation: "WHEN_REQUIRED",
  });
  await s3.send(new CreateBucketCommand({ Bucket }));
  return s3;
}

interface Uploaded {
  readonly UploadId: string;
  readonly parts: CompletedPart[];
}

/** Two parts, each with the checksum named, or with none. */
async function upload(
  s3: S3Client, algorithm: ChecksumAlgorithm | undefined, created: object,
): Promise<Uploaded> {
  const { UploadId = "" } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ...created }));
  const parts: CompletedPart[] = [];
  for (const [index, Body] of bodies.entries()) {
    const checksum = algorithm && { [`Checksum${algorithm}`]: checksumBase64(algorithm, Body) };
    const PartNumber = index + 1;
    const { ETag } = await s3.send(
      new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body, ...checksum }),
    );
    parts.push({ PartNumber, ETag, ...checksum });
  }
  return { UploadId, parts };
}

function complete(s3: S3Client, { UploadId, parts: Parts }: Uploaded, more: object = {}) {
  const input = { Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more };
  return s3.send(new CompleteMultipartUploadCommand(input));
}

const whole = Buffer.concat(bodies);

function compositeOf(algorithm: ChecksumAlgorithm): string {
  const digests = bodies.map((body) => Buffer.from(checksumBase64(algorithm, body), "base64"));
  return checksumBase64(algorithm, Buffer.concat(digests));
}

test("a composite checksum is that of the parts' checksums, and parts keep theirs", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  for (const algorithm of CHECKSUM_ALGORITHMS.filter((each) => each !== "CRC64NVME")) {
    const member = `Checksum${algorithm}` as const;
    const uploaded = await upload(s3, algorithm, { ChecksumAlgorithm: algorithm });
    const listed = await s3.send(new ListPartsCommand({ Bucket, Key, UploadId: uploaded.UploadId }));
    assert.equal(listed.ChecksumType, "COMPOSITE", algorithm);
    assert.equal(listed.ChecksumAlgorithm, algorithm);
    assert.deepEqual(listed.Parts?.map((part) => part[member]), uploaded.parts.map((part) => part[member]));
    const done = await complete(s3, uploaded, { [member]: `${compositeOf(algorithm)}-2` });
    assert.equal(done[member], `${compositeOf(algorithm)}-2`);
    assert.equal(done.ChecksumType, "COMPOSITE");
    const asked = { Bucket, Key, ChecksumMode: "ENABLED" } as const;
    const head = await s3.send(new HeadObjectCommand(asked));
    assert.equal(head[member], `${compositeOf(algorithm)}-2`);
    const part = await s3.send(new HeadObjectCommand({ ...asked, PartNumber: 2 }));
    assert.equal(part[member], checksumBase64(algorithm, bodies[1] ?? Buffer.alloc(0)));
    const range = await s3.send(new GetObjectCommand({ ...asked, Range: "bytes=0-9" }));
    assert.equal(range[member], undefined);
    await range.Body?.transformToByteArray();
  }
});

test("a checksum of the whole is made of the parts' without reading them again", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  for (const algorithm of ["CRC32", "CRC32C", "CRC64NVME"] as const) {
    const member = `Checksum${algorithm}` as const;
    for (const ofParts of [algorithm, undefined]) {
      const created = { ChecksumAlgorithm: algorithm, ChecksumType: "FULL_OBJECT" };
      const uploaded = await upload(s3, ofParts, created);
      const wrong = checksumBase64(algorithm, Buffer.from("x"));
      await assert.rejects(complete(s3, uploaded, { [member]: wrong }), {
        name: "BadDigest",
        message: `The ${algorithm.toLowerCase()} you specified did not match the calculated checksum.`,
      });
      const done = await complete(s3, uploaded, { [member]: checksumBase64(algorithm, whole) });
      assert.equal(done[member], checksumBase64(algorithm, whole));
      assert.equal(done.ChecksumType, "FULL_OBJECT");
    }
  }
});

test("who asks for no checksum gets CRC64NVME, whichever the parts come with", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  for (const algorithm of [undefined, "SHA256", "CRC32"] as const) {
    const uploaded = await upload(s3, algorithm, {});
    const listed = await s3.send(new ListPartsCommand({ Bucket, Key, UploadId: uploaded.UploadId }));
    assert.equal(listed.ChecksumAlgorithm, undefined);
    assert.equal(listed.Parts?.[0]?.ChecksumCRC64NVME, undefined);
    const done = await complete(s3, uploaded);
    assert.equal(done.ChecksumCRC64NVME, checksumBase64("CRC64NVME", whole));
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: "ENABLED" }));
    assert.equal(head.ChecksumCRC64NVME, checksumBase64("CRC64NVME", whole));
    assert.equal(head.ChecksumType, "FULL_OBJECT");
  }
});

test("checksums and types that do not go together are refused at the beginning", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const refused: (readonly [input: object, message: string])[] = [
    [
      { ChecksumAlgorithm: "CRC64NVME", ChecksumType: "COMPOSITE" },
      "The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm.",
    ],
    [
      { ChecksumAlgorithm: "SHA256", ChecksumType: "FULL_OBJECT" },
      "The FULL_OBJECT checksum type cannot be used with the sha256 checksum algorithm.",
    ],
    [
      { ChecksumType: "FULL_OBJECT" },
      "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
    ],
    [
      { ChecksumAlgorithm: "CRC32", ChecksumType: "HALF_OBJECT" },
      "Value for x-amz-checksum-type header is invalid.",
    ],
    [
      { ChecksumAlgorithm: "constructor" },
      "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, " +
        "CRC32C, CRC64NVME, MD5, SHA1, SHA256, SHA512, XXHASH128, XXHASH3, XXHASH64]",
    ],
  ];
  for (const [input, message] of refused) {
    await assert.rejects(s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ...input })), {
      name: "InvalidRequest", message,
    });
  }
});

test("parts come with the checksum that their upload asks for", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  for (const [algorithm, actual] of [["CRC32", "crc32"], [undefined, "null"]] as const) {
    await assert.rejects(upload(s3, algorithm, { ChecksumAlgorithm: "SHA256" }), {
      name: "InvalidRequest",
      message:
        `Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: ${actual}`,
    });
  }
});

test("the end names the checksum of each part of a composite one, and the right ones", async () => {
  await using region = await startRegion();
  const s3 = await withBucket(region);
  const uploaded = await upload(s3, "SHA256", { ChecksumAlgorithm: "SHA256" });
  const { UploadId, parts } = uploaded;
  const bare = parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag }));
  await assert.rejects(complete(s3, { UploadId, parts: bare }), {
    name: "InvalidRequest",
    message:
      "The upload was created using a sha256 checksum. The complete request must include the checksum for " +
      "each part. It was missing for part 1 in the request.",
  });
  const others = bare.map((part) => ({ ...part, ChecksumCRC32: "AAAAAA==" }));
  await assert.rejects(complete(s3, { UploadId, parts: others }), {
    name: "BadDigest", message: "The crc32 you specified for part 1 did not match what we received.",
  });
  const wrong = bare.map((part) => ({ ...part, ChecksumSHA256: checksumBase64("SHA256", whole) }));
  await assert.rejects(complete(s3, { UploadId, parts: wrong }), { name: "InvalidPart" });
  await assert.rejects(complete(s3, uploaded, { ChecksumType: "FULL_OBJECT" }), {
    name: "InvalidRequest",
    message:
      "The upload was created using the COMPOSITE checksum mode. The complete request must use the same " +
      "checksum mode.",
  });
  await assert.rejects(complete(s3, uploaded, { ChecksumCRC32: "AAAAAA==" }), {
    name: "InvalidRequest",
    message: "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: crc32",
  });
  await assert.rejects(complete(s3, { UploadId, parts: parts.slice(1) }), {
    name: "InternalError", message: "We encountered an internal error. Please try again.",
  });
  await complete(s3, uploaded);
});

test("s3-max-object-size-5tb: ten thousand parts of five gibibytes are the largest object, 50 TB", () => {
  const zeros = checksumBase64("CRC64NVME", Buffer.alloc(0));
  const part = { sizeBytes: singleUploadBytesMax, etag: "0".repeat(32), checksum: zeros };
  const parts = Array.from({ length: partNumberMax }, () => part);
  const { sizeBytes, etag, checksum } = factsOf(uploadChecksum({}), parts);
  assert.equal(sizeBytes, 53_687_091_200_000);
  assert.equal((sizeBytes / 1024 ** 4).toFixed(1), "48.8");
  assert.match(etag, /-10000$/);
  assert.equal(checksum.type, "FULL_OBJECT");
  // Nothing larger can be made: no part is larger, and there are no more of them.
  assert.throws(() => requireSize(singleUploadBytesMax + 1), { code: "EntityTooLarge" });
  assert.throws(() => requirePartNumber(partNumberMax + 1), { code: "InvalidArgument" });
});
