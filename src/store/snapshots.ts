/**
 * The whole region, kept under a name beside the store: saved, listed, restored, deleted. See
 * `snapshot-diff.ts`.
 */

import { constants } from "node:fs";
import { copyFile, mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { entriesOf, linkOrCopy, syncFile } from "./files.ts";
import { LmdbFile } from "./lmdb-file.ts";
import { draftsFolder, snapshotsFolder } from "./region-folder.ts";
import { requireSupported } from "./migrations.ts";
import { ValueCodec } from "./values.ts";
import type { LmdbStore } from "./lmdb-store.ts";

export interface SnapshotSummary {
  readonly name: string;
  /** The rows' file; blobs are shared with the store. */
  readonly sizeBytes: number;
  /** Milliseconds since 1970. */
  readonly savedAt: number;
}

export class SnapshotNotFound extends Error {
  constructor(name: string) {
    super(`There is no snapshot named ${name}.`);
    this.name = "SnapshotNotFound";
  }
}

/**
 * Not `.` and `..`: the first character is no dot. Ours begin with one, and so cannot be named by anybody.
 */
const SNAPSHOT_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/;
const DATA = "data.mdb";
const BLOBS = "blobs";

/**
 * Replaces a snapshot of that name. Reading and writing go on meanwhile; the snapshot is of the moment it
 * began.
 */
export async function saveSnapshot(store: LmdbStore, name: string): Promise<SnapshotSummary> {
  const target = folderOf(store, name);
  const draft = await draftFolder(store);
  try {
    await store.exclusively(() => copyRegion(store, store.folder, draft));
    await rm(target, { recursive: true, force: true });
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
  return summaryOf(store, name);
}

/** In the order of their names. */
export async function listSnapshots(store: LmdbStore): Promise<SnapshotSummary[]> {
  const entries = await entriesOf(snapshotsFolder(store.folder));
  const names = entries.filter((entry) => SNAPSHOT_NAME.test(entry)).sort();
  return Promise.all(names.map((name) => summaryOf(store, name)));
}

/**
 * Everything since the snapshot is gone, finished transactions that are not committed yet included.
 *
 * @param replacing called in the turn in which it goes
 */
export async function restoreSnapshot(
  store: LmdbStore, name: string, replacing?: () => void,
): Promise<void> {
  const source = folderOf(store, name);
  await requireSnapshot(store, name);
  const draft = await draftFolder(store);
  try {
    await copyRegion(store, source, draft);
    await requireReadable(store, join(draft, DATA));
    await store.exclusively(async () => {
      // What only the present has is deleted by whoever knows what is arriving just now.
      await linkBlobs(join(draft, BLOBS), join(store.folder, BLOBS));
      replacing?.();
      await store.replaceFile(join(draft, DATA));
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** The folder of a snapshot's blobs. */
export function snapshotBlobs(store: LmdbStore, name: string): string {
  return join(folderOf(store, name), BLOBS);
}

export async function deleteSnapshot(store: LmdbStore, name: string): Promise<void> {
  const folder = folderOf(store, name);
  await requireSnapshot(store, name);
  await rm(folder, { recursive: true, force: true });
}

/**
 * The rows of a snapshot, or of the store as it is now, as a file of their own for as long as `work` runs.
 */
export async function withRowsOf<T>(
  store: LmdbStore,
  name: string | undefined,
  work: (file: LmdbFile) => Promise<T>,
): Promise<T> {
  if (name !== undefined) await requireSnapshot(store, name);
  const draft = await draftFolder(store);
  const path = join(draft, DATA);
  const source = name === undefined ? store.dataPath : join(folderOf(store, name), DATA);
  const copy = (): Promise<void> => copyClosest(source, path);
  try {
    await (name === undefined ? store.exclusively(copy) : copy());
    const file = new LmdbFile(path, "readOnly");
    try {
      return await work(file);
    } finally {
      await file.close();
    }
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function copyRegion(store: LmdbStore, from: string, to: string): Promise<void> {
  await copyClosest(join(from, DATA), join(to, DATA));
  if (store.durability === "fsync") await syncFile(join(to, DATA));
  await linkBlobs(join(from, BLOBS), join(to, BLOBS));
}

/** A clone where the file system can; else a copy by the kernel, off the event loop. */
function copyClosest(from: string, to: string): Promise<void> {
  return copyFile(from, to, constants.COPYFILE_FICLONE);
}

/**
 * Blobs never change, so both sides can share them. None that the rows name can go away meanwhile: a blob is
 * deleted after the gate of the transaction that dropped it, and no gate opens within `exclusively`.
 */
async function linkBlobs(from: string, to: string): Promise<void> {
  for (const shard of await entriesOf(from)) {
    // What is still arriving belongs to no row, and the marker is not a folder.
    if (shard.length !== 2) continue;
    await mkdir(join(to, shard), { recursive: true });
    for (const id of await entriesOf(join(from, shard))) {
      await linkInPlace(join(from, shard, id), join(to, shard, id));
    }
  }
}

/** An id may come again after a restore, with another body: the one that arrives takes the name. */
async function linkInPlace(from: string, to: string): Promise<void> {
  const draft = `${to}.new`;
  await rm(draft, { force: true });
  await linkOrCopy(from, draft);
  await rename(draft, to);
  // Renaming between two names of one file does nothing.
  await rm(draft, { force: true });
}

/** Refuses a snapshot of a newer program before anything of the present is gone. */
async function requireReadable(store: LmdbStore, path: string): Promise<void> {
  const file = new LmdbFile(path, "readOnly");
  try {
    requireSupported(store.folder, file, new ValueCodec());
  } finally {
    await file.close();
    await rm(`${path}-lock`, { force: true });
  }
}

async function summaryOf(store: LmdbStore, name: string): Promise<SnapshotSummary> {
  const { size, mtimeMs } = await stat(join(folderOf(store, name), DATA));
  return { name, sizeBytes: size, savedAt: Math.round(mtimeMs) };
}

async function requireSnapshot(store: LmdbStore, name: string): Promise<void> {
  const folder = folderOf(store, name);
  if (!(await entriesOf(folder)).includes(DATA)) throw new SnapshotNotFound(name);
}

function folderOf(store: LmdbStore, name: string): string {
  if (!SNAPSHOT_NAME.test(name)) {
    throw new TypeError(
      "A snapshot's name is 1 to 64 letters, digits, dots, hyphens and underscores, " +
        `and begins with no dot; ${JSON.stringify(name)} is not.`,
    );
  }
  return join(snapshotsFolder(store.folder), name);
}

/** The store deletes what a killed process left of these when it opens. */
async function draftFolder(store: LmdbStore): Promise<string> {
  await mkdir(draftsFolder(store.folder), { recursive: true });
  return mkdtemp(join(draftsFolder(store.folder), "draft-"));
}
