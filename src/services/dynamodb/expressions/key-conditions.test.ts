import assert from "node:assert/strict";
import { test } from "node:test";
import { AFTER_PREFIX, encodeKey, encodeOpenPrefix } from "../../../store/keys.ts";
import type { Range } from "../../../store/types.ts";
import type { AttributeValue } from "../values/attribute-values.ts";
import { compareValues, keyPart } from "../values/comparison.ts";
import { Chance, randomBinary, randomNumberText, randomText } from "../values/random-values.ts";
import { normalizeNumber } from "../values/numbers.ts";
import { keyConditionsOf } from "./key-conditions.ts";
import type { KeyOperator } from "./key-conditions.ts";
import { inSortRange, keyRange, storeRange } from "./key-ranges.ts";
import type { KeyRange, KeySchema } from "./key-ranges.ts";
import { bindExpressions } from "./requests.ts";

type Values = Record<string, AttributeValue>;

const SCHEMA: KeySchema = { partition: [{ name: "p", type: "S" }], sort: [{ name: "c", type: "S" }] };

function rangeOf(text: string, values: Values, schema = SCHEMA): KeyRange {
  const used = Object.entries(values).filter(([key]) => new RegExp(`${key}\\b`).test(text));
  const { keyCondition } = bindExpressions({
    KeyConditionExpression: text,
    ...(used.length > 0 && { ExpressionAttributeValues: Object.fromEntries(used) }),
  });
  assert.ok(keyCondition);
  return keyRange(keyConditionsOf(keyCondition), schema);
}

const VALUES: Values = {
  ":p": { S: "x" }, ":a": { S: "a" }, ":b": { S: "b" }, ":n": { N: "1" }, ":e": { S: "" }, ":l": { L: [] },
};

test("key conditions make ranges, in any order and with the key on either side", () => {
  const partition = [{ S: "x" }];
  const [a, b] = [{ S: "a" }, { S: "b" }];
  const rows: readonly (readonly [string, Omit<KeyRange, "partition">])[] = [
    ["p=:p", { sort: [], bounds: undefined }],
    [":p=p AND c=:a", { sort: [a], bounds: undefined }],
    ["c=:a AND p=:p", { sort: [a], bounds: undefined }],
    ["((c=:a) AND (p=:p))", { sort: [a], bounds: undefined }],
    ["p=:p AND c<:a", { sort: [], bounds: { upper: { value: a, inclusive: false } } }],
    ["p=:p AND :a<c", { sort: [], bounds: { lower: { value: a, inclusive: false } } }],
    ["p=:p AND c<=:a", { sort: [], bounds: { upper: { value: a, inclusive: true } } }],
    ["p=:p AND :a<=c", { sort: [], bounds: { lower: { value: a, inclusive: true } } }],
    ["p=:p AND c>:a", { sort: [], bounds: { lower: { value: a, inclusive: false } } }],
    ["p=:p AnD c BeTwEeN :a aNd :b",
      { sort: [], bounds: { lower: { value: a, inclusive: true }, upper: { value: b, inclusive: true } } }],
    ["p=:p AND begins_with(c, :a)", { sort: [], bounds: { prefix: a } }],
  ];
  for (const [text, expected] of rows) {
    assert.deepEqual(rangeOf(text, VALUES), { partition, ...expected }, text);
  }
});

test("key conditions that no key schema allows are refused in AWS's words", () => {
  const operator = "Invalid operator used in KeyConditionExpression: ";
  const first = " operator must have the key attribute as its first operand";
  const condition = "Invalid condition in KeyConditionExpression: ";
  const several = `${condition}Multiple attribute names used in one condition`;
  const nested = "KeyConditionExpressions cannot have conditions on nested attributes";
  const operation = "KeyConditionExpressions cannot contain nested operations";
  const twice = "Invalid KeyConditionExpression: " +
    "KeyConditionExpressions must only contain one condition per key";
  const rows: readonly (readonly [string, string])[] = [
    ["a > b and size(b) > c or a > c", `${operator}OR`], ["a in (b, size(c), d)", `${operator}IN`],
    ["attribute_exists(a)", `${operator}attribute_exists`], ["not a > b", `${operator}NOT`],
    ["attribute_not_exists(a)", `${operator}attribute_not_exists`], ["a <> b", `${operator}<>`],
    ["contains(a.d, b)", `${operator}contains`], ["attribute_type(a, :a)",
      "Invalid KeyConditionExpression: Invalid attribute type name found; type: a, " +
        "valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"],
    [":a between size(b) and size(a) and b > :b", `${condition}BETWEEN${first}`],
    ["begins_with(:a, b) and a > :b", `${condition}begins_with${first}`],
    ["size(b) > a AND a.b > b AND b > c", operation], ["a > size(b.d)", operation],
    ["a between size(b) and size(a)", operation], ["b > a.b", several], ["b between c[1] and d", several],
    ["a between b and size(a)", several], ["begins_with(a, b)", several], ["b.d > a AND c.d > e.f", nested],
    ["a.d > c", nested], ["b[0] > a", nested],
    [":b > :a AND a < :b", `${condition}No key attribute specified`],
    ["b > :a AND b < :a and c = :a and d = :a", twice],
    ["(a > :a and b > :a) and (b > :a and c > :a)", twice], ["p=:p AND p=:p", twice],
    ["p=:p AND dog(c, :a)", "Invalid KeyConditionExpression: Invalid function name; function: dog"],
    ["p=:p AND begins_with(c, :n)", "Invalid KeyConditionExpression: Incorrect operand type for operator " +
      "or function; operator or function: begins_with, operand type: N"],
    ["p", 'Invalid KeyConditionExpression: Syntax error; token: "<EOF>", near: "p"'],
    ["p=:p AND c!=:a", 'Invalid KeyConditionExpression: Syntax error; token: "!", near: "c!="'],
  ];
  for (const [text, message] of rows) {
    assert.throws(() => rangeOf(text, VALUES), { code: "ValidationException", message }, text);
  }
});

test("key conditions that do not fit the key schema are refused in AWS's words", () => {
  const partitionOnly: KeySchema = { ...SCHEMA, sort: [] };
  const mismatch = "One or more parameter values were invalid: " +
    "Condition parameter type does not match schema type";
  const empty = "One or more parameter values are not valid. " +
    "The AttributeValue for a key attribute cannot contain an empty string value. Key: ";
  const exceeds = (given: number): string => `The number of query conditions (${given}) exceeds ` +
    "the number of key attributes defined in the schema";
  const rows: readonly (readonly [string, string, KeySchema?])[] = [
    ["c=:a", "Query condition missed key schema element: p"],
    ["a=:a", "Query condition missed key schema element: p"],
    ["p=:p AND a<:a", "Query condition missed key schema element: c"],
    ["p<:p", "Query key condition not supported"],
    ["p=:p AND c=:a", `${exceeds(2)} (1)`, partitionOnly],
    ["p=:p AND c<:a AND a<:a", `${exceeds(3)} (2)`],
    ["p=:n", mismatch], ["p=:p AND c=:n", mismatch], ["p=:l", mismatch],
    ["p=:e", `${empty}p`], ["p=:p AND begins_with(c, :e)", `${empty}c`],
  ];
  for (const [text, message, schema] of rows) {
    assert.throws(() => rangeOf(text, VALUES, schema), { code: "ValidationException", message }, text);
  }
});

test("keys of several attributes take equalities from the left and one range behind them", () => {
  const attribute = (name: string): { name: string; type: "S" } => ({ name, type: "S" });
  const schema: KeySchema = { partition: [attribute("h")], sort: ["a", "b", "c", "d"].map(attribute) };
  const values: Values = Object.fromEntries(["h", "a", "b", "c"].map((name) => [`:${name}`, { S: name }]));
  const found = rangeOf("b = :b AND h = :h AND a = :a AND begins_with(c, :c)", values, schema);
  assert.deepEqual(found, {
    partition: [{ S: "h" }], sort: [{ S: "a" }, { S: "b" }], bounds: { prefix: { S: "c" } },
  });
  const gap = (missing: string, given: string): string =>
    `RANGE key attributes ${missing} must have equality conditions specified in the query ` +
    `because a condition is present on key attribute ${given}`;
  const rows: readonly (readonly [string, string])[] = [
    ["h = :h AND a = :a AND c = :c", gap("b", "c")],
    ["h = :h AND a = :a AND b > :b AND c = :c", gap("b", "c")],
    ["h = :h AND b = :b", gap("a", "b")], ["h = :h AND c = :c", gap("a, b", "c")],
  ];
  for (const [text, message] of rows) assert.throws(() => rangeOf(text, values, schema), { message }, text);
});

/** Whether the store would find a key in the range, by the order of its encoded keys. */
function found(range: Range, key: readonly (string | Uint8Array)[]): boolean {
  const encoded = encodeKey(key);
  const prefix = range.prefix ?? [];
  const lower = range.prefixOfLastPart === true ? encodeOpenPrefix(prefix) : encodeKey(prefix);
  if (encoded < lower || encoded >= lower + AFTER_PREFIX) return false;
  if (range.from !== undefined && encoded < encodeKey(range.from)) return false;
  return range.before === undefined || encoded < encodeKey(range.before);
}

test("the store finds by a range exactly what the condition holds for", () => {
  const chance = new Chance(21);
  const operators: readonly KeyOperator[] = ["=", "<", "<=", ">", ">=", "between", "begins-with"];
  let hits = 0;
  for (let round = 0; round < 3000; round++) {
    const type = chance.pick(["S", "N", "B"] as const);
    const value = (): AttributeValue => {
      if (type === "N") return { N: normalizeNumber(randomNumberText(chance)) };
      if (type === "S") return { S: randomText(chance) || "z" };
      return { B: Buffer.concat([Buffer.of(255), randomBinary(chance)]) };
    };
    const operator = chance.pick(type === "N" ? operators.slice(0, -1) : operators);
    const values = [value(), value()].sort((left, right) => compareValues(left, right) ?? 0);
    const range = keyRange([
      { attribute: "p", operator: "=", values: [{ S: "x" }] },
      { attribute: "c", operator, values: operator === "between" ? values : values.slice(0, 1) },
    ], { partition: [{ name: "p", type: "S" }], sort: [{ name: "c", type }] });
    const sought = chance.once(3) ? values[0] ?? {} : value();
    const holds = inSortRange(range, [sought]);
    const key = ["table", "x", keyPart(sought), "rest"];
    const shown = `${operator} ${JSON.stringify([values, sought])}`;
    assert.equal(found(storeRange(range, ["table"]), key), holds, shown);
    assert.ok(!found(storeRange(range, ["table"]), ["table", "y", keyPart(sought), "rest"]));
    hits += holds ? 1 : 0;
  }
  assert.ok(hits > 700, String(hits));
});
