/**
 * Prefixes with expressions: `!{timestamp:yyyy/MM}`, `!{firehose:random-string}`,
 * `!{partitionKeyFromQuery:customer}`. Pure.
 *
 * @evidence Developer Guide, "Understand custom prefixes for Amazon S3 objects"
 */

import type { AwsError } from "../../kernel/errors.ts";
import { wallTime } from "../../kernel/time-zones.ts";
import { invalidArgument } from "./errors.ts";

export type PrefixPart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "timestamp"; readonly pattern: string }
  | { readonly kind: "random" }
  | { readonly kind: "errorType" }
  | { readonly kind: "partitionKey"; readonly from: "Query" | "Lambda"; readonly key: string };

type Where = "Prefix" | "ErrorOutputPrefix";

export function parsePrefix(text: string, where: Where): PrefixPart[] {
  const parts: PrefixPart[] = [];
  let at = 0;
  for (const match of text.matchAll(/!\{(?:([^{}]*)\})?/g)) {
    if (match.index > at) parts.push({ kind: "text", text: text.slice(at, match.index) });
    parts.push(expressionOf(match[1] ?? "", where));
    at = match.index + match[0].length;
  }
  if (at < text.length) parts.push({ kind: "text", text: text.slice(at) });
  return parts;
}

/** @evidence recorded refusals, as cdk-preflight's rules quote them, here and below; Joda's letters */
function expressionOf(expression: string, where: Where): PrefixPart {
  const colon = expression.indexOf(":");
  const [namespace, value] = [expression.slice(0, colon), expression.slice(colon + 1)];
  if (colon <= 0 || value === "") throw invalidArgument("Invalid expression usage");
  switch (namespace) {
    case "timestamp":
      if (/[CIJPRTUVbfijloprt]/.test(value.replaceAll(/'[^']*'/g, ""))) throw wrongValue(where);
      return { kind: "timestamp", pattern: value };
    case "partitionKeyFromQuery": return { kind: "partitionKey", from: "Query", key: value };
    case "partitionKeyFromLambda": return { kind: "partitionKey", from: "Lambda", key: value };
    case "firehose":
      if (value === "random-string") return { kind: "random" };
      if (value === "error-output-type") return { kind: "errorType" };
      throw wrongValue(where);
    default: throw invalidArgument(`Namespace to the left of colon (${namespace}) is an invalid keyword!`);
  }
}

function wrongValue(where: Where): AwsError {
  return invalidArgument(
    `Invalid conversion character used in the value of the expression in ${where}`,
  );
}

const prefixLengthMax = 512;

/** @evidence Developer Guide, "Understand custom prefixes for Amazon S3 objects": semantic rules */
export function requirePrefixes(text: string, errorText: string): void {
  const parts = parsePrefix(text, "Prefix");
  const errors = parsePrefix(errorText, "ErrorOutputPrefix");
  const has = (some: readonly PrefixPart[], kind: PrefixPart["kind"]): boolean =>
    some.some((part) => part.kind === kind);
  const isPlain = (some: readonly PrefixPart[]): boolean => some.every(({ kind }) => kind === "text");
  if (has(parts, "errorType")) {
    throw invalidArgument("Prefix must not contain any occurrence of !{firehose:error-output-type}");
  }
  if (has(errors, "partitionKey")) {
    throw invalidArgument("Dynamic Partitioning Namespaces can't be part of an error prefix expression");
  }
  if (!isPlain(errors) && !has(errors, "errorType")) {
    throw invalidArgument(
      "ErrorOutputPrefix must contain at least one occurrence of !{firehose:error-output-type}",
    );
  }
  if (errorText === "" && !isPlain(parts)) {
    throw invalidArgument("ErrorOutputPrefix cannot be null or empty when Prefix contains expressions");
  }
  if (lengthMin(parts) > prefixLengthMax) throw tooLong("prefix");
  if (lengthMin(errors) > prefixLengthMax) throw tooLong("ErrorOutputPrefix");
}

/** Whatever the expressions come to, it is one character at least. */
function lengthMin(parts: readonly PrefixPart[]): number {
  return parts.reduce((sum, part) => sum + (part.kind === "text" ? part.text.length : 1), 0);
}

function tooLong(what: string): AwsError {
  return invalidArgument(`Length of evaluated ${what} cannot be greater than ${prefixLengthMax}`);
}

export type PartitionKey = Extract<PrefixPart, { kind: "partitionKey" }>;

export function partitionKeysIn(prefix: string): PartitionKey[] {
  return parsePrefix(prefix, "Prefix").filter((part) => part.kind === "partitionKey");
}

export interface PrefixFacts {
  /** When the oldest record of the object came. */
  readonly at: number;
  readonly timeZone: string;
  readonly random: () => string;
  readonly errorType?: string;
  readonly partitionKeys?: Readonly<Record<string, string>>;
}

const months = [
  "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
  "November", "December",
];
const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

function padded(value: number, length: number): string {
  return String(value).padStart(length, "0");
}

/** One run of the same letter, as Java's DateTimeFormatter reads it. */
function field(letters: string, wall: Date): string {
  const count = letters.length;
  const month = wall.getUTCMonth();
  switch (letters[0]) {
    case "y": case "u": case "Y":
      return count === 2 ? padded(wall.getUTCFullYear() % 100, 2) : padded(wall.getUTCFullYear(), count);
    case "M": case "L":
      if (count >= 4) return months[month] ?? "";
      return count === 3 ? (months[month] ?? "").slice(0, 3) : padded(month + 1, count);
    case "d": return padded(wall.getUTCDate(), count);
    case "D": {
      const start = Date.UTC(wall.getUTCFullYear(), 0, 1);
      return padded(Math.floor((wall.getTime() - start) / 86_400_000) + 1, count);
    }
    case "E": {
      const name = days[wall.getUTCDay()] ?? "";
      return count >= 4 ? name : name.slice(0, 3);
    }
    case "e": return padded(wall.getUTCDay() + 1, count);
    case "a": return wall.getUTCHours() < 12 ? "AM" : "PM";
    case "H": return padded(wall.getUTCHours(), count);
    case "k": return padded(wall.getUTCHours() || 24, count);
    case "h": return padded(wall.getUTCHours() % 12 || 12, count);
    case "K": return padded(wall.getUTCHours() % 12, count);
    case "m": return padded(wall.getUTCMinutes(), count);
    case "s": return padded(wall.getUTCSeconds(), count);
    case "S": return padded(wall.getUTCMilliseconds(), 3).padEnd(count, "0").slice(0, count);
    default: return letters;
  }
}

export function formatTime(pattern: string, at: number, timeZone: string): string {
  const wall = new Date(wallTime(at, timeZone));
  return pattern.replaceAll(/'((?:[^']|'')*)'|([A-Za-z])\2*/g, (run: string, quoted: string | undefined) => {
    if (quoted === undefined) return field(run, wall);
    return quoted === "" ? "'" : quoted.replaceAll("''", "'");
  });
}

function evaluated(part: PrefixPart, facts: PrefixFacts): string {
  switch (part.kind) {
    case "text": return part.text;
    case "timestamp": return formatTime(part.pattern, facts.at, facts.timeZone);
    case "random": return facts.random();
    case "errorType": return facts.errorType ?? "";
    case "partitionKey": return facts.partitionKeys?.[part.key] ?? "";
  }
}

const hourFolders = "yyyy/MM/dd/HH/";

/**
 * A prefix that says nothing of times is followed by the hour, but for partitions, whose keys say it.
 *
 * @evidence Developer Guide, "Understand custom prefixes for Amazon S3 objects": semantic rules; "Amazon S3
 *   bucket prefix for dynamic partitioning": its example
 */
export function prefixFor(text: string, facts: PrefixFacts): string {
  const parts = parsePrefix(text, "Prefix");
  const prefix = parts.map((part) => evaluated(part, facts)).join("");
  const isTimed = parts.some(({ kind }) => kind === "timestamp" || kind === "partitionKey");
  return isTimed ? prefix : prefix + formatTime(hourFolders, facts.at, facts.timeZone);
}

/** Where nothing is said of errors, they lie in a folder of their kind below the prefix. */
export function errorPrefixFor(
  text: string | undefined, prefix: string | undefined, facts: PrefixFacts & { readonly errorType: string },
): string {
  if (text === undefined || text === "") {
    return `${prefix ?? ""}${facts.errorType}/${formatTime(hourFolders, facts.at, facts.timeZone)}`;
  }
  const parts = parsePrefix(text, "ErrorOutputPrefix");
  const isPlain = parts.every(({ kind }) => kind === "text");
  return isPlain ? prefixFor(text, facts) : parts.map((part) => evaluated(part, facts)).join("");
}
