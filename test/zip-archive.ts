/** Deployment packages for tests. */

import { crc32 } from "node:zlib";

interface Entry {
  readonly name: string;
  readonly bytes: Buffer;
  readonly mode: number;
}

/** A zip of files, stored as they are. @param files content by path */
export function zipOf(files: Readonly<Record<string, string | Buffer>>, mode = 0o100644): Buffer {
  const entries = Object.entries(files).map(([name, content]): Entry => ({
    name, bytes: Buffer.from(content as string), mode,
  }));
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const local = Buffer.concat([localHeader(entry), Buffer.from(entry.name), entry.bytes]);
    directory.push(Buffer.concat([directoryHeader(entry, offset), Buffer.from(entry.name)]));
    locals.push(local);
    offset += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, listed, end]);
}

function localHeader({ name, bytes }: Entry): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(20, 4);
  header.writeUInt32LE(crc32(bytes), 14);
  header.writeUInt32LE(bytes.length, 18);
  header.writeUInt32LE(bytes.length, 22);
  header.writeUInt16LE(Buffer.byteLength(name), 26);
  return header;
}

function directoryHeader({ name, bytes, mode }: Entry, offset: number): Buffer {
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(0x0314, 4);
  header.writeUInt16LE(20, 6);
  header.writeUInt32LE(crc32(bytes), 16);
  header.writeUInt32LE(bytes.length, 20);
  header.writeUInt32LE(bytes.length, 24);
  header.writeUInt16LE(Buffer.byteLength(name), 28);
  header.writeUInt32LE((mode << 16) >>> 0, 38);
  header.writeUInt32LE(offset, 42);
  return header;
}

/** A package with one Node.js module. */
export function nodePackage(source: string, name = "index.mjs"): Buffer {
  return zipOf({ [name]: source });
}
