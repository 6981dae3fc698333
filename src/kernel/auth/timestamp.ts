/** The two ways a signed request says when it was signed. */

const BASIC = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
const HTTP_DATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:[A-Z][a-z]{2}) \d{4} \d\d:\d\d:\d\d (?:GMT|\+0000)$/;

/** Epoch milliseconds as `20150830T123600Z`. */
export function basicTimestamp(epochMs: number): string {
  const second = Math.floor(epochMs / 1_000);
  if (second !== lastWritten.second) lastWritten = { second, text: writeBasicTimestamp(epochMs) };
  return lastWritten.text;
}

function writeBasicTimestamp(epochMs: number): string {
  const iso = new Date(epochMs).toISOString();
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}Z`;
}

/**
 * `20150830T123600Z` as epoch milliseconds; undefined for anything else, impossible days and hours included.
 */
export function parseBasicTimestamp(text: string): number | undefined {
  if (text === lastRead.text) return lastRead.epochMs;
  const epochMs = readBasicTimestamp(text);
  lastRead = { text, epochMs };
  return epochMs;
}

/** Requests of one second carry one text. */
let lastWritten = { second: Number.NaN, text: "" };
let lastRead: { readonly text: string; readonly epochMs: number | undefined } = {
  text: "",
  epochMs: undefined,
};

function readBasicTimestamp(text: string): number | undefined {
  const parts = BASIC.exec(text);
  if (!parts) return undefined;
  const [, year, month, day, hour, minute, second] = parts.map(Number) as [number, ...number[]];
  const epochMs = Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second);
  return basicTimestampOrUndefined(epochMs) === text ? epochMs : undefined;
}

/** The `Date` header of HTTP as epoch milliseconds. */
export function parseHttpDate(text: string): number | undefined {
  if (!HTTP_DATE.test(text)) return undefined;
  const epochMs = Date.parse(text);
  return Number.isNaN(epochMs) ? undefined : epochMs;
}

function basicTimestampOrUndefined(epochMs: number): string | undefined {
  return Number.isFinite(epochMs) && epochMs >= 0 ? basicTimestamp(epochMs) : undefined;
}
