import { LmdbStore } from "./lmdb-store.ts";
import type { StoreOptions } from "./types.ts";

/**
 * Opens the store in a folder, or makes a new one. One process at a time.
 *
 * @throws StoreLocked when another process has it open
 * @throws StoreTooNew when a later version of this program wrote it
 */
export function openStore(options: StoreOptions): LmdbStore {
  return new LmdbStore(options);
}
