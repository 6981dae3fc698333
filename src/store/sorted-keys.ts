/**
 * Keys in order, for range reads of what is not committed yet. Chunks keep an insertion cheap at any size;
 * keys are looked up by what they follow, not by position, so that inserting while iterating is safe.
 */

const CHUNK_LENGTH_MAX = 256;

export class SortedKeys {
  /** Never holds an empty chunk. */
  readonly #chunks: string[][] = [];

  constructor(keys: Iterable<string> = []) {
    const sorted = [...keys].sort(byteOrder);
    for (let start = 0; start < sorted.length; start += CHUNK_LENGTH_MAX / 2) {
      this.#chunks.push(sorted.slice(start, start + CHUNK_LENGTH_MAX / 2));
    }
  }

  /** The key must not be there yet. */
  add(key: string): void {
    const at = this.#chunkHolding(key);
    const chunk = this.#chunks[Math.min(at, this.#chunks.length - 1)];
    if (chunk === undefined) {
      this.#chunks.push([key]);
      return;
    }
    chunk.splice(lowerBound(chunk, key), 0, key);
    if (chunk.length > CHUNK_LENGTH_MAX) {
      this.#chunks.splice(this.#chunks.indexOf(chunk) + 1, 0, chunk.splice(CHUNK_LENGTH_MAX / 2));
    }
  }

  /** The key must be there. */
  remove(key: string): void {
    const at = this.#chunkHolding(key);
    const chunk = this.#chunks[at] ?? [];
    chunk.splice(lowerBound(chunk, key), 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
  }

  /** The first key at or behind `bound`; behind it only, when `exclusive`. */
  ceiling(bound: string, exclusive: boolean): string | undefined {
    for (let at = this.#chunkHolding(bound); at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at] ?? [];
      let index = lowerBound(chunk, bound);
      if (exclusive && chunk[index] === bound) index++;
      if (index < chunk.length) return chunk[index];
    }
    return undefined;
  }

  /** The last key before `bound`. */
  below(bound: string): string | undefined {
    for (let at = Math.min(this.#chunkHolding(bound), this.#chunks.length - 1); at >= 0; at--) {
      const chunk = this.#chunks[at] ?? [];
      const index = lowerBound(chunk, bound);
      if (index > 0) return chunk[index - 1];
    }
    return undefined;
  }

  /** Position of the first chunk whose last key is at or behind the key. */
  #chunkHolding(key: string): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const last = this.#chunks[middle]?.at(-1) ?? "";
      if (last < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export function byteOrder(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function lowerBound(keys: readonly string[], bound: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? "") < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
