/** Times as Java's patterns write them, as far as logs need them: read and shown in a time zone. */

import { instantsOf, isTimeZone, wallTime } from "../../../kernel/time-zones.ts";

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const fullMonths = ["January", "February", "March", "April", "May", "June", "July", "August", "September",
  "October", "November", "December"];
const fullDays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

const dayMilliseconds = 86_400_000;

const partForm = /'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+/g;

/** Letters of one kind, or text that stands as it is. */
type Part = { readonly letters: string } | { readonly text: string };

function partsOf(pattern: string): Part[] {
  return [...pattern.matchAll(partForm)].map(([whole, quoted, letter]) => {
    if (quoted !== undefined) return { text: quoted === "" ? "'" : quoted.replaceAll("''", "'") };
    return letter === undefined ? { text: whole } : { letters: whole };
  });
}

const digits: Readonly<Record<string, string>> = {
  y: "year", u: "year", M: "month", d: "day", H: "hour", h: "hour12", m: "minute", s: "second",
};

function formOf(letters: string): string | undefined {
  const [letter = ""] = letters;
  const count = letters.length;
  const named = digits[letter];
  if (letter === "M" && count >= 3) return `(?<monthName>[A-Za-z]+)`;
  if (letter === "E") return "[A-Za-z]+";
  if (letter === "S") return `(?<fraction>\\d{${count}})`;
  if (letter === "a") return "(?<half>[AaPp][Mm])";
  if (letter === "X" || letter === "x" || letter === "Z") return "(?<offset>Z|[+-]\\d{2}:?\\d{2}|[+-]\\d{2})";
  if (letter === "z" || letter === "V") return "(?<zone>[A-Za-z_/+-]+)";
  if (named === undefined) return undefined;
  if (named === "year") return count === 2 ? "(?<shortYear>\\d{2})" : "(?<year>\\d{4})";
  return `(?<${named}>\\d{${count},2})`.replace("{2,2}", "{2}");
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

/** How a pattern's texts are read: epoch milliseconds, or undefined. */
export type ReadTime = (text: string, timeZone: string) => number | undefined;

/** @returns undefined where the pattern has letters that are not known here */
export function readerOf(pattern: string): ReadTime | undefined {
  if (pattern === "epoch") return (text) => (/^-?\d+(\.\d+)?$/.test(text) ? timeOfNumber(Number(text))
    : undefined);
  const forms = partsOf(pattern).map((part) => ("text" in part ? escaped(part.text) : formOf(part.letters)));
  if (forms.includes(undefined)) return undefined;
  let form: RegExp;
  try {
    form = new RegExp(`^${forms.join("")}$`);
  } catch {
    // The same part twice.
    return undefined;
  }
  return (text, timeZone) => {
    const groups = form.exec(text)?.groups;
    return groups && timeOf(groups, timeZone);
  };
}

/** As far from the beginning of the clock as dates go. */
const timeMax = 8_640_000_000_000_000;

/** Seconds, or milliseconds where they would be too many. */
function timeOfNumber(value: number): number | undefined {
  const time = Math.abs(value) > 100_000_000_000 ? value : value * 1_000;
  // A day less, as time zones show other days.
  return Math.abs(time) < timeMax - dayMilliseconds ? time : undefined;
}

function timeOf(found: Record<string, string | undefined>, timeZone: string): number | undefined {
  const number = (name: string, otherwise: number): number => Number(found[name] ?? otherwise);
  const year = found["shortYear"] === undefined ? number("year", 1970) : 2000 + number("shortYear", 0);
  const { monthName, half, fraction = "0", offset, zone } = found;
  const month = monthName === undefined ? number("month", 1)
    : months.findIndex((each) => monthName.toLowerCase().startsWith(each.toLowerCase())) + 1;
  let hour = number("hour", 0);
  if (found["hour12"] !== undefined) {
    hour = (number("hour12", 0) % 12) + (half?.toLowerCase() === "pm" ? 12 : 0);
  }
  const day = number("day", 1);
  const milliseconds = Number(`0.${fraction}`) * 1_000;
  const wall = Date.UTC(
    year, month - 1, day, hour, number("minute", 0), number("second", 0), Math.floor(milliseconds)
  );
  if (month < 1 || month > 12 || new Date(wall).getUTCDate() !== day) return undefined;
  if (offset !== undefined) return wall - offsetMilliseconds(offset);
  const inZone = zone ?? timeZone;
  if (zone !== undefined && !isTimeZone(zone)) return undefined;
  return instantsOf(wall, inZone)[0];
}

function offsetMilliseconds(offset: string): number {
  if (offset === "Z") return 0;
  const [, sign, hours, minutes = "0"] = /^([+-])(\d{2}):?(\d{2})?$/.exec(offset) ?? [];
  return (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === "-" ? -1 : 1);
}

function offsetText(minutes: number, letters: string): string {
  if (minutes === 0 && letters.startsWith("X")) return "Z";
  const size = Math.abs(minutes);
  const colon = letters.length >= 3 && !letters.startsWith("Z") ? ":" : "";
  const hours = String(Math.floor(size / 60)).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${hours}${colon}${String(size % 60).padStart(2, "0")}`;
}

/** @returns undefined where the pattern has letters that are not known here */
export function writerOf(pattern: string): ((at: number, timeZone: string) => string) | undefined {
  if (pattern === "epoch") return (at) => String(Math.floor(at / 1_000));
  const parts = partsOf(pattern);
  if (parts.some((part) => "letters" in part && formOf(part.letters) === undefined)) return undefined;
  return (at, timeZone) => {
    const wall = new Date(wallTime(at, timeZone));
    const offset = Math.round((wall.getTime() - at) / 60_000);
    return parts.map((part) => ("text" in part ? part.text
      : shown(part.letters, wall, timeZone, offset))).join("");
  };
}

function shown(letters: string, wall: Date, timeZone: string, offsetMinutes: number): string {
  const count = letters.length;
  const padded = (value: number): string => String(value).padStart(count, "0");
  switch (letters[0]) {
    case "y":
    case "u":
      return count === 2 ? String(wall.getUTCFullYear()).slice(-2) : padded(wall.getUTCFullYear());
    case "M":
      if (count >= 3) return (count === 3 ? months : fullMonths)[wall.getUTCMonth()] ?? "";
      return padded(wall.getUTCMonth() + 1);
    case "E":
      return (count <= 3 ? days : fullDays)[wall.getUTCDay()] ?? "";
    case "d":
      return padded(wall.getUTCDate());
    case "H":
      return padded(wall.getUTCHours());
    case "h":
      return padded(wall.getUTCHours() % 12 || 12);
    case "m":
      return padded(wall.getUTCMinutes());
    case "s":
      return padded(wall.getUTCSeconds());
    case "S":
      return String(wall.getUTCMilliseconds()).padStart(3, "0").padEnd(count, "0").slice(0, count);
    case "a":
      return wall.getUTCHours() < 12 ? "AM" : "PM";
    case "z":
    case "V":
      return timeZone;
    default:
      return offsetText(offsetMinutes, letters);
  }
}
