/** The commands of a query at work: each gets rows and hands rows on; at the end what is left. */

import { Heap } from "../heap.ts";
import type { Accumulator, Evaluate, Kept } from "./aggregates.ts";
import type { AggregateCall, Expression } from "./expressions.ts";
import type { Extraction } from "./extraction.ts";
import { Row } from "./rows.ts";
import { isMissing, isTrue, order, textOf, type Value } from "./values.ts";

/** What takes rows. */
export interface Stage {
  push(row: Row): void;
  /** Hands on what is left, in small steps: whoever asks may rest between them. */
  end(): Iterable<void>;
}

export interface SortKey {
  readonly evaluate: Evaluate;
  readonly isDescending: boolean;
}

/** Which of two rows comes first, as the last `sort` said. */
export type Sorting = readonly SortKey[];

function before(left: Row, right: Row, sorting: Sorting): number {
  for (const { evaluate, isDescending } of sorting) {
    const difference = order(evaluate(left), evaluate(right), isDescending);
    if (difference !== 0) return difference;
  }
  return 0;
}

export function mapped(next: Stage, change: (row: Row) => void): Stage {
  return {
    push: (row) => {
      change(row);
      next.push(row);
    },
    end: () => next.end(),
  };
}

export function filtered(next: Stage, condition: Evaluate, matched: () => void): Stage {
  return {
    push: (row) => {
      if (!isTrue(condition(row))) return;
      if (!row.isBaseline) matched();
      next.push(row);
    },
    end: () => next.end(),
  };
}

export function parsed(next: Stage, field: Evaluate, { names, extract }: Extraction): Stage {
  return mapped(next, (row) => {
    const text = textOf(field(row));
    const values = text === undefined ? undefined : extract(text);
    if (values) names.forEach((name, index) => row.set(name, values[index]));
  });
}

/** Every element of a list makes a row of its own. */
export function unnested(next: Stage, list: Evaluate, name: string): Stage {
  return {
    push: (row) => {
      const value = list(row);
      const elements = Array.isArray(value) ? (value as readonly Value[]) : [value];
      for (const element of elements) {
        const copy = row.copy();
        copy.set(name, element);
        next.push(copy);
      }
    },
    end: () => next.end(),
  };
}

interface Arrived {
  readonly row: Row;
  readonly arrival: number;
}

/** The first so many rows, as they are sorted; of equal ones those that came first. */
export function limited(next: Stage, count: number, sorting: Sorting): Stage {
  const difference = (left: Arrived, right: Arrived): number =>
    before(left.row, right.row, sorting) || left.arrival - right.arrival;
  // The last of those that are kept is at the top.
  const kept = new Heap<Arrived>((left, right) => difference(left, right) > 0);
  let arrivals = 0;
  return {
    push: (row) => {
      if (count === 0) return;
      const candidate = { row, arrival: arrivals++ };
      if (kept.size < count) kept.push(candidate);
      else if (difference(candidate, kept.first as Arrived) < 0) kept.replaceFirst(candidate);
    },
    * end() {
      for (const { row } of [...kept.items()].sort(difference)) yield next.push(row);
      yield* next.end();
    },
  };
}

/** More different rows than this are not kept: the query fails instead of the region. */
export const keptRowsMax = 500_000;
/** So much memory may rows with their texts take, about; each takes so much beside its texts. */
const keptBytesMax = 100_000_000;
const rowBytes = 300;

export class TooManyRows extends Error {}

/** @evidence CloudWatch Logs User Guide, "dedup": rows without the field are discarded */
function keyOf(row: Row, keys: readonly Expression[]): string | undefined {
  const values = keys.map(({ evaluate }) => textOf(evaluate(row)));
  return values.includes(undefined) ? undefined : JSON.stringify(values);
}

export function deduplicated(next: Stage, keys: readonly Expression[], sorting: Sorting): Stage {
  return sorting.length === 0 ? firstOfEach(next, keys) : bestOfEach(next, keys, sorting);
}

/** What came first counts: it need not be kept. */
function firstOfEach(next: Stage, keys: readonly Expression[]): Stage {
  const seen = new Set<string>();
  return {
    push: (row) => {
      const key = keyOf(row, keys);
      if (key === undefined || seen.has(key)) return;
      if (seen.size >= keptRowsMax) throw new TooManyRows();
      seen.add(key);
      next.push(row);
    },
    end: () => next.end(),
  };
}

function bestOfEach(next: Stage, keys: readonly Expression[], sorting: Sorting): Stage {
  const kept = new Map<string, Row>();
  let bytes = 0;
  return {
    push: (row) => {
      const key = keyOf(row, keys);
      if (key === undefined) return;
      const known = kept.get(key);
      if (known && before(row, known, sorting) >= 0) return;
      bytes += row.sizeBytes - (known ? known.sizeBytes : -key.length - rowBytes);
      if (bytes > keptBytesMax || (!known && kept.size >= keptRowsMax)) throw new TooManyRows();
      row.forgetMembers();
      kept.set(key, row);
    },
    * end() {
      for (const row of kept.values()) yield next.push(row);
      yield* next.end();
    },
  };
}

export interface Statistics {
  readonly calls: readonly AggregateCall[];
  readonly results: readonly { readonly name: string; readonly evaluate: Evaluate }[];
  readonly by: readonly { readonly name: string; readonly evaluate: Evaluate }[];
}

interface Group {
  readonly keys: readonly Value[];
  readonly accumulators: readonly Accumulator[];
}

export function aggregated(next: Stage, { calls, results, by }: Statistics): Stage {
  const groups = new Map<string, Group>();
  const kept: Kept = { values: 0 };
  const open = (keys: readonly Value[]): Group =>
    ({ keys, accumulators: calls.map(({ make, args }) => make(args, kept)) });
  // Without groups there is a result of nothing, too.
  if (by.length === 0) groups.set("", open([]));
  return {
    push: (row) => {
      const keys = by.map(({ evaluate }) => evaluate(row));
      const name = keys.length === 0 ? "" : keys.map((key) => textOf(key) ?? "\0").join("\x01");
      let group = groups.get(name);
      if (!group) {
        if (groups.size >= keptRowsMax) throw new TooManyRows();
        groups.set(name, (group = open(keys)));
      }
      for (const accumulator of group.accumulators) accumulator.add(row);
    },
    * end() {
      for (const { keys, accumulators } of groups.values()) {
        const row = new Row();
        by.forEach(({ name }, index) => row.set(name, keys[index]));
        row.aggregates = accumulators.map((each) => each.result());
        for (const { name, evaluate } of results) row.set(name, evaluate(row));
        yield next.push(row);
      }
      yield* next.end();
    },
  };
}

/** The rows as they are, of a query that another one goes on with. */
export function gathered(): Stage & { readonly rows: Row[] } {
  const rows: Row[] = [];
  return {
    rows,
    push: (row) => {
      if (rows.push(row) > keptRowsMax) throw new TooManyRows();
    },
    end: () => [],
  };
}

/** What is shown of a row: names and texts. */
export type ShownRow = readonly { readonly field: string; readonly value: string }[];

export function collected(
  columns: (row: Row) => readonly { readonly name: string; readonly evaluate: Evaluate }[],
): Stage & { readonly rows: ShownRow[] } {
  const rows: ShownRow[] = [];
  return {
    rows,
    push: (row) => {
      const shown = columns(row).flatMap(({ name, evaluate }) => {
        const value = evaluate(row);
        const text = isMissing(value) ? undefined : textOf(value);
        return text === undefined ? [] : [{ field: name, value: text }];
      });
      const pointer = row.source?.pointer;
      rows.push(pointer === undefined ? shown : [...shown, { field: "@ptr", value: pointer }]);
    },
    end: () => [],
  };
}
