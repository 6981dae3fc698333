/**
 * Timestamps of S3 Select, in the text form of Ion: to the year, month, day, minute, second or a fraction of
 * it, and from the minute on with an offset.
 *
 * @evidence S3 User Guide, "SQL reference", "Data types" and "Date functions"
 */

import { selectError } from "./errors.ts";

const precisions = ["year", "month", "day", "minute", "second", "fraction"] as const;
type Precision = (typeof precisions)[number];

export interface Timestamp {
  /** Its own fields, as epoch milliseconds of UTC. */
  readonly local: number;
  readonly precision: Precision;
  /** Undefined where it is not known: what Ion writes as `-00:00`. */
  readonly offsetMinutes: number | undefined;
}

const form =
  /^(\d{4})(?:T|-(\d\d)(?:T|-(\d\d)(?:T?|T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)))$/;

/** @throws ValueParseFailure */
export function timestampIn(text: string): Timestamp {
  const found = form.exec(text.trim());
  if (!found) throw selectError("ValueParseFailure");
  const [, year, month, day, hour, minute, second, fraction, offset] = found;
  const milliseconds = fraction === undefined ? 0 : Math.floor(Number(`0${fraction}`) * 1000);
  const fields = [month ?? "1", day ?? "1", hour ?? "0", minute ?? "0", second ?? "0"].map(Number);
  const [m = 1, d = 1, h = 0, min = 0, s = 0] = fields;
  const local = utc(Number(year), m - 1, d) + ((h * 60 + min) * 60 + s) * 1000 + milliseconds;
  const isReal = new Date(local).getUTCMonth() === m - 1 && h < 24 && min < 60 && s < 60 && Number(year) > 0;
  if (!isReal) throw selectError("ValueParseFailure");
  const given = [month, day, minute, second, fraction].filter((each) => each !== undefined).length;
  return { local, precision: precisions[given] ?? "fraction", offsetMinutes: offsetIn(offset) };
}

/** Years below 100 are meant as they are. */
function utc(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month, day);
}

function offsetIn(text: string | undefined): number | undefined {
  if (text === undefined || text === "-00:00") return undefined;
  if (text === "Z") return 0;
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(4));
  return text.startsWith("-") ? -minutes : minutes;
}

export function timestampText({ local, precision, offsetMinutes }: Timestamp): string {
  const iso = new Date(local).toISOString();
  switch (precision) {
    case "year": return `${iso.slice(0, 4)}T`;
    case "month": return `${iso.slice(0, 7)}T`;
    case "day": return iso.slice(0, 10);
    default: {
      const length = precision === "minute" ? 16 : precision === "second" ? 19 : 23;
      return iso.slice(0, length) + (offsetMinutes === undefined ? "-00:00" : offsetText(offsetMinutes, ":"));
    }
  }
}

function offsetText(minutes: number, between: string, zero = "Z"): string {
  if (minutes === 0) return zero;
  const size = Math.abs(minutes);
  const [hours, rest] = [Math.floor(size / 60), size % 60].map((each) => String(each).padStart(2, "0"));
  return `${minutes < 0 ? "-" : "+"}${hours}${between}${rest}`;
}

/** Epoch milliseconds. */
export function instantOf({ local, offsetMinutes = 0 }: Timestamp): number {
  return local - offsetMinutes * 60_000;
}

export const dateParts: readonly string[] = ["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"];
export const extractedParts: readonly string[] = [...dateParts, "TIMEZONE_HOUR", "TIMEZONE_MINUTE"];

const unitMilliseconds: Readonly<Record<string, number>> = {
  DAY: 86_400_000, HOUR: 3_600_000, MINUTE: 60_000, SECOND: 1000,
};

/** The result is as precise as it must be for what was added. */
export function added(timestamp: Timestamp, part: string, quantity: number): Timestamp {
  const { local } = timestamp;
  const months = part === "YEAR" ? 12 * quantity : part === "MONTH" ? quantity : undefined;
  const moved = months === undefined
    ? local + quantity * (unitMilliseconds[part] ?? 0) : monthsLater(local, months);
  if (Number.isNaN(moved) || Math.abs(moved) > 8.64e15 || new Date(moved).getUTCFullYear() > 9999) {
    throw selectError("ValueParseFailure");
  }
  const needed = part === "HOUR" ? "minute" : part.toLowerCase();
  const rank = Math.max(precisions.indexOf(timestamp.precision), precisions.indexOf(needed as Precision));
  return { ...timestamp, local: moved, precision: precisions[rank] ?? "fraction" };
}

/** The last day of a shorter month stands for those that it does not have. */
function monthsLater(local: number, months: number): number {
  const date = new Date(local);
  const first = utc(date.getUTCFullYear(), date.getUTCMonth() + months, 1);
  const lastDay = new Date(utc(new Date(first).getUTCFullYear(), new Date(first).getUTCMonth() + 1, 0));
  const day = Math.min(date.getUTCDate(), lastDay.getUTCDate());
  return first + (day - 1) * 86_400_000 + (((local % 86_400_000) + 86_400_000) % 86_400_000);
}

/** Whole parts between the two. */
export function difference(part: string, first: Timestamp, second: Timestamp): number {
  const [from, to] = [instantOf(first), instantOf(second)];
  const unit = unitMilliseconds[part];
  if (unit !== undefined) return Math.trunc((to - from) / unit) + 0;
  const [a, b] = [new Date(from), new Date(to)];
  let months = (b.getUTCFullYear() - a.getUTCFullYear()) * 12 + b.getUTCMonth() - a.getUTCMonth();
  if (months > 0 && monthsLater(from, months) > to) months -= 1;
  if (months < 0 && monthsLater(from, months) < to) months += 1;
  return part === "YEAR" ? Math.trunc(months / 12) + 0 : months;
}

export function extracted(part: string, { local, offsetMinutes = 0 }: Timestamp): number {
  const date = new Date(local);
  switch (part) {
    case "YEAR": return date.getUTCFullYear();
    case "MONTH": return date.getUTCMonth() + 1;
    case "DAY": return date.getUTCDate();
    case "HOUR": return date.getUTCHours();
    case "MINUTE": return date.getUTCMinutes();
    case "SECOND": return date.getUTCSeconds() + date.getUTCMilliseconds() / 1000;
    case "TIMEZONE_HOUR": return Math.trunc(offsetMinutes / 60) + 0;
    default: return (offsetMinutes % 60) + 0;
  }
}

const months = (
  "January February March April May June July August September October November December"
).split(" ");

const symbols = /'((?:[^']|'')*)'|([a-zA-Z])\2*|[^a-zA-Z']+/g;

/** @throws EvaluatorInvalidTimestampFormatPattern */
export function formatted(timestamp: Timestamp, pattern: string): string {
  return pattern.replace(symbols, (run: string, quoted: string | undefined, symbol: string | undefined) => {
    if (quoted !== undefined) return quoted === "" ? "'" : quoted.replaceAll("''", "'");
    return symbol === undefined ? run : shown(timestamp, symbol, run.length);
  });
}

function shown({ local, offsetMinutes = 0 }: Timestamp, symbol: string, length: number): string {
  const date = new Date(local);
  const digits = (value: number): string => String(value).padStart(length, "0");
  const month = months[date.getUTCMonth()] ?? "";
  switch (symbol) {
    case "y": return length === 2 ? String(date.getUTCFullYear() % 100).padStart(2, "0")
      : digits(date.getUTCFullYear());
    case "M": return length <= 2 ? digits(date.getUTCMonth() + 1)
      : month.slice(0, length === 3 ? 3 : length === 5 ? 1 : undefined);
    case "d": return digits(date.getUTCDate());
    case "a": return date.getUTCHours() < 12 ? "AM" : "PM";
    case "h": return digits(date.getUTCHours() % 12 || 12);
    case "H": return digits(date.getUTCHours());
    case "m": return digits(date.getUTCMinutes());
    case "s": return digits(date.getUTCSeconds());
    case "S": return String(date.getUTCMilliseconds()).padStart(3, "0").padEnd(length, "0").slice(0, length);
    case "n": return digits(date.getUTCMilliseconds() * 1e6);
    case "X": case "x": {
      const between = length === 3 || length === 5 ? ":" : "";
      const zero = symbol === "X" ? "Z" : length === 1 ? "+00" : `+00${between}00`;
      const text = offsetText(offsetMinutes, between, zero);
      return length === 1 && text.endsWith("00") && text !== zero ? text.slice(0, 3) : text;
    }
    default: throw selectError("EvaluatorInvalidTimestampFormatPattern");
  }
}
