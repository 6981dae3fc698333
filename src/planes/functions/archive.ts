/** Zips of code: looked at before they are taken, and unpacked. Read from their central directory only. */

import { constants } from "node:fs";
import { chmod, mkdir, open, symlink } from "node:fs/promises";
import { posix } from "node:path";
import { Readable, Transform, type TransformCallback } from "node:stream";
import { pipeline } from "node:stream/promises";
import { crc32, createInflateRaw } from "node:zlib";
import type { ArchiveSource } from "./archive-source.ts";
import { ArchiveError, readDirectory, type ArchiveEntry } from "./archive-directory.ts";

export { ArchiveError, type ArchiveFault } from "./archive-directory.ts";

/** @evidence Lambda Developer Guide, "Lambda quotas": 250 MB unzipped, layers and custom runtimes included */
export const unzippedBytesMax = 262_144_000;

export interface ArchiveFacts {
  readonly unzippedBytes: number;
  readonly entries: number;
}

/**
 * Every name is inside the archive, and all of it together is not too large, by what its directory says.
 * Unpacking holds it to that.
 *
 * @throws ArchiveError
 */
export async function examineArchive(
  source: ArchiveSource,
  bytesMax = unzippedBytesMax,
): Promise<ArchiveFacts> {
  const entries = await readDirectory(source);
  let unzippedBytes = 0;
  for (const { sizeBytes } of entries) {
    unzippedBytes += sizeBytes;
    if (unzippedBytes > bytesMax) {
      throw new ArchiveError("too-large", `Unzipped size must be smaller than ${bytesMax} bytes`);
    }
  }
  return { unzippedBytes, entries: entries.length };
}

/**
 * Writes what is in the archive below `folder`, which exists and is empty, with the modes it was packed with.
 * Symbolic links may point only to inside, and nothing is written through one.
 *
 * @throws ArchiveError
 */
export async function unpackArchive(
  source: ArchiveSource,
  folder: string,
  bytesMax = unzippedBytesMax,
): Promise<ArchiveFacts> {
  const facts = await examineArchive(source, bytesMax);
  const entries = await readDirectory(source);
  const made = new Set<string>([""]);
  const links: ArchiveEntry[] = [];
  for (const entry of entries) {
    if (entry.kind === "link") links.push(entry);
    else if (entry.kind === "folder") await makeFolder(folder, entry.path, made);
    else {
      await makeFolder(folder, posix.dirname(entry.path), made);
      await writeFile(source, entry, `${folder}/${entry.path}`);
    }
  }
  // Links come last: no file can be written through them.
  for (const entry of links) {
    await makeFolder(folder, posix.dirname(entry.path), made);
    await writeLink(source, entry, folder);
  }
  return facts;
}

async function makeFolder(root: string, path: string, made: Set<string>): Promise<void> {
  if (path === "." || made.has(path)) return;
  await mkdir(`${root}/${path}`, { recursive: true }).catch((cause: unknown) => {
    throw new ArchiveError("unsafe", `${path} is a folder and a file at once: ${String(cause)}`);
  });
  made.add(path);
}

/** What is not a regular file is not replaced: a name that is there twice is the later one, as for unzip. */
async function writeFile(source: ArchiveSource, entry: ArchiveEntry, path: string): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
  const file = await open(path, flags, 0o600).catch((cause: unknown) => {
    throw new ArchiveError("unsafe", `${entry.path} can't be written: ${String(cause)}`);
  });
  try {
    await pipeline(contents(source, entry), unpacker(entry), new Checked(entry), file.createWriteStream());
  } catch (cause) {
    await file.close().catch(() => undefined);
    throw cause instanceof ArchiveError
      ? cause
      : new ArchiveError("damaged", `${entry.path}: ${String(cause)}`);
  }
  await chmod(path, entry.mode);
}

async function writeLink(source: ArchiveSource, entry: ArchiveEntry, folder: string): Promise<void> {
  const chunks: Buffer[] = [];
  const checked = contents(source, entry).pipe(unpacker(entry)).pipe(new Checked(entry));
  for await (const chunk of checked) chunks.push(chunk as Buffer);
  const target = Buffer.concat(chunks).toString("utf8");
  const resolved = posix.normalize(posix.join(posix.dirname(entry.path), target));
  if (target === "" || target.includes("\0") || posix.isAbsolute(target) || /^\.\.(\/|$)/.test(resolved)) {
    throw new ArchiveError("unsafe", `${entry.path} links out of the archive, to ${target}`);
  }
  await symlink(target, `${folder}/${entry.path}`).catch((cause: unknown) => {
    throw new ArchiveError("unsafe", `${entry.path} can't be linked: ${String(cause)}`);
  });
}

const pieceBytes = 262_144;

function contents(source: ArchiveSource, entry: ArchiveEntry): Readable {
  return Readable.from(pieces(source, entry), { objectMode: false });
}

async function* pieces(source: ArchiveSource, entry: ArchiveEntry): AsyncGenerator<Uint8Array> {
  const head = Buffer.from(await source.read(entry.headerOffset, 30));
  if (head.length < 30 || head.readUInt32LE(0) !== 0x04034b50) {
    throw new ArchiveError("damaged", `${entry.path} is not where the directory says`);
  }
  let at = entry.headerOffset + 30 + head.readUInt16LE(26) + head.readUInt16LE(28);
  const end = at + entry.packedBytes;
  while (at < end) {
    const piece = await source.read(at, Math.min(pieceBytes, end - at));
    if (piece.length === 0) throw new ArchiveError("damaged", `the archive ends inside ${entry.path}`);
    at += piece.length;
    yield piece;
  }
}

function unpacker(entry: ArchiveEntry): Transform {
  if (entry.method === "deflate") return createInflateRaw();
  return new Transform({ transform: (chunk: Buffer, _encoding, done) => done(null, chunk) });
}

/** Lets through what the directory announced, and not a byte more: a bomb ends here. */
class Checked extends Transform {
  readonly #entry: ArchiveEntry;
  #bytes = 0;
  #crc = 0;

  constructor(entry: ArchiveEntry) {
    super();
    this.#entry = entry;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#entry.sizeBytes) return done(this.#damaged("is longer than announced"));
    this.#crc = crc32(chunk, this.#crc);
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    if (this.#bytes !== this.#entry.sizeBytes) return done(this.#damaged("is shorter than announced"));
    if (this.#crc !== this.#entry.crc) return done(this.#damaged("has another checksum"));
    done();
  }

  #damaged(what: string): ArchiveError {
    return new ArchiveError("damaged", `${this.#entry.path} ${what}`);
  }
}
