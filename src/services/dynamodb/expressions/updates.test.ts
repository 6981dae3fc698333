import assert from "node:assert/strict";
import { test } from "node:test";
import { normalizeItem } from "../values/attribute-values.ts";
import type { AttributeValue, Item } from "../values/attribute-values.ts";
import { itemsEqual } from "../values/comparison.ts";
import { bindExpressions } from "./requests.ts";
import { applyUpdate } from "./updates.ts";
import type { Update } from "./updates.ts";

type Values = Record<string, AttributeValue>;

function updateOf(text: string, values?: Values, names?: Record<string, string>): Update {
  const { update } = bindExpressions({
    UpdateExpression: text, ExpressionAttributeValues: values, ExpressionAttributeNames: names,
  });
  assert.ok(update);
  return update;
}

function refusal(text: string, values?: Values, names?: Record<string, string>): string {
  try {
    updateOf(text, values, names);
  } catch (error) {
    assert.ok(error instanceof Error);
    return error.message.replace(/^Invalid UpdateExpression: /, "");
  }
  throw new Error(`No error: ${text}`);
}

test("a wrong token is shown with its neighbours", () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ["INVALID SYNTAX HERE", "INVALID", "INVALID SYNTAX"],
    ['SET NewAttr = {"NULL": true}', "{", '= {"'],
    ["SET Invalid-Name = :newval", "-", "Invalid-Name"],
    ["SET MyStr = myNum + 1", "1", "+ 1"],
    ["SET MyStr = myNum Mystr2 myNum2", "Mystr2", "myNum Mystr2 myNum2"],
    ["SET path = VALUE 1", "1", "VALUE 1"],
    ["SET _123 = :val1", "_", "SET _123"],
    ["SET attrName = _idid", "_", "= _idid"],
    ["SET|", "|", "SET|"],
    ["SET a|", "|", "a|"],
    ["set a", "<EOF>", "a"],
    ["set a=set", "set", "=set"],
    ["remove a = b", "=", "a = b"],
    ["add a = b", "=", "a = b"],
    ["delete a b", "b", "a b"],
    ["delete a if_not_exist(b)", "if_not_exist", "a if_not_exist("],
    ["set :a = b", ":a", "set :a ="],
    ["set a = b / c", "/", "b / c"],
    ["SET if_not_exist(a, b) = a", "(", "if_not_exist(a"],
    ["set (a = (b + c))", "(", "set (a"],
    ["set a = (b.c).d + e", ".", ").d"],
    ["set a = b + c + d", "+", "c + d"],
    ["SET a = f(b+c)", "+", "b+c"],
    ["SET a[:xyz] = :v", ":xyz", "[:xyz]"],
    ["SET a = :b,", "<EOF>", ","],
    ["SET a = :b REMOVE", "<EOF>", "REMOVE"],
  ];
  for (const [text, token, near] of rows) {
    assert.equal(refusal(text), `Syntax error; token: "${token}", near: "${near}"`, text);
  }
});

test("what is wrong with an update, in order", () => {
  const s: Values = { ":a": { S: "a" }, ":n": { N: "1" }, ":l": { L: [] } };
  const name = "An expression attribute name used in the document path is not defined; attribute name: ";
  const value = "An expression attribute value used in expression is not defined; attribute value: ";
  const overlap = "Two document paths overlap with each other; must remove or rewrite one of these paths; ";
  const conflict = "Two document paths conflict with each other; must remove or rewrite one of these paths; ";
  const type = "Incorrect operand type for operator or function; operator";
  const rows: readonly (readonly [string, string])[] = [
    ["", "The expression can not be empty;"],
    [" set #c = :c set abOrt = :a ", "Attribute name is a reserved keyword; reserved keyword: abOrt"],
    ["set #c = if_not_exist(:c) set c = d", "Invalid function name; function: if_not_exist"],
    ["set a = size(b)", "The function is not allowed in an update expression; function: size"],
    ["SET a = list_append(list_append(:l, :l), :l)",
      "The function is not allowed to be used this way in an expression; function: list_append"],
    ["set a = #c set c = :d", 'The "SET" section can only be used once in an update expression;'],
    ["remove #d set a = b remove e", 'The "REMOVE" section can only be used once in an update expression;'],
    ["SET a = :x, #c = if_not_exists(:c)", `${name}#c`],
    ["SET a = if_not_exists(:c)", `${value}:c`],
    ["SET x = :a REMOVE x", `${overlap}path one: [x], path two: [x]`],
    ["set d[1] = a, d.b = a, c[1].a = a, c = if_not_exists(a)",
      `${overlap}path one: [c, [1], a], path two: [c]`],
    ["set c[3].d = a, c[3] = a", `${overlap}path one: [c, [3], d], path two: [c, [3]]`],
    ["SET a.b = :a, a[1] = :n", `${conflict}path one: [a, b], path two: [a, [1]]`],
    ["remove a.c set a[1] = d", `${conflict}path one: [a, c], path two: [a, [1]]`],
    ["set b = list_append(:a, a), c = if_not_exists(a) add a.b :a", `${type}: ADD, operand type: STRING`],
    ["delete a.b :n", `${type}: DELETE, operand type: NUMBER`],
    ["add a :l", `${type}: ADD, operand type: LIST`],
    ["set a = if_not_exists(c)", "Incorrect number of operands for operator or function; " +
      "operator or function: if_not_exists, number of operands: 1"],
    ["set a = list_append(:l, :l, :l)", "Incorrect number of operands for operator or function; " +
      "operator or function: list_append, number of operands: 3"],
    ["set a = if_not_exists(:a, c)",
      "Operator or function requires a document path; operator or function: if_not_exists"],
    ["set a = if_not_exists(if_not_exists(a, b), c)",
      "Operator or function requires a document path; operator or function: if_not_exists"],
    ["set a = list_append(a, :n)", `${type} or function: list_append, operand type: N`],
    ["set a = b + :a", `${type} or function: +, operand type: S`],
    ["set a = :l - b", `${type} or function: -, operand type: L`],
    [`set a = ${"list_append(".repeat(301)}a${")".repeat(301)}`,
      "The expression contains too many operators; operator count: 301"],
  ];
  for (const [text, message] of rows) assert.equal(refusal(text, s), message, text);
});

function applied(
  text: string, item: Item | undefined, values?: Values, names?: Record<string, string>,
): Item {
  return applyUpdate(updateOf(text, values, names), item, { p: { S: "key" } });
}

const VALUES: Values = {
  ":n": { N: "7" }, ":s": { S: "s" }, ":l": { L: [{ N: "1" }] }, ":ss": { SS: ["b", "c"] },
};

/** Only the values that the text uses. */
function used(text: string): Values | undefined {
  const entries = Object.entries(VALUES).filter(([key]) => new RegExp(`${key}\\b`).test(text));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

test("updates make of an item what DynamoDB makes of it", () => {
  const list = (...numbers: number[]): AttributeValue => ({
    L: numbers.map((each) => ({ N: String(each) })),
  });
  const rows: readonly (readonly [string, Item | undefined, Item])[] = [
    ["SET b = :n", { p: { S: "x" } }, { p: { S: "x" }, b: { N: "7" } }],
    ["SET b = :n", undefined, { p: { S: "key" }, b: { N: "7" } }],
    ["sEt b = a REMOVE a", { a: { S: "v" } }, { b: { S: "v" } }],
    ["SET a = b, b = a", { a: { N: "1" }, b: { N: "2" } }, { a: { N: "2" }, b: { N: "1" } }],
    ["SET b = a + :n, c = :n - a, d = a + a", { a: { N: "1" } },
      { a: { N: "1" }, b: { N: "8" }, c: { N: "6" }, d: { N: "2" } }],
    ["SET b = ((a) + (:n))", { a: { N: "1" } }, { a: { N: "1" }, b: { N: "8" } }],
    ["SET a = if_not_exists(a, :s), b = if_not_exists(c, :n) + :n", { a: { N: "1" } },
      { a: { N: "1" }, b: { N: "14" } }],
    ["SET a = if_not_exists(b, if_not_exists(c, :n))", {}, { a: { N: "7" } }],
    ["SET a = list_append(a, :l), b = list_append(if_not_exists(c, :l), :l)", { a: list(5) },
      { a: list(5, 1), b: list(1, 1) }],
    ["SET a.c[1].x = :n, a.d = a.c[1] REMOVE a.b",
      { a: { M: { b: { N: "1" }, c: { L: [{ S: "h" }, { M: {} }] } } } },
      { a: { M: { c: { L: [{ S: "h" }, { M: { x: { N: "7" } } }] }, d: { M: {} } } } }],
    ["SET a[7] = :n", { a: list(1, 2) }, { a: list(1, 2, 7) }],
    ["SET a[84] = :s, a[37] = :n, a[17] = :l", { a: list(1) },
      { a: { L: [{ N: "1" }, { L: [{ N: "1" }] }, { N: "7" }, { S: "s" }] } }],
    ["REMOVE a[1] SET a[3] = :n", { a: list(2, 3, 4, 5, 6, 7) }, { a: list(2, 4, 7, 6, 7) }],
    ["REMOVE a[17], b, c.x, d[0]", { a: list(4), c: { M: { y: { N: "1" } } }, d: list(1) },
      { a: list(4), c: { M: { y: { N: "1" } } }, d: list() }],
    ["REMOVE x.y, z[0]", undefined, { p: { S: "key" } }],
    ["ADD a :n, b :n, c :ss, d :ss", { a: { N: "-0.5" }, c: { SS: ["a", "b"] } },
      { a: { N: "6.5" }, b: { N: "7" }, c: { SS: ["a", "b", "c"] }, d: { SS: ["b", "c"] } }],
    ["ADD a.b :n", { a: { M: {} } }, { a: { M: { b: { N: "7" } } } }],
    ["DELETE a :ss, b :ss, c :ss", { a: { SS: ["a", "b"] }, b: { SS: ["c", "b"] } }, { a: { SS: ["a"] } }],
    ["DELETE a[0] :ss", { a: { L: [{ SS: ["b"] }, { N: "1" }] } }, { a: list(1) }],
  ];
  for (const [text, before, after] of rows) {
    const frozen = JSON.stringify(before);
    const result = applied(text, before, used(text));
    assert.ok(itemsEqual(result, normalizeItem(after)), `${text}: ${JSON.stringify(result)}`);
    assert.equal(JSON.stringify(before), frozen);
  }
});

test("an update that the item is not made for is refused", () => {
  const big = { N: `9${"0".repeat(125)}` };
  const item: Item = { a: { S: "x" }, l: { L: [] }, m: { M: {} }, n: { N: "1" }, big };
  const path = "The document path provided in the update expression is invalid for update";
  const missing = "The provided expression refers to an attribute that does not exist in the item";
  const type = "An operand in the update expression has an incorrect data type";
  const rows: readonly (readonly [string, string])[] = [
    ["SET a.c = :n", path], ["SET l.c = :n", path], ["SET c.c = :n", path], ["SET a[0] = :n", path],
    ["SET m[0] = :n", path], ["SET c[0] = :n", path], ["REMOVE a.c", path], ["REMOVE c.c", path],
    ["REMOVE c[0]", path], ["SET m.x.y = :n", path], ["ADD c.c :n", path], ["DELETE c.c :ss", path],
    ["SET l[0][0] = :n", path],
    ["SET b = c", missing], ["SET b = :n, c = b", missing], ["SET b = m.x", missing],
    ["SET b = c + :n", missing], ["SET b = list_append(c, :l)", missing], ["SET b = l[0]", missing],
    ["SET b = a + :n", type], ["SET b = list_append(:l, a)", type], ["ADD a :n", type], ["ADD n :ss", type],
    ["ADD l :ss", type], ["DELETE a :ss", type], ["DELETE n :ss", type],
    ["SET b = big + big",
      "Number overflow. Attempting to store a number with magnitude larger than supported range"],
  ];
  for (const [text, message] of rows) {
    assert.throws(() => applied(text, item, used(text)), { code: "ValidationException", message }, text);
  }
  for (const text of ["SET c.c = :n", "SET c[0] = :n", "SET c = d", "ADD c.c :n"]) {
    assert.throws(() => applied(text, undefined, used(text)), { code: "ValidationException" }, text);
  }
});

test("an update cannot nest an item too deeply", () => {
  let deep: AttributeValue = { N: "1" };
  for (let level = 0; level < 31; level++) deep = { L: [deep] };
  const message = /: Nesting Levels have exceeded supported limits/;
  assert.doesNotThrow(() => applied("SET m = :d", { m: { M: {} } }, { ":d": deep }));
  assert.throws(() => applied("SET m.x = :d", { m: { M: {} } }, { ":d": deep }), message);
});

test("names from object prototypes are names like others", () => {
  const item = applied("SET #p = :n, m.#p = :n, valueOf = :n", { m: { M: {} } }, { ":n": { N: "7" } },
    { "#p": "__proto__" });
  assert.deepEqual(Object.keys(item).sort(), ["__proto__", "m", "valueOf"]);
  assert.equal(Object.getPrototypeOf(item), null);
  assert.throws(() => applied("SET a = toString", {}), /does not exist in the item/);
  assert.throws(() => applied("SET toString.a = :n", {}, { ":n": { N: "7" } }), /invalid for update/);
});
