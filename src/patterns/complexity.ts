/**
 * How hard the wildcards of one field are to match: how many beginnings of patterns one value can satisfy at
 * the same time, at worst. A beginning that ends in a wildcard goes on being satisfied, so it counts twice.
 *
 * @evidence EventBridge User Guide, Wildcard matching: `*:*:*:*:*:event-bus/*` is refused, and
 *   `/Users/…/dir/dir/dir/dir/dir/doc.txt` with one wildcard is not. AWS does not publish its limit;
 *   `weightMax` tells these two, and three from four patterns of the form `*.tif`, apart.
 */

import { anyRun, type Token } from "../iam/wildcard.ts";

const weightMax = 10;
/** Combinations that are looked at before a pattern counts as too complex anyway. */
const combinationsMax = 5_000;

/** @param patterns of one field: code units, and `anyRun` for each `*` */
export function isTooComplex(patterns: readonly (readonly Token[])[]): boolean {
  const start = patterns.map((_pattern, index): State => ({ pattern: index, at: 0 }));
  const seen = new Set<string>();
  const waiting: State[][] = [settled(patterns, start)];
  for (let states = waiting.pop(); states; states = waiting.pop()) {
    if (weightOf(patterns, states) > weightMax) return true;
    for (const next of followers(patterns, states)) {
      const name = next.map((state) => `${String(state.pattern)}.${String(state.at)}`).join();
      if (seen.has(name)) continue;
      if (seen.size >= combinationsMax) return true;
      seen.add(name);
      waiting.push(next);
    }
  }
  return false;
}

/** So many units of a pattern have been satisfied. */
interface State {
  readonly pattern: number;
  readonly at: number;
}

type Patterns = readonly (readonly Token[])[];

/** A wildcard is satisfied as soon as it is reached. */
function settled(patterns: Patterns, states: readonly State[]): State[] {
  return states.map((state) => (unitAt(patterns, state) === anyRun ? { ...state, at: state.at + 1 } : state));
}

function unitAt(patterns: Patterns, { pattern, at }: State): Token | undefined {
  return patterns[pattern]?.[at];
}

function isBehindWildcard(patterns: Patterns, { pattern, at }: State): boolean {
  return patterns[pattern]?.[at - 1] === anyRun;
}

/** Beginnings before the first wildcard are not in question. */
function weightOf(patterns: Patterns, states: readonly State[]): number {
  let weight = 0;
  for (const state of states) {
    const first = patterns[state.pattern]?.indexOf(anyRun) ?? -1;
    if (first >= 0 && state.at > first) weight += isBehindWildcard(patterns, state) ? 2 : 1;
  }
  return weight;
}

function* followers(patterns: Patterns, states: readonly State[]): Iterable<State[]> {
  const units = new Set(states.map((state) => unitAt(patterns, state)));
  for (const unit of units) {
    if (unit === undefined) continue;
    const next = new Map<string, State>();
    for (const state of states) {
      const moved = unitAt(patterns, state) === unit ? [{ ...state, at: state.at + 1 }] : [];
      const kept = isBehindWildcard(patterns, state) ? [state] : [];
      for (const each of [...kept, ...settled(patterns, moved)]) {
        next.set(`${String(each.pattern)}.${String(each.at)}`, each);
      }
    }
    yield [...next.values()].sort((a, b) => a.pattern - b.pattern || a.at - b.at);
  }
}
