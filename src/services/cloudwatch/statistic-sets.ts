/**
 * What is known of the values of a time: how many, their sum, the least and the greatest, and, where it is
 * known, how often each value was there. Up to so many different values it is exact; beyond, values that are
 * close together are counted as their mean.
 */

export interface StatisticSet {
  readonly count: number;
  readonly sum: number;
  readonly minimum: number;
  readonly maximum: number;
  /**
   * Pairs of a value and its count, as doubles, in any order. Absent where all values are the same, and where
   * only the statistics were ever given.
   */
  readonly values?: Uint8Array;
}

/** Different values of one set that are kept apart. */
const valuesMax = 1_024;
const bytesPerPair = 16;

/** Percentiles need the values, or that there is only one. */
export function hasDistribution(set: StatisticSet): boolean {
  return set.values !== undefined || set.minimum === set.maximum;
}

export function setOf(values: readonly number[], counts: readonly number[]): StatisticSet {
  let count = 0;
  let sum = 0;
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  values.forEach((value, index) => {
    const times = counts[index] ?? 1;
    count += times;
    sum += value * times;
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
  });
  if (minimum === maximum) return { count, sum, minimum, maximum };
  const pairs = new Float64Array(values.length * 2);
  values.forEach((value, index) => {
    pairs[index * 2] = value;
    pairs[index * 2 + 1] = counts[index] ?? 1;
  });
  return { count, sum, minimum, maximum, values: bounded(pairs) };
}

function bytesOf(pairs: Float64Array): Uint8Array {
  return new Uint8Array(pairs.buffer, pairs.byteOffset, pairs.byteLength);
}

/** Copied where the bytes do not begin where doubles may. */
function doublesOf(bytes: Uint8Array): Float64Array {
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  return new Float64Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 8);
}

function pairsOf(set: StatisticSet): Float64Array {
  return set.values ? doublesOf(set.values) : Float64Array.of(set.minimum, set.count);
}

/** Values in ascending order, each once, with how often it was there. */
export interface Distribution {
  readonly values: Float64Array;
  readonly counts: Float64Array;
}

/** Adds up sets. */
export class Accumulator {
  count = 0;
  sum = 0;
  minimum = Number.POSITIVE_INFINITY;
  maximum = Number.NEGATIVE_INFINITY;
  /** Whether the values of all that was added are known. */
  hasValues = true;
  readonly #sets: StatisticSet[] = [];

  add(set: StatisticSet): void {
    this.count += set.count;
    this.sum += set.sum;
    if (set.minimum < this.minimum) this.minimum = set.minimum;
    if (set.maximum > this.maximum) this.maximum = set.maximum;
    if (!hasDistribution(set)) this.hasValues = false;
    this.#sets.push(set);
  }

  /** Undefined where not every value is known. */
  distribution(): Distribution | undefined {
    return this.hasValues ? sorted(this.#joined()) : undefined;
  }

  #joined(): Float64Array {
    const parts = this.#sets.map(pairsOf);
    const joined = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
    let at = 0;
    for (const part of parts) {
      joined.set(part, at);
      at += part.length;
    }
    return joined;
  }

  /** As it is stored. */
  total(): StatisticSet {
    const { count, sum, minimum, maximum } = this;
    const isPlain = !this.hasValues || minimum === maximum;
    return { count, sum, minimum, maximum, ...(!isPlain && { values: bounded(this.#joined()) }) };
  }
}

export function merged(one: StatisticSet | undefined, other: StatisticSet): StatisticSet {
  if (!one) return other;
  const both = new Accumulator();
  both.add(one);
  both.add(other);
  return both.total();
}

function sorted(pairs: Float64Array): Distribution {
  const length = pairs.length / 2;
  const isAllOnce = pairs.every((value, index) => index % 2 === 0 || value === 1);
  const [values, counts] = isAllOnce ? sortedValues(pairs, length) : sortedPairs(pairs, length);
  let last = -1;
  for (let index = 0; index < length; index++) {
    const value = values[index] ?? 0;
    if (last >= 0 && values[last] === value) {
      counts[last] = (counts[last] ?? 0) + (counts[index] ?? 0);
      continue;
    }
    last += 1;
    values[last] = value;
    counts[last] = counts[index] ?? 0;
  }
  return { values: values.subarray(0, last + 1), counts: counts.subarray(0, last + 1) };
}

/** Typed arrays sort numbers fast, as long as nothing has to move with them. */
function sortedValues(pairs: Float64Array, length: number): [Float64Array, Float64Array] {
  const values = new Float64Array(length);
  for (let index = 0; index < length; index++) values[index] = pairs[index * 2] ?? 0;
  return [values.sort(), new Float64Array(length).fill(1)];
}

function sortedPairs(pairs: Float64Array, length: number): [Float64Array, Float64Array] {
  const order = Array.from({ length }, (_, index) => index);
  order.sort((left, right) => (pairs[left * 2] ?? 0) - (pairs[right * 2] ?? 0));
  return [
    Float64Array.from(order, (index) => pairs[index * 2] ?? 0),
    Float64Array.from(order, (index) => pairs[index * 2 + 1] ?? 0),
  ];
}

function bounded(pairs: Float64Array): Uint8Array {
  if (pairs.byteLength <= valuesMax * bytesPerPair) return bytesOf(pairs);
  let distribution = sorted(pairs);
  for (let width = 0.01; distribution.values.length > valuesMax; width *= 2) {
    distribution = grouped(distribution, width);
  }
  const { values, counts } = distribution;
  const kept = new Float64Array(values.length * 2);
  values.forEach((value, index) => {
    kept[index * 2] = value;
    kept[index * 2 + 1] = counts[index] ?? 0;
  });
  return bytesOf(kept);
}

/** Values that differ by less than the fraction `width` become their mean. */
function grouped({ values, counts }: Distribution, width: number): Distribution {
  const means: number[] = [];
  const totals: number[] = [];
  let start = Number.NaN;
  values.forEach((value, index) => {
    const count = counts[index] ?? 0;
    const last = means.length - 1;
    const known = totals[last] ?? 0;
    if (value - start <= Math.abs(start) * width) {
      means[last] = ((means[last] ?? 0) * known + value * count) / (known + count);
      totals[last] = known + count;
    } else {
      start = value;
      means.push(value);
      totals.push(count);
    }
  });
  return { values: Float64Array.from(means), counts: Float64Array.from(totals) };
}
