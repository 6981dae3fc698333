/** Functions of jq that take values. Those that take filters are in `evaluation.ts`; here are all names. */

import { Expression } from "../../../patterns/expressions/expression.ts";
import { formats } from "./formats.ts";
import type { Json } from "./syntax.ts";
import { brokenDown, isoPattern, read, requireNumber, secondsOf, written } from "./times.ts";
import {
  compare, Failure, isArray, isObject, isTrue, operated, shown, textOf, typeOf, valuesOf, weightMax,
  type JsonObject,
} from "./values.ts";

type Plain = (input: Json, ...values: readonly Json[]) => Json;

function arrayOf(value: Json, what: string): readonly Json[] {
  if (!isArray(value)) throw new Failure(`${shown(value)} cannot be ${what}, as it is not an array`);
  return value;
}

function stringOf(value: Json | undefined, what: string): string {
  if (typeof value !== "string") throw new Failure(`${what} input must be a string`);
  return value;
}

function lengthOf(value: Json): number {
  if (value === null) return 0;
  if (typeof value === "boolean") throw new Failure(`${shown(value)} has no length`);
  if (typeof value === "number") return Math.abs(value);
  if (typeof value === "string") return [...value].length;
  return Object.keys(value).length;
}

function numberFrom(value: Json): number {
  if (typeof value === "number") return value;
  const text = typeof value === "string" ? value.trim() : "";
  if (text === "" || !/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) {
    throw new Failure(`${shown(value)} cannot be parsed as a number`);
  }
  return Number(text);
}

function keysOf(value: Json): Json[] {
  if (isArray(value)) return value.map((_, index) => index);
  if (!isObject(value)) throw new Failure(`${shown(value)} has no keys`);
  return Object.keys(value).sort(compare);
}

function hasKey(value: Json, key: Json): boolean {
  if (isObject(value) && typeof key === "string") return Object.hasOwn(value, key);
  if (isArray(value) && typeof key === "number") return key >= 0 && key < value.length;
  throw new Failure(`Cannot check whether ${typeOf(value)} has a ${typeOf(key)} key`);
}

function contains(whole: Json, part: Json): boolean {
  if (isObject(whole) && isObject(part)) {
    return Object.entries(part).every(([key, value]) =>
      Object.hasOwn(whole, key) && contains(whole[key] ?? null, value));
  }
  if (isArray(whole) && isArray(part)) {
    return part.every((value) => whole.some((each) => contains(each, value)));
  }
  if (typeof whole === "string" && typeof part === "string") return whole.includes(part);
  if (typeOf(whole) === typeOf(part)) return compare(whole, part) === 0;
  throw new Failure(`${shown(whole)} and ${shown(part)} cannot have their containment checked`);
}

function distinct(sorted: readonly Json[]): Json[] {
  return sorted.filter((value, index) => index === 0 || compare(value, sorted[index - 1] ?? null) !== 0);
}

function flattened(value: Json, depth: number): Json[] {
  if (depth < 0) throw new Failure("flatten depth must not be negative");
  return arrayOf(value, "flattened").flatMap((each) =>
    (isArray(each) && depth > 0 ? flattened(each, depth - 1) : [each]));
}

function entryOf(entry: Json): [string, Json] {
  if (!isObject(entry)) throw new Failure(`Cannot index ${typeOf(entry)} with "key"`);
  const key = ["key", "k", "name", "Name", "K", "Key"].map((name) => entry[name]).find(isTrue) ?? null;
  const values = ["value", "v", "Value", "V"].map((name) => entry[name]);
  return [textOf(key), values.find((each) => each !== undefined) ?? null];
}

function positions(whole: Json, part: Json): Json[] {
  if (typeof whole === "string" && typeof part === "string") {
    const found: number[] = [];
    for (let at = whole.indexOf(part); part !== "" && at >= 0; at = whole.indexOf(part, at + 1)) {
      found.push(Buffer.byteLength(whole.slice(0, at)));
    }
    return found;
  }
  return arrayOf(whole, "searched").flatMap((each, at) => (compare(each, part) === 0 ? [at] : []));
}

function edge(found: Json | undefined): Json {
  return found ?? null;
}

export function expressionOf(pattern: Json | undefined, flags: Json | undefined): Expression {
  const text = stringOf(pattern, "the regular expression");
  const known: Readonly<Record<string, string>> = { i: "i", x: "x", s: "", n: "", g: "", l: "", p: "s" };
  const wanted = [...(flags === undefined || flags === null ? "" : textOf(flags))].map((flag) => {
    const meant = known[flag];
    if (meant === undefined) throw new Failure(`${textOf(flags ?? null)} is not a valid modifier string`);
    return meant;
  }).join("");
  const ignoring = /[is]/.exec(wanted) ? `(?${wanted.replaceAll("x", "")})` : "";
  try {
    return new Expression(ignoring + (wanted.includes("x") ? withoutSpace(text) : text));
  } catch (error) {
    throw new Failure(`${text} (at offset 0) is not a valid regex: ${(error as Error).message}`);
  }
}

/** Of an extended expression: spaces and comments are none of it, but within brackets or when escaped. */
function withoutSpace(text: string): string {
  const parts = /\\.|\[(?:\\.|[^\]\\])*\]|\s+|#[^\n]*/gs;
  return text.replaceAll(parts, (part) => (/^[\\[]/.test(part) ? part : ""));
}

function isFound(input: Json, pattern: Json | undefined, flags?: Json): boolean {
  return expressionOf(pattern, flags).test(stringOf(input, "the regular expression's"));
}

/** A number's name, as it is called in the math of C. */
function math(name: string, work: (value: number) => number): [string, Plain] {
  return [`${name}/0`, (input) => work(requireNumber(input, name))];
}

const withEnd = (input: Json, end: Json | undefined): [string, string] | undefined =>
  (typeof input === "string" && typeof end === "string" ? [input, end] : undefined);

export const plain: ReadonlyMap<string, Plain> = new Map<string, Plain>([
  ["not/0", (input) => !isTrue(input)],
  ["type/0", typeOf],
  ["length/0", lengthOf],
  ["utf8bytelength/0", (input) => Buffer.byteLength(stringOf(input, "utf8bytelength"))],
  ["tostring/0", textOf],
  ["tonumber/0", numberFrom],
  ["tojson/0", (input) => JSON.stringify(input)],
  ["fromjson/0", (input) => parsed(stringOf(input, "fromjson"))],
  ["keys/0", keysOf],
  ["keys_unsorted/0", (input) => (isObject(input) ? Object.keys(input) : keysOf(input))],
  ["has/1", (input, key = null) => hasKey(input, key)],
  ["in/1", (input, whole = null) => hasKey(whole, input)],
  ["contains/1", (input, part = null) => contains(input, part)],
  ["inside/1", (input, whole = null) => contains(whole, input)],
  ["add/0", (input) => valuesOf(input).reduce<Json>((sum, value) => operated("+", sum, value), null)],
  ["any/0", (input) => valuesOf(input).some(isTrue)],
  ["all/0", (input) => valuesOf(input).every(isTrue)],
  ["first/0", (input) => edge(arrayOf(input, "indexed")[0])],
  ["last/0", (input) => edge(arrayOf(input, "indexed").at(-1))],
  ["nth/1", (input, at = null) => edge(arrayOf(input, "indexed")[requireNumber(at, "nth")])],
  ["min/0", (input) => edge([...arrayOf(input, "compared")].sort(compare)[0])],
  ["max/0", (input) => edge([...arrayOf(input, "compared")].sort(compare).at(-1))],
  ["sort/0", (input) => [...arrayOf(input, "sorted")].sort(compare)],
  ["unique/0", (input) => distinct([...arrayOf(input, "sorted")].sort(compare))],
  ["reverse/0", (input) => (input === null ? [] : typeof input === "string" ? [...input].reverse().join("")
    : [...arrayOf(input, "reversed")].reverse())],
  ["flatten/0", (input) => flattened(input, 1_000)],
  ["flatten/1", (input, depth = null) => flattened(input, requireNumber(depth, "flatten"))],
  ["to_entries/0", (input) => keysOf(input).map((key) =>
    ({ key, value: (input as JsonObject)[String(key)] ?? null }))],
  ["from_entries/0", (input) => Object.fromEntries(arrayOf(input, "read").map(entryOf))],
  ["indices/1", (input, part = null) => (input === null ? null : positions(input, part))],
  ["index/1", (input, part = null) => (input === null ? null : edge(positions(input, part)[0]))],
  ["rindex/1", (input, part = null) => (input === null ? null : edge(positions(input, part).at(-1)))],
  ["split/1", (input, by = null) => split(stringOf(input, "split"), stringOf(by, "split"))],
  ["join/1", (input, by = null) => joined(arrayOf(input, "joined"), stringOf(by, "join"))],
  ["ascii_downcase/0", (input) => stringOf(input, "ascii_downcase").replaceAll(/[A-Z]/g, (letter) =>
    letter.toLowerCase())],
  ["ascii_upcase/0", (input) => stringOf(input, "ascii_upcase").replaceAll(/[a-z]/g, (letter) =>
    letter.toUpperCase())],
  ["ltrimstr/1", (input, end) => {
    const [text, start] = withEnd(input, end) ?? [];
    return start !== undefined && text?.startsWith(start) ? text.slice(start.length) : input;
  }],
  ["rtrimstr/1", (input, end) => {
    const [text, last] = withEnd(input, end) ?? [];
    return text !== undefined && last && text.endsWith(last) ? text.slice(0, -last.length) : input;
  }],
  ["startswith/1", (input, start) => stringOf(input, "startswith").startsWith(stringOf(start, "startswith"))],
  ["endswith/1", (input, end) => stringOf(input, "endswith").endsWith(stringOf(end, "endswith"))],
  ["explode/0", (input) => [...stringOf(input, "explode")].map((letter) => letter.codePointAt(0) ?? 0)],
  ["implode/0", (input) => arrayOf(input, "imploded").map((code) =>
    String.fromCodePoint(requireNumber(code, "implode"))).join("")],
  ["test/1", (input, pattern) => isFound(input, pattern)],
  ["test/2", (input, pattern, flags) => isFound(input, pattern, flags)],
  ["format/1", (input, name) => {
    const format = formats.get(`@${stringOf(name, "format")}`);
    if (!format) throw new Failure(`${stringOf(name, "format")} is not a valid format`);
    return format(input);
  }],
  ["error/0", (input) => {
    throw new Failure(input);
  }],
  ["error/1", (_input, value = null) => {
    throw new Failure(value);
  }],
  math("floor", Math.floor), math("ceil", Math.ceil),
  math("round", (value) => Math.sign(value) * Math.round(Math.abs(value))),
  math("sqrt", Math.sqrt), math("fabs", Math.abs), math("trunc", Math.trunc), math("log", Math.log),
  math("log2", Math.log2), math("log10", Math.log10), math("exp", Math.exp),
  math("exp2", (value) => 2 ** value), math("exp10", (value) => 10 ** value),
  ["pow/2", (_input, base = null, exponent = null) =>
    requireNumber(base, "pow") ** requireNumber(exponent, "pow")],
  ["gmtime/0", brokenDown],
  ["mktime/0", (input) => secondsOf(input, "mktime")],
  ["strftime/1", (input, pattern = null) => written(input, pattern)],
  ["strptime/1", (input, pattern = null) => read(input, pattern)],
  ["todate/0", (input) => written(input, isoPattern)],
  ["todateiso8601/0", (input) => written(input, isoPattern)],
  ["fromdate/0", (input) => secondsOf(read(input, isoPattern), "mktime")],
  ["fromdateiso8601/0", (input) => secondsOf(read(input, isoPattern), "mktime")],
  ["date/0", (input) => written(input, isoPattern)],
]);

function joined(values: readonly Json[], by: string): string {
  if (values.length * by.length > weightMax) throw new Failure("The query makes a value that is too large");
  return values.map((value) => (value === null ? "" : textOf(value))).join(by);
}

function split(text: string, by: string): string[] {
  if (text === "") return [];
  return by === "" ? [...text] : text.split(by);
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new Failure(`${text} (while parsing '${text}')`);
  }
}

/** Those that take filters. */
export const takingFilters = [
  "empty/0", "limit/2", "now/0", "recurse/0", "select/1", "map/1", "map_values/1", "first/1", "last/1",
  "any/1", "all/1", "sort_by/1", "group_by/1", "unique_by/1", "min_by/1", "max_by/1",
  "with_entries/1", "range/1", "range/2",
  "capture/1", "scan/1", "sub/2", "gsub/2", "splits/1", "values/0", "nulls/0", "strings/0",
  "numbers/0", "booleans/0", "arrays/0", "objects/0", "scalars/0", "iterables/0",
] as const;

export type TakingFilters = (typeof takingFilters)[number];

/** What jq has besides: functions of paths, of input and output, and further forms of some of the above. */
export const unbuiltFunctions: ReadonlySet<string> = new Set([
  "acos", "ascii", "asin", "atan", "atan2", "builtins", "bsearch", "capture", "combinations", "cos", "debug",
  "del", "delpaths", "env", "finites", "fromstream", "getpath", "gsub", "halt", "infinite", "input",
  "inputs", "input_line_number", "isempty", "isfinite", "isinfinite", "isnan", "isnormal", "isvalid", "last",
  "leaf_paths", "localtime", "match", "modulemeta", "nan", "nth", "path", "paths", "range",
  "recurse", "repeat", "scan", "setpath", "significand", "sin", "split", "splits", "stderr", "strflocaltime",
  "strings", "sub", "tan", "test", "tostream", "transpose", "truncate_stream", "until", "walk", "while", "IN",
  "INDEX", "any", "all", "dateadd", "datesub",
]);

export const arities: ReadonlySet<string> = new Set([...plain.keys(), ...takingFilters]);
