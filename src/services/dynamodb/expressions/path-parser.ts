/** Document paths as they are written: `a`, `a.b`, `a[0].#name`. */

import { indexTooLarge, pathTooDeep } from "./expression-errors.ts";
import type { Findings } from "./findings.ts";
import type { TokenReader } from "./lexer.ts";
import type { PathPart, PathSyntax } from "./syntax.ts";

const PARTS_MAX = 32;
const INDEX_MAX = 2_147_483_647;

/** Whether a path begins with the next token. */
export function isPathStart(tokens: TokenReader, isKeyword: (text: string) => boolean): boolean {
  const { kind, text } = tokens.peek();
  return kind === "name-reference" || (kind === "name" && !isKeyword(text));
}

/** @throws the error of a wrong token where no path begins, or one breaks off */
export function parsePath(
  tokens: TokenReader, findings: Findings, isKeyword: (text: string) => boolean,
): PathSyntax {
  const parts = [parseName(tokens, findings, isKeyword)];
  return parsePathEnd({ kind: "path", parts }, tokens, findings, isKeyword);
}

/** What may follow a path in parentheses: `(a.b)[0]`. */
export function parsePathEnd(
  { parts: begin }: PathSyntax, tokens: TokenReader, findings: Findings, isKeyword: (text: string) => boolean,
): PathSyntax {
  const parts = [...begin];
  for (;;) {
    if (tokens.skipSymbol(".")) parts.push(parseName(tokens, findings, isKeyword));
    else if (tokens.isSymbol("[")) parts.push(parseIndex(tokens, findings));
    else break;
  }
  if (parts.length > PARTS_MAX) findings.note("path", pathTooDeep(parts.length));
  return { kind: "path", parts };
}

function parseName(
  tokens: TokenReader, findings: Findings, isKeyword: (text: string) => boolean,
): PathPart {
  if (!isPathStart(tokens, isKeyword)) throw tokens.wrongToken();
  const { kind, text } = tokens.next();
  if (kind === "name") {
    findings.name(text);
    return { kind: "name", name: text };
  }
  findings.references.add(text);
  return { kind: "reference", reference: text };
}

function parseIndex(tokens: TokenReader, findings: Findings): PathPart {
  tokens.expectSymbol("[");
  if (tokens.peek().kind !== "number") throw tokens.wrongToken();
  const { text } = tokens.next();
  tokens.expectSymbol("]");
  const index = Number(text);
  if (index > INDEX_MAX) findings.note("path", indexTooLarge(text));
  return { kind: "index", index };
}
