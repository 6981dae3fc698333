/** A pattern as a nondeterministic automaton: instructions that point at what comes next. */

import type { CharacterSet } from "./characters.ts";
import type { Look, Node } from "./parse.ts";

export interface Instruction {
  readonly set?: CharacterSet;
  readonly assertion?: Assertion;
  /** Where to go: after the character for a set, at once for the others. */
  readonly next: number[];
}

export type Assertion =
  | "start" | "end" | "boundary"
  | { readonly ahead: Program; readonly negated: boolean }
  | { readonly behind: CharacterSet; readonly negated: boolean };

export interface Program {
  readonly instructions: readonly Instruction[];
  readonly first: number;
  readonly match: number;
  /** Some assertion looks at the text around it, so that states mean different things at different places. */
  readonly looksAround: boolean;
}

/** Counted repetitions are written out, so `([a-z]{1,63}\.){1,127}` is large. */
const INSTRUCTIONS_MAX = 50_000;

/**
 * @throws RangeError when the pattern needs too many instructions, or looks behind further than one
 *   character
 */
export function compileProgram(node: Node): Program {
  const instructions: Instruction[] = [{ next: [] }];
  let looksAround = false;

  function add(instruction: Instruction): number {
    if (instructions.length >= INSTRUCTIONS_MAX) throw new RangeError("too many instructions");
    instructions.push(instruction);
    return instructions.length - 1;
  }

  /** Adds what matches `node` and then goes on at `next`; returns where it begins. */
  function compile(node: Node, next: number): number {
    switch (node.type) {
      case "set":
        return add({ set: node.set, next: [next] });
      case "sequence":
        return node.nodes.reduceRight((after, each) => compile(each, after), next);
      case "choice":
        return add({ next: node.nodes.map((each) => compile(each, next)) });
      case "repeat":
        return compileRepeat(node.node, node.min, node.max, next);
      case "look":
        looksAround = true;
        return add({ assertion: lookAssertion(node), next: [next] });
      default:
        looksAround ||= node.type === "boundary";
        return add({ assertion: node.type, next: [next] });
    }
  }

  function compileRepeat(node: Node, min: number, max: number, next: number): number {
    let after = next;
    if (max === Infinity) {
      const targets = [next];
      after = add({ next: targets });
      targets.push(compile(node, after));
    } else {
      for (let count = min; count < max; count++) after = add({ next: [next, compile(node, after)] });
    }
    for (let count = 0; count < min; count++) after = compile(node, after);
    return after;
  }

  const first = compile(node, 0);
  return { instructions, first, match: 0, looksAround };
}

function lookAssertion(look: Look): Assertion {
  const negated = look.kind === "?!" || look.kind === "?<!";
  if (look.kind === "?=" || look.kind === "?!") return { ahead: compileProgram(look.node), negated };
  const only = look.node.type === "sequence" && look.node.nodes.length === 1 ? look.node.nodes[0] : look.node;
  if (only?.type !== "set") throw new RangeError("looking behind is limited to one character");
  return { behind: only.set, negated };
}
