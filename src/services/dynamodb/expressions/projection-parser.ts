/** Projection expressions: document paths between commas. */

import { Findings } from "./findings.ts";
import { TokenReader } from "./lexer.ts";
import { parsePath } from "./path-parser.ts";
import type { ProjectionExpressionSyntax } from "./syntax.ts";

/**
 * The syntax of a projection, without its names: the same text gives the same syntax.
 *
 * @throws ValidationException for everything that is wrong in the text itself
 */
export function parseProjection(text: string): ProjectionExpressionSyntax {
  const findings = new Findings();
  const tokens = new TokenReader(text, "ProjectionExpression");
  const paths = [parsePath(tokens, findings, noKeyword)];
  while (tokens.skipSymbol(",")) paths.push(parsePath(tokens, findings, noKeyword));
  if (tokens.peek().kind !== "end") throw tokens.wrongToken();
  findings.report(tokens.complain, ["reserved", "path"]);
  return { expression: "ProjectionExpression", references: findings.references, paths };
}

function noKeyword(): boolean {
  return false;
}
