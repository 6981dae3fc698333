/**
 * AWS's cron: minutes, hours, day of month, month, day of week, year; one of the two day fields is `?`.
 *
 * @evidence EventBridge User Guide, "Creating a rule that runs on a schedule", and Scheduler User Guide,
 *   "Cron-based schedules": fields, values, wildcards, `20-2` for a range over midnight
 */

export interface Cron {
  readonly kind: "cron";
  /** Sorted. */
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** 1 is January. */
  readonly months: readonly number[];
  readonly years: readonly number[];
  readonly days: DayRule;
}

/** Days of the month, by their number or by the day of the week, of which 1 is Sunday. */
type DayRule =
  | { readonly by: "month"; readonly days: readonly number[]; readonly marks: readonly MonthMark[] }
  | { readonly by: "week"; readonly days: readonly number[]; readonly marks: readonly WeekMark[] };

/** `L`, `L-3`: counted from the last day; `15W`, `LW`: the weekday nearest to a day of the same month. */
interface MonthMark {
  /** From the month's first day when positive; 0 is its last day, -1 the one before. */
  readonly day: number;
  readonly weekday: boolean;
}

/** `6L`: the month's last Friday; `6#2`: its second. */
interface WeekMark {
  readonly dayOfWeek: number;
  readonly which: number | "last";
}

interface Field {
  readonly min: number;
  readonly max: number;
  /** Names of the values from `min` on. */
  readonly names?: readonly string[];
  /** Ranges may go over the end and on from the beginning. */
  readonly circular: boolean;
}

const minuteField: Field = { min: 0, max: 59, circular: true };
const hourField: Field = { min: 0, max: 23, circular: true };
const dayField: Field = { min: 1, max: 31, circular: true };
const monthField: Field = {
  min: 1, max: 12, circular: true,
  names: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
};
const weekField: Field = {
  min: 1, max: 7, circular: true, names: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
};
const yearField: Field = { min: 1970, max: 2199, circular: false };
const lastDayOfWeek = 7;

const numeral = /^\d{1,4}$/;

function valueOf(text: string, { min, max, names }: Field): number | undefined {
  const named = names?.indexOf(text.toUpperCase()) ?? -1;
  if (named >= 0) return min + named;
  const value = numeral.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}

function stepOf(text: string | undefined, { max }: Field): number | undefined {
  if (text === undefined) return 1;
  const step = numeral.test(text) ? Number(text) : 0;
  return step >= 1 && step <= max ? step : undefined;
}

/** One item of a list: `5`, `1-5`, `*` or nothing, each also with `/step`. Undefined when it is none. */
function rangeOf(item: string, field: Field): number[] | undefined {
  const [range = "", stepText, ...more] = item.split("/");
  const step = stepOf(stepText, field);
  if (step === undefined || more.length > 0) return undefined;
  const isWhole = range === "*" || (range === "" && stepText !== undefined);
  const [fromText = "", toText, ...further] = isWhole ? [String(field.min)] : range.split("-");
  const from = valueOf(fromText, field);
  if (from === undefined || further.length > 0) return undefined;
  const isOpen = isWhole || (toText === undefined && stepText !== undefined);
  const to = isOpen ? field.max : toText === undefined ? from : valueOf(toText, field);
  if (to === undefined || (to < from && !field.circular)) return undefined;
  const values: number[] = [];
  const size = field.max - field.min + 1;
  const end = to < from ? to + size : to;
  for (let value = from; value <= end; value += step) values.push(value > field.max ? value - size : value);
  return values;
}

function sorted(values: Iterable<number>): number[] {
  return [...new Set(values)].sort((one, other) => one - other);
}

function listOf(text: string, field: Field): number[] | undefined {
  const values: number[] = [];
  for (const item of text.split(",")) {
    const range = rangeOf(item, field);
    if (!range) return undefined;
    values.push(...range);
  }
  return sorted(values);
}

function monthMark(item: string): MonthMark | undefined {
  const [, before, weekdayOfLast] = /^L(?:-(\d{1,2}))?(W?)$/i.exec(item) ?? [];
  if (weekdayOfLast !== undefined) {
    const back = Number(before ?? 0);
    return back < dayField.max ? { day: -back, weekday: weekdayOfLast !== "" } : undefined;
  }
  const [, day] = /^(\d{1,2})W$/i.exec(item) ?? [];
  const number = day === undefined ? undefined : valueOf(day, dayField);
  return number === undefined ? undefined : { day: number, weekday: true };
}

function monthDays(text: string): DayRule | undefined {
  const days: number[] = [];
  const marks: MonthMark[] = [];
  for (const item of text.split(",")) {
    const mark = monthMark(item);
    const range = mark ? [] : rangeOf(item, dayField);
    if (!range) return undefined;
    if (mark) marks.push(mark);
    days.push(...range);
  }
  return { by: "month", days: sorted(days), marks };
}

function weekMark(item: string): WeekMark | undefined {
  const [, name = "", nth] = /^([A-Z]{3}|\d)(?:L|#([1-5]))$/i.exec(item) ?? [];
  const dayOfWeek = valueOf(name, weekField);
  if (dayOfWeek === undefined) return undefined;
  return { dayOfWeek, which: nth === undefined ? "last" : Number(nth) };
}

/** With `#` it is one expression only; `L` alone is the last day of the week; `/` has no meaning. */
function weekDays(text: string): DayRule | undefined {
  const items = text.split(",");
  if (text.includes("/") || (text.includes("#") && items.length > 1)) return undefined;
  const days: number[] = [];
  const marks: WeekMark[] = [];
  for (const item of items) {
    const mark = weekMark(item);
    const range = mark ? [] : item.toUpperCase() === "L" ? [lastDayOfWeek] : rangeOf(item, weekField);
    if (!range) return undefined;
    if (mark) marks.push(mark);
    days.push(...range);
  }
  return { by: "week", days: sorted(days), marks };
}

/** @param text what stands between the parentheses; undefined when it is not valid */
export function parseCron(text: string): Cron | undefined {
  const fields = text.trim().split(/\s+/);
  const [minuteText, hourText, dayText, monthText, weekText, yearText] = fields;
  if (fields.length !== 6 || minuteText === undefined || hourText === undefined || dayText === undefined
    || monthText === undefined || weekText === undefined || yearText === undefined) return undefined;
  if ((dayText === "?") === (weekText === "?")) return undefined;
  const minutes = listOf(minuteText, minuteField);
  const hours = listOf(hourText, hourField);
  const months = listOf(monthText, monthField);
  const years = listOf(yearText, yearField);
  const days = weekText === "?" ? monthDays(dayText) : weekDays(weekText);
  if (!minutes || !hours || !months || !years || !days) return undefined;
  return { kind: "cron", minutes, hours, months, years, days };
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** 1 is Sunday. */
function dayOfWeek(year: number, month: number, day: number): number {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 1;
}

/** The weekday nearest to a day, without leaving the month. */
function nearestWeekday(year: number, month: number, day: number, last: number): number {
  const week = dayOfWeek(year, month, day);
  if (week === 7) return day === 1 ? day + 2 : day - 1;
  if (week === 1) return day === last ? day - 2 : day + 1;
  return day;
}

/** The days of one month on which the rule holds, sorted. */
function daysOf(rule: DayRule, year: number, month: number): number[] {
  const last = daysIn(year, month);
  const found: number[] = [];
  if (rule.by === "month") {
    for (const day of rule.days) if (day <= last) found.push(day);
    for (const { day: number, weekday } of rule.marks) {
      const day = number > 0 ? number : last + number;
      if (day >= 1 && day <= last) found.push(weekday ? nearestWeekday(year, month, day, last) : day);
    }
    return sorted(found);
  }
  const first = dayOfWeek(year, month, 1);
  for (let day = 1; day <= last; day += 1) {
    const week = ((first + day - 2) % 7) + 1;
    const isMarked = rule.marks.some((mark) => mark.dayOfWeek === week
      && (mark.which === "last" ? day + 7 > last : Math.ceil(day / 7) === mark.which));
    if (isMarked || rule.days.includes(week)) found.push(day);
  }
  return found;
}

/** Minutes of a day, from the given one on. */
function timeFrom({ hours, minutes }: Cron, from: number): number | undefined {
  for (const hour of hours) {
    if (hour * 60 + 59 < from) continue;
    for (const minute of minutes) if (hour * 60 + minute >= from) return hour * 60 + minute;
  }
  return undefined;
}

/**
 * The first wall time at or after `wall` at which the expression holds; undefined when there is none any
 * more. @param wall a whole minute, in milliseconds as if in UTC
 */
export function cronAtOrAfter(cron: Cron, wall: number): number | undefined {
  const start = new Date(wall);
  const startYear = start.getUTCFullYear();
  const startMonth = start.getUTCMonth() + 1;
  const startDay = start.getUTCDate();
  const startMinute = start.getUTCHours() * 60 + start.getUTCMinutes();
  for (const year of cron.years) {
    if (year < startYear) continue;
    for (const month of cron.months) {
      if (year === startYear && month < startMonth) continue;
      const isStartMonth = year === startYear && month === startMonth;
      for (const day of daysOf(cron.days, year, month)) {
        if (isStartMonth && day < startDay) continue;
        const time = timeFrom(cron, isStartMonth && day === startDay ? startMinute : 0);
        if (time !== undefined) return Date.UTC(year, month - 1, day, 0, time);
      }
    }
  }
  return undefined;
}
