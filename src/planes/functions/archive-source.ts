/** Where the bytes of an archive are. Zips are read from their end, so any part must be readable. */

import { open } from "node:fs/promises";

export interface ArchiveSource {
  readonly sizeBytes: number;
  /** Exactly so many bytes, unless the archive ends before. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close?(): Promise<void>;
}

export function archiveInMemory(bytes: Uint8Array): ArchiveSource {
  return {
    sizeBytes: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
  };
}

/** Whoever opened it closes it. */
export async function archiveFile(path: string): Promise<Required<ArchiveSource>> {
  const file = await open(path, "r");
  const { size } = await file.stat();
  return {
    sizeBytes: size,
    async read(offset, length) {
      const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - offset)));
      const { bytesRead } = await file.read(bytes, 0, bytes.length, offset);
      return bytes.subarray(0, bytesRead);
    },
    close: () => file.close(),
  };
}
