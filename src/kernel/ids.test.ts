import assert from "node:assert/strict";
import { test } from "node:test";
import { Ids } from "./ids.ts";

function draw(ids: Ids): string[] {
  return [
    ids.uuid(),
    ids.hex(13),
    ids.unique("AIDA", 17),
    ids.text(8),
    String(ids.below(1_000)),
    ids.bytes(10_000).toString("hex"),
  ];
}

test("the same seed and the same calls give the same ids", () => {
  assert.deepEqual(draw(new Ids("seed")), draw(new Ids("seed")));
});

test("another seed, another opening of the store, or no seed gives other ids", () => {
  const first = draw(new Ids("seed"));
  assert.notDeepEqual(draw(new Ids("other")), first);
  assert.notDeepEqual(draw(new Ids("seed", 1)), first);
  assert.notDeepEqual(draw(new Ids(undefined)), draw(new Ids(undefined)));
});

test("ids have the shapes that AWS gives them", () => {
  const ids = new Ids("seed");
  for (let round = 0; round < 1_000; round += 1) {
    assert.match(ids.uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.match(ids.unique("AROA", 17), /^AROA[A-Z2-7]{17}$/);
    assert.match(ids.hex(17), /^[0-9a-f]{17}$/);
  }
});

test("below() gives every number under the limit, and nothing else", () => {
  const ids = new Ids("seed");
  const seen = new Set<number>();
  for (let round = 0; round < 500; round += 1) seen.add(ids.below(7));
  assert.deepEqual([...seen].sort(), [0, 1, 2, 3, 4, 5, 6]);
  assert.throws(() => ids.below(0), RangeError);
});
