/** Random values, items and texts for property tests; one seed makes the same ones again. */

import type { AttributeValue } from "./attribute-values.ts";
import { normalizeNumber } from "./numbers.ts";

/** Mulberry32: small, fast, good enough to try things. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to `count - 1`. */
  below(count: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % count;
  }

  /** True once in `count` times. */
  once(count: number): boolean {
    return this.below(count) === 0;
  }

  pick<Choice>(choices: readonly Choice[]): Choice {
    const choice = choices[this.below(choices.length)];
    if (choice === undefined) throw new Error("Nothing to choose from.");
    return choice;
  }
}

/** A number as a request may write it, seldom in normal form, always in range. */
export function randomNumberText(chance: Chance): string {
  if (chance.once(3)) return String(chance.below(7) - 3);
  const sign = chance.pick(["", "", "-", "+"]);
  const length = 1 + chance.below(chance.once(2) ? 4 : 38);
  const digits = Array.from({ length }, () => chance.below(10)).join("");
  const point = chance.below(digits.length + 1);
  const text = chance.once(2) ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return `${sign}${text}${chance.once(3) ? `e${chance.below(160) - 80}` : ""}`;
}

const TEXTS = ["", "a", "b", "ab", "abc", "é", "\u{1f600}", "\uffff", "__proto__", "constructor"];

export function randomText(chance: Chance): string {
  return chance.once(2) ? chance.pick(TEXTS) : chance.pick(TEXTS) + chance.pick(TEXTS);
}

export function randomBinary(chance: Chance): Buffer {
  return Buffer.from(Array.from({ length: chance.below(3) }, () => chance.pick([0, 1, 127, 128, 255])));
}

/** Few names, so that random items and random paths meet. */
export const NAMES = ["a", "b", "c", "d", "__proto__"];

function members<Member>(chance: Chance, make: () => Member, same: (member: Member) => string): Member[] {
  const found = new Map<string, Member>();
  for (let count = 1 + chance.below(3); count > 0; count--) {
    const member = make();
    found.set(same(member), member);
  }
  return [...found.values()];
}

/** A value in normal form, with at most `depth` levels below it. */
export function randomValue(chance: Chance, depth = 2): AttributeValue {
  switch (chance.below(depth > 0 ? 12 : 8)) {
    case 0: return { S: randomText(chance) };
    case 1: return { N: String(chance.below(5) - 2) };
    case 2: return { N: normalizeNumber(randomNumberText(chance)) };
    case 3: return { B: randomBinary(chance) };
    case 4: return chance.once(2) ? { BOOL: chance.once(2) } : { NULL: true };
    case 5: return { SS: members(chance, () => randomText(chance), String) };
    case 6: return { NS: members(chance, () => String(chance.below(5)), String) };
    case 7: return { BS: members(chance, () => randomBinary(chance), (bytes) => bytes.toString("hex")) };
    case 8: case 9:
      return { L: Array.from({ length: chance.below(4) }, () => randomValue(chance, depth - 1)) };
    default: return { M: randomItem(chance, depth - 1) };
  }
}

export function randomItem(chance: Chance, depth = 2): Record<string, AttributeValue> {
  const item = Object.create(null) as Record<string, AttributeValue>;
  for (const name of NAMES) if (chance.once(2)) item[name] = randomValue(chance, depth);
  return item;
}
