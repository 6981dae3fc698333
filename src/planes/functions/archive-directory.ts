/** What a zip says it holds. */

import { posix } from "node:path";
import type { ArchiveSource } from "./archive-source.ts";

export type ArchiveFault = "not-a-zip" | "damaged" | "unsafe" | "too-large";

/** Lambda words these itself: `fault` says which it is, `message` what exactly is wrong. */
export class ArchiveError extends Error {
  readonly fault: ArchiveFault;

  constructor(fault: ArchiveFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

export interface ArchiveEntry {
  /** Relative, normal, inside the archive. */
  readonly path: string;
  readonly kind: "file" | "folder" | "link";
  /** Permissions only. */
  readonly mode: number;
  readonly method: "stored" | "deflate";
  readonly sizeBytes: number;
  readonly packedBytes: number;
  readonly crc: number;
  readonly headerOffset: number;
}

const endBytes = 22;
const commentBytesMax = 65_535;
const entriesMax = 200_000;
const directoryBytesMax = 64 * 1_048_576;
const whole32 = 0xffff_ffff;

/** @throws ArchiveError */
export async function readDirectory(source: ArchiveSource): Promise<ArchiveEntry[]> {
  const { offset, length, count } = await findDirectory(source);
  if (count > entriesMax || length > directoryBytesMax) {
    throw new ArchiveError("too-large", `${count} files are more than can be`);
  }
  const bytes = Buffer.from(await source.read(offset, length));
  if (bytes.length !== length) throw new ArchiveError("damaged", "the archive's directory is cut off");
  const entries: ArchiveEntry[] = [];
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    if (at + 46 > length || bytes.readUInt32LE(at) !== 0x02014b50) {
      throw new ArchiveError("damaged", "the archive's directory ends early");
    }
    const nameLength = bytes.readUInt16LE(at + 28);
    const extraLength = bytes.readUInt16LE(at + 30);
    const next = at + 46 + nameLength + extraLength + bytes.readUInt16LE(at + 32);
    if (next > length) throw new ArchiveError("damaged", "the archive's directory ends early");
    entries.push(entryAt(bytes.subarray(at, next), nameLength, extraLength));
    at = next;
  }
  return entries;
}

interface DirectoryPlace {
  readonly offset: number;
  readonly length: number;
  readonly count: number;
}

async function findDirectory(source: ArchiveSource): Promise<DirectoryPlace> {
  const tailLength = Math.min(source.sizeBytes, endBytes + commentBytesMax);
  const tailOffset = source.sizeBytes - tailLength;
  const tail = Buffer.from(await source.read(tailOffset, tailLength));
  for (let at = tail.length - endBytes; at >= 0; at -= 1) {
    if (tail.readUInt32LE(at) !== 0x06054b50) continue;
    if (at + endBytes + tail.readUInt16LE(at + 20) !== tail.length) continue;
    const count = tail.readUInt16LE(at + 10);
    const length = tail.readUInt32LE(at + 12);
    const offset = tail.readUInt32LE(at + 16);
    if (count !== 0xffff && length !== whole32 && offset !== whole32) return { offset, length, count };
    return findLargeDirectory(source, tailOffset + at);
  }
  throw new ArchiveError("not-a-zip", "There is no end of a central directory");
}

/** Zip64. */
async function findLargeDirectory(source: ArchiveSource, endOffset: number): Promise<DirectoryPlace> {
  const locator = Buffer.from(await source.read(Math.max(0, endOffset - 20), 20));
  if (locator.length < 20 || locator.readUInt32LE(0) !== 0x07064b50) {
    throw new ArchiveError("damaged", "the archive's large directory is not there");
  }
  const end = Buffer.from(await source.read(Number(locator.readBigUInt64LE(8)), 56));
  if (end.length < 56 || end.readUInt32LE(0) !== 0x06064b50) {
    throw new ArchiveError("damaged", "the archive's large directory is not there");
  }
  return {
    count: Number(end.readBigUInt64LE(32)),
    length: Number(end.readBigUInt64LE(40)),
    offset: Number(end.readBigUInt64LE(48)),
  };
}

const unix = 3;
const macos = 19;

function entryAt(record: Buffer, nameLength: number, extraLength: number): ArchiveEntry {
  const name = record.subarray(46, 46 + nameLength).toString("utf8");
  const flags = record.readUInt16LE(8);
  const method = record.readUInt16LE(10);
  if ((flags & 1) !== 0) throw new ArchiveError("damaged", `${name} is encrypted`);
  if (method !== 0 && method !== 8) throw new ArchiveError("damaged", `${name} is packed in an unknown way`);
  const sizes = sizesOf(record, record.subarray(46 + nameLength, 46 + nameLength + extraLength));
  const system = record.readUInt8(5);
  const attributes = record.readUInt32LE(38) >>> 16;
  const isUnix = (system === unix || system === macos) && attributes !== 0;
  const isFolder = name.endsWith("/") || (isUnix && (attributes & 0o170000) === 0o040000);
  const isLink = isUnix && (attributes & 0o170000) === 0o120000;
  const permissions = attributes & 0o777;
  return {
    ...sizes,
    path: safePath(name),
    kind: isFolder ? "folder" : isLink ? "link" : "file",
    mode: isUnix && permissions !== 0 ? permissions | 0o444 : 0o644,
    method: method === 8 ? "deflate" : "stored",
    crc: record.readUInt32LE(16),
  };
}

function sizesOf(
  record: Buffer,
  extra: Buffer,
): Pick<ArchiveEntry, "sizeBytes" | "packedBytes" | "headerOffset"> {
  const short = [record.readUInt32LE(24), record.readUInt32LE(20), record.readUInt32LE(42)];
  const large = largeValues(extra);
  const [sizeBytes = 0, packedBytes = 0, headerOffset = 0] = short.map((value) => {
    return value === whole32 ? Number(large.shift() ?? whole32) : value;
  });
  return { sizeBytes, packedBytes, headerOffset };
}

/** The values of the extra field of zip64, in the order in which the record leaves them out. */
function largeValues(extra: Buffer): bigint[] {
  for (let at = 0; at + 4 <= extra.length;) {
    const length = extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === 1) {
      const field = extra.subarray(at + 4, at + 4 + length);
      return Array.from({ length: Math.floor(field.length / 8) }, (_, index) =>
        field.readBigUInt64LE(index * 8),
      );
    }
    at += 4 + length;
  }
  return [];
}

/** @throws ArchiveError for a name that is not inside */
function safePath(name: string): string {
  const path = posix.normalize(name.replaceAll("\\", "/"));
  if (name.includes("\0") || posix.isAbsolute(path) || /^[A-Za-z]:/.test(path) || /^\.\.(\/|$)/.test(path)) {
    throw new ArchiveError("unsafe", `${JSON.stringify(name)} is outside of the archive`);
  }
  return path.replace(/\/+$/, "");
}
