/**
 * The condition operators: how one value of a policy tests one value of a request. Set operators, `IfExists`
 * and missing keys are the business of `conditions.ts`.
 *
 * @evidence IAM User Guide, "IAM JSON policy elements: Condition operators"
 */
import { parseAddress, parseAddressRange, rangeContains } from "./addresses.ts";
import { parseDate } from "./dates.ts";
import {
  expandText, expandTokens, isConstant, parseTemplate, type KeyLookup, type Template,
} from "./variables.ts";
import { ArnPattern, Glob, type Matcher, type Token } from "./wildcard.ts";

/** Undefined when a variable of the policy's value has no value in the request. */
export type ValueTest = (value: string, lookup: KeyLookup) => boolean | undefined;

export type Quantifier = "none" | "all" | "any";

export interface Operator {
  readonly quantifier: Quantifier;
  readonly ifExists: boolean;
  readonly negated: boolean;
  /** The `Null` operator asks for the key itself and has no test. */
  readonly compile: ((operand: string, variables: boolean) => ValueTest | undefined) | undefined;
}

type Compile = (operand: string, variables: boolean) => ValueTest | undefined;
type Comparison = (left: number, right: number) => boolean;

const numberForm = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

export function parseNumber(text: string): number | undefined {
  return text.length <= 64 && numberForm.test(text) ? Number(text) : undefined;
}

function ordered(parse: (text: string) => number | undefined, comparison: Comparison): Compile {
  return (operand) => {
    const right = parse(operand);
    if (right === undefined) return undefined;
    return (value) => {
      const left = parse(value);
      return left !== undefined && comparison(left, right);
    };
  };
}

function textual(normalize: (text: string) => string): Compile {
  return (operand, variables) => {
    const template = parseTemplate(operand, variables);
    if (isConstant(template)) {
      const expected = normalize(expandText(template, () => undefined) ?? "");
      return (value) => normalize(value) === expected;
    }
    return (value, lookup) => {
      const expected = expandText(template, lookup);
      return expected === undefined ? undefined : normalize(value) === normalize(expected);
    };
  };
}

function patterned(matcher: (tokens: readonly Token[]) => Matcher): Compile {
  return (operand, variables) => {
    const template: Template = parseTemplate(operand, variables);
    if (isConstant(template)) {
      const constant = matcher(expandTokens(template, () => undefined) ?? []);
      return (value) => constant.matches(value);
    }
    return (value, lookup) => {
      const tokens = expandTokens(template, lookup);
      return tokens === undefined ? undefined : matcher(tokens).matches(value);
    };
  };
}

function bool(operand: string): ValueTest | undefined {
  const expected = operand.toLowerCase();
  if (expected !== "true" && expected !== "false") return undefined;
  return (value) => value.toLowerCase() === expected;
}

function binary(operand: string): ValueTest {
  const expected = Buffer.from(operand, "base64");
  return (value) => expected.equals(Buffer.from(value, "base64"));
}

function address(operand: string): ValueTest | undefined {
  const range = parseAddressRange(operand);
  if (range === undefined) return undefined;
  return (value) => {
    const found = parseAddress(value);
    return found !== undefined && rangeContains(range, found);
  };
}

const same = (text: string) => text;
const lowerCase = (text: string) => text.toLowerCase();
const equal: Comparison = (left, right) => left === right;
const comparisons: readonly (readonly [string, Comparison])[] = [
  ["lessthan", (left, right) => left < right],
  ["lessthanequals", (left, right) => left <= right],
  ["greaterthan", (left, right) => left > right],
  ["greaterthanequals", (left, right) => left >= right],
];

type Family = readonly [negated: boolean, compile: Compile | undefined];

const families: ReadonlyMap<string, Family> = new Map<string, Family>([
  ["stringequals", [false, textual(same)]],
  ["stringnotequals", [true, textual(same)]],
  ["stringequalsignorecase", [false, textual(lowerCase)]],
  ["stringnotequalsignorecase", [true, textual(lowerCase)]],
  ["stringlike", [false, patterned((tokens) => new Glob(tokens))]],
  ["stringnotlike", [true, patterned((tokens) => new Glob(tokens))]],
  ["arnequals", [false, patterned((tokens) => new ArnPattern(tokens))]],
  ["arnlike", [false, patterned((tokens) => new ArnPattern(tokens))]],
  ["arnnotequals", [true, patterned((tokens) => new ArnPattern(tokens))]],
  ["arnnotlike", [true, patterned((tokens) => new ArnPattern(tokens))]],
  ["numericequals", [false, ordered(parseNumber, equal)]],
  ["numericnotequals", [true, ordered(parseNumber, equal)]],
  ["dateequals", [false, ordered(parseDate, equal)]],
  ["datenotequals", [true, ordered(parseDate, equal)]],
  ...comparisons.flatMap(([name, comparison]): [string, Family][] => [
    [`numeric${name}`, [false, ordered(parseNumber, comparison)]],
    [`date${name}`, [false, ordered(parseDate, comparison)]],
  ]),
  ["bool", [false, bool]],
  ["binaryequals", [false, binary]],
  ["ipaddress", [false, address]],
  ["notipaddress", [true, address]],
  ["null", [false, undefined]],
]);

/** Undefined for an operator that the policy language does not have, `NullIfExists` included. */
export function parseOperator(text: string): Operator | undefined {
  let name = text.toLowerCase();
  let quantifier: Quantifier = "none";
  if (name.startsWith("forallvalues:")) quantifier = "all";
  else if (name.startsWith("foranyvalue:")) quantifier = "any";
  if (quantifier !== "none") name = name.slice(name.indexOf(":") + 1);
  const ifExists = name.endsWith("ifexists");
  if (ifExists) name = name.slice(0, -"ifexists".length);
  const family = families.get(name);
  if (family === undefined) return undefined;
  const [negated, compile] = family;
  if (ifExists && compile === undefined) return undefined;
  return { quantifier, ifExists, negated, compile };
}
