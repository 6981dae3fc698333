/** Spans of time as queries write them, and what lies at their beginnings. */

type Unit = "ms" | "s" | "m" | "h" | "d" | "w" | "mo" | "q" | "y";

export interface Period {
  readonly count: number;
  readonly unit: Unit;
}

const lengths: Readonly<Record<Exclude<Unit, "mo" | "q" | "y">, number>> = {
  ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000,
};
const months: Readonly<Record<"mo" | "q" | "y", number>> = { mo: 1, q: 3, y: 12 };

/** @evidence CloudWatch Logs User Guide, "Datetime functions": the units and their longer names */
export function periodOf(count: number, name: string): Period {
  return { count: Math.max(1, count), unit: unitOf(name) };
}

function unitOf(name: string): Unit {
  if (name.startsWith("ms") || name.startsWith("milli")) return "ms";
  if (name.startsWith("mo")) return "mo";
  if (name.startsWith("h")) return "h";
  return name[0] as Unit;
}

/** The start of the period that a time lies in. Weeks begin on Mondays. */
export function floorTo(at: number, { count, unit }: Period): number {
  if (unit === "mo" || unit === "q" || unit === "y") {
    const date = new Date(at);
    const month = floorBy(date.getUTCFullYear() * 12 + date.getUTCMonth(), months[unit] * count);
    return Date.UTC(Math.floor(month / 12), month % 12, 1);
  }
  const monday = unit === "w" ? 4 * lengths.d : 0;
  return floorBy(at - monday, lengths[unit] * count) + monday;
}

export function ceilingTo(at: number, period: Period): number {
  const floor = floorTo(at, period);
  if (floor === at) return at;
  if (period.unit === "mo" || period.unit === "q" || period.unit === "y") {
    const date = new Date(floor);
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months[period.unit] * period.count, 1);
  }
  return floor + lengths[period.unit] * period.count;
}

/** So much before a moment; months and longer by the calendar. */
export function earlierBy(at: number, { count, unit }: Period): number {
  if (unit !== "mo" && unit !== "q" && unit !== "y") return at - lengths[unit] * count;
  const date = new Date(at);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() - months[unit] * count);
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  return date.setUTCDate(Math.min(day, lastDay));
}

function floorBy(value: number, step: number): number {
  return Math.floor(value / step) * step;
}
