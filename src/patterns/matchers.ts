/** What a single value of an event is compared with. */

import { parseAddress, parseAddressRange, rangeContains, type AddressRange } from "../iam/addresses.ts";
import { anyRun, Glob, type Token } from "../iam/wildcard.ts";

/** A value of an event that has no parts. */
export type Scalar = string | number | boolean | null;

export type Matcher =
  | { readonly type: "exact"; readonly value: Scalar }
  /** `text` is in lower case. */
  | { readonly type: "equals-ignore-case"; readonly text: string }
  | { readonly type: "prefix"; readonly text: string; readonly ignoresCase: boolean }
  | { readonly type: "suffix"; readonly text: string; readonly ignoresCase: boolean }
  /** `head` and `tail` are the texts before the first and behind the last `*`. */
  | { readonly type: "wildcard"; readonly glob: Glob; readonly head: string; readonly tail: string }
  | NumericRange
  | { readonly type: "addresses"; readonly range: AddressRange }
  /** None of them. */
  | { readonly type: "anything-but"; readonly none: readonly Matcher[] }
  | { readonly type: "exists" }
  /** The field is not there: never compared with a value. */
  | { readonly type: "absent" };

export interface NumericRange {
  readonly type: "numeric";
  readonly low: number;
  readonly isLowOpen: boolean;
  readonly high: number;
  readonly isHighOpen: boolean;
}

/** Numbers beyond are compared as they are written, and in no range. */
export const numberMax = 5e9;

export function matchesValue(matcher: Matcher, value: Scalar): boolean {
  switch (matcher.type) {
    case "exact":
      return matcher.value === value;
    case "numeric":
      return typeof value === "number" && isInRange(matcher, value);
    case "anything-but":
      return !matcher.none.some((excluded) => matchesValue(excluded, value));
    case "exists":
      return true;
    case "absent":
      return false;
    default:
      return typeof value === "string" && matchesText(matcher, value);
  }
}

type TextMatcher = Extract<
  Matcher, { type: "equals-ignore-case" | "prefix" | "suffix" | "wildcard" | "addresses" }
>;

function matchesText(matcher: TextMatcher, value: string): boolean {
  switch (matcher.type) {
    case "equals-ignore-case":
      return value.length === matcher.text.length
        ? value.toLowerCase() === matcher.text
        : !isAscii(value) && value.toLowerCase() === matcher.text;
    case "prefix":
      return matcher.ignoresCase
        ? value.toLowerCase().startsWith(matcher.text)
        : value.startsWith(matcher.text);
    case "suffix":
      return matcher.ignoresCase ? value.toLowerCase().endsWith(matcher.text) : value.endsWith(matcher.text);
    case "wildcard":
      return matcher.glob.matches(value);
    case "addresses": {
      const address = parseAddress(value);
      return address !== undefined && rangeContains(matcher.range, address);
    }
  }
}

function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}

function isInRange(range: NumericRange, value: number): boolean {
  if (value < -numberMax || value > numberMax) return false;
  return (
    (range.isLowOpen ? value > range.low : value >= range.low) &&
    (range.isHighOpen ? value < range.high : value <= range.high)
  );
}

/** A text is compared as it is; what looks like an IPv6 address, however that may be written. */
export function exactText(text: string): Matcher {
  const range = text.includes(":") ? parseAddressRange(text) : undefined;
  return range && !text.includes("/") ? { type: "addresses", range } : { type: "exact", value: text };
}

/**
 * @param units the pattern with its escapes resolved: code units, and `anyRun` for each `*`
 */
export function wildcard(units: readonly Token[]): Matcher {
  const first = units.indexOf(anyRun);
  if (first < 0) return { type: "exact", value: textOf(units) };
  const last = units.lastIndexOf(anyRun);
  return {
    type: "wildcard",
    glob: new Glob(units),
    head: textOf(units.slice(0, first)),
    tail: textOf(units.slice(last + 1)),
  };
}

function textOf(units: readonly Token[]): string {
  let text = "";
  for (const unit of units) text += String.fromCharCode(unit);
  return text;
}
