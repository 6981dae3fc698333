/** What it costs to find the rules that match an event: few rules on a bus, and many. */

import { PatternIndex } from "../src/patterns/pattern-index.ts";
import { parsePattern } from "../src/patterns/parse.ts";

const few = 10;
const many = 10_000;
const eventCount = 20_000;

/** Of the usual kinds: one customer's orders, a prefix, a list of states, a range. */
function patternOf(at: number): object {
  const detail = { customer: { id: [`c-${String(at)}`] } };
  switch (at % 4) {
    case 0:
      return { source: ["shop"], "detail-type": ["Order"], detail };
    case 1:
      return { source: ["shop"], detail: { ...detail, total: [{ numeric: [">", at % 100] }] } };
    case 2:
      return { source: ["shop"], detail: { key: [{ prefix: `folder-${String(at)}/` }] } };
    default:
      return { detail: { ...detail, state: [{ "anything-but": ["new", "old"] }] } };
  }
}

function eventOf(at: number): object {
  const customer = { id: `c-${String(at % few)}`, name: "somebody" };
  return {
    version: "0", id: String(at), "detail-type": "Order", source: "shop", account: "000000000000",
    time: "2026-01-01T00:00:00Z", region: "us-east-1", resources: [],
    detail: { customer, total: 150, state: "paid", key: `folder-${String(at % few)}/x`, lines: [{
      sku: "a" }] },
  };
}

/** Microseconds an event. */
function costOf(rules: number): number {
  const patterns = Array.from({ length: rules }, (_each, at) => (
    [at, parsePattern(JSON.stringify(patternOf(at)))] as const
  ));
  const index = new PatternIndex(patterns);
  const events = Array.from({ length: 100 }, (_each, at) => eventOf(at));
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const began = performance.now();
    for (let at = 0; at < eventCount; at++) index.match(events[at % events.length]);
    best = Math.min(best, ((performance.now() - began) / eventCount) * 1_000);
  }
  return best;
}

export function measureEventRules(): void {
  const [base, full] = [costOf(few), costOf(many)];
  console.log(`rules of an event: ${base.toFixed(1)} µs among ${String(few)}, ${full.toFixed(1)} µs among `
    + `${String(many)}: ${(full / base).toFixed(2)} x`);
}
