import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { checksumBase64 } from "./checksums.ts";
import { DigestThread } from "./digest-thread.ts";

const megabyte = 1_048_576;

async function digestsOf(thread: DigestThread, bytes: Buffer, step: number): Promise<readonly Buffer[]> {
  const digests = thread.start(["MD5", "CRC64NVME"], bytes.length);
  for (let start = 0; start < bytes.length; start += step) {
    await digests.update(bytes.subarray(start, start + step));
  }
  return digests.digest();
}

test("what the thread computes is what is computed here, whatever the pieces", async () => {
  const thread = new DigestThread();
  for (const [bytes, step] of [[3 * megabyte + 7, 65_536], [5 * megabyte, 5 * megabyte], [10, 3]] as const) {
    const body = Buffer.alloc(bytes, "some content, not all zeros; ");
    const [md5, crc] = await digestsOf(thread, body, step);
    assert.equal(md5?.toString("hex"), createHash("md5").update(body).digest("hex"));
    assert.equal(crc?.toString("base64"), checksumBase64("CRC64NVME", body));
  }
  await thread.close();
});

test("many bodies at once share the thread's memory", async () => {
  const thread = new DigestThread();
  const bodies = Array.from({ length: 40 }, (_, index) => Buffer.alloc(2 * megabyte, `body ${index} `));
  const all = await Promise.all(bodies.map((body) => digestsOf(thread, body, 100_000)));
  assert.deepEqual(
    all.map(([md5]) => md5?.toString("hex")),
    bodies.map((body) => createHash("md5").update(body).digest("hex")),
  );
  await thread.close();
});

test("a body that is given up leaves the thread to others; one that outlives the thread fails", async () => {
  const thread = new DigestThread();
  const body = Buffer.alloc(2 * megabyte, "x");
  const givenUp = thread.start(["MD5"], body.length);
  await givenUp.update(body);
  givenUp.abandon();
  givenUp.abandon();
  const cut = thread.start(["MD5"], body.length);
  await cut.update(body);
  await thread.close();
  await assert.rejects(cut.digest(), { message: "the digest thread had ended in between" });
  const [md5] = await digestsOf(thread, body, body.length);
  assert.equal(md5?.toString("hex"), createHash("md5").update(body).digest("hex"));
  await thread.close();
});
