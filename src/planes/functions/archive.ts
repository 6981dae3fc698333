/** Zips of code: looked at before they are taken, and unpacked. */

import type { ArchiveSource } from "./archive-source.ts";

/** @evidence Lambda Developer Guide, "Lambda quotas": 250 MB unzipped, layers and custom runtimes included */
export const unzippedBytesMax = 262_144_000;

export interface ArchiveFacts {
  readonly unzippedBytes: number;
  readonly entries: number;
}

export type ArchiveFault = "not-a-zip" | "damaged" | "unsafe" | "too-large";

/** Lambda words these itself: `fault` says which it is, `message` what exactly is wrong. */
export class ArchiveError extends Error {
  readonly fault: ArchiveFault;

  constructor(fault: ArchiveFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

/**
 * Reads the directory of the archive only: every name is inside it, and all of it together is not too large.
 *
 * @throws ArchiveError
 */
export async function examineArchive(
  source: ArchiveSource,
  bytesMax = unzippedBytesMax,
): Promise<ArchiveFacts> {
  throw new ArchiveError("not-a-zip", `not built yet: ${source.sizeBytes} ${bytesMax}`);
}
