/** Values as jq compares, names and writes them. */

import type { Json } from "./syntax.ts";

/** The program failed with this record. */
export class Failure extends Error {
  readonly value: Json;

  constructor(value: Json) {
    super(typeof value === "string" ? value : JSON.stringify(value));
    this.value = value;
  }
}

export type JsonObject = Readonly<Record<string, Json>>;

export function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

export function isObject(value: Json): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

export function typeOf(value: Json): string {
  if (value === null) return "null";
  return isArray(value) ? "array" : typeof value;
}

export function isTrue(value: Json | undefined): boolean {
  return value !== undefined && value !== null && value !== false;
}

/** As messages show it. */
export function shown(value: Json): string {
  const text = JSON.stringify(value);
  return `${typeOf(value)} (${text.length > 11 ? `${text.slice(0, 10)}...` : text})`;
}

export function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

const order = ["null", "false", "true", "number", "string", "array", "object"];

function rankOf(value: Json): number {
  return order.indexOf(typeof value === "boolean" ? String(value) : typeOf(value));
}

function inTurn(left: readonly Json[], right: readonly Json[]): number {
  for (const [index, value] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const difference = compare(value, other);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function byBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

/** @evidence jq 1.6 Manual, "sort, sort_by" */
export function compare(left: Json, right: Json): number {
  if (typeof left === "number" && typeof right === "number") return left - right;
  if (typeof left === "string" && typeof right === "string") return byBytes(left, right);
  if (isArray(left) && isArray(right)) return inTurn(left, right);
  if (isObject(left) && isObject(right)) {
    const [ours, theirs] = [Object.keys(left).sort(byBytes), Object.keys(right).sort(byBytes)];
    const valuesIn = (object: JsonObject): Json[] => ours.map((key) => object[key] ?? null);
    return inTurn(ours, theirs) || inTurn(valuesIn(left), valuesIn(right));
  }
  return rankOf(left) - rankOf(right);
}

/** `.[]` */
export function valuesOf(value: Json): readonly Json[] {
  if (isArray(value)) return value;
  if (isObject(value)) return Object.values(value);
  throw new Failure(`Cannot iterate over ${value === null ? "null" : shown(value)}`);
}

/** `.[by]` */
export function indexed(value: Json, by: Json): Json {
  if (value === null && (by === null || typeof by === "string" || typeof by === "number")) return null;
  if (isObject(value) && typeof by === "string") return Object.hasOwn(value, by) ? (value[by] ?? null) : null;
  if (isArray(value) && typeof by === "number") return value.at(Math.floor(by)) ?? null;
  const key = typeof by === "string" ? `"${by}"` : typeOf(by);
  throw new Failure(`Cannot index ${typeOf(value)} with ${key}`);
}

/** `.[from:to]` */
export function sliced(value: Json, from: Json | undefined, to: Json | undefined): Json {
  const isEnd = (end: Json | undefined): end is number | null | undefined =>
    end === undefined || end === null || typeof end === "number";
  if (!isEnd(from) || !isEnd(to)) {
    throw new Failure("Start and end indices of an array slice must be numbers");
  }
  const [start, end] = [Math.floor(from ?? 0), to === undefined || to === null ? undefined : Math.ceil(to)];
  if (value === null) return null;
  if (typeof value === "string") return [...value].slice(start, end).join("");
  if (isArray(value)) return value.slice(start, end);
  throw new Failure(`Cannot index ${typeOf(value)} with object`);
}

function merged(left: JsonObject, right: JsonObject): JsonObject {
  const entries = Object.entries(right).map(([key, value]): [string, Json] => {
    const before = Object.hasOwn(left, key) ? left[key] : undefined;
    return [key, before !== undefined && isObject(before) && isObject(value) ? merged(before, value) : value];
  });
  return { ...left, ...Object.fromEntries(entries) };
}

/** Far more than a record can hold. */
export const weightMax = 4_000_000;

const weights = new WeakMap<object, number>();

/** What a value would take, written; what it is made of several times over counts as often. */
function weightOf(value: Json): number {
  if (typeof value === "string") return value.length;
  if (value === null || typeof value !== "object") return 1;
  const known = weights.get(value);
  if (known !== undefined) return known;
  const weight = Object.values(value).reduce<number>((sum, each) => sum + weightOf(each), 1);
  weights.set(value, weight);
  return weight;
}

/** Values that grow without end would stop the region. */
export function requireLight(value: Json): void {
  if (weightOf(value) > weightMax) throw new Failure("The query makes a value that is too large");
}

function repeated(text: string, times: number): Json {
  if (times <= 0) return null;
  const count = Math.max(1, Math.ceil(times));
  if (text.length * count > weightMax) throw new Failure("Repeat string result too long");
  return text.repeat(count);
}

type Operation = (left: Json, right: Json) => Json | undefined;

const operations: Readonly<Record<string, Operation>> = {
  "+": (left, right) => {
    if (left === null) return right;
    if (right === null) return left;
    if (typeof left === "number" && typeof right === "number") return left + right;
    if (typeof left === "string" && typeof right === "string") return left + right;
    if (isArray(left) && isArray(right)) return [...left, ...right];
    return isObject(left) && isObject(right) ? { ...left, ...right } : undefined;
  },
  "-": (left, right) => {
    if (typeof left === "number" && typeof right === "number") return left - right;
    if (!isArray(left) || !isArray(right)) return undefined;
    return left.filter((value) => !right.some((other) => compare(value, other) === 0));
  },
  "*": (left, right) => {
    if (typeof left === "number" && typeof right === "number") return left * right;
    if (typeof left === "string" && typeof right === "number") return repeated(left, right);
    return isObject(left) && isObject(right) ? merged(left, right) : undefined;
  },
  "/": (left, right) => {
    if (typeof left === "string" && typeof right === "string") return left.split(right);
    if (typeof left !== "number" || typeof right !== "number") return undefined;
    return right === 0 ? undefined : left / right;
  },
  "%": (left, right) => {
    if (typeof left !== "number" || typeof right !== "number") return undefined;
    return Math.trunc(right) === 0 ? undefined : Math.trunc(left) % Math.abs(Math.trunc(right));
  },
};

const refusals: Readonly<Record<string, string>> = {
  "+": "added", "-": "subtracted", "*": "multiplied", "/": "divided", "%": "divided",
};

export function operated(sign: string, left: Json, right: Json): Json {
  switch (sign) {
    case "==": return compare(left, right) === 0;
    case "!=": return compare(left, right) !== 0;
    case "<": return compare(left, right) < 0;
    case "<=": return compare(left, right) <= 0;
    case ">": return compare(left, right) > 0;
    case ">=": return compare(left, right) >= 0;
    default:
  }
  const value = operations[sign]?.(left, right);
  if (value !== undefined) return value;
  const why = typeof left === "number" && typeof right === "number" ? " because the divisor is zero" : "";
  throw new Failure(`${shown(left)} and ${shown(right)} cannot be ${refusals[sign] ?? ""}${why}`);
}
