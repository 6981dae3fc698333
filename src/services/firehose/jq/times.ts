/** Times as jq takes them apart, writes and reads them: all of them UTC. */

import { Expression } from "../../../patterns/expressions/expression.ts";
import type { Json } from "./syntax.ts";
import { Failure, isArray, shown } from "./values.ts";

const months = [
  "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
  "November", "December",
];
const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const dayMilliseconds = 86_400_000;

function dayOfYear(time: Date): number {
  return Math.floor((time.getTime() - Date.UTC(time.getUTCFullYear(), 0, 1)) / dayMilliseconds);
}

/** `[year, month from 0, day, hours, minutes, seconds, day of the week, day of the year]` */
export function brokenDown(seconds: Json): Json {
  if (typeof seconds !== "number") throw new Failure("gmtime() requires a number");
  const time = new Date(seconds * 1000);
  if (Number.isNaN(time.getTime())) {
    throw new Failure("error converting number of seconds since epoch to datetime");
  }
  return [
    time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate(), time.getUTCHours(), time.getUTCMinutes(),
    time.getUTCSeconds() + (seconds - Math.floor(seconds)), time.getUTCDay(), dayOfYear(time),
  ];
}

/** Seconds since 1970. */
export function secondsOf(parts: Json, asker: string): number {
  if (!isArray(parts)) throw new Failure(`${asker} requires array of 6 numbers`);
  const numbers = parts.filter((part): part is number => typeof part === "number");
  const [year = 0, month = 0, day = 1, hours = 0, minutes = 0, seconds = 0] = numbers;
  if (numbers.length < 6) throw new Failure(`${asker} requires array of 6 numbers`);
  return Math.floor(Date.UTC(year, month, day, hours, minutes, Math.floor(seconds)) / 1000);
}

function two(value: number, filler = "0"): string {
  return String(value).padStart(2, filler);
}

/** Of ISO 8601: the week of a day is that of its Thursday. */
function isoWeek(time: Date): [year: number, week: number] {
  const weekday = time.getUTCDay() || 7;
  const thursday = new Date(time.getTime() + (4 - weekday) * dayMilliseconds);
  return [thursday.getUTCFullYear(), Math.floor(dayOfYear(thursday) / 7) + 1];
}

function weekFrom(time: Date, firstDay: number): string {
  return two(Math.floor((dayOfYear(time) + 7 - (time.getUTCDay() - firstDay + 7) % 7) / 7));
}

const composed: Readonly<Record<string, string>> = {
  F: "%Y-%m-%d", T: "%H:%M:%S", R: "%H:%M", D: "%m/%d/%y", c: "%a %b %e %H:%M:%S %Y", x: "%m/%d/%y",
  X: "%H:%M:%S", r: "%I:%M:%S %p", h: "%b",
};

const fields: Readonly<Record<string, (time: Date) => string>> = {
  Y: (time) => String(time.getUTCFullYear()),
  C: (time) => two(Math.floor(time.getUTCFullYear() / 100)),
  y: (time) => two(time.getUTCFullYear() % 100),
  m: (time) => two(time.getUTCMonth() + 1),
  d: (time) => two(time.getUTCDate()),
  e: (time) => two(time.getUTCDate(), " "),
  H: (time) => two(time.getUTCHours()),
  k: (time) => two(time.getUTCHours(), " "),
  I: (time) => two(time.getUTCHours() % 12 || 12),
  l: (time) => two(time.getUTCHours() % 12 || 12, " "),
  M: (time) => two(time.getUTCMinutes()),
  S: (time) => two(time.getUTCSeconds()),
  j: (time) => String(dayOfYear(time) + 1).padStart(3, "0"),
  p: (time) => (time.getUTCHours() < 12 ? "AM" : "PM"),
  P: (time) => (time.getUTCHours() < 12 ? "am" : "pm"),
  a: (time) => (days[time.getUTCDay()] ?? "").slice(0, 3),
  A: (time) => days[time.getUTCDay()] ?? "",
  b: (time) => (months[time.getUTCMonth()] ?? "").slice(0, 3),
  B: (time) => months[time.getUTCMonth()] ?? "",
  u: (time) => String(time.getUTCDay() || 7),
  w: (time) => String(time.getUTCDay()),
  s: (time) => String(Math.floor(time.getTime() / 1000)),
  G: (time) => String(isoWeek(time)[0]),
  g: (time) => two(isoWeek(time)[0] % 100),
  V: (time) => two(isoWeek(time)[1]),
  U: (time) => weekFrom(time, 0),
  W: (time) => weekFrom(time, 1),
  Z: () => "UTC",
  z: () => "+0000",
  n: () => "\n",
  t: () => "\t",
  "%": () => "%",
};

function formatted(pattern: string, time: Date): string {
  return pattern.replaceAll(/%([A-Za-z%])/g, (run: string, letter: string) => {
    const whole = composed[letter];
    return whole === undefined ? (fields[letter]?.(time) ?? run) : formatted(whole, time);
  });
}

export function written(value: Json, pattern: Json): string {
  if (typeof pattern !== "string") throw new Failure("strftime/1 requires a string format");
  const parts = typeof value === "number" ? brokenDown(value) : value;
  if (!isArray(parts)) throw new Failure("strftime/1 requires parsed datetime inputs");
  const time = new Date(secondsOf(parts, "strftime/1") * 1000);
  return formatted(pattern, time);
}

const readable: Readonly<Record<string, string>> = {
  Y: "(?<Y>-?\\d{1,4})", m: "(?<m>\\d{1,2})", d: " ?(?<d>\\d{1,2})", e: " ?(?<d>\\d{1,2})",
  H: "(?<H>\\d{1,2})", I: "(?<I>\\d{1,2})", M: "(?<M>\\d{1,2})", S: "(?<S>\\d{1,2})", j: "(?<j>\\d{1,3})",
  y: "(?<y>\\d{1,2})", p: "(?<p>[AaPp][Mm])", s: "(?<s>\\d+)", Z: "[A-Za-z]+",
  z: "(?<z>Z|[+-]\\d\\d:?\\d\\d)", a: "[A-Za-z]+", A: "[A-Za-z]+", b: "(?<b>[A-Za-z]+)",
  B: "(?<b>[A-Za-z]+)", h: "(?<b>[A-Za-z]+)", "%": "%",
  n: "\\s*", t: "\\s*",
};

function readerOf(pattern: string): Expression {
  const whole = pattern.replaceAll(
    /%([FTRDcxXr])/g, (run: string, letter: string) => composed[letter] ?? run);
  const source = whole.replaceAll(/%(.)|\s+|[^%\s]/gs, (run: string, letter: string | undefined) => {
    if (letter === undefined) return /\s/.test(run) ? "\\s*" : run.replace(/[^A-Za-z0-9_]/, "\\$&");
    const form = readable[letter];
    if (form === undefined) throw new Failure(`strptime does not know ${run}`);
    return form;
  });
  try {
    return new Expression(`^${source}$`);
  } catch {
    throw new Failure(`strptime can't read ${pattern}`);
  }
}

export function read(value: Json, pattern: Json): Json {
  if (typeof value !== "string" || typeof pattern !== "string") {
    throw new Failure("strptime/1 requires string inputs and arguments");
  }
  const reader = readerOf(pattern);
  const found = reader.find(value);
  if (!found) throw new Failure(`date "${value}" does not match format "${pattern}"`);
  const groups: Readonly<Record<string, string | undefined>> =
    Object.fromEntries(reader.groups.map((name, index) => [name, found.groups[index]]));
  const number = (name: string, otherwise: number): number => Number(groups[name] ?? otherwise);
  if (groups["s"] !== undefined) return brokenDown(Number(groups["s"]));
  const shortYear = groups["y"] === undefined ? 1900 : number("y", 0) + (number("y", 0) < 69 ? 2000 : 1900);
  const named = months.findIndex((month) => groups["b"] !== undefined && groups["b"].length >= 3
    && month.toLowerCase().startsWith(groups["b"].toLowerCase()));
  const month = named >= 0 ? named : number("m", 1) - 1;
  const half = groups["p"]?.toLowerCase() === "pm" ? 12 : 0;
  const hours = groups["I"] === undefined ? number("H", 0) : number("I", 0) % 12 + half;
  const date = groups["j"] === undefined ? [month, number("d", 0)] as const : [0, number("j", 1)] as const;
  const time = Date.UTC(number("Y", shortYear), ...date, hours, number("M", 0), number("S", 0));
  return brokenDown(time / 1000);
}

/** `2015-03-05T23:51:47Z` */
export const isoPattern = "%Y-%m-%dT%H:%M:%SZ";

export function requireNumber(value: Json, asker: string): number {
  if (typeof value !== "number") throw new Failure(`${asker} requires a number, not ${shown(value)}`);
  return value;
}
