import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { LmdbFile } from "./lmdb-file.ts";
import { VERSION_KEY } from "./migrations.ts";
import { openStore } from "./open.ts";
import { home, temporaryFolder } from "./store-suite.ts";
import { table, type Key } from "./types.ts";
import { ValueCodec } from "./values.ts";

interface Message {
  readonly generation: string;
  readonly sentAt: number;
  readonly tie: number;
  readonly visibleAt: number;
  readonly receipt?: string;
}

const key = ({ generation, sentAt, tie }: Message): Key => [generation, sentAt, tie];
const before = table<Message, "visibility">("sqs.messages", {
  key,
  indexes: { visibility: (row) => [row.generation, row.receipt === undefined ? 0 : 1, row.visibleAt] },
});
const after = table<Message, "visibility" | "delay">("sqs.messages", {
  key,
  indexes: {
    visibility: (row) => [row.generation, row.visibleAt],
    delay: (row) =>
      (row.receipt === undefined && row.visibleAt > row.sentAt ? [row.generation, row.visibleAt] : undefined),
  },
});

test("messages of the first format are found by when they become visible", async (context) => {
  const folder = temporaryFolder(context);
  const old = openStore({ folder, durability: "relaxed" });
  const away = { account: "111111111111", region: "eu-west-1" };
  old.transact(home, (transaction) => {
    const rows = transaction.rows(before);
    rows.put({ generation: "g", sentAt: 1, tie: 1, visibleAt: 1 });
    rows.put({ generation: "g", sentAt: 2, tie: 2, visibleAt: 9 });
    rows.put({ generation: "g", sentAt: 3, tie: 3, visibleAt: 5, receipt: "r" });
  });
  old.transact(away, (transaction) => {
    transaction.rows(before).put({ generation: "g", sentAt: 7, tie: 7, visibleAt: 8 });
  });
  await old.close();
  // The rows are as the first format had them: the file has only to say so.
  const file = new LmdbFile(join(folder, "data.mdb"), "relaxed");
  file.put(VERSION_KEY, new ValueCodec().encode(1));
  await file.close();

  const store = openStore({ folder, durability: "relaxed" });
  context.after(() => store.close());
  const ties = (cell: typeof home, index: "visibility" | "delay"): number[] =>
    store.read(cell, (view) => [...view.rows(after).by(index).list()].map(({ tie }) => tie));
  const count = (cell: typeof home): number =>
    store.read(cell, (view) => view.rows(after).by("visibility").count());
  assert.deepEqual([ties(home, "visibility"), ties(home, "delay"), count(home)], [[1, 3, 2], [2], 3]);
  assert.deepEqual([ties(away, "visibility"), ties(away, "delay"), count(away)], [[7], [7], 1]);
});
