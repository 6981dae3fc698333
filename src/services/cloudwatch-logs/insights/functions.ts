/** The functions of queries: arithmetic, texts, times, addresses, JSON. */

import { isIP } from "node:net";
import { contains, parseAddress, parseNetwork } from "./networks.ts";
import { Instant, isMissing, isTrue, numberOf, textOf, worked, type Value } from "./values.ts";

export interface QueryFunction {
  readonly least: number;
  readonly most: number;
  readonly apply: (args: readonly Value[]) => Value;
}

function numeric(apply: (value: number) => number): QueryFunction {
  return {
    least: 1, most: 1,
    apply: ([value]) => {
      const number = numberOf(value);
      return number === undefined ? undefined : worked(apply(number));
    },
  };
}

/** @param choose of two numbers */
function extreme(choose: (...numbers: number[]) => number): QueryFunction {
  return {
    least: 1, most: Infinity,
    apply: (args) => {
      const numbers = args.flatMap((arg) => numberOf(arg) ?? []);
      return numbers.length === args.length ? worked(choose(...numbers)) : undefined;
    },
  };
}

function textual(
  least: number, most: number, apply: (text: string, ...more: Value[]) => Value
): QueryFunction {
  return {
    least, most,
    apply: ([value, ...more]) => {
      const text = textOf(value);
      return text === undefined ? undefined : apply(text, ...more);
    },
  };
}

function trimmed(atStart: boolean, atEnd: boolean): QueryFunction {
  return textual(1, 2, (text, characters) => {
    const set = textOf(characters);
    const isCut = (character: string): boolean =>
      (set === undefined ? /\s/.test(character) : set.includes(character));
    let from = 0;
    let to = text.length;
    while (atStart && from < to && isCut(text[from] as string)) from++;
    while (atEnd && to > from && isCut(text[to - 1] as string)) to--;
    return text.slice(from, to);
  });
}

function address(isRight: (version: number) => boolean): QueryFunction {
  return textual(1, 1, (text) => isRight(isIP(text)));
}

function inNetwork(versions: readonly number[]): QueryFunction {
  return textual(2, 2, (text, network) => {
    const inside = parseAddress(text);
    const around = parseNetwork(textOf(network) ?? "");
    return inside !== undefined && around !== undefined && versions.includes(inside.version) &&
      contains(around, inside);
  });
}

function parsedJson(text: string): Value {
  try {
    return JSON.parse(text) as Value;
  } catch {
    return undefined;
  }
}

/** @evidence CloudWatch Logs User Guide, "Supported operations and functions" */
const functions: Readonly<Record<string, QueryFunction>> = {
  abs: numeric(Math.abs),
  ceil: numeric(Math.ceil),
  floor: numeric(Math.floor),
  log: numeric(Math.log),
  sqrt: numeric(Math.sqrt),
  greatest: extreme(Math.max),
  least: extreme(Math.min),
  ispresent: { least: 1, most: 1, apply: ([value]) => !isMissing(value) },
  coalesce: { least: 1, most: Infinity, apply: (args) => args.find((arg) => !isMissing(arg)) },
  if: { least: 3, most: 3, apply: ([condition, then, otherwise]) => (isTrue(condition) ? then : otherwise) },
  isempty: { least: 1, most: 1, apply: ([value]) => isMissing(value) || textOf(value) === "" },
  isblank: { least: 1, most: 1, apply: ([value]) => (textOf(value) ?? "").trim() === "" },
  concat: { least: 1, most: Infinity, apply: (args) => args.map((arg) => textOf(arg) ?? "").join("") },
  ltrim: trimmed(true, false),
  rtrim: trimmed(false, true),
  trim: trimmed(true, true),
  strlen: textual(1, 1, (text) => [...text].length),
  toupper: textual(1, 1, (text) => text.toUpperCase()),
  tolower: textual(1, 1, (text) => text.toLowerCase()),
  substr: textual(2, 3, (text, start, length) => {
    const from = numberOf(start) ?? 0;
    const count = numberOf(length);
    return count === undefined ? text.slice(from) : text.slice(from, from + count);
  }),
  replace: textual(3, 3, (text, search, replacement) =>
    text.replaceAll(textOf(search) ?? "", () => textOf(replacement) ?? "")),
  strcontains: textual(2, 2, (text, part) => (text.includes(textOf(part) ?? "") ? 1 : 0)),
  frommillis: {
    least: 1, most: 1,
    apply: ([value]) => {
      const number = numberOf(value);
      return number === undefined || Math.abs(number) > 8.64e15 ? undefined : new Instant(number);
    },
  },
  tomillis: { least: 1, most: 1, apply: ([value]) => numberOf(value) },
  isvalidip: address((version) => version !== 0),
  isvalidipv4: address((version) => version === 4),
  isvalidipv6: address((version) => version === 6),
  isipinsubnet: inNetwork([4, 6]),
  isipv4insubnet: inNetwork([4]),
  isipv6insubnet: inNetwork([6]),
  jsonparse: textual(1, 1, parsedJson),
  jsonstringify: {
    least: 1, most: 1,
    apply: ([value]) => (typeof value === "string" ? JSON.stringify(value) : textOf(value)),
  },
};

export function findFunction(name: string): QueryFunction | undefined {
  const key = name.toLowerCase();
  return Object.hasOwn(functions, key) ? functions[key] : undefined;
}
