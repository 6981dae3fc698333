/** What fields and expressions of a query are worth. */

/** A moment, shown as such: epoch milliseconds. */
export class Instant {
  readonly at: number;

  constructor(at: number) {
    this.at = at;
  }
}

/** A number that was worked out, and is shown with four places at most. */
export class Worked {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

export type Value =
  string | number | boolean | null | undefined | Instant | Worked | readonly unknown[] | object;

const numberForm = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/;

/** Texts that are written as numbers are numbers where one is asked for. */
export function numberOf(value: Value): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "string") return numberForm.test(value) ? Number(value) : undefined;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value instanceof Worked) return value.value;
  return value instanceof Instant ? value.at : undefined;
}

function shownNumber(value: number): string {
  return String(value).replace(/e\+?/, "E");
}

/** @evidence CloudWatch Logs User Guide, sample queries: `2019-04-03 21:00:00.000` */
export function shownInstant(at: number): string {
  const text = new Date(at).toISOString();
  return text.replace("T", " ").replace("Z", "");
}

export function isMissing(value: Value): value is null | undefined {
  return value === undefined || value === null;
}

/** As results show it; nothing where there is no value. */
export function textOf(value: Value): string | undefined {
  if (typeof value === "string") return value;
  if (isMissing(value)) return undefined;
  if (typeof value === "number") return Number.isFinite(value) ? shownNumber(value) : undefined;
  if (typeof value === "boolean") return value ? "1" : "0";
  if (value instanceof Instant) return shownInstant(value.at);
  if (value instanceof Worked) {
    return Number.isFinite(value.value) ? shownNumber(Math.round(value.value * 10_000) / 10_000) : undefined;
  }
  return JSON.stringify(value);
}

export function worked(value: number | undefined): Value {
  return value === undefined || Number.isNaN(value) ? undefined : new Worked(value);
}

/** Nothing is neither true nor anything else. */
export function isTrue(value: Value): boolean {
  if (typeof value === "boolean") return value;
  if (typeof value === "string") return value !== "" && value !== "0" && value.toLowerCase() !== "false";
  const number = numberOf(value);
  return number === undefined ? !isMissing(value) : number !== 0;
}

/** Numbers by their value, everything else as texts; undefined where one of them is missing. */
export function compare(left: Value, right: Value): number | undefined {
  if (isMissing(left) || isMissing(right)) return undefined;
  const leftNumber = numberOf(left);
  const rightNumber = numberOf(right);
  if (leftNumber !== undefined && rightNumber !== undefined) return leftNumber - rightNumber;
  const leftText = comparedText(left);
  const rightText = comparedText(right);
  return leftText < rightText ? -1 : leftText > rightText ? 1 : 0;
}

function comparedText(value: Value): string {
  return typeof value === "boolean" ? String(value) : (textOf(value) ?? "");
}

/** For sorting: what is missing comes last, whichever way. */
export function order(left: Value, right: Value, isDescending: boolean): number {
  if (isMissing(left)) return isMissing(right) ? 0 : 1;
  if (isMissing(right)) return -1;
  const difference = compare(left, right) ?? 0;
  return isDescending ? -difference : difference;
}
