import assert from "node:assert/strict";
import { test } from "node:test";
import { Gathering } from "./gathering.ts";

/** Tells of `count` commits, each for as many callers, so many milliseconds after another. */
function commits(gathering: Gathering, from: number, count: number, callers: number, apart: number): number {
  let at = from;
  for (let each = 0; each < count; each += 1) gathering.committed(callers, (at += apart));
  return at;
}

test("commits are gathered where many callers come one by one, and as long as they come", () => {
  const gathering = new Gathering();
  let at = commits(gathering, 0, 16, 1, 0.15);
  assert.equal(gathering.on, true);
  at = commits(gathering, at, 160, 7, 1);
  assert.equal(gathering.on, true);
  commits(gathering, at, 16, 2, 1);
  assert.equal(gathering.on, false);
});

test("commits are not gathered for few callers, nor where callers share them already", () => {
  const few = new Gathering();
  commits(few, 0, 160, 1, 0.3);
  assert.equal(few.on, false);
  const sharing = new Gathering();
  commits(sharing, 0, 160, 12, 0.9);
  assert.equal(sharing.on, false);
  const nobody = new Gathering();
  commits(nobody, 0, 160, 0, 0.1);
  assert.equal(nobody.on, false);
});

test("callers who only come back with their answers are not made to wait again for a second", () => {
  const gathering = new Gathering();
  let at = commits(gathering, 0, 16, 1, 0.1);
  assert.equal(gathering.on, true);
  at = commits(gathering, at, 16, 2, 1.3);
  assert.equal(gathering.on, false, "the rate has fallen from 10 to 1.5");
  at = commits(gathering, at, 9_600, 1, 0.1);
  assert.equal(gathering.on, false);
  commits(gathering, at, 640, 1, 0.1);
  assert.equal(gathering.on, true);
});
