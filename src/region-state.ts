/** A region's state as a whole: emptied, kept under a name, brought back, compared. */

import type { Engine } from "./kernel/engine.ts";
import type { LmdbStore } from "./store/lmdb-store.ts";
import type { RowChange } from "./store/snapshot-diff.ts";
import type { SnapshotSummary } from "./store/snapshots.ts";

export class RegionState {
  readonly #engine: Engine;
  readonly #store: LmdbStore;

  constructor(engine: Engine, store: LmdbStore) {
    this.#engine = engine;
    this.#store = store;
  }

  /** Removes everything of every account. Snapshots and the clock stay. */
  async reset(): Promise<void> {
    const { blobs, planes } = this.#engine;
    await planes.reset();
    await this.#store.clear(() => blobs.replaced());
    await blobs.deleteExceptThoseOf();
    this.#engine.adoptStore("goes on");
    await this.#store.flush();
  }

  /** Replaces a snapshot of that name. @throws TypeError for a name that is none */
  async save(name: string): Promise<SnapshotSummary> {
    await this.#engine.metrics.flush();
    return (await snapshots()).saveSnapshot(this.#store, name);
  }

  async list(): Promise<SnapshotSummary[]> {
    return (await snapshots()).listSnapshots(this.#store);
  }

  /**
   * The clock, too, is as it was: frozen where it stood, or going on from there.
   *
   * @throws SnapshotNotFound, or StoreTooNew for one that a later version saved
   */
  async restore(name: string): Promise<void> {
    const { restoreSnapshot, snapshotBlobs } = await snapshots();
    const { blobs, planes } = this.#engine;
    await restoreSnapshot(this.#store, name, () => blobs.replaced());
    await planes.reset();
    await blobs.deleteExceptThoseOf(snapshotBlobs(this.#store, name));
    this.#engine.adoptStore("is the store's");
    await this.#store.flush();
  }

  /** @throws SnapshotNotFound */
  async delete(name: string): Promise<void> {
    await (await snapshots()).deleteSnapshot(this.#store, name);
  }

  /** Row by row; without `after`, against the region as it is now. @throws SnapshotNotFound */
  async diff(before: string, after?: string): Promise<RowChange[]> {
    const { diffSnapshots } = await import("./store/snapshot-diff.ts");
    await this.#engine.metrics.flush();
    return diffSnapshots(this.#store, before, after);
  }
}

/** Loaded when it is asked for: a region that starts needs none of it. */
function snapshots() {
  return import("./store/snapshots.ts");
}
