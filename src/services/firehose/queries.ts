/**
 * What dynamic partitioning asks of records: a program of jq that makes an object of keys. Pure.
 *
 * @evidence Developer Guide, "Create partitioning keys": JQ 1.6
 */

import { notImplemented } from "../../kernel/errors.ts";
import { invalidArgument } from "./errors.ts";
import { run } from "./jq/evaluation.ts";
import { parseProgram } from "./jq/parser.ts";
import { SyntaxTrouble, type Filter, type Json } from "./jq/syntax.ts";
import { isObject, textOf } from "./jq/values.ts";

export type PartitionQuery = Filter;

/** @throws InvalidArgumentException for what is no program; NotImplemented for what is not built */
export function parseQuery(text: string): PartitionQuery {
  try {
    return parseProgram(text);
  } catch (error) {
    if (!(error instanceof SyntaxTrouble)) throw error;
    if (error.isUnbuilt) throw notImplemented(`The query ${text} (${error.message})`);
    throw invalidArgument(`Metadata extraction query is invalid: ${error.message}.`);
  }
}

/** The keys that it makes whatever the record is. */
export function queryKeys(query: PartitionQuery): string[] {
  if (query.kind !== "object") return [];
  return query.entries.flatMap(([key]) =>
    (key.kind === "literal" && typeof key.value === "string" ? [key.value] : []));
}

/** @param now epoch milliseconds @throws Error where a record has no such keys: it can't be partitioned */
export function partitionKeysOf(query: PartitionQuery, record: unknown, now: number): Record<string, string> {
  const [keys = null] = run(query, record as Json, now);
  if (!isObject(keys)) throw new RangeError("The query did not make an object of partition keys.");
  return Object.fromEntries(Object.entries(keys).map(([key, value]) => {
    if (value === null || value === "" || typeof value === "object") {
      throw new RangeError(`partitionKeys values must not be null or empty: ${key}`);
    }
    return [key, textOf(value)];
  }));
}
