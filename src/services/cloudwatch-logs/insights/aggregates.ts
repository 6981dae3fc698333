/** What `stats` works out over many rows, in memory that does not grow with them. */

import { Quantiles } from "./quantiles.ts";
import type { Row } from "./rows.ts";
import { compare, isMissing, numberOf, textOf, worked, type Value } from "./values.ts";

export interface Accumulator {
  add(row: Row): void;
  result(): Value;
}

export type Evaluate = (row: Row) => Value;

/** Values that the accumulators of one query keep, all groups together. */
export interface Kept {
  values: number;
}

/** Above it every group keeps only some of its values, and estimates. */
const keptMax = 1_000_000;
/** So many of them may a group keep all the same. */
const keptByEach = 500;

/** @param args as they are written, evaluated for each row; `count(*)` has none */
export type MakeAccumulator = (args: readonly Evaluate[], kept: Kept) => Accumulator;

export interface Aggregate {
  readonly least: number;
  readonly most: number;
  readonly make: MakeAccumulator;
}

class Count implements Accumulator {
  #count = 0;
  readonly #value: Evaluate | undefined;

  constructor(value: Evaluate | undefined) {
    this.#value = value;
  }

  add(row: Row): void {
    if (!this.#value || !isMissing(this.#value(row))) this.#count++;
  }

  result(): Value {
    return this.#count;
  }
}

/** Above so many different values their number is estimated. */
const distinctMax = 100_000;

/** By the values whose hash is smallest: exact as long as there are few. */
class CountDistinct implements Accumulator {
  readonly #seen = new Set<string>();
  readonly #value: Evaluate;
  readonly #kept: Kept;
  /** Only values whose hash has so many zeros at its end are kept; each stands for 2 to that power. */
  #zeros = 0;

  constructor(value: Evaluate, kept: Kept) {
    this.#value = value;
    this.#kept = kept;
  }

  add(row: Row): void {
    const text = textOf(this.#value(row));
    if (text === undefined || !this.#isKept(text)) return;
    const before = this.#seen.size;
    this.#seen.add(text);
    while (this.#isTooMany()) {
      this.#zeros++;
      for (const each of this.#seen) if (!this.#isKept(each)) this.#seen.delete(each);
    }
    this.#kept.values += this.#seen.size - before;
  }

  #isTooMany(): boolean {
    const { size } = this.#seen;
    return size > distinctMax || (size > keptByEach && this.#kept.values > keptMax);
  }

  #isKept(text: string): boolean {
    return this.#zeros === 0 || (hash(text) & ((1 << this.#zeros) - 1)) === 0;
  }

  result(): Value {
    return this.#seen.size * 2 ** this.#zeros;
  }
}

function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  value = Math.imul(value ^ (value >>> 15), 0x85ebca6b);
  return value ^ (value >>> 13);
}

interface Summary {
  readonly count: number;
  readonly sum: number;
  readonly squares: number;
}

/** Sum, mean and deviation, without losing what is small beside what is large. */
class Moments implements Accumulator {
  #count = 0;
  #sum = 0;
  #mean = 0;
  #squares = 0;
  readonly #value: Evaluate;
  readonly #result: (summary: Summary) => Value;

  constructor(value: Evaluate, result: (summary: Summary) => Value) {
    this.#value = value;
    this.#result = result;
  }

  add(row: Row): void {
    const number = numberOf(this.#value(row));
    if (number === undefined) return;
    this.#count++;
    this.#sum += number;
    const difference = number - this.#mean;
    this.#mean += difference / this.#count;
    this.#squares += difference * (number - this.#mean);
  }

  result(): Value {
    const summary = { count: this.#count, sum: this.#sum, squares: this.#squares };
    return summary.count === 0 ? undefined : this.#result(summary);
  }
}

class Extreme implements Accumulator {
  #best: Value = undefined;
  readonly #value: Evaluate;
  readonly #sign: 1 | -1;

  constructor(value: Evaluate, sign: 1 | -1) {
    this.#value = value;
    this.#sign = sign;
  }

  add(row: Row): void {
    const value = this.#value(row);
    if (isMissing(value)) return;
    if (this.#best === undefined || (compare(value, this.#best) ?? 0) * this.#sign > 0) this.#best = value;
  }

  result(): Value {
    return this.#best;
  }
}

/** By the order of texts, whatever they look like. */
class TextExtreme implements Accumulator {
  #best: string | undefined;
  readonly #value: Evaluate;
  readonly #isLast: boolean;

  constructor(value: Evaluate, isLast: boolean) {
    this.#value = value;
    this.#isLast = isLast;
  }

  add(row: Row): void {
    const text = textOf(this.#value(row));
    if (text === undefined) return;
    if (this.#best === undefined || text > this.#best === this.#isLast) this.#best = text;
  }

  result(): Value {
    return this.#best;
  }
}

/** The value of the event that was first, or last. */
class AtEdge implements Accumulator {
  #at: number | undefined;
  #found: Value;
  readonly #value: Evaluate;
  readonly #isLast: boolean;

  constructor(value: Evaluate, isLast: boolean) {
    this.#value = value;
    this.#isLast = isLast;
  }

  add(row: Row): void {
    const at = numberOf(row.get("@timestamp")) ?? 0;
    if (this.#at !== undefined && (this.#isLast ? at < this.#at : at >= this.#at)) return;
    const value = this.#value(row);
    if (isMissing(value)) return;
    this.#at = at;
    this.#found = value;
  }

  result(): Value {
    return this.#found;
  }
}

class Percentile implements Accumulator {
  readonly #quantiles = new Quantiles();
  readonly #value: Evaluate;
  readonly #percent: Evaluate;
  readonly #kept: Kept;
  #wanted = 50;

  constructor(value: Evaluate, percent: Evaluate, kept: Kept) {
    this.#value = value;
    this.#percent = percent;
    this.#kept = kept;
  }

  add(row: Row): void {
    this.#wanted = numberOf(this.#percent(row)) ?? this.#wanted;
    const number = numberOf(this.#value(row));
    if (number === undefined) return;
    const before = this.#quantiles.size;
    this.#quantiles.add(number);
    if (this.#kept.values > keptMax && before > keptByEach) this.#quantiles.estimate();
    this.#kept.values += this.#quantiles.size - before;
  }

  result(): Value {
    return worked(this.#quantiles.at(this.#wanted / 100));
  }
}

function of(make: (value: Evaluate, kept: Kept) => Accumulator): Aggregate {
  return { least: 1, most: 1, make: ([value], kept) => make(value as Evaluate, kept) };
}

const median: Aggregate = of((value, kept) => new Percentile(value, () => 50, kept));
const percentile: Aggregate = {
  least: 2, most: 2,
  make: ([value, percent], kept) => new Percentile(value as Evaluate, percent as Evaluate, kept),
};

/** @evidence CloudWatch Logs User Guide, "stats", aggregation and non-aggregation functions */
const aggregates: Readonly<Record<string, Aggregate>> = {
  count: { least: 0, most: 1, make: ([value]) => new Count(value) },
  count_distinct: of((value, kept) => new CountDistinct(value, kept)),
  sum: of((value) => new Moments(value, ({ sum }) => worked(sum))),
  avg: of((value) => new Moments(value, ({ sum, count }) => worked(sum / count))),
  stddev: of((value) => new Moments(value, ({ squares, count }) => worked(Math.sqrt(squares / count)))),
  min: of((value) => new Extreme(value, -1)),
  max: of((value) => new Extreme(value, 1)),
  pct: percentile,
  percentile,
  median,
  earliest: of((value) => new AtEdge(value, false)),
  latest: of((value) => new AtEdge(value, true)),
  sortsfirst: of((value) => new TextExtreme(value, false)),
  sortslast: of((value) => new TextExtreme(value, true)),
};

export function findAggregate(name: string): Aggregate | undefined {
  const key = name.toLowerCase();
  return Object.hasOwn(aggregates, key) ? aggregates[key] : undefined;
}
