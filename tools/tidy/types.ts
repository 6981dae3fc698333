/** Ways around the type checker. */

import type { Rule } from "./source.ts";

export const noAny: Rule = {
  name: "no-any",
  applies: (file) => file.isCode && !file.isGenerated,
  *check({ tokens }) {
    for (const [index, token] of tokens.entries()) {
      if (token.kind !== "name" || token.text !== "any") continue;
      const before = tokens[index - 1]?.text ?? "";
      const after = tokens[index + 1]?.text ?? "";
      // A property or a method may be called `any`.
      if (before === "." || before === "?." || after === ":" || after === "(" || after === ".") continue;
      yield { line: token.line, message: "the type `any`: say what it is, or `unknown`" };
    }
  },
};

export const noIgnore: Rule = {
  name: "no-ts-ignore",
  applies: (file) => file.isCode && !file.isGenerated,
  *check({ comments }) {
    for (const { text, line } of comments) {
      const directive = /^[/*\s]*@ts-(ignore|nocheck|expect-error)(.*)/.exec(text);
      if (!directive) continue;
      if (directive[1] === "expect-error" && /\w/.test(directive[2] ?? "")) continue;
      yield { line, message: `@ts-${directive[1] ?? ""}: only @ts-expect-error with its reason` };
    }
  },
};

export const nonNull: Rule = {
  name: "non-null",
  applies: (file) => file.isCode && !file.isGenerated,
  *check({ tokens, comments }) {
    const explained = new Set<number>();
    for (const { line, endLine } of comments) explained.add(line).add(endLine).add(endLine + 1);
    for (const [index, token] of tokens.entries()) {
      const before = tokens[index - 1];
      if (token.text !== "!" || token.kind !== "punctuation" || !before) continue;
      const adjoins = before.start + before.text.length === token.start;
      const ends = before.kind === "name" || before.text === ")" || before.text === "]";
      if (!adjoins || !ends || explained.has(token.line)) continue;
      yield { line: token.line, message: "a non-null `!` without its reason on this line or the one above" };
    }
  },
};
