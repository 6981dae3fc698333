import assert from "node:assert/strict";
import { PassThrough, Readable } from "node:stream";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { AwsError } from "../errors.ts";
import { checksumBase64 } from "./checksums.ts";
import { decodeContentEncoding } from "./content-encoding.ts";
import { readBody, verifyChecksums } from "./read-body.ts";

const BODY = Buffer.from("hello, world");

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof AwsError) return `${error.status} ${error.code}: ${error.message}`;
    throw error;
  }
  return "nothing was refused";
}

test("a body is read whole", async () => {
  assert.deepEqual(await readBody(Readable.from([BODY.subarray(0, 3), BODY.subarray(3)]), 12), BODY);
  assert.deepEqual(await readBody(Readable.from([]), 0), Buffer.alloc(0));
});

test("a body over the limit is refused while its stream stays open", async () => {
  const stream = new PassThrough();
  stream.write(BODY);
  await assert.rejects(readBody(stream, 11), {
    code: "RequestEntityTooLarge",
    status: 413,
    message: "The request body must not be larger than 11 bytes.",
  });
  assert.equal(stream.destroyed, false);
  stream.destroy(new Error("later"));
});

test("a body that breaks off is incomplete", async () => {
  const stream = new PassThrough();
  const reading = readBody(stream, 100);
  stream.write(BODY);
  stream.destroy();
  await assert.rejects(reading, {
    code: "IncompleteBody",
    message: "The request body terminated " + "unexpectedly",
  });
  await assert.rejects(readBody(stream, 100), { code: "IncompleteBody" });
});

test("checksums that hold are told, and those that do not are refused", () => {
  const crc32 = checksumBase64("CRC32", BODY);
  assert.equal(verifyChecksums({}, BODY), undefined);
  assert.deepEqual(
    verifyChecksums({ "x-amz-checksum-crc32": crc32, "content-md5": checksumBase64("MD5", BODY) }, BODY),
    {
      algorithm: "CRC32",
      value: crc32,
    },
  );
  const refuse = (headers: Record<string, string>): string => refusal(() => verifyChecksums(headers, BODY));
  assert.equal(
    refuse({ "content-md5": "invalid" }),
    "400 InvalidDigest: The Content-MD5 you " + "specified was invalid.",
  );
  assert.equal(
    refuse({ "content-md5": checksumBase64("MD5", Buffer.alloc(1)) }),
    "400 BadDigest: The Content-MD5 you specified did not match what we received.",
  );
  assert.equal(
    refuse({ "x-amz-checksum-sha256": "invalid" }),
    "400 InvalidRequest: Value for x-amz-checksum-sha256 header is invalid.",
  );
  assert.equal(
    refuse({ "x-amz-checksum-crc64nvme": checksumBase64("CRC64NVME", Buffer.alloc(1)) }),
    "400 BadDigest: The CRC64NVME you specified did not match the calculated checksum.",
  );
  assert.equal(
    refuse({ "x-amz-checksum-crc32": crc32, "x-amz-checksum-crc32c": checksumBase64("CRC32C", BODY) }),
    "400 InvalidRequest: Expecting a single x-amz-checksum- header. Multiple checksum Types are not " +
      "allowed.",
  );
  assert.equal(
    refuse({ "x-amz-checksum-bad": crc32 }),
    "400 InvalidRequest: The algorithm type you specified in x-amz-checksum- header is invalid.",
  );
  assert.equal(
    refuse({ "x-amz-sdk-checksum-algorithm": "CRC32" }),
    "400 InvalidRequest: " +
      "x-amz-sdk-checksum-algorithm " +
      "specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.",
  );
  assert.equal(
    refuse({ "x-amz-sdk-checksum-algorithm": "CRC32C", "x-amz-checksum-crc32": crc32 }),
    "400 InvalidRequest: Value for x-amz-sdk-checksum-algorithm header is invalid.",
  );
});

test("compressed bodies are decompressed, up to a limit", () => {
  const zipped = gzipSync(BODY);
  assert.deepEqual(decodeContentEncoding({ "content-encoding": "gzip" }, zipped, 12), BODY);
  assert.deepEqual(decodeContentEncoding({ "content-encoding": "amz-1.0" }, BODY, 12), BODY);
  assert.deepEqual(decodeContentEncoding({}, BODY, 12), BODY);
  const decode = (encoding: string, body: Buffer) => () =>
    decodeContentEncoding({ "content-encoding": encoding }, body, 1_000_000);
  assert.equal(
    refusal(decode("gzip", gzipSync(Buffer.alloc(50_000_000)))),
    "413 RequestEntityTooLarge: The request body must not be larger than 1000000 bytes.",
  );
  assert.equal(
    refusal(decode("GZIP", BODY)),
    "400 SerializationException: The request body is not " + "valid gzip.",
  );
  assert.equal(
    refusal(decode("gzip", zipped.subarray(0, 20))),
    "400 SerializationException: The request body is not valid gzip.",
  );
  assert.equal(
    refusal(decode("gzip,".repeat(3), zipped)),
    "400 SerializationException: The request body is not valid gzip.",
  );
});
