/**
 * Random work on a store and on plain maps side by side, from a seed; any difference is an error naming the
 * seed.
 */

import assert from "node:assert/strict";
import { table } from "./types.ts";
import type { CellName, Durability, Key, KeyPart } from "./types.ts";
import type { Ordered, Range, Rows, Store, StoreOptions } from "./types.ts";

interface Item {
  readonly key: KeyPart[];
  readonly group: KeyPart[] | undefined;
  readonly value: number;
}

type Index = "group";
type Model = Map<string, Item>;

const items = table<Item, Index>("oracle.items", {
  key: (item) => item.key,
  indexes: { group: (item) => item.group },
});
const cells: CellName[] = ["us-east-1", "eu-west-1"].map((region) => ({ account: "000000000000", region }));
const STEPS = 250;
const LONG = "long ".repeat(450);

class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed * 2_654_435_761;
  }

  /** A whole number below the bound (mulberry32). */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (((mixed ^ (mixed >>> 14)) >>> 0) % 1_000_003) % bound;
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[this.below(from.length)];
    if (picked === undefined) throw new Error("Nothing to pick from.");
    return picked;
  }

  part(): KeyPart {
    const longTexts = [LONG, `${LONG}a`, `${LONG}b`];
    const texts = ["", "a", "ab", "b", "a\u0000", "a\u0000b", "é", "z", "🎵", "\u00ff", ...longTexts];
    const numbers = [0, -1, 1, 2, 10, -1.5, 1e300, -Infinity, 2 ** 40];
    const bytes = [[], [0], [0, 0], [0, 255], [255], [1, 2]].map((each) => new Uint8Array(each));
    return this.pick<KeyPart>(this.pick<readonly KeyPart[]>([texts, texts, numbers, bytes]));
  }

  key(): KeyPart[] {
    return Array.from({ length: 1 + this.below(3) }, () => this.part());
  }

  range(): Range {
    const key = this.key();
    const mayBegin = typeof key.at(-1) === "string";
    const limit = this.below(3) === 0 ? { limit: this.below(5) } : {};
    const reverse = this.below(3) === 0 ? { reverse: true } : {};
    const prefixOfLastPart = mayBegin && this.below(2) === 0;
    const prefix = this.below(3) === 0 ? { prefix: key, prefixOfLastPart } : {};
    const from = this.below(4) === 0 ? { from: this.key() } : {};
    const after = this.below(4) === 0 ? { after: this.key() } : {};
    const before = this.below(4) === 0 ? { before: this.key() } : {};
    return { ...limit, ...reverse, ...prefix, ...from, ...after, ...before };
  }
}

export async function runAgainstOracle(
  open: (options: StoreOptions) => Store,
  folder: string,
  durability: Durability,
  seed: number,
): Promise<void> {
  const chance = new Chance(seed);
  const options: StoreOptions = { folder, durability, freezeRows: true };
  const models = cells.map((): Model => new Map());
  let store = open(options);
  try {
    for (let step = 0; step < STEPS; step++) {
      const at = chance.below(cells.length);
      const cell = cells[at];
      const model = models[at];
      if (!cell || !model) continue;
      models[at] = transactAlongside(store, cell, model, chance, `seed ${seed}, step ${step}`);
      const now = models[at];
      const where = `seed ${seed}, read after step ${step}`;
      store.read(cell, (view) => compare(view.rows(items), now, chance, where));
      const next = chance.below(20);
      if (next === 0) await store.flush();
      if (next === 1) await new Promise((resume) => setImmediate(resume));
      if (next === 2) {
        await store.close();
        store = open(options);
      }
    }
    const filled = cells.filter((_, index) => (models[index]?.size ?? 0) > 0);
    assert.deepEqual(store.cells().map(regionOf).sort(), filled.map(regionOf).sort());
  } finally {
    await store.close();
  }
}

/** Returns the model after the transaction: the old one, when it threw. */
function transactAlongside(store: Store, cell: CellName, model: Model, chance: Chance, where: string): Model {
  const next = new Map(model);
  const fails = chance.below(5) === 0;
  const stop = new Error("the transaction is to be discarded");
  try {
    store.transact(cell, (transaction) => {
      const rows = transaction.rows(items);
      for (let count = chance.below(6); count >= 0; count--) writeAlongside(rows, next, chance, where);
      compare(rows, next, chance, where);
      if (fails) throw stop;
    });
    return next;
  } catch (error) {
    if (error !== stop) throw error;
    return model;
  }
}

function writeAlongside(rows: Rows<Item, Index>, model: Model, chance: Chance, where: string): void {
  const known = [...model.values()];
  const key = known.length > 0 && chance.below(3) > 0 ? chance.pick(known).key : chance.key();
  if (chance.below(3) === 0) {
    assert.equal(rows.delete(key), model.delete(nameOf(key)), where);
    return;
  }
  const group = chance.below(4) === 0 ? undefined : chance.key();
  const item: Item = { key, group, value: chance.below(1_000) };
  rows.put(item);
  model.set(nameOf(key), item);
}

function compare(rows: Rows<Item, Index>, model: Model, chance: Chance, where: string): void {
  const key = chance.key();
  assert.deepEqual(rows.get(key)?.value, model.get(nameOf(key))?.value, where);
  assert.equal(rows.has(key), model.has(nameOf(key)), where);
  const inOrder = [...model.values()].sort((left, right) => compareKeys(left.key, right.key));
  const range = chance.range();
  compareOrdered(rows, within(inOrder, range, (item) => item.key), range, where);

  const grouped = inOrder.filter((item) => item.group !== undefined);
  const groupOf = (item: Item): Key => item.group ?? [];
  grouped.sort((left, right) => compareKeys(left.group ?? [], right.group ?? []));
  compareOrdered(rows.by("group"), within(grouped, range, groupOf), range, where);
}

function compareOrdered(actual: Ordered<Item>, expected: Item[], range: Range, where: string): void {
  const told = `${where}, range ${JSON.stringify(range).replaceAll(LONG, "LONG")}`;
  assert.deepEqual([...actual.list(range)].map(named), expected.map(named), told);
  assert.equal(actual.count(range), expected.length, told);
  assert.deepEqual(actual.first(range)?.key, expected[0]?.key, told);
}

function within(inOrder: readonly Item[], range: Range, keyOf: (item: Item) => Key): Item[] {
  const { prefix, from, after, before } = range;
  const found = inOrder.filter((item) => {
    const key = partsOf(keyOf(item));
    const lastIsOpen = range.prefixOfLastPart ?? false;
    if (prefix !== undefined && !beginsWith(key, partsOf(prefix), lastIsOpen)) return false;
    if (from !== undefined && compareKeys(key, partsOf(from)) < 0) return false;
    if (after !== undefined && compareKeys(key, partsOf(after)) <= 0) return false;
    return before === undefined || compareKeys(key, partsOf(before)) < 0;
  });
  if (range.reverse) found.reverse();
  return found.slice(0, range.limit);
}

function beginsWith(key: readonly KeyPart[], prefix: readonly KeyPart[], lastIsOpen: boolean): boolean {
  return prefix.every((part, index) => {
    const own = key[index];
    if (own === undefined) return false;
    const open = lastIsOpen && index === prefix.length - 1;
    if (open) return typeof own === "string" && own.startsWith(String(part));
    return compareParts(own, part) === 0;
  });
}

function compareKeys(left: readonly KeyPart[], right: readonly KeyPart[]): number {
  for (const [index, part] of left.entries()) {
    const other = right[index];
    const order = other === undefined ? 1 : compareParts(part, other);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function compareParts(left: KeyPart, right: KeyPart): number {
  if (rank(left) !== rank(right)) return rank(left) - rank(right);
  if (typeof left === "number") return left < Number(right) ? -1 : left > Number(right) ? 1 : 0;
  return Buffer.compare(Buffer.from(left as string), Buffer.from(right as string));
}

function rank(part: KeyPart): number {
  return typeof part === "number" ? 0 : typeof part === "string" ? 1 : 2;
}

function partsOf(key: Key): readonly KeyPart[] {
  return Array.isArray(key) ? (key as readonly KeyPart[]) : [key as KeyPart];
}

function nameOf(key: readonly KeyPart[]): string {
  return key.map((part) => `${rank(part)}:${part instanceof Uint8Array ? part.join(".") : part}`).join("|");
}

function named(item: Item): string {
  return `${nameOf(item.key).replaceAll(LONG, "LONG")}=${item.value}`;
}

function regionOf(cell: CellName): string {
  return cell.region;
}
