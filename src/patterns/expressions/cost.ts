/**
 * How many steps a backtracking engine may take at most to search a text of a given length.
 *
 * Where an engine goes back, it goes on from another place. The places of one attempt, from its start to
 * where it fails, stand one behind the other, and of k places in n characters there are at most n^k / k!
 * choices; fewer, where what must follow a place does not overlap itself. A repeat whose end is told by one
 * character, because what repeats can't begin with what follows, is no place to go back to. Repeats within
 * repeats have no such bound, unless each of them ends so.
 */

import { allBits, noBits, overlap, union, type Bits } from "./character-set.ts";
import type { Node, Repeat, Syntax } from "./syntax.ts";

/** Steps by the number of places: the coefficient of n^k / k!. */
type Polynomial = readonly number[];

const unbounded: Polynomial = [Infinity];
const degreeMax = 8;

function sum(left: Polynomial, right: Polynomial): Polynomial {
  const [longer, shorter] = left.length >= right.length ? [left, right] : [right, left];
  return longer.map((each, index) => each + (shorter[index] ?? 0));
}

function greater(left: Polynomial, right: Polynomial): Polynomial {
  const [longer, shorter] = left.length >= right.length ? [left, right] : [right, left];
  return longer.map((each, index) => Math.max(each, shorter[index] ?? 0));
}

/** What is done from each of the places that are a share of all. */
function fromEach(share: number, steps: Polynomial): Polynomial {
  if (steps.length > degreeMax) return unbounded;
  return [0, ...steps.map((each) => each * share)];
}

/** What stands behind a place in an expression, and what it may cost to find out that it is not there. */
interface Rest {
  /** What it may begin with. */
  readonly first: Bits;
  /** Whether it may be nothing at all. */
  readonly isEmpty: boolean;
  /** What it must begin with, one character after the other, as far as that is known. */
  readonly prefix: readonly Bits[];
  readonly steps: Polynomial;
  /** False where it is always there. */
  readonly fails: boolean;
}

const end: Rest = { first: noBits, isEmpty: true, prefix: [], steps: [1], fails: false };

const prefixMax = 32;
/** Repeats up to so many times are written out. */
const timesMax = 12;
/** Repeats of one character up to so many times are not counted as if they had no end. */
const boundedMax = 64;

/** How far what must follow can be moved along itself without contradiction. */
function period(prefix: readonly Bits[]): number {
  for (let shift = 1; shift < prefix.length; shift++) {
    const agrees = prefix.slice(shift).every((bits, index) => overlap(bits, prefix[index] ?? noBits));
    if (agrees) return shift;
  }
  return Math.max(1, prefix.length);
}

class Analysis {
  readonly #ignoresCase: boolean;

  constructor(ignoresCase: boolean) {
    this.#ignoresCase = ignoresCase;
  }

  /** @param isStrict within a repeat, where no choice may be left open */
  behind(node: Node, rest: Rest, isStrict = false): Rest {
    switch (node.kind) {
      case "set":
        return this.#one(node.set.bits(this.#ignoresCase), rest);
      case "group":
        return this.behind(node.node, rest, isStrict);
      case "sequence":
        return node.nodes.reduceRight((after, each) => this.behind(each, after, isStrict), rest);
      case "choice":
        return either(node.nodes.map((each) => this.behind(each, rest, isStrict)), isStrict);
      case "repeat":
        return this.#repeat(node, rest, isStrict);
      case "assertion":
        return { ...rest, fails: true, steps: sum(rest.steps, [1]) };
      case "look":
        return { ...rest, fails: true, steps: sum(rest.steps, this.behind(node.node, end).steps) };
      case "reference":
        return { ...rest, first: allBits, prefix: [], fails: true, steps: sum(rest.steps, [0, 1]) };
    }
  }

  #one(bits: Bits, rest: Rest): Rest {
    return {
      first: bits, isEmpty: false, fails: true, steps: sum(rest.steps, [1]),
      prefix: [bits, ...rest.prefix].slice(0, prefixMax),
    };
  }

  #repeat(repeat: Repeat, rest: Rest, isStrict: boolean): Rest {
    const { least, most } = repeat;
    const inner = withoutGroups(repeat.node);
    if (most === 0) return rest;
    if (inner.kind === "set") return this.#run(inner.set.bits(this.#ignoresCase), repeat, rest, isStrict);
    if (most <= timesMax) {
      let after = rest;
      for (let time = most; time > 0; time--) {
        const once = this.behind(inner, after, isStrict);
        after = time > least ? either([once, after], isStrict) : once;
      }
      return after;
    }
    return this.#loop(inner, repeat, rest, isStrict);
  }

  /** Characters of one set. */
  #run(bits: Bits, { least, most }: Repeat, rest: Rest, isStrict: boolean): Rest {
    const ends = most - least + 1;
    const isBounded = most <= boundedMax;
    const isClear = ends === 1 || !rest.fails || (!rest.isEmpty && !overlap(bits, rest.first));
    const share = 1 / period(rest.prefix);
    let { steps } = rest;
    if (!isClear && isStrict) steps = unbounded;
    else if (!isClear && isBounded) steps = steps.map((each) => each * Math.ceil(ends * share));
    else if (!isClear) steps = fromEach(share, steps);
    return {
      first: least === 0 ? union(bits, rest.first) : bits,
      isEmpty: least === 0 && rest.isEmpty,
      prefix: [
        ...Array.from({ length: Math.min(least, prefixMax) }, () => bits), ...(ends === 1 ? rest.prefix : []),
      ].slice(0, prefixMax),
      steps: sum(steps, isBounded ? [most] : [0, 1]),
      fails: least > 0 || rest.fails,
    };
  }

  /** Anything else, any number of times. */
  #loop(inner: Node, { least }: Repeat, rest: Rest, isStrict: boolean): Rest {
    const { first, isEmpty } = this.behind(inner, { ...end, fails: true });
    const again: Rest = {
      first: union(first, rest.first), isEmpty: rest.isEmpty, prefix: [], steps: [1], fails: true,
    };
    const body = this.behind(inner, again, true);
    const isClear = !rest.fails || (!rest.isEmpty && !overlap(first, rest.first));
    const isTame = !isEmpty && Number.isFinite(body.steps[0] ?? 0) && (isClear || !isStrict);
    const steps = isClear ? rest.steps : fromEach(1 / period(rest.prefix), rest.steps);
    return {
      first: least === 0 ? again.first : first,
      isEmpty: least === 0 && rest.isEmpty,
      prefix: least === 0 ? [] : body.prefix,
      // However often it repeats, all its repeats together go along the text once.
      steps: isTame ? sum(steps, [0, body.steps.reduce((total, each) => total + each, 0)]) : unbounded,
      fails: least > 0 || rest.fails,
    };
  }
}

function withoutGroups(node: Node): Node {
  return node.kind === "group" ? withoutGroups(node.node) : node;
}

function either(branches: readonly Rest[], isStrict: boolean): Rest {
  const isClear = branches.every((branch, index) => !branch.isEmpty
    && branches.slice(index + 1).every((other) => areApart(branch, other)));
  const steps = branches.map((branch) => branch.steps);
  const length = Math.min(...branches.map(({ prefix }) => prefix.length));
  return {
    first: branches.reduce((bits, branch) => union(bits, branch.first), noBits),
    isEmpty: branches.some((branch) => branch.isEmpty),
    prefix: Array.from({ length }, (_, at) =>
      branches.reduce((bits, { prefix }) => union(bits, prefix[at] ?? noBits), noBits)),
    steps: isClear ? steps.reduce(greater) : isStrict ? unbounded : steps.reduce(sum),
    fails: branches.every((branch) => branch.fails),
  };
}

/** No text begins as both must. */
function areApart(left: Rest, right: Rest): boolean {
  if (!overlap(left.first, right.first)) return true;
  return left.prefix.some((bits, at) => !overlap(bits, right.prefix[at] ?? bits));
}

/** Whether it can only be where the text begins. */
function isAnchored(node: Node): boolean {
  if (node.kind === "assertion") return node.text === "^";
  if (node.kind === "group") return isAnchored(node.node);
  if (node.kind === "choice") return node.nodes.every(isAnchored);
  return node.kind === "sequence" && node.nodes[0] !== undefined && isAnchored(node.nodes[0]);
}

/** So many steps are taken anyway, whatever the text: some milliseconds. */
const stepsMax = 4_000_000;
/** So many for each character. */
const stepsACharacter = 24;
/** Longer texts are never asked about. */
const lengthMax = 1 << 24;

/**
 * @param isRepeated where the search goes on behind what was found: then also what is found wherever it is
 *   looked for is looked for at every place
 * @returns steps at most, by the length of a text
 */
export function stepsOf({ node, ignoresCase, isMultiline }: Syntax,
  isRepeated: boolean): (length: number) => number {
  const rest = new Analysis(ignoresCase).behind(node, end);
  const isOnce = (!rest.fails && !isRepeated) || (isAnchored(node) && !isMultiline);
  const steps = isOnce ? rest.steps : fromEach(1 / period(rest.prefix), rest.steps);
  return (length) => {
    let [total, places] = [length, 1];
    steps.forEach((each, degree) => {
      if (degree > 0) places *= (length + degree) / degree;
      total += each * places;
    });
    return total;
  };
}

/** The longest text that a backtracking engine is done with soon, whatever the text. */
export function nativeLength(syntax: Syntax, isRepeated: boolean): number {
  const steps = stepsOf(syntax, isRepeated);
  const isQuick = (length: number): boolean =>
    steps(length) <= Math.max(stepsMax, stepsACharacter * length);
  if (isQuick(lengthMax)) return Infinity;
  let [quick, slow] = [0, lengthMax];
  while (slow - quick > 1) {
    const middle = Math.floor((quick + slow) / 2);
    if (isQuick(middle)) quick = middle;
    else slow = middle;
  }
  return quick;
}
