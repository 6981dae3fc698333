/**
 * DynamoDB's numbers: decimals of up to 38 significant digits, from 1E-130 to 9.99…E+125, and zero. They
 * live as text in one normal form, the one that DynamoDB answers with: plain notation, no exponent, no
 * superfluous zeros or signs. In normal form equal numbers are equal texts.
 *
 * @evidence Developer Guide, Supported data types, Number; dynamodb-conformance, limits/numberPrecision
 */

import { notANumber, numberOverflow, numberUnderflow, tooManyDigits } from "./value-errors.ts";
import type { Layer } from "./value-errors.ts";

/** As many digits as a number may have, and the exponents of its first digit. */
const DIGITS_MAX = 38;
const EXPONENT_MAX = 125;
const EXPONENT_MIN = -130;

/** A number taken apart: `digits` without zeros at its ends (empty for zero), the first worth 10^exponent. */
interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

const ZERO: Decimal = { negative: false, digits: "", exponent: 0 };
const NORMAL_INTEGER = /^(?:0|-?[1-9][0-9]{0,37})$/;
const NORMAL_FRACTION = /^-?(?:0|[1-9][0-9]{0,17})\.[0-9]{0,17}[1-9]$/;
const NUMBER = /^([+-]?)(?:([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))(?:[eE]([+-]?)([0-9]+))?$/;
const INT_32_MAX = 2_147_483_647;
const INT_64_MAX = 9_223_372_036_854_775_807n;

/**
 * The normal form of a number as a request wrote it.
 *
 * @throws ValidationException for text that is no number, and for numbers out of range
 */
export function normalizeNumber(text: string, layer: Layer = "older"): string {
  if (isNormalNumber(text)) return text;
  return format(requireInRange(readNumber(text, layer)));
}

/** Whether a text is plain to see in normal form: nearly all that clients send are. */
export function isNormalNumber(text: string): boolean {
  return NORMAL_INTEGER.test(text) || NORMAL_FRACTION.test(text);
}

/**
 * Zero, too, has the exponent that it is written with, until its range has been looked at.
 *
 * @evidence dynamodb-conformance, limits/numberExponent, error-messages/partiqlParameterNumbers, 2026-10
 */
function readNumber(text: string, layer: Layer): Decimal {
  const match = NUMBER.exec(text);
  if (!match) throw notANumber(text, layer);
  const [, sign, whole = "", fraction, bareFraction, exponentSign = "", exponentDigits = "0"] = match;
  const digits = whole + (fraction ?? bareFraction ?? "");
  let start = 0;
  while (start < digits.length - 1 && digits[start] === "0") start += 1;
  const power = powerOf(exponentSign, exponentDigits);
  const scale = digits.length - whole.length - power;
  const precision = digits.length - start;
  if (layer === "older" && !(isInt32(power) && isInt32(scale))) throw notANumber(text, layer);
  if (Number.isNaN(power)) throw notANumber(text, layer);
  // The older layer's arithmetic has 32 bits and wraps: 1e2147483647 underflows.
  const exponent = (layer === "older" ? (precision - scale) | 0 : precision - scale) - 1;
  let end = digits.length;
  while (digits[end - 1] === "0") end -= 1;
  return { negative: sign === "-", digits: digits.slice(start, end), exponent };
}

/** NaN where it does not fit 64 bits. What fits them but no double's whole numbers is far out of range. */
function powerOf(sign: string, digits: string): number {
  const value = digits.replace(/^0+(?=.)/, "");
  if (value.length > 19 || BigInt(value) > INT_64_MAX) return NaN;
  return sign === "-" ? -Number(value) : Number(value);
}

function isInt32(value: number): boolean {
  return value >= -INT_32_MAX - 1 && value <= INT_32_MAX;
}

/** A number that this module wrote: in normal form, or a whole number with an exponent. */
function parseNumber(text: string): Decimal {
  const [mantissa = "", power = "0"] = text.split("e");
  const negative = mantissa.startsWith("-");
  const [whole = "", fraction = ""] = (negative ? mantissa.slice(1) : mantissa).split(".");
  const digits = whole + fraction;
  let start = 0;
  while (digits[start] === "0") start += 1;
  if (start === digits.length) return ZERO;
  let end = digits.length;
  while (digits[end - 1] === "0") end -= 1;
  return { negative, digits: digits.slice(start, end), exponent: whole.length - start - 1 + Number(power) };
}

function requireInRange(decimal: Decimal): Decimal {
  if (decimal.exponent > EXPONENT_MAX) throw numberOverflow();
  if (decimal.exponent < EXPONENT_MIN) throw numberUnderflow();
  if (decimal.digits.length > DIGITS_MAX) throw tooManyDigits();
  return decimal;
}

function format({ negative, digits, exponent }: Decimal): string {
  if (digits === "") return "0";
  const sign = negative ? "-" : "";
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = exponent + 1;
  if (whole >= digits.length) return sign + digits + "0".repeat(whole - digits.length);
  return `${sign}${digits.slice(0, whole)}.${digits.slice(whole)}`;
}

/** Texts this short hold at most 15 digits: doubles keep them apart and in order, and add them exactly. */
const SHORT_CHARACTERS_MAX = 15;

/** Negative, zero or positive as `left` is less than, equal to or greater than `right`. Normal forms. */
export function compareNumbers(left: string, right: string): number {
  if (left === right) return 0;
  if (left.length <= SHORT_CHARACTERS_MAX && right.length <= SHORT_CHARACTERS_MAX) {
    return Number(left) - Number(right);
  }
  const first = parseNumber(left);
  const second = parseNumber(right);
  if (signOf(first) !== signOf(second)) return signOf(first) - signOf(second);
  const magnitudes = first.exponent - second.exponent || (first.digits < second.digits ? -1 : 1);
  return first.negative ? -magnitudes : magnitudes;
}

function signOf({ digits, negative }: Decimal): number {
  if (digits === "") return 0;
  return negative ? -1 : 1;
}

/**
 * The exact sum of two numbers in normal form, in normal form.
 *
 * @throws ValidationException when the sum is out of range, or would need more than 38 digits: AWS calls
 *   that, too, an overflow.
 * @evidence scylladb, test/alternator/test_number.py, test_update_expression_plus_imprecise
 */
export function addNumbers(left: string, right: string): string {
  return sum(left, right, 1n);
}

/** As `addNumbers`, the difference. */
export function subtractNumbers(left: string, right: string): string {
  return sum(left, right, -1n);
}

function sum(left: string, right: string, sign: 1n | -1n): string {
  if (isShortInteger(left) && isShortInteger(right)) {
    const result = sign === 1n ? Number(left) + Number(right) : Number(left) - Number(right);
    return String(result === 0 ? 0 : result);
  }
  const first = parseNumber(left);
  const second = parseNumber(right);
  const scale = Math.min(lowestPower(first), lowestPower(second));
  const total = scaled(first, scale) + sign * scaled(second, scale);
  const result = parseNumber(`${total}e${scale}`);
  if (result.digits.length > DIGITS_MAX) throw numberOverflow();
  return format(requireInRange(result));
}

function isShortInteger(text: string): boolean {
  return text.length <= SHORT_CHARACTERS_MAX && !text.includes(".");
}

function lowestPower({ digits, exponent }: Decimal): number {
  return digits === "" ? 0 : exponent - digits.length + 1;
}

function scaled(decimal: Decimal, scale: number): bigint {
  if (decimal.digits === "") return 0n;
  const value = BigInt(decimal.digits) * 10n ** BigInt(lowestPower(decimal) - scale);
  return decimal.negative ? -value : value;
}

const FIRST_PAIR = 0x10;
const LAST_PAIR = FIRST_PAIR + 99;
const FIRST_EXPONENT_CHARACTER = 0x30;
const NEGATIVE = "-";
const NOTHING = "0";
const POSITIVE = "1";
/** Behind every pair, so that of two negative numbers the one with more digits comes first. */
const NEGATIVE_END = "\x7f";

/**
 * Text whose order, byte by byte, is the order of the numbers: for keys. ASCII only and without NUL, so it
 * can be a part of a store's key as it is. A sign, the exponent in two characters, the digits in pairs; for
 * negative numbers all but the sign inverted.
 */
export function encodeNumber(normal: string): string {
  const { negative, digits, exponent } = parseNumber(normal);
  if (digits === "") return NOTHING;
  const biased = negative ? EXPONENT_MAX - exponent : exponent - EXPONENT_MIN;
  let encoded = negative ? NEGATIVE : POSITIVE;
  encoded += String.fromCharCode(
    FIRST_EXPONENT_CHARACTER + (biased >> 4), FIRST_EXPONENT_CHARACTER + (biased & 15),
  );
  for (let index = 0; index < digits.length; index += 2) {
    const pair = Number(digits.slice(index, index + 2).padEnd(2, "0"));
    encoded += String.fromCharCode(negative ? LAST_PAIR - pair : FIRST_PAIR + pair);
  }
  return negative ? encoded + NEGATIVE_END : encoded;
}

/** The number that `encodeNumber` encoded, in normal form. */
export function decodeNumber(encoded: string): string {
  if (encoded === NOTHING) return "0";
  const negative = encoded.startsWith(NEGATIVE);
  const high = encoded.charCodeAt(1) - FIRST_EXPONENT_CHARACTER;
  const biased = high * 16 + encoded.charCodeAt(2) - FIRST_EXPONENT_CHARACTER;
  let digits = "";
  for (const character of negative ? encoded.slice(3, -1) : encoded.slice(3)) {
    const code = character.charCodeAt(0);
    digits += String(negative ? LAST_PAIR - code : code - FIRST_PAIR).padStart(2, "0");
  }
  const exponent = negative ? EXPONENT_MAX - biased : biased + EXPONENT_MIN;
  return format({ negative, digits: digits.endsWith("0") ? digits.slice(0, -1) : digits, exponent });
}

/**
 * The bytes a number in normal form counts for in an item: one, and one more for every two digits of the
 * whole part and of the fraction, counted apart, and one for a minus. Zeros at either end of all digits do
 * not count. The Developer Guide's rule is an approximation; this one was measured.
 *
 * @evidence dynamodb-conformance, item-size: 23 numbers measured to the byte at the 400 KB limit, 2026-08-18
 */
export function numberSizeBytes(normal: string): number {
  if (normal === "0") return 1;
  const start = normal.charCodeAt(0) === MINUS ? 1 : 0;
  const point = normal.indexOf(".", start);
  let end = normal.length;
  if (point < 0) while (normal.charCodeAt(end - 1) === ZERO_DIGIT) end -= 1;
  if (point < 0) return 1 + pairsOf(end - start) + start;
  let first = point + 1;
  if (normal.charCodeAt(start) !== ZERO_DIGIT) {
    return 1 + pairsOf(point - start) + pairsOf(end - first) + start;
  }
  while (normal.charCodeAt(first) === ZERO_DIGIT) first += 1;
  return 1 + pairsOf(end - first) + start;
}

const MINUS = 0x2d;
const ZERO_DIGIT = 0x30;

function pairsOf(digits: number): number {
  return (digits + 1) >> 1;
}
