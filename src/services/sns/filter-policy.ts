/**
 * Which messages a subscription wants, by their attributes or by what is in their bodies. The language is
 * that of event patterns; its limits are SNS's own.
 *
 * @evidence SNS Developer Guide, "Filter policy constraints"; texts recorded
 */

import type { Kernel } from "../../kernel/kernel.ts";
import { parsePattern, PatternError, type Pattern } from "../../patterns/parse.ts";
import type { MessageAttribute } from "./message-attributes.ts";

export type FilterScope = "MessageAttributes" | "MessageBody";

const keysMax = 5;
const combinationsMax = 150;
const bytesMax = 256 * 1024;

/** What is wrong with a filter policy; the caller says of what. */
export class FilterPolicyError extends Error {}

/** Nested policies are only for bodies: the refusal stands by itself. */
export class NestedPolicyError extends Error {
  constructor() {
    super("Filter policy scope MessageAttributes does not support nested filter policy");
  }
}

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

interface Leaf {
  readonly depth: number;
  readonly values: number;
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The fields of a policy, one list a way to satisfy it: more than one come from `$or`.
 */
function branchesOf(policy: { readonly [key: string]: Json }, depth: number): Leaf[][] {
  let branches: Leaf[][] = [[]];
  const cross = (added: readonly Leaf[][]): void => {
    branches = branches.flatMap((branch) => added.map((more) => [...branch, ...more]));
  };
  for (const [key, value] of Object.entries(policy)) {
    if (key === "$or" && Array.isArray(value)) {
      cross((value as readonly Json[]).flatMap((one) => (isObject(one) ? branchesOf(one, depth) : [])));
    } else if (isObject(value)) cross(branchesOf(value, depth + 1));
    else if (Array.isArray(value)) cross([[{ depth, values: value.length }]]);
  }
  return branches;
}

function keysOf(policy: { readonly [key: string]: Json }, names: Set<string>, prefix: string): void {
  for (const [key, value] of Object.entries(policy)) {
    if (key === "$or" && Array.isArray(value)) {
      for (const one of value as readonly Json[]) if (isObject(one)) keysOf(one, names, prefix);
    } else if (isObject(value)) keysOf(value, names, `${prefix}${key}.`);
    else names.add(prefix + key);
  }
}

/** Each list multiplies, and counts once more for each level it is nested in. */
function combinationsOf(branches: readonly (readonly Leaf[])[]): number {
  return branches.reduce(
    (sum, branch) =>
      sum + branch.reduce((product, { depth, values }) => product * Math.max(1, values * depth), 1),
    0,
  );
}

/** @throws FilterPolicyError, NestedPolicyError */
export function checkFilterPolicy(text: string, scope: FilterScope): void {
  if (Buffer.byteLength(text) > bytesMax) throw new FilterPolicyError("Filter policy is too large");
  let policy: Json;
  try {
    policy = JSON.parse(text) as Json;
  } catch {
    throw new FilterPolicyError(unreadable(text));
  }
  if (!isObject(policy)) throw new FilterPolicyError("Filter is not an object");
  if (Object.keys(policy).length === 0) return;
  if (scope === "MessageAttributes" && isNested(policy)) throw new NestedPolicyError();
  const names = new Set<string>();
  keysOf(policy, names, "");
  if (names.size > keysMax) {
    throw new FilterPolicyError(`Filter policy can not have more than ${keysMax} keys`);
  }
  try {
    parsePattern(text);
  } catch (error) {
    if (error instanceof PatternError) throw new FilterPolicyError(error.message);
    throw error;
  }
  if (combinationsOf(branchesOf(policy, 1)) > combinationsMax) {
    throw new FilterPolicyError("Filter policy is too complex");
  }
}

function isNested(policy: { readonly [key: string]: Json }): boolean {
  return Object.entries(policy).some(([key, value]) => {
    if (key !== "$or" || !Array.isArray(value)) return isObject(value);
    return (value as readonly Json[]).some((one) => isObject(one) && isNested(one));
  });
}

/**
 * In the words of the parser that SNS uses, for the two mistakes that are made most.
 *
 * @evidence SNS, recorded
 */
export function unreadable(text: string): string {
  const where = (column: number): string =>
    "\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); " +
    `line: 1, column: ${column}]`;
  const name = /^\{\s*([^"\s}])/.exec(text);
  if (name?.[1] !== undefined) {
    const code = `'${name[1]}' (code ${name[1].codePointAt(0)})`;
    return (
      `failed to parse JSON. Unexpected character (${code}): was expecting double-quote to start field name` +
      where(name[0].length)
    );
  }
  const token = /^\s*([A-Za-z_$][\w$]*)/.exec(text);
  if (token?.[1] !== undefined) {
    return (
      `failed to parse JSON. Unrecognized token '${token[1]}': was expecting (JSON String, Number, Array, ` +
      `Object or token 'null', 'true' or 'false')${where(token[0].length + 1)}`
    );
  }
  return "failed to parse JSON.";
}

function patternOf(kernel: Kernel, text: string): Pattern {
  const cache = kernel.cacheFor<Pattern>("sns.filterPolicies");
  let pattern = cache.get(text);
  if (!pattern) cache.set(text, (pattern = parsePattern(text)));
  return pattern;
}

/** A message as filters look at it; its body is read once, and only if one asks. */
export class Filterable {
  readonly #attributes: readonly MessageAttribute[];
  readonly #body: string;
  #fields: Record<string, unknown> | undefined;
  #parsed: { readonly value: unknown } | undefined;

  constructor(attributes: readonly MessageAttribute[], body: string) {
    this.#attributes = attributes;
    this.#body = body;
  }

  passes(kernel: Kernel, text: string | undefined, scope: string | undefined): boolean {
    if (text === undefined || /^\s*\{\s*\}\s*$/.test(text)) return true;
    const pattern = patternOf(kernel, text);
    if (scope !== "MessageBody") return pattern.matches((this.#fields ??= fieldsOf(this.#attributes)));
    const { value } = (this.#parsed ??= { value: readBody(this.#body) });
    return typeof value === "object" && value !== null && !Array.isArray(value) && pattern.matches(value);
  }
}

/** Bodies that are no JSON object match nothing. */
function readBody(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/**
 * Arrays are attributes of the type `String.Array`; binary ones are only known to be there or not.
 *
 * @evidence SNS Developer Guide, "Message attribute data types" and "Filter policy constraints"
 */
function fieldsOf(attributes: readonly MessageAttribute[]): Record<string, unknown> {
  const fields = Object.create(null) as Record<string, unknown>;
  for (const { name, type, text = "" } of attributes) {
    if (type === "String.Array") {
      const list = readBody(text);
      fields[name] = Array.isArray(list) ? list : text;
    } else if (type.startsWith("Number")) fields[name] = Number(text);
    else if (type.startsWith("String")) fields[name] = text;
  }
  return fields;
}
