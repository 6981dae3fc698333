/**
 * The regular expressions of filter patterns: no groups, no looking around, and so matched in time that
 * grows with the text times the expression, whatever either is.
 *
 * @evidence CloudWatch Logs User Guide, "Supported regular expressions (regex) syntax for filter patterns"
 */

import { invalidPattern } from "./invalid.ts";

/** One character of a text, by its code unit. */
type CharacterSet = (code: number) => boolean;

interface Step {
  readonly set: CharacterSet;
  readonly min: number;
  readonly max: number;
}

interface Alternative {
  readonly steps: readonly Step[];
  readonly atStart: boolean;
  readonly atEnd: boolean;
}

const repeatsMax = 1_000;

const isDigit: CharacterSet = (code) => code >= 48 && code <= 57;
const isWord: CharacterSet = (code) =>
  isDigit(code) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95;
const isSpace: CharacterSet = (code) => code === 32 || (code >= 9 && code <= 13) || code === 0xa0;
const isAny: CharacterSet = (code) => code !== 10;

const classes: Readonly<Record<string, CharacterSet>> = {
  d: isDigit, D: (code) => !isDigit(code),
  w: isWord, W: (code) => !isWord(code),
  s: isSpace, S: (code) => !isSpace(code),
};

const escapedCharacters: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", f: "\f", v: "\v" };

class Reader {
  readonly #text: string;
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get next(): string | undefined {
    return this.#text[this.at];
  }

  take(): string {
    const taken = this.next;
    if (taken === undefined) throw invalidPattern();
    this.at++;
    return taken;
  }

  skip(text: string): boolean {
    if (!this.#text.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  /** What the expression finds here, which is then behind. */
  find(form: RegExp): RegExpExecArray | undefined {
    form.lastIndex = this.at;
    const found = form.exec(this.#text) ?? undefined;
    if (found) this.at += found[0].length;
    return found;
  }
}

function escaped(reader: Reader): CharacterSet | number {
  const letter = reader.take();
  const set = classes[letter];
  if (set) return set;
  if (letter === "x") {
    const digits = reader.find(/[0-9A-Fa-f]{2}/y);
    if (!digits) throw invalidPattern();
    return Number.parseInt(digits[0], 16);
  }
  return (escapedCharacters[letter] ?? letter).charCodeAt(0);
}

function bracket(reader: Reader): CharacterSet {
  const isNegated = reader.skip("^");
  const sets: CharacterSet[] = [];
  for (let first = true; first || !reader.skip("]"); first = false) {
    const from = member(reader);
    if (typeof from !== "number") {
      sets.push(from);
    } else if (reader.next === "-" && reader.find(/-(?!\])/y)) {
      const to = member(reader);
      if (typeof to !== "number" || to < from) throw invalidPattern();
      sets.push((code) => code >= from && code <= to);
    } else {
      sets.push((code) => code === from);
    }
  }
  const holds: CharacterSet = (code) => sets.some((set) => set(code));
  return isNegated ? (code) => !holds(code) : holds;
}

function member(reader: Reader): CharacterSet | number {
  const character = reader.take();
  return character === "\\" ? escaped(reader) : character.charCodeAt(0);
}

function atom(reader: Reader): CharacterSet {
  const character = reader.take();
  if (character === "[") return bracket(reader);
  if (character === ".") return isAny;
  if (/[()?*+{}]/.test(character)) throw invalidPattern();
  const code = character === "\\" ? escaped(reader) : character.charCodeAt(0);
  return typeof code === "number" ? (other) => other === code : code;
}

function repeats(reader: Reader): { min: number; max: number } {
  if (reader.skip("?")) return { min: 0, max: 1 };
  if (reader.skip("*")) return { min: 0, max: Infinity };
  if (reader.skip("+")) return { min: 1, max: Infinity };
  const [, low, comma, high] = reader.find(/\{(\d+)(,?)(\d*)\}/y) ?? [];
  if (low === undefined) return { min: 1, max: 1 };
  const min = Number(low);
  const max = comma === "" ? min : high === "" ? Infinity : Number(high);
  if (max < min || min > repeatsMax || (Number.isFinite(max) && max > repeatsMax)) throw invalidPattern();
  return { min, max };
}

function parseAlternative(reader: Reader): Alternative {
  const atStart = reader.skip("^");
  const steps: Step[] = [];
  while (reader.next !== undefined && reader.next !== "|") {
    if (reader.find(/\$(?=\||$)/y)) return { steps, atStart, atEnd: true };
    const set = atom(reader);
    steps.push({ set, ...repeats(reader) });
  }
  return { steps, atStart, atEnd: false };
}

/** A state is before a step, with so many repeats of it done: what counts above the least is all one. */
interface Machine {
  readonly alternative: Alternative;
  /** Index of the first state of each step; the last is the end. */
  readonly firsts: readonly number[];
  readonly stepOf: readonly number[];
}

const statesMax = 4_096;

function machineOf(alternative: Alternative): Machine {
  const firsts: number[] = [];
  const stepOf: number[] = [];
  alternative.steps.forEach(({ min, max }, step) => {
    firsts.push(stepOf.length);
    const states = Number.isFinite(max) ? max : min + 1;
    if (stepOf.length + states > statesMax) throw invalidPattern();
    for (let state = 0; state < Math.max(states, 1); state++) stepOf.push(step);
  });
  firsts.push(stepOf.length);
  return { alternative, firsts, stepOf };
}

/** Adds a state and those that are reached from it without a character. */
function enter(machine: Machine, states: Set<number>, state: number): void {
  for (let at = state; ;) {
    if (states.has(at)) return;
    states.add(at);
    const step = machine.stepOf[at];
    if (step === undefined) return;
    const { min } = machine.alternative.steps[step] as Step;
    const done = at - (machine.firsts[step] as number);
    if (done < min) return;
    at = machine.firsts[step + 1] as number;
  }
}

function advance(machine: Machine, states: ReadonlySet<number>, code: number): Set<number> {
  const after = new Set<number>();
  for (const state of states) {
    const step = machine.stepOf[state];
    if (step === undefined) continue;
    const { set, max, min } = machine.alternative.steps[step] as Step;
    if (!set(code)) continue;
    const first = machine.firsts[step] as number;
    const done = state - first + 1;
    if (!Number.isFinite(max)) enter(machine, after, first + Math.min(done, min));
    else enter(machine, after, done < max ? first + done : (machine.firsts[step + 1] as number));
  }
  return after;
}

function finds(machine: Machine, text: string): boolean {
  const { atStart, atEnd } = machine.alternative;
  const end = machine.stepOf.length;
  let states = new Set<number>();
  for (let at = 0; at <= text.length; at++) {
    if (at === 0 || !atStart) enter(machine, states, 0);
    if (states.has(end) && (!atEnd || at === text.length)) return true;
    if (states.size === 0 && atStart) return false;
    if (at < text.length) states = advance(machine, states, text.charCodeAt(at));
  }
  return false;
}

/** @throws InvalidParameterException */
export function parseRegex(source: string): (text: string) => boolean {
  const reader = new Reader(source);
  const alternatives = [parseAlternative(reader)];
  while (reader.skip("|")) alternatives.push(parseAlternative(reader));
  const machines = alternatives.map(machineOf);
  return (text) => machines.some((machine) => finds(machine, text));
}
