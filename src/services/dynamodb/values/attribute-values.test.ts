import assert from "node:assert/strict";
import { test } from "node:test";
import { normalizeItem, normalizeValue, requireNesting } from "./attribute-values.ts";
import type { AttributeValue } from "./attribute-values.ts";
import { compareStrings, compareValues, itemsEqual, keyPart, valuesEqual } from "./comparison.ts";
import { Chance, randomItem, randomText, randomValue } from "./random-values.ts";
import { itemSizeBytes } from "./sizes.ts";
import { enveloped } from "./value-errors.ts";

const INVALID = "One or more parameter values were invalid: ";

test("what is no value is refused in AWS's words", () => {
  const bytes = Buffer.from("b");
  const rows: readonly (readonly [AttributeValue, string])[] = [
    [{}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"],
    [{ S: undefined },
      "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"],
    [{ S: "a", N: "1" }, "Supplied AttributeValue has more than one datatypes set, " +
      "must contain exactly one of the supported datatypes"],
    [{ S: "a", N: "b" }, "The parameter cannot be converted to a numeric value: b"],
    [{ SS: [] }, `${INVALID}An string set  may not be empty`],
    [{ NS: [] }, `${INVALID}An number set  may not be empty`],
    [{ BS: [] }, `${INVALID}Binary sets should not be empty`],
    [{ SS: ["a", "a"] }, `${INVALID}Input collection [a, a] contains duplicates.`],
    [{ SS: ["", ""] }, `${INVALID}Input collection [, ] contains duplicates.`],
    [{ BS: [bytes, Buffer.from("b")] },
      `${INVALID}Input collection [Yg==, Yg==]of type BS contains duplicates.`],
    [{ NS: ["1", "1.0"] }, "Input collection contains duplicates"],
    [{ NS: ["1", "x"] }, "The parameter cannot be converted to a numeric value: x"],
    [{ NS: [""] }, "The parameter cannot be converted to a numeric value"],
    [{ NULL: false }, `${INVALID}Null attribute value types must have the value of true`],
  ];
  for (const [value, message] of rows) {
    assert.throws(() => normalizeValue(value), { code: "ValidationException", message });
    assert.throws(() => normalizeItem({ a: { L: [{ M: { b: value } }] } }), { message });
  }
});

test("the current layer has its own words for numbers and sets", () => {
  const rows: readonly (readonly [AttributeValue, string])[] = [
    [{ N: "" }, "The parameter cannot be converted to a numeric value: "],
    [{ SS: ["b", "a", "b", "0"] }, `${INVALID}Input collection ["a", "b", "b", "0"] contains duplicates.`],
    [{ BS: ["/w==", "AA==", "AA=="].map((text) => Buffer.from(text, "base64")) },
      `${INVALID}Input collection ["AA==","/w==","AA=="]of type BS contains duplicates.`],
    [{ NS: ["2", "1", "2"] }, `${INVALID}Input collection contains duplicates.`],
  ];
  for (const [value, message] of rows) {
    assert.throws(() => normalizeValue(value, "current"), { code: "ValidationException", message });
    assert.throws(() => enveloped(() => normalizeItem({ a: { L: [value] } }, "current")), {
      code: "ValidationException", message: `1 validation error detected: ${message}`,
    });
  }
  assert.deepEqual(enveloped(() => normalizeValue({ N: "01" }, "current")), { N: "1" });
  assert.throws(() => enveloped(() => { throw new Error("defect"); }), { message: "defect" });
});

test("empty strings, binary values and documents are values", () => {
  const item = {
    a: { S: "" }, b: { B: Buffer.alloc(0) }, c: { L: [] }, d: { M: {} }, e: { SS: [""] },
    f: { BS: [Buffer.of()] },
  };
  const normal = normalizeItem(item);
  assert.deepEqual({ ...normal, d: { M: {} } }, item);
});

test("values in normal form are kept, others replaced", () => {
  const kept: AttributeValue[] = [{ S: "a" }, { N: "1" }, { NS: ["2", "1"] }, { L: [{ N: "1" }] }];
  for (const value of kept) assert.equal(normalizeValue(value), value);
  assert.deepEqual(normalizeValue({ NS: ["1.0", "2e1"] }), { NS: ["1", "20"] });
  assert.deepEqual(normalizeValue({ L: [{ N: "1.50" }, { S: "x" }] }), { L: [{ N: "1.5" }, { S: "x" }] });
});

test("names from object prototypes are names like others", () => {
  const item = JSON.parse('{"__proto__": {"N": "01"}, "constructor": {"M": {"__proto__": {"S": "x"}}}}') as
    Record<string, AttributeValue>;
  const normal = normalizeItem(item);
  assert.deepEqual(Object.keys(normal), ["__proto__", "constructor"]);
  assert.deepEqual(Object.getOwnPropertyDescriptor(normal, "__proto__")?.value, { N: "1" });
  assert.equal(Object.getPrototypeOf(normal), null);
  assert.ok(itemsEqual(normal, normalizeItem(normal)));
  assert.ok(!itemsEqual(normal, { constructor: { S: "x" }, a: { S: "b" } }));
});

function nested(levels: number, wrap: (value: AttributeValue) => AttributeValue): AttributeValue {
  let value: AttributeValue = { S: "leaf" };
  for (let level = 0; level < levels; level++) value = wrap(value);
  return value;
}

test("31 documents around a scalar are taken, 32 are not", () => {
  const message = "Nesting Levels have exceeded supported limits: " +
    "Attributes in the item have nested levels beyond supported limit";
  for (const wrap of [(n: AttributeValue) => ({ M: { n } }), (n: AttributeValue) => ({ L: [n] })]) {
    assert.doesNotThrow(() => normalizeItem({ a: nested(31, wrap) }));
    assert.doesNotThrow(() => requireNesting(nested(31, wrap)));
    assert.throws(() => normalizeItem({ a: nested(32, wrap) }), { code: "ValidationException", message });
    assert.throws(() => requireNesting(nested(32, wrap)), {
      message: "Nesting Levels have exceeded supported limits",
    });
    assert.throws(() => normalizeItem({ a: nested(5000, wrap) }), { message });
  }
});

test("attribute names have 1 to 65,535 bytes", () => {
  assert.doesNotThrow(() => normalizeItem({ ["x".repeat(65_535)]: { S: "" } }));
  for (const name of ["x".repeat(65_536), "é".repeat(32_768)]) {
    assert.throws(() => normalizeItem({ [name]: { S: "" } }), { code: "ValidationException" });
  }
  const deep = nested(40, (n) => ({ M: { n } }));
  for (const item of [{ deep, "": deep }, { "": deep }, { a: { M: { "": { S: "x" } } } }]) {
    assert.throws(() => normalizeItem(item), { message: "Empty attribute name" });
  }
  assert.throws(() => normalizeItem({ a: { M: { "": { S: "x" } } }, deep }), { message: /^Nesting Levels/ });
});

test("items count names and values", () => {
  const rows: readonly (readonly [Record<string, AttributeValue>, number])[] = [
    [{}, 0],
    [{ pk: { S: "k" } }, 3],
    [{ "£": { S: "£" } }, 4],
    [{ b: { B: Buffer.alloc(17) } }, 18],
    [{ n: { N: "3.14159" } }, 6],
    [{ t: { BOOL: true }, n: { NULL: true } }, 4],
    [{ s: { SS: ["a", "£"] } }, 4],
    [{ s: { NS: ["1", "-42"] } }, 6],
    [{ s: { BS: [Buffer.alloc(2), Buffer.alloc(3)] } }, 6],
    [{ l: { L: [] }, m: { M: {} } }, 8],
    [{ l: { L: [{ S: "xy" }, { NULL: true }] } }, 1 + 3 + (1 + 2) + (1 + 1)],
    [{ m: { M: { ab: { S: "xy" }, c: { L: [] } } } }, 1 + 3 + (2 + 2 + 1) + (1 + 3 + 1)],
  ];
  for (const [item, bytes] of rows) assert.equal(itemSizeBytes(item), bytes, JSON.stringify(item));
});

test("sets are equal in any order, documents all the way down, numbers by value", () => {
  const equal: readonly (readonly [AttributeValue, AttributeValue])[] = [
    [{ SS: ["a", "b"] }, { SS: ["b", "a"] }],
    [{ NS: ["1", "2.0"] }, { NS: ["2", "1.00"] }],
    [{ BS: [Buffer.from([1]), Buffer.from([2])] }, { BS: [Buffer.from([2]), Buffer.from([1])] }],
    [{ M: { a: { N: "1" }, b: { S: "" } } }, { M: { b: { S: "" }, a: { N: "1.0" } } }],
    [{ L: [{ SS: ["a", "b"] }] }, { L: [{ SS: ["b", "a"] }] }],
    [{ B: Buffer.from([1]) }, { B: Buffer.from([1]) }],
  ];
  for (const [one, other] of equal) assert.ok(valuesEqual(normalizeValue(one), normalizeValue(other)));
  const different: readonly (readonly [AttributeValue, AttributeValue])[] = [
    [{ S: "1" }, { N: "1" }], [{ L: [{ S: "a" }, { S: "b" }] }, { L: [{ S: "b" }, { S: "a" }] }],
    [{ SS: ["a"] }, { SS: ["a", "b"] }], [{ SS: ["1"] }, { NS: ["1"] }], [{ M: {} }, { L: [] }],
    [{ M: { a: { S: "" } } }, { M: { b: { S: "" } } }], [{ BOOL: true }, { BOOL: false }],
    [{ B: Buffer.from([1]) }, { B: Buffer.from([1, 0]) }], [{ S: "" }, { NULL: true }],
  ];
  for (const [one, other] of different) assert.ok(!valuesEqual(normalizeValue(one), normalizeValue(other)));
});

test("strings order by their UTF-8 bytes, keys as their values", () => {
  const chance = new Chance(2);
  for (let round = 0; round < 5000; round++) {
    const [left, right] = [randomText(chance), randomText(chance)];
    const bytes = Buffer.compare(Buffer.from(left), Buffer.from(right));
    assert.equal(Math.sign(compareStrings(left, right)), bytes);
    assert.equal(Math.sign(compareValues({ S: left }, { S: right }) ?? NaN), bytes);
  }
  assert.equal(keyPart({ S: "a\ud800b" }), "a\ufffdb");
  assert.equal(compareValues({ S: "1" }, { N: "1" }), undefined);
  assert.equal(compareValues({ BOOL: true }, { BOOL: true }), undefined);
});

test("random values equal their copies and are in normal form", () => {
  const chance = new Chance(3);
  for (let round = 0; round < 3000; round++) {
    const item = randomItem(chance);
    const copy = normalizeItem(item);
    assert.ok(itemsEqual(item, copy));
    assert.equal(itemSizeBytes(item), itemSizeBytes(copy));
    const [one, other] = [randomValue(chance), randomValue(chance)];
    assert.equal(valuesEqual(one, other), valuesEqual(other, one));
  }
});
