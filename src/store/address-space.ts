/** How much of the process's addresses LMDB sets aside for a file. */

import { readFileSync } from "node:fs";

/**
 * Addresses, not memory or disk. LMDB begins with 128 KB otherwise and doubles that as the file grows, and
 * the pages of earlier maps stay in memory with those of the latest: with a file of 200 MB a process had
 * 667 MB, and has 286.
 */
const mapBytes = 16 * 1024 ** 3;

let limited: boolean | undefined;

/**
 * Undefined where LMDB had better begin small and grow: on Windows, which makes a file as large as its map,
 * and where addresses are few. A map that does not fit ends the process without a word, by a segmentation
 * fault.
 */
export function mapSizeBytes(): number | undefined {
  if (process.platform === "win32" || !["x64", "arm64"].includes(process.arch)) return undefined;
  limited ??= addressesAreLimited();
  return limited ? undefined : mapBytes;
}

/** `ulimit -v`, which Linux holds programs to and macOS does not. */
function addressesAreLimited(): boolean {
  if (process.platform !== "linux") return false;
  try {
    return !/^Max address space +unlimited /m.test(readFileSync("/proc/self/limits", "latin1"));
  } catch {
    return true;
  }
}
