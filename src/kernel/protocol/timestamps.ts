/** Instants as the wire formats write them, and as handlers see them: epoch milliseconds. */

import type { Shape, ShapeRef, TimestampFormat } from "../model/model.ts";

/**
 * The furthest instant that ECMAScript dates know; text of a later one could be read but never written again.
 */
const epochMsMax = 8.64e15;

const iso8601 =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(\.\d{1,12})?)?)?(?:([Zz])|([+-])(\d\d):?(\d\d))?$/;
const rfc822 = new RegExp(
  /^(?:[A-Za-z]{3}, )?(\d{1,2})[ -]([A-Za-z]{3})[ -](\d{4}) /.source +
    /(\d\d):(\d\d):(\d\d)(\.\d{1,12})? (?:GMT|UTC|Z|([+-])(\d\d)(\d\d))$/.source,
);
const unix = /^[+-]?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})(?:[eE][+-]?\d{1,3})?$/;

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** The format of a member's timestamps: its own, its shape's, or its protocol's for the place it is in. */
export function timestampFormat(ref: ShapeRef, shape: Shape, ofProtocol: TimestampFormat): TimestampFormat {
  return ref.timestampFormat ?? shape.timestampFormat ?? ofProtocol;
}

/**
 * Epoch milliseconds of text in any of the three formats; undefined for other text. AWS's services read every
 * format wherever a timestamp stands, and older tools rely on it.
 */
export function parseTimestamp(text: string): number | undefined {
  if (unix.test(text)) return fromSeconds(Number(text));
  return parseIso8601(text) ?? parseRfc822(text);
}

/** Epoch milliseconds of epoch seconds; undefined beyond the instants that can be written. */
export function fromSeconds(seconds: number): number | undefined {
  const ms = Math.round(seconds * 1000);
  return Math.abs(ms) <= epochMsMax ? ms : undefined;
}

function parseIso8601(text: string): number | undefined {
  const found = iso8601.exec(text);
  if (!found) return undefined;
  const [, year, month, day, hour, minute, second, fraction, , sign, offsetHours, offsetMinutes] = found;
  const date = [Number(year), Number(month), Number(day)] as const;
  const time = [Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0)] as const;
  return instant(date, time, fraction, offset(sign, offsetHours, offsetMinutes));
}

function parseRfc822(text: string): number | undefined {
  const found = rfc822.exec(text);
  if (!found) return undefined;
  const [, day, monthName, year, hour, minute, second, fraction, sign, offsetHours, offsetMinutes] = found;
  const month = months.indexOf((monthName ?? "").toLowerCase()) + 1;
  const date = [Number(year), month, Number(day)] as const;
  const time = [Number(hour), Number(minute), Number(second)] as const;
  return instant(date, time, fraction, offset(sign, offsetHours, offsetMinutes));
}

function offset(sign: string | undefined, hours = "0", minutes = "0"): number {
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

function instant(
  [year, month, day]: readonly [number, number, number],
  [hour, minute, second]: readonly [number, number, number],
  fraction: string | undefined,
  offsetMs: number,
): number | undefined {
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return undefined;
  if (hour > 24 || minute > 59 || second > 60) return undefined;
  const ms = fraction ? Math.floor(Number(fraction) * 1000 + 1e-6) : 0;
  // Years below 100 would be taken for those of the twentieth century; the era of 400 years repeats exactly.
  const eraMs = 12_622_780_800_000;
  return Date.UTC(year + 400, month - 1, day, hour, minute, second, ms) - eraMs - offsetMs;
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Whether milliseconds are written always, where there are some, or never. */
export type Millis = "always" | "some" | "never";

/** `2014-04-29T18:30:38Z` or `2014-04-29T18:30:38.123Z`. */
export function formatIso8601(epochMs: number, millis: Millis = "some"): string {
  const text = new Date(epochMs).toISOString();
  const whole = millis === "never" || (millis === "some" && text.endsWith(".000Z"));
  return whole ? `${text.slice(0, -5)}Z` : text;
}

/** `Tue, 29 Apr 2014 18:30:38 GMT`: HTTP dates have no fractions of a second. */
export function formatRfc822(epochMs: number): string {
  if (epochMs !== lastFormatted.epochMs) lastFormatted = { epochMs, text: new Date(epochMs).toUTCString() };
  return lastFormatted.text;
}

/** What is asked for again and again is often one and the same, and dates are dear to format. */
let lastFormatted = { epochMs: NaN, text: "" };

/** `1398796238` or `1398796238.123`. */
export function formatUnix(epochMs: number): string {
  return String(epochMs / 1000);
}

export function formatTimestamp(epochMs: number, format: TimestampFormat, millis: Millis = "some"): string {
  if (format === "iso8601") return formatIso8601(epochMs, millis);
  return format === "rfc822" ? formatRfc822(epochMs) : formatUnix(epochMs);
}
