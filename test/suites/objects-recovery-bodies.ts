/** Bodies that can be told from their names. */

import { createHash } from "node:crypto";

/** Kept in files, where the name says `large` or counts; else in rows. */
export function bodyOf(name: string): Buffer {
  const digest = createHash("sha256").update(name).digest();
  const isLarge = name.startsWith("large") || name.includes(" ");
  return Buffer.alloc(isLarge ? 20_000 + (digest[0] ?? 0) * 500 : 100, digest);
}
