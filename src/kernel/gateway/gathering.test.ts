import assert from "node:assert/strict";
import { test } from "node:test";
import { Gathering } from "./gathering.ts";

/** Tells of `count` turns, each with as many requests, so many milliseconds after another. */
function turns(gathering: Gathering, from: number, count: number, requests: number, apart: number): number {
  let at = from;
  for (let each = 0; each < count; each += 1) gathering.turned(requests, (at += apart));
  return at;
}

test("turns gather where many requests come one by one, and as long as they come", () => {
  const gathering = new Gathering();
  let at = turns(gathering, 0, 800, 1, 0.15);
  assert.equal(gathering.on, true);
  at = turns(gathering, at, 400, 7, 1);
  assert.equal(gathering.on, true);
  turns(gathering, at, 120, 2, 1);
  assert.equal(gathering.on, false);
});

test("one burst starts nothing, and one pause ends nothing", () => {
  const gathering = new Gathering();
  let at = turns(gathering, 0, 100, 1, 2);
  at = turns(gathering, at, 500, 1, 0.1);
  at = turns(gathering, at, 100, 1, 2);
  assert.equal(gathering.on, false);
  at = turns(gathering, at, 1_200, 1, 0.1);
  at = turns(gathering, at, 1, 1, 60);
  at = turns(gathering, at, 100, 10, 1);
  assert.equal(gathering.on, true);
});

test("turns do not gather for few requests, nor where requests share them already", () => {
  const few = new Gathering();
  turns(few, 0, 1_000, 1, 0.3);
  assert.equal(few.on, false);
  const sharing = new Gathering();
  turns(sharing, 0, 400, 12, 0.9);
  assert.equal(sharing.on, false);
});

test("callers who only come back with their answers are not made to wait again for a second", () => {
  const gathering = new Gathering();
  let at = turns(gathering, 0, 1_050, 1, 0.1);
  assert.equal(gathering.on, true);
  at = turns(gathering, at, 100, 2, 1.3);
  assert.equal(gathering.on, false, "the rate has fallen from 10 to 1.5");
  at = turns(gathering, at, 8_000, 1, 0.1);
  assert.equal(gathering.on, false);
  turns(gathering, at, 4_000, 1, 0.1);
  assert.equal(gathering.on, true);
});

test("turns last until some requests have come, but not for long", () => {
  const gathering = new Gathering();
  let at = 0;
  const after = (apart: number): number => {
    at = turns(gathering, at, 2_000, 1, apart);
    return gathering.milliseconds;
  };
  assert.equal(after(0.05), 0.5);
  assert.ok(Math.abs(after(0.15) - 0.675) < 0.02);
  assert.equal(after(0.4), 1);
});
