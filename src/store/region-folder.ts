/** What lies where in a store's folder. */

import { existsSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/**
 * Makes a folder, and those above it that are not there. Node's own way of it goes on for ever where the
 * system says of every folder that the one above is missing, as below `/proc`.
 */
export function makeFolder(path: string, mode?: number): void {
  const missing: string[] = [];
  for (let each = resolve(path); !existsSync(each); each = dirname(each)) missing.push(each);
  for (const each of missing.reverse()) {
    try {
      mkdirSync(each, mode);
    } catch (error) {
      // Somebody else has just made it.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

export function dataFile(folder: string): string {
  return join(folder, "data.mdb");
}

export function snapshotsFolder(folder: string): string {
  return join(folder, "snapshots");
}

/** Half-made copies; theirs is no valid snapshot's name. */
export function draftsFolder(folder: string): string {
  return join(snapshotsFolder(folder), ".drafts");
}
