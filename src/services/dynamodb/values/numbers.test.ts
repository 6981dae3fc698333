import assert from "node:assert/strict";
import { test } from "node:test";
import { effort } from "../../../../test/effort.ts";
import {
  addNumbers, compareNumbers, decodeNumber, encodeNumber, normalizeNumber, numberSizeBytes, subtractNumbers,
} from "./numbers.ts";
import { Chance, randomNumberText } from "./random-values.ts";

test("numbers have one normal form: plain, without superfluous zeros or signs", () => {
  const forms: readonly (readonly [string, string])[] = [
    ["0", "0"], ["-0", "0"], ["+0", "0"], ["0e125", "0"], ["0e-130", "0"], ["0.000", "0"],
    ["00042", "42"], ["+3", "3"],
    ["1.0", "1"], ["3.1400", "3.14"], ["1.5E2", "150"], ["-17.4E37", `-174${"0".repeat(36)}`],
    [".123", "0.123"], ["5.", "5"], ["0001.23", "1.23"], ["1e+5", "100000"], ["-0.5", "-0.5"],
    ["1E-130", `0.${"0".repeat(129)}1`], ["1E125", `1${"0".repeat(125)}`],
    [`${"9".repeat(38)}e88`, `${"9".repeat(38)}${"0".repeat(88)}`],
    [`0.${"0".repeat(200)}1e100`, `0.${"0".repeat(100)}1`], [`1${"0".repeat(200)}e-200`, "1"],
    ["1e00000000000000000005", "100000"],
  ];
  for (const [written, normal] of forms) assert.equal(normalizeNumber(written), normal, written);
});

test("text that is no number is refused with the text", () => {
  const texts = [
    "NaN", "Infinity", "-Infinity", "dog", " 1", "1 ", "1e", "e5", ".", "-", "+", "1.2.3", "0x10", "1_000",
    "--1", "٣", "1e99999999999",
  ];
  for (const text of texts) {
    const message = `The parameter cannot be converted to a numeric value: ${text}`;
    assert.throws(() => normalizeNumber(text), { code: "ValidationException", message });
  }
  assert.throws(() => normalizeNumber(""), {
    message: "The parameter cannot be converted to a numeric value",
  });
});

test("exponents beyond any range are read as AWS's two layers read them", () => {
  const notANumber = /^The parameter cannot be converted to a numeric value: /;
  const rows: readonly (readonly [string, RegExp, RegExp])[] = [
    ["1e99999999999", /overflow/, notANumber], ["-1e99999999999", /overflow/, notANumber],
    ["1e-99999999999", /underflow/, notANumber], ["1e2147483648", /overflow/, notANumber],
    ["1e2147483647", /overflow/, /underflow/], ["1e2147483646", /overflow/, /overflow/],
    ["1e-2147483648", /underflow/, notANumber], ["1e-2147483647", /underflow/, /underflow/],
    ["1e9223372036854775807", /overflow/, notANumber], ["1e9223372036854775808", notANumber, notANumber],
    [`1e${"9".repeat(100_000)}`, notANumber, notANumber],
    ["0e126", /overflow/, /overflow/], ["0e-131", /underflow/, /underflow/],
  ];
  for (const [text, current, older] of rows) {
    assert.throws(() => normalizeNumber(text, "current"), { message: current }, text.slice(0, 30));
    assert.throws(() => normalizeNumber(text, "older"), { message: older }, text.slice(0, 30));
  }
});

test("numbers out of range are refused, each in its own words", () => {
  const overflow = {
    code: "ValidationException",
    message: "Number overflow. Attempting to store a number with magnitude larger than supported range",
  };
  for (const text of ["1e126", "-1e126", "11e125", "1.0e100000000"]) {
    assert.throws(() => normalizeNumber(text), overflow);
  }
  for (const text of ["1e-131", "-1e-131", "0.9e-130", "1e-100000000"]) {
    assert.throws(() => normalizeNumber(text), {
      message: "Number underflow. Attempting to store a number with magnitude smaller than supported range",
    });
  }
  for (const text of ["3.14159265358979323846264338327950288419", `${"1".repeat(39)}e30`, "1".repeat(39)]) {
    assert.throws(() => normalizeNumber(text), {
      message: "Attempting to store more than 38 significant digits in a Number",
    });
  }
});

/** The literal reading of a number: coefficient and power of ten. */
function exact(text: string): { coefficient: bigint; power: number } {
  const [mantissa = "", power = "0"] = text.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const coefficient = BigInt(`${whole.replace(/[+-]/, "")}${fraction}` || "0");
  return {
    coefficient: whole.startsWith("-") ? -coefficient : coefficient,
    power: Number(power) - fraction.length,
  };
}

/** Both on one scale. */
function aligned(left: string, right: string): { first: bigint; second: bigint; scale: number } {
  const [one, other] = [exact(left), exact(right)];
  const scale = Math.min(one.power, other.power);
  return {
    first: one.coefficient * 10n ** BigInt(one.power - scale),
    second: other.coefficient * 10n ** BigInt(other.power - scale),
    scale,
  };
}

test("order, encoded order, sums and differences agree with exact arithmetic", () => {
  const chance = new Chance(1);
  for (let round = 0; round < 20_000; round++) {
    const [left, right] = [randomNumberText(chance), randomNumberText(chance)];
    const [one, other] = [normalizeNumber(left), normalizeNumber(right)];
    const { first, second, scale } = aligned(left, right);
    const order = first < second ? -1 : first > second ? 1 : 0;
    assert.equal(Math.sign(compareNumbers(one, other)), order, `${left} ${right}`);
    assert.equal(Buffer.compare(Buffer.from(encodeNumber(one)), Buffer.from(encodeNumber(other))), order);
    assert.equal(decodeNumber(encodeNumber(one)), one);
    assert.equal(one === other, order === 0);
    assert.equal(normalizeNumber(one), one);
    const results = [[addNumbers, first + second], [subtractNumbers, first - second]] as const;
    for (const [combine, result] of results) {
      const digits = String(result).replace("-", "").replace(/0+$/, "").length;
      if (digits > 38) assert.throws(() => combine(one, other), /Number overflow/);
      else assert.equal(combine(one, other), normalizeNumber(`${result}e${scale}`), `${left} ${right}`);
    }
  }
});

test("the extremes keep their order when encoded", () => {
  const ascending = [
    `-${"9".repeat(38)}e88`, "-1e125", "-2", "-1.01", "-1", "-0.5", "-1e-129", "-1.1e-130", "-1e-130",
    "0", "1e-130", "1.1e-130", "1e-129", "0.5", "1", "1.01", "1.1", "2", "10", "1e125",
    `${"9".repeat(38)}e88`,
  ].map((text) => encodeNumber(normalizeNumber(text)));
  assert.deepEqual([...ascending].sort(), ascending);
  assert.ok(ascending.every((text) => /^[\x01-\x7f]+$/.test(text)));
});

test("sums that leave the range or the precision overflow", () => {
  const overflow = /^AwsError|Number overflow. Attempting to store a number with magnitude larger/;
  assert.throws(() => addNumbers(normalizeNumber("9e125"), normalizeNumber("9e125")), overflow);
  assert.throws(() => subtractNumbers(normalizeNumber("1e50"), "1"), overflow);
  assert.equal(addNumbers("1", normalizeNumber("1e22")), "10000000000000000000001");
  assert.equal(addNumbers("999999999999999", "999999999999999"), "1999999999999998");
  assert.equal(subtractNumbers("0.3", "0.1"), "0.2");
  assert.equal(subtractNumbers("5", "5"), "0");
});

test("numbers count what DynamoDB was measured to count", () => {
  const measured: readonly (readonly [string, number])[] = [
    ["0", 1], ["1", 2], ["12", 2], ["123", 3], ["1234", 3], ["12345678901234567890123456789012345678", 20],
    ["0042", 2], ["100", 2], ["1010", 3], ["0.0000001", 2], ["1E125", 2], ["1E-100", 2], ["1.5", 3],
    ["15", 2], ["1.2", 3], ["1.200", 3], ["1.234", 4], ["3.14159", 5], ["123456", 4], ["100.5", 4],
    ["0.15", 2], ["-42", 3], ["-0", 1],
  ];
  for (const [text, bytes] of measured) assert.equal(numberSizeBytes(normalizeNumber(text)), bytes, text);
});

test("a megabyte of digits is refused at once", () => {
  const before = effort();
  const zeros = "0".repeat(1e6);
  for (const text of ["9".repeat(1e6), `0.${zeros}1`, `${zeros}x`, `1${zeros}e-x`]) {
    assert.throws(() => normalizeNumber(text), { code: "ValidationException" });
  }
  assert.ok(effort() - before < 1);
});
