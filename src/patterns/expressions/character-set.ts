/** One position of an expression: which characters may stand there. */

export type Range = readonly [first: number, last: number];

/** ASCII characters one by one, in four words; all others are one more, in a fifth. */
export type Bits = readonly [number, number, number, number, number];

export const noBits: Bits = [0, 0, 0, 0, 0];
export const allBits: Bits = [-1, -1, -1, -1, 1];

export function union(left: Bits, right: Bits): Bits {
  return left.map((word, index) => word | (right[index] ?? 0)) as unknown as Bits;
}

export function overlap(left: Bits, right: Bits): boolean {
  return left.some((word, index) => (word & (right[index] ?? 0)) !== 0);
}

const codePointMax = 0x10ffff;

/** Sorted and disjoint, whatever order they were written in. */
function merged(ranges: readonly Range[]): Range[] {
  const sorted = ranges.toSorted(([left], [right]) => left - right);
  const result: [number, number][] = [];
  for (const [first, last] of sorted) {
    const before = result.at(-1);
    if (before && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else result.push([first, last]);
  }
  return result;
}

function complement(ranges: readonly Range[]): Range[] {
  const result: Range[] = [];
  let next = 0;
  for (const [first, last] of merged(ranges)) {
    if (first > next) result.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= codePointMax) result.push([next, codePointMax]);
  return result;
}

export class CharacterSet {
  readonly ranges: readonly Range[];
  /** `\p{L}` and the like, for which there are no ranges. */
  readonly properties: readonly string[];
  readonly isNegated: boolean;

  /** @param isNegated with properties alone: ranges are turned round at once */
  constructor(ranges: readonly Range[], properties: readonly string[] = [], isNegated = false) {
    const turned = isNegated && properties.length === 0;
    this.ranges = turned ? complement(ranges) : merged(ranges);
    this.properties = properties;
    this.isNegated = isNegated && !turned;
  }

  static negated(set: CharacterSet): CharacterSet {
    return new CharacterSet(set.ranges, set.properties, true);
  }

  /** The only character of the set. */
  get only(): number | undefined {
    const [range, more] = this.ranges;
    return range && !more && range[0] === range[1] && this.properties.length === 0 && !this.isNegated
      ? range[0] : undefined;
  }

  bits(ignoresCase: boolean): Bits {
    const words: [number, number, number, number, number] = [0, 0, 0, 0, 0];
    const add = (code: number): void => {
      const at = code < 128 ? code >> 5 : 4;
      words[at] = (words[at] ?? 0) | (code < 128 ? 1 << (code & 31) : 1);
    };
    for (const [first, last] of this.ranges) {
      for (let code = first; code <= Math.min(last, 127); code++) {
        add(code);
        if (!ignoresCase || !/[a-z]/i.test(String.fromCharCode(code))) continue;
        add(code ^ 32);
        // The sign of kelvins and the long s are the others that differ from ASCII's letters by case alone.
        if (/[ks]/i.test(String.fromCharCode(code))) add(128);
      }
      if (last >= 128) add(128);
    }
    if (this.properties.length > 0) {
      const form = new RegExp(`[${this.properties.join("")}]`, ignoresCase ? "iu" : "u");
      for (let code = 0; code < 128; code++) if (form.test(String.fromCharCode(code))) add(code);
      add(128);
    }
    if (!this.isNegated) return words;
    return [~words[0], ~words[1], ~words[2], ~words[3], 1];
  }
}

const digits: Range[] = [[48, 57]];
const word: Range[] = [[48, 57], [65, 90], [95, 95], [97, 122]];
const spaces: Range[] = [
  [9, 13], [32, 32], [0xa0, 0xa0], [0x1680, 0x1680], [0x2000, 0x200a], [0x2028, 0x2029], [0x202f, 0x202f],
  [0x205f, 0x205f], [0x3000, 0x3000], [0xfeff, 0xfeff],
];
const lineEnds: Range[] = [[10, 10], [13, 13], [0x2028, 0x2029]];

export const anything = new CharacterSet([[0, codePointMax]]);
export const withinLine = new CharacterSet(lineEnds, [], true);

/** `\d`, `\W` and so on. */
export const classes: ReadonlyMap<string, CharacterSet> = new Map([
  ["d", new CharacterSet(digits)], ["D", new CharacterSet(digits, [], true)],
  ["w", new CharacterSet(word)], ["W", new CharacterSet(word, [], true)],
  ["s", new CharacterSet(spaces)], ["S", new CharacterSet(spaces, [], true)],
]);
