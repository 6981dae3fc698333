/**
 * Where each statement of a policy stands in its text: lines and columns from 1. A statement begins right
 * behind
 * what comes before it, and ends behind its closing brace.
 *
 * @evidence recorded answers of SimulatePrincipalPolicy for AdministratorAccess: from line 3, column 17,
 * behind
 *   the opening bracket, to line 8, column 6
 */

import { JsonWalker } from "../../iam/json-walker.ts";

export interface Position {
  readonly Line: number;
  readonly Column: number;
}

export interface Span {
  readonly start: Position;
  readonly end: Position;
}

function positionAt(text: string, at: number): Position {
  const before = text.slice(0, at);
  return { Line: before.split("\n").length, Column: at - before.lastIndexOf("\n") };
}

/** In the order of the statements. */
export function statementSpans(text: string): Span[] {
  const walker = new JsonWalker(text);
  const spans: Span[] = [];
  walker.object((member) => {
    if (member !== "Statement") return walker.skip();
    walker.each(() => {
      const start = walker.at;
      walker.skip();
      spans.push({ start: positionAt(text, start), end: positionAt(text, walker.at) });
    });
  });
  return spans;
}
