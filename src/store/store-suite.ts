/** What every engine of the store must do. Call it once an engine, with a way to open a store in a folder. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { runAgainstOracle } from "./store-oracle.ts";
import { table } from "./types.ts";
import { rounds } from "../../test/rounds.ts";
import type { CellName, Store, StoreOptions } from "./types.ts";

interface Song {
  readonly artist: string;
  readonly title: string;
  readonly year?: number;
  readonly notes?: unknown;
}

export const songs = table<Song, "year">("suite.songs", {
  key: (song) => [song.artist, song.title],
  indexes: { year: (song) => song.year },
});
const counters = table<{ id: string; value: number }>("suite.counters", { key: (counter) => counter.id });

export const home: CellName = { account: "000000000000", region: "us-east-1" };
const abroad: CellName = { account: "000000000000", region: "eu-west-1" };

export function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "us-local-1-store-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

interface Engine {
  readonly open: (options: StoreOptions) => Store;
  /** A store of its own for a test, closed after it. */
  readonly fresh: (context: TestContext) => Store;
  readonly suiteTest: (name: string, run: (context: TestContext) => void | Promise<void>) => void;
}

export function storeSuite(name: string, open: (options: StoreOptions) => Store): void {
  const engine: Engine = {
    open,
    fresh(context) {
      const store = open({ folder: temporaryFolder(context), durability: "relaxed", freezeRows: true });
      context.after(() => store.close());
      return store;
    },
    suiteTest: (title, run) => void test(`${name}: ${title}`, run),
  };
  transactionTests(engine);
  commitTests(engine);
  orderTests(engine);
  valueTests(engine);
  durabilityTests(engine);
}

function transactionTests(engine: Engine): void {
  const { suiteTest, fresh } = engine;
  suiteTest("a row put is read back, before and after its commit", async (context) => {
    const store = fresh(context);
    const song = { artist: "Nina Simone", title: "Sinnerman", year: 1965 };
    assert.equal(store.transact(home, (cell) => cell.rows(songs).put(song)), song);
    assert.deepEqual(read(store), [song]);
    await store.committed();
    assert.deepEqual(read(store), [song]);
    assert.equal(store.committed(), undefined);
  });

  suiteTest("a transaction sees its own writes, and a throw discards them all", (context) => {
    const store = fresh(context);
    store.transact(home, (cell) => cell.rows(counters).put({ id: "a", value: 1 }));
    assert.throws(
      () =>
        store.transact(home, (cell) => {
          const rows = cell.rows(counters);
          rows.put({ id: "a", value: 2 });
          rows.put({ id: "b", value: 2 });
          assert.equal(rows.get("a")?.value, 2);
          assert.equal(rows.delete("a"), true);
          assert.equal(rows.delete("a"), false);
          assert.equal(rows.count(), 1);
          throw new Error("no");
        }),
      { message: "no" },
    );
    assert.deepEqual(store.read(home, (cell) => [...cell.rows(counters).list()]), [{ id: "a", value: 1 }]);
  });

  suiteTest("cells do not see each other, and only those with rows are listed", (context) => {
    const store = fresh(context);
    assert.deepEqual(store.cells(), []);
    store.transact(home, (cell) => cell.rows(counters).put({ id: "a", value: 1 }));
    store.transact(abroad, (cell) => cell.rows(counters).put({ id: "a", value: 2 }));
    assert.deepEqual(store.cells(), [home, abroad]);
    store.transact(home, (cell) => cell.rows(counters).delete("a"));
    assert.deepEqual(store.cells(), [abroad]);
    assert.equal(store.read(abroad, (cell) => cell.rows(counters).get("a")?.value), 2);
  });

  suiteTest("writing while reading, nesting transactions and keeping one are refused", (context) => {
    const store = fresh(context);
    const put = (): unknown => store.transact(home, (cell) => cell.rows(counters).put({ id: "a", value: 1 }));
    assert.throws(() => store.read(home, (cell) => cell.rows(counters).put({ id: "a", value: 1 })), {
      message: "Reading only: writes belong into `transact`.",
    });
    const nested = "A transaction cannot run inside another one, nor inside a read.";
    assert.throws(() => store.transact(home, put), { message: nested });
    assert.throws(() => store.read(home, put), { message: nested });
    const kept = store.read(home, (cell) => cell.rows(counters));
    assert.throws(() => kept.get("a"), {
      message: "This transaction has ended: read and write within the function it was given to.",
    });
    assert.throws(() => store.transact(home, async () => undefined), {
      message: "A transaction is synchronous: its function must not return a promise.",
    });
    assert.equal(store.committed(), undefined);
  });
}

function commitTests(engine: Engine): void {
  const { suiteTest, fresh } = engine;
  const counted = (store: Store): [string, number][] =>
    store.read(home, (cell) => [...cell.rows(counters).list()].map(({ id, value }) => [id, value]));

  suiteTest("what is to happen before the commit happens once, and is part of it", async (context) => {
    const store = fresh(context);
    let ran = 0;
    const work = (): void => {
      ran++;
      store.transact(home, (cell) => cell.rows(counters).put({ id: "work", value: ran }));
    };
    store.beforeCommit(work);
    const gate = store.committed();
    assert.ok(gate);
    store.transact(home, (cell) => cell.rows(counters).put({ id: "other", value: 1 }));
    assert.deepEqual(counted(store), [["other", 1]]);
    await gate;
    assert.deepEqual(counted(store), [
      ["other", 1],
      ["work", 1],
    ]);
    assert.equal(store.committed(), undefined);
    store.beforeCommit(() => undefined);
    await store.flush();
    assert.equal(ran, 1);
  });

  suiteTest("what nobody waits for goes with the next commit, or soon with its own", async (context) => {
    const store = fresh(context);
    const put = (id: string): unknown =>
      store.transact(home, (cell) => cell.rows(counters).put({ id, value: 1 }));
    const lately = (id: string): void => store.beforeCommit(() => put(id), true);
    lately("with another");
    assert.equal(store.committed(), undefined);
    await new Promise((resume) => setImmediate(resume));
    assert.deepEqual(counted(store), []);
    put("another");
    await store.committed();
    assert.deepEqual(counted(store), [["another", 1], ["with another", 1]]);

    lately("alone");
    while (counted(store).length < 3) await new Promise((resume) => setImmediate(resume));
    await store.committed();

    lately("flushed");
    await store.flush();
    assert.equal(counted(store).length, 4);
  });

  suiteTest("what happens before the commit may write a lot, and ask again", async (context) => {
    const store = fresh(context);
    store.beforeCommit(() => {
      for (let value = 0; value < 2_000; value++) {
        store.transact(home, (cell) => cell.rows(counters).put({ id: `${value}`, value }));
      }
      const last = { id: "last", value: 0 };
      store.beforeCommit(() => void store.transact(home, (cell) => cell.rows(counters).put(last)));
    });
    await store.committed();
    assert.equal(counted(store).length, 2_001);
  });

  suiteTest("when what happens before the commit throws, the whole commit fails", async (context) => {
    const store = fresh(context);
    store.transact(home, (cell) => cell.rows(counters).put({ id: "a", value: 1 }));
    store.beforeCommit(() => {
      throw new Error("the trail is broken");
    });
    await assert.rejects(async () => store.committed(), /the trail is broken$/);
    assert.deepEqual(counted(store), []);
    store.transact(home, (cell) => cell.rows(counters).put({ id: "b", value: 1 }));
    await store.committed();
    assert.deepEqual(counted(store), [["b", 1]]);
  });
}

function orderTests(engine: Engine): void {
  const { suiteTest, fresh } = engine;
  suiteTest("an index holds the rows it has a key for, and follows them", async (context) => {
    const store = fresh(context);
    const titles = (): string[] =>
      store.read(home, (cell) => [...cell.rows(songs).by("year").list()].map((song) => song.title));
    store.transact(home, (cell) => {
      const rows = cell.rows(songs);
      rows.put({ artist: "b", title: "late", year: 1999 });
      rows.put({ artist: "a", title: "second of the year", year: 1970 });
      rows.put({ artist: "a", title: "first of the year", year: 1970 });
      rows.put({ artist: "a", title: "no year" });
    });
    assert.deepEqual(titles(), ["first of the year", "second of the year", "late"]);
    await store.flush();
    store.transact(home, (cell) => {
      cell.rows(songs).put({ artist: "b", title: "late", year: 1950 });
      cell.rows(songs).delete(["a", "first of the year"]);
      assert.equal(cell.rows(songs).by("year").count({ after: 1950 }), 1);
    });
    assert.deepEqual(titles(), ["late", "second of the year"]);
  });

  suiteTest("an iteration meets no row put during it, and none deleted during it", async (context) => {
    const store = fresh(context);
    store.transact(home, (cell) => {
      for (const title of ["a", "c", "e"]) cell.rows(songs).put({ artist: "x", title, year: 1 });
    });
    await store.flush();
    const met = store.transact(home, (cell) => {
      const rows = cell.rows(songs);
      const seen: string[] = [];
      for (const song of rows.by("year").list()) {
        seen.push(song.title);
        rows.put({ ...song, year: (song.year ?? 0) + 1 });
        rows.put({ artist: "x", title: `${song.title}+`, year: 1 });
        rows.delete(["x", "c"]);
      }
      return seen;
    });
    assert.deepEqual(met, ["a", "e"]);
  });
}

function valueTests(engine: Engine): void {
  const { suiteTest, fresh, open } = engine;
  suiteTest("rows keep every kind of plain data exactly", async (context) => {
    const folder = temporaryFolder(context);
    const notes = {
      numbers: [0, -0, 127, 128, -1, 2 ** 31, 1.5, NaN, Infinity, -Infinity, Number.MAX_SAFE_INTEGER],
      bigints: [0n, -5n, 2n ** 200n, -(2n ** 64n)],
      texts: ["", "é", "\u0000", "\ud800", "x".repeat(5_000), "é".repeat(100), "🎵"],
      bytes: new Uint8Array([1, 2, 3]),
      buffer: Buffer.from("x".repeat(300)),
      nothing: [null, undefined, true, false],
      bare: Object.assign(Object.create(null), { a: 1 }),
      proto: JSON.parse('{"__proto__":{"polluted":true},"constructor":1}'),
      names: { "": 1, "a\u0000b": 2, "é": 3, "\ud800": 4 },
      empty: [{}, [], Object.create(null)],
      ...Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`member ${index}`, index])),
    };
    const first = open({ folder, durability: "relaxed" });
    first.transact(home, (cell) => cell.rows(songs).put({ artist: "a", title: "t", notes }));
    await first.close();
    const second = open({ folder, durability: "relaxed" });
    context.after(() => second.close());
    assert.deepStrictEqual(read(second)[0]?.notes, notes);
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  });

  suiteTest("what is not plain data is refused, with all of its transaction", (context) => {
    const store = fresh(context);
    const put = (notes: unknown): unknown =>
      store.transact(home, (cell) => {
        cell.rows(counters).put({ id: "a", value: 1 });
        cell.rows(songs).put({ artist: "a", title: "t", notes });
      });
    assert.throws(() => put({ at: new Map() }), { message: "A row is plain data; it cannot hold a Map." });
    assert.throws(() => put([() => 1]), { message: "A row is plain data; it cannot hold a function." });
    let deep: unknown[] = [];
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    const freezing = (): unknown => put(deep);
    assert.throws(freezing, RangeError);
    assert.deepEqual(store.cells(), []);
  });

  suiteTest("frozen rows cannot be changed in place, neither put nor read", async (context) => {
    const store = fresh(context);
    store.transact(home, (cell) => {
      const song = cell.rows(songs).put({ artist: "a", title: "t", notes: { list: [1] } });
      assert.throws(() => (song.notes as { list: number[] }).list.push(2), TypeError);
    });
    await store.flush();
    assert.ok(Object.isFrozen(read(store)[0]?.notes));
  });
}

function durabilityTests(engine: Engine): void {
  const { suiteTest, open } = engine;
  suiteTest("what was finished is there after opening again; clear removes all rows", async (context) => {
    const folder = temporaryFolder(context);
    const first = open({ folder, durability: "fsync" });
    first.transact(home, (cell) => cell.rows(counters).put({ id: "a", value: 1 }));
    await first.close();
    const second = open({ folder, durability: "fsync" });
    context.after(() => second.close());
    assert.deepEqual(second.cells(), [home]);
    await second.clear();
    assert.deepEqual(second.cells(), []);
    second.transact(home, (cell) => cell.rows(counters).put({ id: "b", value: 1 }));
    await second.flush();
    assert.deepEqual(second.cells(), [home]);
  });

  for (const durability of ["relaxed", "fsync"] as const) {
    suiteTest(`random work agrees with a plain map (${durability})`, async (context) => {
      for (let seed = 1; seed <= rounds(30); seed++) {
        await runAgainstOracle(open, temporaryFolder(context), durability, seed);
      }
    });
  }
}

function read(store: Store): Song[] {
  return store.read(home, (cell) => [...cell.rows(songs).list()]);
}
