import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { openStore } from "./open.ts";
import { home, songs, storeSuite, temporaryFolder } from "./store-suite.ts";

storeSuite("lmdb", openStore);

test("stopping a range read early leaves no cursor and no read transaction behind", async (context) => {
  const store = openStore({ folder: temporaryFolder(context), durability: "relaxed" });
  context.after(() => store.close());
  store.transact(home, (cell) => {
    for (let year = 0; year < 1_000; year++) cell.rows(songs).put({ artist: "a", title: `${year}`, year });
  });
  await store.flush();
  const sizeBefore = await fileSizeBytes(store.dataPath);
  for (let round = 0; round < 1_000; round++) {
    store.read(home, (cell) => {
      for (const song of cell.rows(songs).by("year").list({ after: 10 })) if (song.title === "12") break;
    });
    // A reader left behind would keep every page replaced since then: the file would grow round by round.
    store.transact(home, (cell) => cell.rows(songs).put({ artist: "a", title: "1", year: 1, notes: round }));
    await turn();
  }
  assert.ok((await fileSizeBytes(store.dataPath)) < sizeBefore + 200_000);
});

async function fileSizeBytes(path: string): Promise<number> {
  const { stat } = await import("node:fs/promises");
  return (await stat(path)).size;
}
