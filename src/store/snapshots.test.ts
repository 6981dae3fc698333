import assert from "node:assert/strict";
import { copyFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { Blobs } from "./blobs.ts";
import { openStore } from "./open.ts";
import { diffSnapshots } from "./snapshot-diff.ts";
import { SnapshotNotFound, deleteSnapshot, listSnapshots } from "./snapshots.ts";
import { restoreSnapshot, saveSnapshot, snapshotBlobs } from "./snapshots.ts";
import { home, songs, temporaryFolder } from "./store-suite.ts";
import { table } from "./types.ts";
import type { BlobRange } from "./blobs.ts";
import type { LmdbStore } from "./lmdb-store.ts";

const albums = table<{ name: string }>("test.albums", { key: (album) => album.name });

test("a snapshot brings everything back, while the store is running", async (context) => {
  const store = opened(context);
  put(store, "a", 1);
  await saveSnapshot(store, "before");
  put(store, "a", 2);
  put(store, "b", 1);
  const elsewhere = { account: "111111111111", region: "us-east-1" };
  store.transact(elsewhere, (cell) => cell.rows(albums).put({ name: "x" }));
  const pending = store.committed();
  await restoreSnapshot(store, "before");
  await pending;
  assert.deepEqual(titles(store), ["a 1"]);
  assert.deepEqual(store.cells(), [home]);
  put(store, "c", 1);
  await store.flush();
  assert.deepEqual(titles(store), ["a 1", "c 1"]);
  await restoreSnapshot(store, "before");
  assert.deepEqual(titles(store), ["a 1"]);
});

test("what waits for the commit is done before a restore, and replaced with the rest", async (context) => {
  const store = opened(context);
  const copy = join(store.folder, "copy.mdb");
  let ran = 0;
  await store.exclusively(async () => {
    copyFileSync(store.dataPath, copy);
    store.beforeCommit(() => put(store, "waiting", ++ran));
    await store.replaceFile(copy);
  });
  assert.equal(store.committed(), undefined);
  assert.deepEqual([ran, titles(store)], [1, []]);
});

test("a restored store is what the next process opens", async (context) => {
  const folder = temporaryFolder(context);
  const first = openStore({ folder, durability: "fsync" });
  put(first, "a", 1);
  await saveSnapshot(first, "s");
  put(first, "b", 1);
  await restoreSnapshot(first, "s");
  put(first, "c", 1);
  await first.close();
  const second = openStore({ folder, durability: "fsync" });
  context.after(() => second.close());
  assert.deepEqual(titles(second), ["a 1", "c 1"]);
});

test("snapshots are listed by name, replaced, and deleted", async (context) => {
  const store = opened(context);
  assert.deepEqual(await listSnapshots(store), []);
  for (const name of ["b", "a", "b"]) await saveSnapshot(store, name);
  assert.deepEqual((await listSnapshots(store)).map(({ name }) => name), ["a", "b"]);
  await deleteSnapshot(store, "a");
  assert.deepEqual((await listSnapshots(store)).map(({ name }) => name), ["b"]);
  await assert.rejects(deleteSnapshot(store, "a"), SnapshotNotFound);
  await assert.rejects(restoreSnapshot(store, "a"), { message: "There is no snapshot named a." });
  await assert.rejects(diffSnapshots(store, "a"), SnapshotNotFound);
  assert.deepEqual(readdirSync(join(store.folder, "snapshots", ".drafts")), []);
});

test("a snapshot's name cannot lead out of its folder", async (context) => {
  const store = opened(context);
  for (const name of ["", ".", "..", "../x", "a/b", "a\\b", ".drafts", "a\u0000", "é", "x".repeat(65)]) {
    await assert.rejects(saveSnapshot(store, name), TypeError);
    await assert.rejects(deleteSnapshot(store, name), TypeError);
  }
});

test("a difference names every row that was added, changed or removed", async (context) => {
  const store = opened(context);
  put(store, "same", 1);
  put(store, "gone", 1);
  put(store, "other", 1);
  await saveSnapshot(store, "before");
  put(store, "other", 2);
  put(store, "new", 1);
  store.transact(home, (cell) => {
    cell.rows(songs).delete(["artist", "gone"]);
    cell.rows(albums).put({ name: "x" });
  });
  await saveSnapshot(store, "after");
  const changes = await diffSnapshots(store, "before");
  const song = (title: string, year: number): unknown => ({ artist: "artist", title, year });
  const expected = [
    ["suite.songs", ["artist", "gone"], "removed", song("gone", 1), undefined],
    ["suite.songs", ["artist", "new"], "added", undefined, song("new", 1)],
    ["suite.songs", ["artist", "other"], "changed", song("other", 1), song("other", 2)],
    ["test.albums", ["x"], "added", undefined, { name: "x" }],
  ];
  assert.deepEqual(
    changes.map(({ table: name, key, change, before, after }) => [name, key, change, before, after]),
    expected,
  );
  assert.deepEqual(await diffSnapshots(store, "before", "after"), changes);
  assert.deepEqual(await diffSnapshots(store, "after"), []);
});

test("a blob is written whole, read by range, kept by snapshots, and by nothing else", async (context) => {
  const store = opened(context);
  const earlier = new Blobs(store.folder, "fsync");
  const text = (id: string, range?: BlobRange): Promise<string> =>
    earlier.read(id, range).setEncoding("utf8").reduce(concat, "");
  assert.equal(await earlier.write("id-1", [Buffer.from("hello "), Buffer.from("world")]), 11);
  await earlier.write("id-2", [Buffer.from("unnamed")]);
  assert.equal(await text("id-1", { startByte: 6, endByte: 8 }), "wor");
  const breaking = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from("half");
    throw new Error("the client went away");
  };
  await assert.rejects(earlier.write("id-3", breaking()), { message: "the client went away" });
  assert.equal(await earlier.sizeBytes("id-3"), undefined);
  await assert.rejects(earlier.write("../x", []), TypeError);

  await saveSnapshot(store, "s");
  await earlier.delete("id-1");
  await earlier.write("id-1", [Buffer.from("another body under the same id")]);
  await restoreSnapshot(store, "s");
  assert.equal(await text("id-1"), "hello world");

  for (const id of ["id-4", "id-5"]) await earlier.write(id, [Buffer.from("after the snapshot")]);
  const sizes = (): Promise<(number | undefined)[]> =>
    Promise.all(["id-1", "id-2", "id-4", "id-5"].map((id) => earlier.sizeBytes(id)));
  for (const id of ["id-1", "id-2", "id-4"]) earlier.settle(id);
  await earlier.deleteExceptThoseOf(snapshotBlobs(store, "s"));
  assert.deepEqual(await sizes(), [11, 7, undefined, 18]);
  await earlier.deleteExceptThoseOf();
  assert.deepEqual(await sizes(), [undefined, undefined, undefined, 18]);

  // What arrives once the store's content is another belongs to that.
  await earlier.write("id-1", [Buffer.from("before")]);
  earlier.settle("id-1");
  await store.clear(() => earlier.replaced());
  await earlier.write("id-2", [Buffer.from("after")]);
  earlier.settle("id-2");
  await earlier.deleteExceptThoseOf();
  assert.deepEqual(await sizes(), [undefined, 5, undefined, 18]);
  await earlier.deleteExceptThoseOf();
  assert.deepEqual(await sizes(), [undefined, undefined, undefined, 18]);
});

test("blobs that cannot be written are written once there is room for them", async (context) => {
  const store = opened(context);
  const blobs = new Blobs(store.folder, "relaxed");
  writeFileSync(join(store.folder, "blobs"), "in the way");
  await assert.rejects(blobs.write("id-1", [Buffer.from("x")]), { code: "ENOTDIR" });
  rmSync(join(store.folder, "blobs"));
  assert.equal(await blobs.write("id-1", [Buffer.from("x")]), 1);
});

function opened(context: TestContext): LmdbStore {
  const store = openStore({ folder: temporaryFolder(context), durability: "relaxed" });
  context.after(() => store.close());
  return store;
}

function put(store: LmdbStore, title: string, year: number): void {
  store.transact(home, (cell) => cell.rows(songs).put({ artist: "artist", title, year }));
}

function titles(store: LmdbStore): string[] {
  return store.read(home, (cell) => [...cell.rows(songs).list()].map((song) => `${song.title} ${song.year}`));
}

function concat(left: string, right: string): string {
  return left + right;
}
