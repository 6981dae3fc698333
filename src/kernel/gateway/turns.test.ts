import assert from "node:assert/strict";
import { test } from "node:test";
import { Turns } from "./turns.ts";

/** Lets the event loop end this turn. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("answers that are ready while a turn is read go out together at its end", async () => {
  const turns = new Turns();
  const gone: string[] = [];
  const answer = async (name: string): Promise<void> => {
    await turns.ended();
    gone.push(name);
  };
  turns.requested();
  void answer("first");
  turns.requested();
  void answer("second");
  await Promise.resolve();
  assert.deepEqual(gone, []);
  await nextTurn();
  assert.deepEqual(gone, ["first", "second"]);
});

test("answers that waited for the turn's commit go out in the same turn", async () => {
  const turns = new Turns();
  let isNext = false;
  let wentInTurn: boolean | undefined;
  turns.requested();
  const committed = nextTurn();
  await new Promise<void>((resolve) => {
    void committed.then(async () => {
      setImmediate(() => (isNext = true));
      await turns.ended();
      wentInTurn = !isNext;
      resolve();
    });
  });
  assert.equal(wentInTurn, true);
});

test("an answer that comes of itself waits for the others of its turn", async () => {
  const turns = new Turns();
  let gone = 0;
  void turns.ended().then(() => (gone += 1));
  void turns.ended().then(() => (gone += 1));
  await Promise.resolve();
  assert.equal(gone, 0);
  await nextTurn();
  assert.equal(gone, 2);
});

test("turns that gather last as long as they should, and say how many requests they had", async () => {
  const told: number[] = [];
  const turned = (requests: number) => void told.push(requests);
  const turns = new Turns({ on: true, milliseconds: 0.7, turned });
  const begun = performance.now();
  for (let turn = 0; turn < 20; turn += 1) {
    for (let request = 0; request <= turn; request += 1) turns.requested();
    await nextTurn();
    await nextTurn();
  }
  assert.ok(performance.now() - begun > 19 * 0.65);
  assert.deepEqual(told, Array.from({ length: 20 }, (_, turn) => turn + 1));
});
