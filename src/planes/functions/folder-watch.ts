/** Folders that functions are run from as they stand. A file that is saved shows by its time. */

import { createHash, type Hash } from "node:crypto";
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

const filesMax = 20_000;
/** What is installed rather than written is looked at from outside only. */
const skipped = new Set([".git", "node_modules", "__pycache__", ".venv"]);

/**
 * Changes whenever a file in it is saved, added or removed: names, sizes and times of all of them, those of
 * installed packages apart.
 */
export function fingerprint(folder: string): string {
  const hash = createHash("sha256");
  add(folder, hash, { left: filesMax });
  return hash.digest("base64url");
}

function add(folder: string, hash: Hash, count: { left: number }): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if ((count.left -= 1) < 0) return;
    const path = join(folder, entry.name);
    const { size, mtimeMs, ctimeMs } = lstatSync(path);
    hash.update(`${path}\n${entry.isDirectory() ? "" : size}\n${mtimeMs}\n${ctimeMs}\n`);
    if (entry.isDirectory() && !skipped.has(entry.name)) add(path, hash, count);
  }
}
