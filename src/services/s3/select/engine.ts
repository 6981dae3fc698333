/**
 * The engine that evaluates: SQLite, without a file, for one request. Batches go in and come out as JSON,
 * which costs one crossing a batch instead of one a cell.
 */

import type { Database, SQLiteValue } from "node-sqlite3-wasm";
import { AwsError } from "../../../kernel/errors.ts";
import { selectError } from "./errors.ts";
import {
  added, difference, extracted, formatted, instantOf, timestampIn, timestampText, type Timestamp,
} from "./timestamps.ts";
import type { Statement } from "./translation.ts";

type Cell = SQLiteValue;
type Prepared = ReturnType<Database["prepare"]>;

export interface Engine {
  /** @param batch JSON @param limit of rows, where the statement has one @returns JSON */
  evaluate(statement: Statement, batch: string, limit?: number): string;
  close(): void;
}

/**
 * The engine is a megabyte that most regions never need, and so is loaded with the first query.
 *
 * @param now epoch milliseconds
 */
export async function openEngine(now: number): Promise<Engine> {
  const { default: sqlite } = await import("node-sqlite3-wasm");
  const database = new sqlite.Database();
  const refusals = defineFunctions(database, now);
  database.exec("PRAGMA case_sensitive_like = ON");
  const prepared = new Map<Statement, Prepared>();
  return {
    evaluate(statement, batch, limit) {
      try {
        const ready = prepared.get(statement) ?? database.prepare(statement.sql);
        prepared.set(statement, ready);
        const values: Record<string, string | number> = { "?1": batch };
        if (limit !== undefined) values["?2"] = limit;
        statement.constants.forEach((text, index) => (values[`?${index + 3}`] = text));
        return String(Object.values(ready.get(values) ?? {})[0] ?? "null");
      } catch (error) {
        drop(prepared.get(statement));
        prepared.delete(statement);
        throw refusals.take() ?? engineError(error);
      }
    },
    close() {
      for (const each of prepared.values()) drop(each);
      database.close();
    },
  };
}

/** A statement that failed says so once more as it goes. */
function drop(statement: Prepared | undefined): void {
  try {
    statement?.finalize();
  } catch {
    // It was said when it failed.
  }
}

type Compute = (...cells: [Cell, Cell, Cell]) => number | string | null;

/** @returns what went wrong in a function, which the engine passes on as a mere text */
function defineFunctions(database: Database, now: number): { take: () => AwsError | undefined } {
  let refused: AwsError | undefined;
  const define = (name: string, compute: Compute): void => {
    const guarded = (...cells: Cell[]) => {
      try {
        return compute(...(cells as [Cell, Cell, Cell]));
      } catch (error) {
        if (error instanceof AwsError) refused = error;
        throw error;
      }
    };
    // The engine asks a function how many arguments it takes.
    Object.defineProperty(guarded, "length", { value: compute.length });
    database.function(name, guarded, { deterministic: true });
  };
  define("as_number", (cell) => numberIn(cell) ?? null);
  define("strict_number", (cell) => strictNumber(cell));
  define("cast_int", (cell) => wholeOf(strictNumber(cell)));
  define("cast_float", (cell) => strictNumber(cell));
  define("cast_text", (cell) => (cell === null ? null : String(cell)));
  define("cast_bool", (cell) => truthOf(cell));
  define("lower_case", (cell) => (cell === null ? null : String(cell).toLowerCase()));
  define("upper_case", (cell) => (cell === null ? null : String(cell).toUpperCase()));
  define("calculate", (operator, left, right) => calculate(String(operator), left, right));
  define("part_from", (text, start) => partOf(text, strictNumber(start), undefined));
  define("part_of", (text, start, length) => {
    const characters = strictNumber(length);
    return characters === null ? null : partOf(text, strictNumber(start), characters);
  });
  defineTimeFunctions(define, now);
  return {
    take() {
      const taken = refused;
      refused = undefined;
      return taken;
    },
  };
}

function defineTimeFunctions(define: (name: string, compute: Compute) => void, now: number): void {
  const parsed = (cell: Cell) => (cell === null ? undefined : timestampIn(String(cell)));
  const current = timestampText({ local: now, precision: "fraction", offsetMinutes: 0 });
  define("utcnow", () => current);
  define("to_timestamp", (cell) => textOf(parsed(cell)));
  define("instant", (cell) => {
    const timestamp = parsed(cell);
    return timestamp ? instantOf(timestamp) : null;
  });
  define("date_add", (part, quantity, cell) => {
    const timestamp = parsed(cell);
    const count = strictNumber(quantity);
    return timestamp && count !== null ? textOf(added(timestamp, String(part), Math.trunc(count))) : null;
  });
  define("date_diff", (part, first, second) => {
    const [from, to] = [parsed(first), parsed(second)];
    return from && to ? difference(String(part), from, to) : null;
  });
  define("extract", (part, cell) => {
    const timestamp = parsed(cell);
    return timestamp ? extracted(String(part), timestamp) : null;
  });
  define("to_string", (cell, pattern) => {
    const timestamp = parsed(cell);
    return timestamp && pattern !== null ? formatted(timestamp, String(pattern)) : null;
  });
}

function textOf(timestamp: Timestamp | undefined): string | null {
  return timestamp ? timestampText(timestamp) : null;
}

/** SQL counts from 1, and what is before the text counts too. */
function partOf(cell: Cell, start: number | null, length: number | undefined): string | null {
  if (cell === null || start === null) return null;
  const text = String(cell);
  const first = Math.trunc(start) - 1;
  if (length === undefined) return text.slice(Math.max(0, first));
  if (length < 0) throw selectError("EvaluatorInvalidArguments");
  return text.slice(Math.max(0, first), Math.max(0, first + Math.trunc(length)));
}

const numeric = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*$/;

function numberIn(cell: Cell): number | undefined {
  if (typeof cell === "number") return cell;
  if (typeof cell === "bigint") return Number(cell);
  return typeof cell === "string" && numeric.test(cell) ? Number(cell) : undefined;
}

function strictNumber(cell: Cell): number | null {
  if (cell === null) return null;
  const value = numberIn(cell);
  if (value === undefined) throw selectError("CastFailed");
  return value;
}

function wholeOf(value: number | null): number | null {
  return value === null ? null : inBounds(Math.trunc(value));
}

function inBounds(value: number): number {
  if (Math.abs(value) > 2 ** 63) throw selectError("IntegerOverflow");
  return value;
}

function truthOf(cell: Cell): number | null {
  if (cell === null) return null;
  const value = numberIn(cell);
  if (value !== undefined) return value === 0 ? 0 : 1;
  const text = String(cell).toLowerCase();
  if (text !== "true" && text !== "false") throw selectError("CastFailed");
  return text === "true" ? 1 : 0;
}

/** Whole numbers stay whole. Nothing divides by zero. */
function calculate(operator: string, first: Cell, second: Cell): number | null {
  const left = strictNumber(first);
  const right = strictNumber(second);
  if (left === null || right === null) return null;
  switch (operator) {
    case "+": return left + right;
    case "-": return left - right;
    case "*": return left * right;
    case "%": return right === 0 ? null : left % right;
    default: {
      if (right === 0) return null;
      const quotient = left / right;
      return Number.isInteger(left) && Number.isInteger(right) ? Math.trunc(quotient) : quotient;
    }
  }
}

/** What the engine itself refuses: sums that are too large, patterns, and statements beyond its bounds. */
function engineError(error: unknown): unknown {
  const message = error instanceof Error ? error.message : "";
  if (message.includes("integer overflow")) return selectError("IntegerOverflow");
  if (/LIKE or GLOB|ESCAPE expression/.test(message)) return selectError("LikeInvalidInputs");
  return /too (?:many|large|deep|big|long)|stack overflow/i.test(message)
    ? selectError("UnsupportedSqlStructure") : error;
}
