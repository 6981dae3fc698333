import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { crc32, deflateRawSync } from "node:zlib";
import { ArchiveError, examineArchive, unpackArchive } from "./archive.ts";
import { archiveInMemory } from "./archive-source.ts";

interface Packed {
  readonly name: string;
  readonly text?: string;
  readonly mode?: number;
  /** What the directory says, where it lies. */
  readonly sizeBytes?: number;
  readonly crc?: number;
  readonly stored?: boolean;
}

/** A zip as tools on Unix make them. */
function zip(entries: readonly Packed[], comment = ""): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, text = "", mode = 0o100644, stored = false, ...lies } of entries) {
    const plain = Buffer.from(text);
    const packed = stored ? plain : deflateRawSync(plain);
    const head = Buffer.alloc(46);
    head.writeUInt32LE(0x02014b50, 0);
    head.writeUInt16LE((3 << 8) | 20, 4);
    head.writeUInt16LE(stored ? 0 : 8, 10);
    head.writeUInt32LE(lies.crc ?? crc32(plain), 16);
    head.writeUInt32LE(packed.length, 20);
    head.writeUInt32LE(lies.sizeBytes ?? plain.length, 24);
    head.writeUInt16LE(Buffer.byteLength(name), 28);
    head.writeUInt32LE((mode << 16) >>> 0, 38);
    head.writeUInt32LE(offset, 42);
    directory.push(head, Buffer.from(name));
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    head.copy(local, 4, 6, 32);
    parts.push(local, Buffer.from(name), packed);
    offset += 30 + Buffer.byteLength(name) + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(
    directory.reduce((sum, { length }) => sum + length, 0),
    12,
  );
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...parts, ...directory, end, Buffer.from(comment)]);
}

function folder(context: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "archive-"));
  context.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

async function fault(bytes: Buffer, context: TestContext): Promise<string> {
  const into = folder(context);
  try {
    await unpackArchive(archiveInMemory(bytes), into);
    return "none";
  } catch (error) {
    assert.ok(error instanceof ArchiveError, String(error));
    return error.fault;
  }
}

test("files, folders, links and modes come out as they went in", async (context) => {
  const into = folder(context);
  const bytes = zip(
    [
      { name: "bootstrap", text: "#!/bin/sh\n", mode: 0o100755 },
      { name: "lib/", mode: 0o040755 },
      { name: "lib/deep/file.txt", text: "text".repeat(10_000) },
      { name: "stored.txt", text: "as it is", stored: true },
      { name: "lib/link", text: "deep/file.txt", mode: 0o120777 },
      { name: "private", text: "x", mode: 0o100600 },
    ],
    "a comment",
  );
  const facts = await unpackArchive(archiveInMemory(bytes), into);
  assert.deepEqual(facts, { unzippedBytes: 40_032, entries: 6 });
  assert.equal(readFileSync(join(into, "lib/deep/file.txt"), "utf8"), "text".repeat(10_000));
  assert.equal(readFileSync(join(into, "stored.txt"), "utf8"), "as it is");
  assert.equal(readlinkSync(join(into, "lib/link")), "deep/file.txt");
  assert.equal(statSync(join(into, "bootstrap")).mode & 0o777, 0o755);
  // Lambda's user is not the one who packed it: what nobody else may read could not be run.
  assert.equal(statSync(join(into, "private")).mode & 0o777, 0o644);
});

test("names and links that lead out are refused, and nothing is written outside", async (context) => {
  const marker = join(tmpdir(), `escaped-${process.pid}`);
  for (const name of ["../x", "a/../../x", marker, "..\\x", "C:/x", "a\0b"]) {
    assert.equal(await fault(zip([{ name, text: "out" }]), context), "unsafe", name);
  }
  for (const target of ["../../etc", "/etc", "a/../../.."]) {
    assert.equal(await fault(zip([{ name: "l", text: target, mode: 0o120777 }]), context), "unsafe", target);
  }
  const through = zip([
    { name: "l", text: ".", mode: 0o120777 },
    { name: "l/x", text: "through a link" },
  ]);
  assert.equal(await fault(through, context), "unsafe");
  assert.equal(existsSync(marker), false);
});

test("what is no zip, is cut off or lies is refused", async (context) => {
  const good = zip([{ name: "a", text: "hello" }]);
  assert.equal(await fault(Buffer.from("no zip at all, but long enough to be one"), context), "not-a-zip");
  assert.equal(await fault(Buffer.alloc(0), context), "not-a-zip");
  assert.equal(await fault(good.subarray(0, good.length - 1), context), "not-a-zip");
  assert.equal(await fault(zip([{ name: "a", text: "hello", crc: 1 }]), context), "damaged");
  assert.equal(await fault(zip([{ name: "a", text: "hello", sizeBytes: 4 }]), context), "damaged");
  assert.equal(await fault(zip([{ name: "a", text: "hello", sizeBytes: 6 }]), context), "damaged");
  assert.equal(
    await fault(
      zip([
        { name: "a", text: "x" },
        { name: "a/b", text: "y" },
      ]),
      context,
    ),
    "unsafe",
  );
  for (let at = 0; at < good.length; at += 1) {
    const bent = Buffer.from(good);
    bent[at] = (bent[at] ?? 0) ^ 0xff;
    await fault(bent, context);
  }
});

test("lambda-uncompressed-250mb: what would be too large is seen before it is unpacked", async (context) => {
  const limit = 262_144_000;
  const entry = (sizeBytes: number): Packed => ({ name: "zeros", sizeBytes });
  const facts = await examineArchive(archiveInMemory(zip([entry(limit)])));
  assert.equal(facts.unzippedBytes, limit);
  await assert.rejects(examineArchive(archiveInMemory(zip([entry(limit + 1)]))), {
    fault: "too-large",
    message: "Unzipped size must be smaller than 262144000 bytes",
  });
  // A bomb that says it is small is cut where it said it would end.
  const bomb = zip([{ name: "bomb", text: "\0".repeat(1_000_000), sizeBytes: 10 }]);
  assert.equal(await fault(bomb, context), "damaged");
});
