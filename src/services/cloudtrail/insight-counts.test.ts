import assert from "node:assert/strict";
import { test } from "node:test";
import { nothing, together } from "./insight-counts.ts";

const named = (entries: readonly [string, number][]): object =>
  together(nothing, { ...nothing, agents: Object.fromEntries(entries) });

test("clients are counted by whatever they call themselves", () => {
  const one = { ...nothing, agents: Object.fromEntries([["__proto__", 2], ["constructor", 1]]) };
  const { agents } = together(one, one);
  assert.deepEqual(Object.entries(agents), [["__proto__", 4], ["constructor", 2]]);
});

test("a hundred clients are told apart; those beyond count without a name", () => {
  const clients = Array.from({ length: 101 }, (_, index) => [`client-${index}`, 1] as [string, number]);
  const { agents } = named(clients) as typeof nothing;
  assert.equal(Object.keys(agents).length, 100);
  const again = together({ ...nothing, agents }, { ...nothing, agents: { "client-0": 1, "client-x": 1 } });
  assert.equal(again.agents["client-0"], 2);
  assert.equal(again.agents["client-x"], undefined);
});
