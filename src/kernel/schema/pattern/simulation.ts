/**
 * Runs a program that looks around: all its states are moved along the text together, and what looks ahead
 * is run from where it stands. That is at worst quadratic, and bounded.
 */

import type { Assertion, Program } from "./program.ts";

/** What one text may cost; a text that needs more is let through. */
const STEPS_MAX = 2_000_000;

export function simulate(program: Program, text: string): boolean {
  const simulation = new Simulation(text);
  return simulation.run(program, 0, true) || simulation.exhausted;
}

class Simulation {
  readonly #text: string;
  #steps = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get exhausted(): boolean {
    return this.#steps > STEPS_MAX;
  }

  /** Whether the program matches from `from` up to the end of the text, or up to anywhere. */
  run(program: Program, from: number, whole: boolean): boolean {
    let current = this.#closure(program, [program.first], from);
    for (let index = from; !this.exhausted; ) {
      const matched = current.has(program.match);
      if (matched && !whole) return true;
      if (index >= this.#text.length || current.size === 0) return matched && index >= this.#text.length;
      const code = this.#text.codePointAt(index) ?? 0;
      index += code > 0xffff ? 2 : 1;
      const targets: number[] = [];
      for (const member of current) {
        const instruction = program.instructions[member];
        if (instruction?.set?.has(code)) targets.push(...instruction.next);
      }
      current = this.#closure(program, targets, index);
    }
    return false;
  }

  #closure(program: Program, targets: readonly number[], index: number): Set<number> {
    const seen = new Set(targets);
    for (const member of seen) {
      this.#steps++;
      const instruction = program.instructions[member];
      if (!instruction || instruction.set) continue;
      if (instruction.assertion && !this.#holds(instruction.assertion, index)) continue;
      for (const next of instruction.next) seen.add(next);
    }
    return seen;
  }

  #holds(assertion: Assertion, index: number): boolean {
    if (assertion === "start") return index === 0;
    if (assertion === "end") return index === this.#text.length;
    if (assertion === "boundary") return this.#isWord(index - 1) !== this.#isWord(index);
    if ("ahead" in assertion) return this.run(assertion.ahead, index, false) !== assertion.negated;
    const before = this.#text.charCodeAt(index - 1);
    return (index > 0 && assertion.behind.has(before)) !== assertion.negated;
  }

  #isWord(index: number): boolean {
    return /\w/.test(this.#text.charAt(index));
  }
}
