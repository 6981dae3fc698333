/** What a condition of a filter pattern asks of a value. */

import { invalidPattern } from "./invalid.ts";
import { parseRegex } from "./regex.ts";

export type Comparison = "=" | "!=" | "<" | "<=" | ">" | ">=";

/** True when the value is as asked. */
export type Test = (value: unknown) => boolean;

const numberForm = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

export interface Operand {
  readonly text: string;
  readonly kind: "quoted" | "plain" | "regex";
}

/** Texts and numbers as they are written; everything else is no value that can be compared. */
function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" ? String(value) : undefined;
}

function isSingle(value: unknown): boolean {
  return value === null || (value !== undefined && typeof value !== "object");
}

function wildcard(pattern: string): (text: string) => boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return (text) => text === pattern;
  return (text) => {
    if (!text.startsWith(first)) return false;
    let at = first.length;
    for (const part of rest) {
      const found = text.indexOf(part, at);
      if (found === -1) return false;
      at = found + part.length;
    }
    return text.length - last.length >= at && text.endsWith(last);
  };
}

function equality({ text, kind }: Operand): Test {
  if (kind === "regex") {
    const matches = parseRegex(text);
    return (value) => {
      const found = textOf(value);
      return found !== undefined && matches(found);
    };
  }
  const isLike = wildcard(text);
  const number = kind === "plain" && numberForm.test(text) ? Number(text) : undefined;
  return (value) => {
    if (number !== undefined && typeof value === "number") return value === number;
    if (number !== undefined && typeof value === "string" &&
      numberForm.test(value)) return Number(value) === number;
    const found = textOf(value);
    return found !== undefined && isLike(found);
  };
}

/**
 * A value that is not there is neither like nor unlike anything.
 *
 * @evidence CloudWatch Logs User Guide, filter pattern syntax, "JSON special considerations": `{$.users = 1}`
 *   and `{$.users != 1}` both fail to match where `users` is an array
 */
export function testOf(comparison: Comparison, operand: Operand): Test {
  if (comparison === "=") return equality(operand);
  if (comparison === "!=") {
    const isEqual = equality(operand);
    return (value) => isSingle(value) && !isEqual(value);
  }
  if (operand.kind !== "plain" || !numberForm.test(operand.text)) throw invalidPattern();
  const limit = Number(operand.text);
  const compare = ordered(comparison, limit);
  return (value) => {
    if (typeof value === "number") return compare(value);
    return typeof value === "string" && numberForm.test(value) && compare(Number(value));
  };
}

function ordered(comparison: Comparison, limit: number): (value: number) => boolean {
  switch (comparison) {
    case "<":
      return (value) => value < limit;
    case "<=":
      return (value) => value <= limit;
    case ">":
      return (value) => value > limit;
    default:
      return (value) => value >= limit;
  }
}
