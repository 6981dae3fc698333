/** What there is of large bodies on the disk of a region. */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

interface Stored {
  readonly engine: { readonly store: { readonly folder: string }; settled(): Promise<void> };
}

/** Paths of the files, of those too that are still being written, once everything has settled. */
export async function blobFiles(region: Stored): Promise<string[]> {
  await region.engine.settled();
  const folder = join(region.engine.store.folder, "blobs");
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
