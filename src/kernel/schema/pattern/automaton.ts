/**
 * Runs a pattern over a whole text in time proportional to its length, whatever the pattern: several of AWS's
 * patterns nest quantifiers, and a backtracking engine can be kept busy for hours by forty characters.
 *
 * Deterministic states are made from the nondeterministic program when they are first met.
 */

import type { Program } from "./program.ts";

/** Deterministic states are forgotten and made anew when together they hold this many numbers. */
const MEMORY_MAX = 200_000;
/** What making states may cost one text; a text that needs more is let through. */
const STEPS_MAX = 2_000_000;

interface State {
  readonly members: readonly number[];
  readonly accepts: boolean;
  /** By ASCII code; null where nothing can match any more. */
  readonly transitions: (State | null | undefined)[];
}

/** For programs that do not look around; `^` and `$` are understood. */
export class Automaton {
  readonly #program: Program;
  readonly #states = new Map<string, State>();
  #start: State | undefined;
  #remembered = 0;

  constructor(program: Program) {
    this.#program = program;
  }

  test(text: string): boolean {
    let state = (this.#start ??= this.#state([this.#program.first], true));
    let steps = 0;
    for (let index = 0; index < text.length; index++) {
      let code = text.charCodeAt(index);
      if (code >= 0xd800) code = text.codePointAt(index) ?? code;
      if (code > 0xffff) index++;
      let next = code < 128 ? state.transitions[code] : undefined;
      if (next === undefined) {
        steps += state.members.length;
        if (steps > STEPS_MAX) return true;
        next = this.#step(state, code);
        if (code < 128) state.transitions[code] = next;
      }
      if (next === null) return false;
      state = next;
    }
    return state.accepts;
  }

  #step(state: State, code: number): State | null {
    const targets: number[] = [];
    for (const member of state.members) {
      const instruction = this.#program.instructions[member];
      if (instruction?.set?.has(code)) targets.push(...instruction.next);
    }
    return targets.length === 0 ? null : this.#state(targets, false);
  }

  #state(targets: readonly number[], atStart: boolean): State {
    const members = [...this.#closure(targets, atStart, false)].filter((member) => this.#waits(member));
    members.sort((left, right) => left - right);
    const key = members.join();
    const known = this.#states.get(key);
    if (known) return known;
    if (this.#remembered > MEMORY_MAX) {
      this.#states.clear();
      this.#start = undefined;
      this.#remembered = 0;
    }
    const accepts = this.#closure(members, atStart, true).has(this.#program.match);
    const state = { members, accepts, transitions: new Array<State | null | undefined>(128) };
    this.#states.set(key, state);
    this.#remembered += members.length + 128;
    return state;
  }

  /** For a character, or for the end of the text. */
  #waits(member: number): boolean {
    if (member === this.#program.match) return true;
    const instruction = this.#program.instructions[member];
    return instruction?.set !== undefined || instruction?.assertion === "end";
  }

  #closure(targets: readonly number[], atStart: boolean, atEnd: boolean): Set<number> {
    const seen = new Set(targets);
    for (const member of seen) {
      const instruction = this.#program.instructions[member];
      if (!instruction || instruction.set) continue;
      if (instruction.assertion === "start" && !atStart) continue;
      if (instruction.assertion === "end" && !atEnd) continue;
      for (const next of instruction.next) seen.add(next);
    }
    return seen;
  }
}
