/** What is left when things go wrong: killed processes, full disks, other owners, other versions. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { StoreLocked, StoreTooNew, StoreWriteFailed } from "./errors.ts";
import { LmdbFile } from "./lmdb-file.ts";
import { migrate, storedVersion, supportedVersion } from "./migrations.ts";
import type { Migration } from "./migrations.ts";
import { openStore } from "./open.ts";
import { home, songs, temporaryFolder } from "./store-suite.ts";
import { ValueCodec } from "./values.ts";
import type { Durability } from "./types.ts";

const ACKNOWLEDGED_ENOUGH = 300;

/** Eight writers; each line on stdout is a write whose gate has opened. */
const WRITER = `
const [open, suite, folder, durability] = process.argv.slice(1);
const { openStore } = await import(open);
const { home, songs } = await import(suite);
const store = openStore({ folder, durability });
const writer = async (artist) => {
  for (let number = 0; ; number++) {
    const title = String(number);
    const song = { artist, title, year: number, notes: "x".repeat(300) };
    store.transact(home, (cell) => cell.rows(songs).put(song));
    await store.committed();
    process.stdout.write(artist + " " + title + "\\n");
  }
};
await Promise.all(["a", "b", "c", "d", "e", "f", "g", "h"].map(writer));
`;

for (const durability of ["relaxed", "fsync"] as const) {
  test(`every acknowledged write survives kill -9 (${durability})`, async (context) => {
    const folder = temporaryFolder(context);
    const acknowledged = await writeUntilKilled(folder, durability);
    const store = openStore({ folder, durability });
    context.after(() => store.close());
    store.read(home, (cell) => {
      const rows = cell.rows(songs);
      for (const key of acknowledged) assert.ok(rows.has(key), `missing: ${key.join(" ")}`);
      assert.equal(rows.by("year").count(), rows.count());
    });
  });
}

test("a store in use is refused by the owner's pid; a dead owner's is taken over", async (context) => {
  const folder = temporaryFolder(context);
  const store = openStore({ folder, durability: "relaxed" });
  assert.throws(
    () => openStore({ folder, durability: "relaxed" }),
    (error) => error instanceof StoreLocked && error.pid === process.pid,
  );
  await store.close();
  // Our own pid, but a process that began at another time: what a container leaves behind for the next one.
  writeFileSync(join(folder, "lock"), `${process.pid} 1\n`);
  await openStore({ folder, durability: "relaxed" }).close();
  writeFileSync(join(folder, "lock"), "4194305 1\n");
  await openStore({ folder, durability: "relaxed" }).close();
  writeFileSync(join(folder, "lock"), "");
  await openStore({ folder, durability: "relaxed" }).close();
});

test("a newer store is refused by its version, and left as it is", async (context) => {
  const folder = temporaryFolder(context);
  await openStore({ folder, durability: "relaxed" }).close();
  const codec = new ValueCodec();
  const file = new LmdbFile(join(folder, "data.mdb"), "relaxed");
  migrate(folder, file, codec, [{ version: 7, description: "of the future", migrate: () => undefined }]);
  await file.close();
  assert.throws(
    () => openStore({ folder, durability: "relaxed" }),
    (error) => error instanceof StoreTooNew && error.storeVersion === 7
      && error.supportedVersion === supportedVersion(),
  );
});

test("migrations run in order, once, each wholly or not at all", async (context) => {
  const folder = temporaryFolder(context);
  const file = new LmdbFile(join(folder, "data.mdb"), "relaxed");
  context.after(() => file.close());
  const codec = new ValueCodec();
  migrate(folder, file, codec, []);
  const ran: number[] = [];
  let broken = true;
  const step = (version: number, run: (target: LmdbFile) => void): Migration => ({
    version,
    description: `step ${version}`,
    migrate: (target) => {
      ran.push(version);
      run(target);
    },
  });
  const steps = [
    step(2, (target) => target.put("rows/a", codec.encode("two"))),
    step(3, (target) => {
      target.put("rows/a", codec.encode("three"));
      if (broken) throw new Error("power cut");
    }),
  ];
  assert.throws(() => migrate(folder, file, codec, steps), { message: "power cut" });
  const value = (): unknown => file.read("rows/a", (bytes, sizeBytes) => codec.decode(bytes, sizeBytes));
  assert.deepEqual([storedVersion(file, codec), value()], [2, "two"]);
  broken = false;
  migrate(folder, file, codec, steps);
  migrate(folder, file, codec, steps);
  assert.deepEqual([storedVersion(file, codec), value(), ran], [3, "three", [2, 3, 3]]);
});

for (const durability of ["relaxed", "fsync"] as const) {
  test(`a commit that fails rejects the gate, and nothing of it is seen (${durability})`, async (context) => {
    const store = openStore({ folder: temporaryFolder(context), durability });
    context.after(() => store.close());
    const put = (title: string): void =>
      void store.transact(home, (cell) => cell.rows(songs).put({ artist: "a", title, year: 1 }));
    const titles = (): string[] =>
      store.read(home, (cell) => [...cell.rows(songs).list()].map((song) => song.title));
    put("kept");
    await store.committed();

    failNextCommit(context);
    put("lost");
    const gate = store.committed();
    assert.deepEqual(titles(), ["kept", "lost"]);
    await assert.rejects(
      async () => gate,
      (error) => error instanceof StoreWriteFailed && /failed: No space left on device$/.test(error.message),
    );
    assert.deepEqual(titles(), ["kept"]);
    put("next");
    await store.committed();
    assert.deepEqual(titles(), ["kept", "next"]);
    assert.equal(
      store.read(home, (cell) => cell.rows(songs).by("year").count()),
      2,
    );
  });
}

test("what rests on a batch that fails is dropped with it", async (context) => {
  const store = openStore({ folder: temporaryFolder(context), durability: "fsync" });
  context.after(() => store.close());
  failNextCommit(context);
  store.transact(home, (cell) => cell.rows(songs).put({ artist: "a", title: "first" }));
  const first = store.committed();
  const flushing = store.flush();
  store.transact(home, (cell) => cell.rows(songs).put({ artist: "a", title: "resting on the first" }));
  const second = store.committed();
  await assert.rejects(async () => first, StoreWriteFailed);
  await assert.rejects(async () => second, StoreWriteFailed);
  await assert.rejects(flushing, StoreWriteFailed);
  assert.deepEqual(store.cells(), []);
});

test("what is not a whole store is refused, and the folder is not kept locked", async (context) => {
  const folder = temporaryFolder(context);
  const path = join(folder, "data.mdb");
  const refused = (reason: string): void =>
    assert.throws(() => openStore({ folder, durability: "relaxed" }), {
      message:
        `${path} is not a whole store: ${reason}. ` +
        "Restore a snapshot or a copy, or start with an empty folder.",
    });
  const store = openStore({ folder, durability: "relaxed" });
  for (let title = 0; title < 50; title++) {
    const song = { artist: "a", title: `${title}`, notes: "x".repeat(3_000) };
    store.transact(home, (cell) => cell.rows(songs).put(song));
    await store.flush();
  }
  await store.close();
  truncateSync(path, 20_000);
  refused("its end is missing");
  truncateSync(path, 100);
  refused("it does not begin as one");
  writeFileSync(path, "this is no database".repeat(1_000));
  refused("it does not begin as one");
  truncateSync(path, 0);
  await openStore({ folder, durability: "relaxed" }).close();
});

test("a commit that fails within a large turn throws from the transaction that began it", async (context) => {
  const large = 1_100;
  const store = openStore({ folder: temporaryFolder(context), durability: "relaxed" });
  context.after(() => store.close());
  const put = (count: number): void =>
    store.transact(home, (cell) => {
      for (let title = 0; title < count; title++) cell.rows(songs).put({ artist: "a", title: `${title}` });
    });
  failNextCommit(context);
  put(1);
  const first = store.committed();
  assert.throws(() => put(large), StoreWriteFailed);
  await assert.rejects(async () => first, StoreWriteFailed);
  assert.deepEqual(store.cells(), []);
  put(large);
  assert.equal(store.read(home, (cell) => cell.rows(songs).count()), large);
});

function failNextCommit(context: { mock: typeof test.mock }): void {
  const full = (): never => {
    throw new Error("No space left on device");
  };
  context.mock.method(LmdbFile.prototype, "commitNow", full, { times: 1 });
  context.mock.method(LmdbFile.prototype, "commitInBackground", async () => full(), { times: 1 });
}

async function writeUntilKilled(folder: string, durability: Durability): Promise<[string, string][]> {
  const modules = ["./open.js", "./store-suite.js"].map((name) => new URL(name, import.meta.url).href);
  const writer = spawn(
    process.execPath,
    ["--input-type=module", "--eval", WRITER, ...modules, folder, durability],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const exited = once(writer, "exit").then(([, signal]: unknown[]) => signal);
  const acknowledged: [string, string][] = [];
  for await (const line of createInterface({ input: writer.stdout })) {
    const [artist, title] = line.split(" ");
    // The last line may be cut by the kill: a prefix of a number is a write that was acknowledged too.
    if (artist && title) acknowledged.push([artist, title]);
    if (acknowledged.length === ACKNOWLEDGED_ENOUGH) writer.kill("SIGKILL");
  }
  assert.ok(acknowledged.length >= ACKNOWLEDGED_ENOUGH);
  assert.equal(await exited, "SIGKILL");
  return acknowledged;
}
