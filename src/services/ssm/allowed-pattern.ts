/**
 * AllowedPattern: a regular expression of the caller's own, which must not be able to stop everybody else.
 */

import { runInNewContext } from "node:vm";
import { compilePattern } from "../../kernel/schema/pattern/pattern.ts";
import { invalidAllowedPattern, patternMismatch } from "./errors.ts";

/** Patterns that refer back, and so cannot be run in linear time, are given up after this long. */
const timeoutMilliseconds = 100;

function test(pattern: string, value: string): boolean {
  try {
    new RegExp(pattern);
    const anywhere = compilePattern(`[\\s\\S]*(?:${pattern})[\\s\\S]*`);
    if (anywhere) return anywhere(value);
    return runInNewContext("new RegExp(pattern).test(value)", { pattern, value }, {
      timeout: timeoutMilliseconds,
    }) === true;
  } catch {
    throw invalidAllowedPattern(pattern);
  }
}

/** @throws ParameterPatternMismatchException, InvalidAllowedPatternException */
export function requirePattern(pattern: string | undefined, value: string): void {
  if (pattern === undefined || pattern === "") return;
  if (!test(pattern, value)) throw patternMismatch(pattern);
}
