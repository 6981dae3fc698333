/** How long things may be. */

import type { Rule, SourceFile } from "./source.ts";
import type { Token } from "./tokens.ts";

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;
const LINE_CHARACTERS_MAX = 110;

export const fileLength: Rule = {
  name: "file-length",
  applies: (file) => file.isCode && !file.isGenerated,
  *check(file) {
    const count = file.lines.length;
    if (count > FILE_LINES_MAX) yield { line: count, message: `${count} lines, at most ${FILE_LINES_MAX}` };
  },
};

export const lineLength: Rule = {
  name: "line-length",
  applies: (file) => file.isCode && !file.isGenerated,
  *check(file) {
    for (const [index, text] of file.lines.entries()) {
      const count = text.length > LINE_CHARACTERS_MAX ? [...text].length : 0;
      if (count <= LINE_CHARACTERS_MAX) continue;
      yield { line: index + 1, message: `${count} characters, at most ${LINE_CHARACTERS_MAX}` };
    }
  },
};

/** A test is as long as its story. */
export const functionLength: Rule = {
  name: "function-length",
  applies: (file) => file.isCode && !file.isGenerated && !file.isTest,
  *check(file) {
    for (const { first, last } of functions(file)) {
      const count = last.endLine - first.line + 1;
      if (count <= FUNCTION_LINES_MAX) continue;
      yield { line: first.line, message: `a function of ${count} lines, at most ${FUNCTION_LINES_MAX}` };
    }
  },
};

const CONTROL = new Set(["if", "for", "while", "switch", "catch", "with", "await"]);
/** In a type, a brace after one of these opens an object type and not a body. */
const TYPE_GOES_ON = new Set([
  ":", "|", "&", "<", ",", "(", "[", "=>", "extends", "keyof", "readonly", "is", "?",
]);
const TYPE_ENDS = new Set([";", "=", "=>", ")", "]", "}"]);

interface FunctionSpan {
  readonly first: Token;
  readonly last: Token;
}

/** Functions, methods and arrow functions with a body in braces, found by their brackets alone. */
export function functions(file: SourceFile): FunctionSpan[] {
  const { tokens } = file;
  const closing = brackets(tokens);
  const spans: FunctionSpan[] = [];
  const add = (firstIndex: number, bodyIndex: number | undefined): void => {
    const first = tokens[firstIndex];
    const last = bodyIndex === undefined ? undefined : tokens[closing.get(bodyIndex) ?? -1];
    if (first && last) spans.push({ first, last });
  };
  for (const [index, token] of tokens.entries()) {
    if (token.text === "=>" && tokens[index + 1]?.text === "{") add(index, index + 1);
    if (token.text === "(" && token.kind === "punctuation" && isParameterList(tokens, index)) {
      add(Math.max(0, index - 1), bodyAfter(tokens, closing.get(index), closing));
    }
  }
  return spans;
}

function isParameterList(tokens: readonly Token[], index: number): boolean {
  const before = tokens[index - 1];
  if (!before || CONTROL.has(before.text)) return false;
  // `class A extends mixin(B) {` opens a class.
  if (tokens[index - 2]?.text === "extends") return false;
  return before.kind === "name" || before.kind === "string" || before.text === ">" || before.text === "]";
}

/** The brace after a parameter list, past a return type if there is one; undefined for a call. */
function bodyAfter(
  tokens: readonly Token[],
  closeIndex: number | undefined,
  closing: ReadonlyMap<number, number>,
): number | undefined {
  if (closeIndex === undefined) return undefined;
  if (tokens[closeIndex + 1]?.text === "{") return closeIndex + 1;
  if (tokens[closeIndex + 1]?.text !== ":") return undefined;
  for (let index = closeIndex + 2; index < tokens.length; index++) {
    const token = tokens[index];
    if (!token || TYPE_ENDS.has(token.text)) return undefined;
    if (token.text === "{" && !TYPE_GOES_ON.has(tokens[index - 1]?.text ?? "")) return index;
    index = closing.get(index) ?? index;
  }
  return undefined;
}

/** From the index of each opening bracket to that of its closing one. */
function brackets(tokens: readonly Token[]): Map<number, number> {
  const closing = new Map<number, number>();
  const open: number[] = [];
  for (const [index, { kind, text }] of tokens.entries()) {
    const isBracket = kind === "punctuation";
    const opens = kind === "template" ? text.endsWith("${") : isBracket && "([{".includes(text);
    const closes = kind === "template" ? text.startsWith("}") : isBracket && ")]}".includes(text);
    if (closes) closing.set(open.pop() ?? -1, index);
    if (opens) open.push(index);
  }
  return closing;
}
