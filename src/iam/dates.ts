/**
 * Dates of `Date…` condition operators: ISO 8601 in the forms of the W3C note, or seconds since 1970.
 *
 * @evidence IAM User Guide, "Condition operators", Date condition operators
 * @evidence IAM, CreatePolicy: accepts "01T", "2016-12-13t2:00:00.593194+23" and "-292275054"; refuses
 * "234-13", "2016-12-13t2:00:00.593194+1", ten digits of a second's fraction, and "9223372036854775808"
 */

const isoForm = new RegExp(
  "^([+-]?\\d{1,9})(?:-(\\d{1,2})(?:-(\\d{1,2}))?)?" +
    "(?:[Tt](?:(\\d{1,2})(?::(\\d{1,2})(?::(\\d{1,2})(?:[.,](\\d{1,9}))?)?)?)?" +
    "(Z|z|[+-]\\d{2}(?::?\\d{2})?)?)?$",
);
const epochForm = /^[+-]?\d{1,20}$/;
const secondsMax = 9223372036854775807n;
const monthLengthsDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Milliseconds since 1970, or undefined for what is not a date. Four digits alone are a year. */
export function parseDate(text: string): number | undefined {
  if (text.length > 64) return undefined;
  if (epochForm.test(text) && !/^\d{4}$/.test(text)) {
    const seconds = BigInt(text.startsWith("+") ? text.slice(1) : text);
    return seconds > secondsMax || seconds < -secondsMax - 1n ? undefined : Number(seconds) * 1000;
  }
  const found = isoForm.exec(text);
  if (found === null) return undefined;
  const part = (group: number, absent: number) => Number(found[group] ?? absent);
  const [year, month, day] = [part(1, 1970), part(2, 1), part(3, 1)];
  const [hour, minute, second] = [part(4, 0), part(5, 0), part(6, 0)];
  const offsetMinutes = parseOffsetMinutes(found[8]);
  if (!isCalendarDate(year, month, day) || offsetMinutes === undefined) return undefined;
  if (hour > 24 || minute > 59 || second > 60) return undefined;
  const minutes = (daysSinceEpoch(year, month, day) * 24 + hour) * 60 + minute - offsetMinutes;
  return (minutes * 60 + second) * 1000 + Math.floor(Number(`0.${found[7] ?? "0"}`) * 1000);
}

function parseOffsetMinutes(text: string | undefined): number | undefined {
  if (text === undefined || text === "Z" || text === "z") return 0;
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(3).replace(":", "") || "0");
  if (hours > 23 || minutes > 59) return undefined;
  return (text.startsWith("-") ? -1 : 1) * (hours * 60 + minutes);
}

function isCalendarDate(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= (month === 2 && leap ? 29 : (monthLengthsDays[month - 1] ?? 0));
}

/** The proleptic Gregorian calendar, counted in eras of 400 years that begin in March. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}
