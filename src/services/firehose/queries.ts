/**
 * What dynamic partitioning asks of records: a small part of jq. An object of paths, each with a few
 * functions behind it: `{customer: .customer.id, year: .time | strftime("%Y")}`. Pure.
 *
 * @evidence Developer Guide, "Create partitioning keys": JQ 1.6
 */

import { notImplemented } from "../../kernel/errors.ts";
import { invalidArgument } from "./errors.ts";

type Step = { readonly path: readonly (string | number)[] } | { readonly literal: string | number }
  | { readonly call: string; readonly argument?: string };

export interface PartitionQuery {
  readonly key: string;
  readonly steps: readonly Step[];
}

const tokenForm =
  /\s*(?:("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?)|([A-Za-z_][A-Za-z0-9_]*)|([{}:,|()[\].]))/y;

class Reader {
  readonly #tokens: string[] = [];
  #at = 0;

  constructor(text: string) {
    tokenForm.lastIndex = 0;
    while (tokenForm.lastIndex < text.trimEnd().length) {
      const match = tokenForm.exec(text);
      if (!match) throw notImplemented(`The query ${text}`);
      this.#tokens.push(match[0].trim());
    }
  }

  get next(): string | undefined {
    return this.#tokens[this.#at];
  }

  take(wanted?: string): string {
    const token = this.#tokens[this.#at];
    if (token === undefined || (wanted !== undefined && token !== wanted)) {
      throw invalidArgument(`Metadata extraction query is invalid: ${wanted ?? "more"} was expected.`);
    }
    this.#at += 1;
    return token;
  }

  accept(wanted: string): boolean {
    if (this.next !== wanted) return false;
    this.#at += 1;
    return true;
  }
}

function textOf(token: string): string {
  return JSON.parse(token) as string;
}

/** `.a.b["c"][0]`. */
function pathOf(reader: Reader): Step {
  const path: (string | number)[] = [];
  for (;;) {
    if (reader.accept(".")) {
      const { next } = reader;
      if (next !== undefined && /^[A-Za-z_"]/.test(next)) {
        const token = reader.take();
        path.push(token.startsWith('"') ? textOf(token) : token);
      }
    } else if (reader.accept("[")) {
      const token = reader.take();
      path.push(token.startsWith('"') ? textOf(token) : Number(token));
      reader.take("]");
    } else return { path };
  }
}

const functions = new Set([
  "tostring", "tonumber", "ascii_downcase", "ascii_upcase", "floor", "strftime", "length", "fromjson",
]);

function stepOf(reader: Reader): Step {
  const { next = "" } = reader;
  if (next === ".") return pathOf(reader);
  if (next.startsWith('"')) return { literal: textOf(reader.take()) };
  if (/^-?\d/.test(next)) return { literal: Number(reader.take()) };
  const call = reader.take();
  if (!functions.has(call)) throw notImplemented(`The function ${call} of jq`);
  if (!reader.accept("(")) return { call };
  const argument = textOf(reader.take());
  reader.take(")");
  return { call, argument };
}

function stepsOf(reader: Reader): Step[] {
  if (reader.accept("(")) {
    const steps = stepsOf(reader);
    reader.take(")");
    return reader.accept("|") ? [...steps, ...stepsOf(reader)] : steps;
  }
  const steps = [stepOf(reader)];
  while (reader.accept("|")) steps.push(stepOf(reader));
  return steps;
}

export function parseQuery(text: string): PartitionQuery[] {
  const reader = new Reader(text);
  const queries: PartitionQuery[] = [];
  reader.take("{");
  do {
    const name = reader.take();
    const key = name.startsWith('"') ? textOf(name) : name;
    const steps: Step[] = reader.accept(":") ? stepsOf(reader) : [{ path: [key] }];
    queries.push({ key, steps });
  } while (reader.accept(","));
  reader.take("}");
  if (reader.next !== undefined) throw notImplemented(`The query ${text}`);
  return queries;
}

function within(value: unknown, path: readonly (string | number)[]): unknown {
  let found = value;
  for (const key of path) {
    if (found === null || typeof found !== "object") return undefined;
    found = Object.hasOwn(found, key) ? (found as Record<string | number, unknown>)[key] : undefined;
  }
  return found;
}

function formattedTime(value: unknown, pattern: string): string {
  const time = new Date(Number(value) * 1000);
  const two = (number: number): string => String(number).padStart(2, "0");
  return pattern.replaceAll(/%([A-Za-z%])/g, (run: string, letter: string) => {
    switch (letter) {
      case "Y": return String(time.getUTCFullYear());
      case "m": return two(time.getUTCMonth() + 1);
      case "d": return two(time.getUTCDate());
      case "H": return two(time.getUTCHours());
      case "M": return two(time.getUTCMinutes());
      case "S": return two(time.getUTCSeconds());
      case "%": return "%";
      default: throw new RangeError(`strftime has no ${run} here`);
    }
  });
}

function called(value: unknown, call: string, argument: string | undefined): unknown {
  switch (call) {
    case "tostring": return typeof value === "string" ? value : JSON.stringify(value);
    case "tonumber": return Number(value);
    case "ascii_downcase": return String(value).toLowerCase();
    case "ascii_upcase": return String(value).toUpperCase();
    case "floor": return Math.floor(Number(value));
    case "length": return typeof value === "string" || Array.isArray(value) ? value.length : Number(value);
    case "fromjson": return JSON.parse(String(value)) as unknown;
    default: return formattedTime(value, argument ?? "");
  }
}

/** @throws where a record has no such key: it can't be partitioned */
export function partitionKeysOf(
  queries: readonly PartitionQuery[], record: unknown,
): Record<string, string> {
  return Object.fromEntries(queries.map(({ key, steps }) => {
    let value = record;
    for (const step of steps) {
      if ("path" in step) value = within(value, step.path);
      else if ("literal" in step) value = step.literal;
      else value = called(value, step.call, step.argument);
    }
    if (value === undefined || value === null || value === "" || typeof value === "object") {
      throw new RangeError(`partitionKeys values must not be null or empty: ${key}`);
    }
    return [key, String(value)];
  }));
}
