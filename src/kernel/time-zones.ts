/** Wall clocks of the IANA time zones, by the machine's tables. Wall times are milliseconds as if in UTC. */

const minute = 60_000;
const day = 86_400_000;
/** As many as there are zones, in whichever spelling. */
const zonesMax = 1_000;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
      hour: "numeric", minute: "numeric", second: "numeric",
    });
    if (formats.size >= zonesMax) formats.clear();
    formats.set(timeZone, format);
  }
  return format;
}

/** A name of the IANA database: offsets such as `+01:00` are none. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]{0,49}$/.test(name)) return false;
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** What the zone's clocks show at a moment. @param instant epoch milliseconds */
export function wallTime(instant: number, timeZone: string): number {
  if (timeZone === "UTC") return instant;
  const parts: Record<string, number> = {};
  for (const { type, value } of formatOf(timeZone).formatToParts(instant)) parts[type] = Number(value);
  const { year = 0, month = 1, day: dayOfMonth = 1, hour = 0, minute: minutes = 0, second = 0 } = parts;
  const milliseconds = ((instant % 1_000) + 1_000) % 1_000;
  return Date.UTC(year, month - 1, dayOfMonth, hour, minutes, second, milliseconds);
}

/**
 * When the zone's clocks show a wall time, earliest first: never where clocks are put forward over it, twice
 * where they are put back over it.
 */
export function instantsOf(wall: number, timeZone: string): number[] {
  if (timeZone === "UTC") return [wall];
  const offsets = [wall - day, wall, wall + day].map((near) => wallTime(near, timeZone) - near);
  const instants = [...new Set(offsets)].map((offset) => wall - offset);
  return instants.filter((instant) => wallTime(instant, timeZone) === wall).sort((one, other) => one - other);
}

/** The whole minute at or before a time. */
export function startOfMinute(milliseconds: number): number {
  return Math.floor(milliseconds / minute) * minute;
}
