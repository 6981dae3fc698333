/**
 * Quantiles of any number of values: exact as long as they are few, within half a percent of the value
 * thereafter, by counting values of about the same size together.
 */

const exactMax = 10_000;
const relativeError = 0.005;
const base = (1 + relativeError) / (1 - relativeError);
const logBase = Math.log(base);

export class Quantiles {
  #exact: number[] | undefined = [];
  readonly #counts = new Map<number, number>();
  #count = 0;

  add(value: number): void {
    this.#count++;
    if (this.#exact) {
      this.#exact.push(value);
      if (this.#exact.length > exactMax) this.estimate();
    } else {
      this.#note(value);
    }
  }

  /** From here on, values of about the same size are one. */
  estimate(): void {
    if (!this.#exact) return;
    for (const each of this.#exact) this.#note(each);
    this.#exact = undefined;
  }

  /** How many values are kept, or sizes of values. */
  get size(): number {
    return this.#exact?.length ?? this.#counts.size;
  }

  #note(value: number): void {
    const bucket = bucketOf(value);
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
  }

  /** Between the two nearest values in proportion; undefined when there are none. */
  at(quantile: number): number | undefined {
    if (this.#count === 0) return undefined;
    const place = Math.min(Math.max(quantile, 0), 1) * (this.#count - 1);
    if (this.#exact) {
      const sorted = this.#exact.toSorted((left, right) => left - right);
      const below = sorted[Math.floor(place)] as number;
      const above = sorted[Math.ceil(place)] as number;
      return below + (above - below) * (place - Math.floor(place));
    }
    let seen = 0;
    const buckets = [...this.#counts].sort(([left], [right]) => left - right);
    for (const [bucket, count] of buckets) {
      seen += count;
      if (seen > place) return valueOf(bucket);
    }
    return undefined;
  }
}

/** Numbers of buckets are in the order of their values; zero has one of its own. */
const offset = 100_000;

function bucketOf(value: number): number {
  if (value === 0) return 0;
  const size = Math.ceil(Math.log(Math.abs(value)) / logBase) + offset * 2;
  return value > 0 ? size : -size;
}

function valueOf(bucket: number): number {
  if (bucket === 0) return 0;
  const size = Math.abs(bucket) - offset * 2;
  const value = (2 * base ** size) / (base + 1);
  return bucket > 0 ? value : -value;
}
