/** A pattern of a model, ready to run over hostile text. */

import { Automaton } from "./automaton.ts";
import type { CharacterSet } from "./characters.ts";
import { parsePattern } from "./parse.ts";
import type { Node } from "./parse.ts";
import { compileProgram } from "./program.ts";
import { simulate } from "./simulation.ts";

/** True when the whole text matches, as Java's `matches()` has it. */
export type Pattern = (text: string) => boolean;

/**
 * Undefined for a pattern that cannot be run. Such a pattern is not checked: that lets through what AWS may
 * refuse, and never refuses what AWS lets through.
 */
export function compilePattern(source: string): Pattern | undefined {
  try {
    const node = parsePattern(source);
    const run = singleRun(node);
    if (run) return (text) => isRun(text, run.set, run.min, run.max);
    const program = compileProgram(node);
    if (program.looksAround) return (text) => simulate(program, text);
    const automaton = new Automaton(program);
    return (text) => automaton.test(text);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

interface Run {
  readonly set: CharacterSet;
  readonly min: number;
  readonly max: number;
}

/** Most patterns are one set repeated, `[\w+=,.@-]+`: these need no automaton, however large their counts. */
function singleRun(node: Node): Run | undefined {
  const nodes = node.type === "sequence" ? node.nodes : [node];
  const [only, ...rest] = nodes.filter(({ type }) => type !== "start" && type !== "end");
  const startsFirst = nodes.every(({ type }, index) => type !== "start" || index === 0);
  const endsLast = nodes.every(({ type }, index) => type !== "end" || index === nodes.length - 1);
  if (only?.type !== "repeat" || rest.length > 0 || !startsFirst || !endsLast) return undefined;
  let repeated = only.node;
  if (repeated.type === "sequence" && repeated.nodes.length === 1) repeated = repeated.nodes[0] ?? repeated;
  return repeated.type === "set" ? { set: repeated.set, min: only.min, max: only.max } : undefined;
}

function isRun(text: string, set: CharacterSet, min: number, max: number): boolean {
  let count = 0;
  for (let index = 0; index < text.length; index++) {
    let code = text.charCodeAt(index);
    if (code >= 0xd800) code = text.codePointAt(index) ?? code;
    if (code > 0xffff) index++;
    if (!set.has(code)) return false;
    count++;
  }
  return count >= min && count <= max;
}
