/**
 * AllowedPattern: a regular expression of the caller's own, which must not be able to stop everybody else.
 */

import { compilePattern } from "../../kernel/schema/pattern/pattern.ts";
import { Expression } from "../../patterns/expressions/expression.ts";
import { invalidAllowedPattern, patternMismatch } from "./errors.ts";

/** Patterns that refer back are not run where the value is too long for them to end soon. */
function test(pattern: string, value: string): boolean {
  try {
    new RegExp(pattern);
    const anywhere = compilePattern(`[\\s\\S]*(?:${pattern})[\\s\\S]*`);
    if (anywhere) return anywhere(value);
    return new Expression(pattern).test(value);
  } catch {
    throw invalidAllowedPattern(pattern);
  }
}

/** @throws ParameterPatternMismatchException, InvalidAllowedPatternException */
export function requirePattern(pattern: string | undefined, value: string): void {
  if (pattern === undefined || pattern === "") return;
  if (!test(pattern, value)) throw patternMismatch(pattern);
}
