/** What lies where in a store's folder. */

import { join } from "node:path";

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
