import assert from "node:assert/strict";
import { test } from "node:test";
import type { AttributeValue } from "../values/attribute-values.ts";
import { matches } from "./conditions.ts";
import { bindExpressions, PARSER } from "./requests.ts";

type Values = Record<string, AttributeValue>;

function refusal(text: string, values?: Values, names?: Record<string, string>): string {
  try {
    bindExpressions({
      FilterExpression: text, ExpressionAttributeValues: values, ExpressionAttributeNames: names,
    });
  } catch (error) {
    assert.ok(error instanceof Error);
    assert.equal((error as Error & { code?: string }).code, "ValidationException");
    return error.message.replace(/^Invalid FilterExpression: /, "");
  }
  throw new Error(`No error: ${text}`);
}

test("a wrong token is shown with its neighbours", () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ["NOT (#attr0)", "<EOF>", ")"],
    ["contains (themes, :theme", "<EOF>", ":theme"],
    ["a > 4", "4", "> 4"],
    ["a", "<EOF>", "a"],
    ["|", "|", "|"],
    ["   |", "|", "   |"],
    ["a|", "|", "a|"],
    ["things are not gonna be ok", "are", "things are not"],
    ["attribute_exists(Pictures-RearView)", "-", "Pictures-RearView"],
    ["attribute_exists(Pictures..RearView)", ".", "..RearView"],
    ["attribute_exists(Pi#ctures.RearView)", "#ctures", "Pi#ctures."],
    ["attribute_exists(asdf[a])", "a", "[a]"],
    ["b[-1] = :a", "-", "[-1"],
    ["a in b, c", "b", "in b,"],
    ["a in ()", ")", "()"],
    ["a in (b,c,)", ")", ",)"],
    ["a > between", "between", "> between"],
    ["(a)between(b.(c.d))and(c)", "(", ".(c"],
    ["(a)between(b.c.d)and((c)", "<EOF>", ")"],
    ["#$.b > a", "#", "#$"],
    ["a > :things.stuff", ".", ":things.stuff"],
    ["b[:a] > a", ":a", "[:a]"],
    ["b[#_] > a", "#_", "[#_]"],
    ["ü > a", "ü", "ü >"],
    ["_a > a", "_", "_a"],
    ["size(a).b > a", ".", ").b"],
    ["(size(a)).b > a", ".", ").b"],
    ["size(a)[0] > a", "[", ")[0"],
    ["a = b = c", "=", "b = c"],
    ["(a = b) = c", "=", ") = c"],
    ["a AND b = c", "AND", "a AND b"],
    ["a = (b = c)", "=", "b = c"],
    ["a = NOT b", "NOT", "= NOT b"],
    ["a = b AND", "<EOF>", "AND"],
    ["f()", ")", "()"],
    ["a = b)", ")", "b)"],
    ["NOT a", "<EOF>", "a"],
    ["f(a = b)", "=", "a = b"],
    ["a between b or c", "or", "b or c"],
  ];
  for (const [text, token, near] of rows) {
    assert.equal(refusal(text), `Syntax error; token: "${token}", near: "${near}"`, text);
  }
});

test("what is wrong in the text alone", () => {
  const parentheses = "The expression has redundant parentheses;";
  const misused = "The function is not allowed to be used this way in an expression; function: ";
  const reserved = "Attribute name is a reserved keyword; reserved keyword: ";
  const rows: readonly (readonly [string, string])[] = [
    ["", "The expression can not be empty;"],
    ["a=a and a > ((views))", parentheses],
    ["(a)between(((b.c)).d)and(c)", parentheses],
    ["a > whatever((:things), ((a)))", parentheses],
    ["a=a AND ((a=a AND a=a)) AND a=a", parentheses],
    ["a=a OR ((a=a OR (a=a OR a=a)))", parentheses],
    ["((c=:c) AND ((p=:p)))", parentheses],
    ["((a = b))", parentheses],
    ["NOT ((a = b))", parentheses],
    ["((a)) = b", parentheses],
    ["a=a and whatever((:things)) > a", "Invalid function name; function: whatever"],
    ["attRIbute_exIsts((views), #a)", "Invalid function name; function: attRIbute_exIsts"],
    ["list_append(a, a) = :a",
      "The function is not allowed in a condition expression; function: list_append"],
    ["a=a and attribute_exists((views), (#a)) > b", `${misused}attribute_exists`],
    ["contains(:things, c) > b", `${misused}contains`],
    ["size(contains(a, b)) > a", `${misused}contains`],
    ["size(things)", `${misused}size`],
    ["NOT size(things)", `${misused}size`],
    ["a = b OR size(c) AND d = e", `${misused}size`],
    ["a between b and attribute_exists(things)", `${misused}attribute_exists`],
    ["a in (b, attribute_exists(things))", `${misused}attribute_exists`],
    ["attribute_exists(views, #a)", `${reserved}views`],
    [":a < abOrT", `${reserved}abOrT`],
    ["a.b[1].comment = :a", `${reserved}comment`],
    [`a[${"9".repeat(20)}] = b`,
      `List index is not within the allowable range; index: [${"9".repeat(20)}]`],
    [`a${".b".repeat(32)} = b`, "The document path has too many nesting elements; nesting levels: 33"],
    [`a = ${"b".repeat(4093)}`,
      "Expression size has exceeded the maximum allowed size; expression size: 4097"],
    [Array.from({ length: 151 }, () => "a=b").join(" OR "),
      "The expression contains too many operators; operator count: 301"],
  ];
  for (const [text, message] of rows) assert.equal(refusal(text), message, text);
  assert.match(refusal(Array.from({ length: 150 }, () => "#a=b").join(" OR ")), /not defined/);
  assert.match(refusal(`a = ${"b".repeat(4089)}.#a`), /not defined/);
});

test("what is wrong with names and values, one condition after the other", () => {
  const name = "An expression attribute name used in the document path is not defined; attribute name: ";
  const value = "An expression attribute value used in expression is not defined; attribute value: ";
  const count = "Incorrect number of operands for operator or function; operator or function: ";
  const path = "Operator or function requires a document path; operator or function: ";
  const rows: readonly (readonly [string, string, Values?])[] = [
    ["attribute_exists(#Pictures.RearView, :a) and a=a", `${name}#Pictures`],
    ["begins_with(Pictures.#RearView)", `${name}#RearView`],
    ["(#P between :lo and :hi) and (#PC in (:cat1, :cat2))", `${name}#P`],
    ["(a)between(b.c[45].#d)and(:a)", `${name}#d`],
    ["begins_with(:hello, #a, #b)", `${value}:hello`],
    [":a < :b", `${value}:a`],
    ["attribute_exists(things, a) and a=a", `${count}attribute_exists, number of operands: 2`],
    ["attribute_type(things)", `${count}attribute_type, number of operands: 1`],
    ["begins_with(things, size(a), b)", `${count}begins_with, number of operands: 3`],
    ["size(things, a) > b", `${count}size, number of operands: 2`],
    ["attribute_exists(:a) and a=a", `${path}attribute_exists`, { ":a": { S: "1" } }],
    ["attribute_not_exists(size(:a))", `${path}attribute_not_exists`, { ":a": { S: "1" } }],
    ["attribute_type(a, :a)",
      "Invalid attribute type name found; type: 1, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
      { ":a": { S: "1" } }],
    ["a between :b and :a", "The BETWEEN operator requires same data type for lower and upper bounds; " +
      "lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:a}",
      { ":a": { S: "a" }, ":b": { N: "1" } }],
    ["a between :b and :a", "The BETWEEN operator requires upper bound to be greater than or equal to " +
      "lower bound; lower bound operand: AttributeValue: {S:b}, upper bound operand: AttributeValue: {S:a}",
      { ":a": { S: "a" }, ":b": { S: "b" } }],
    [`a in (${Array.from({ length: 101 }, () => ":a").join()})`,
      "The IN operator is provided with too many operands; number of operands: 101", { ":a": { S: "" } }],
  ];
  for (const [text, message, values] of rows) assert.equal(refusal(text, values), message, text);
});

test("values of the request are held to the types that functions and operators take", () => {
  const of: Record<string, AttributeValue> = {
    S: { S: "1" }, N: { N: "1" }, B: { B: Buffer.from("a") }, BOOL: { BOOL: true }, NULL: { NULL: true },
    L: { L: [] }, M: { M: {} }, SS: { SS: ["1"] }, NS: { NS: ["1"] }, BS: { BS: [Buffer.from("a")] },
  };
  const documents = ["BOOL", "NULL", "L", "M", "SS", "NS", "BS"];
  const rows: readonly (readonly [string, string, readonly string[]])[] = [
    ["attribute_type(a, :a)", "attribute_type", ["N", "B", ...documents]],
    ["begins_with(a, :a)", "begins_with", ["N", ...documents]],
    ["begins_with(:a, a)", "begins_with", ["N", ...documents]],
    ["size(:a) > a", "size", ["N", "BOOL", "NULL"]],
    ["size(size(a)) > :a", "size", ["N"]],
    ["attribute_not_exists(size(:a))", "size", ["N"]],
    ["begins_with(a, size(a)) and a=:a", "begins_with", ["N"]],
    ["attribute_type(a, size(a)) and a=a and a=:a", "attribute_type", ["N"]],
    ["a < :a", "<", documents],
    [":a >= a", ">=", documents],
    ["a between :a and b", "BETWEEN", documents],
    [":a between a and b", "BETWEEN", documents],
  ];
  for (const [text, operator, types] of rows) {
    for (const type of types) {
      assert.equal(
        refusal(text, { ":a": of[type] ?? {} }),
        "Incorrect operand type for operator or function; " +
          `operator or function: ${operator}, operand type: ${type}`,
        text,
      );
    }
  }
  assert.equal(
    refusal("attribute_type(ab.bc[1].a, SS)"),
    "Incorrect operand type for operator or function; " +
      "operator or function: attribute_type, operand type: {NS,SS,L,BS,N,M,B,BOOL,NULL,S}",
  );
});

test("a comparison of a path with itself is refused", () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ["a = a AND #a = b AND :views > a", "=", "[a]"],
    ["#a <> a", "<>", "[a]"],
    ["a > #a", ">", "[a]"],
    ["((a=a) OR (a=a))", "=", "[a]"],
    ["contains(ab.bc[1].a, ab.bc[1].#a)", "contains", "[ab, bc, [1], a]"],
    ["attribute_type(ab.bc[1].#a, ab.bc[1].a)", "attribute_type", "[ab, bc, [1], a]"],
    ["begins_with(ab.bc[1].a, ab.bc[1].#a)", "begins_with", "[ab, bc, [1], a]"],
  ];
  for (const [text, operator, path] of rows) {
    assert.equal(
      refusal(text, undefined, { "#a": "a" }),
      "The first operand must be distinct from the remaining operands for this operator or function; " +
        `operator: ${operator}, first operand: ${path}`,
    );
  }
});

test("names and values of a request: their keys, their values, and that all are used", () => {
  const used = { FilterExpression: "a = b" };
  const rows: readonly (readonly [Parameters<typeof bindExpressions>[0], string])[] = [
    [{ ...used, ExpressionAttributeNames: {} }, "ExpressionAttributeNames must not be empty"],
    [{ ...used, ExpressionAttributeNames: { a: "a" } },
      'ExpressionAttributeNames contains invalid key: Syntax error; key: "a"'],
    [{ ...used, ExpressionAttributeNames: { "#va#l2": "a" } },
      'ExpressionAttributeNames contains invalid key: Syntax error; key: "#va#l2"'],
    [{ ...used, ExpressionAttributeValues: {} }, "ExpressionAttributeValues must not be empty"],
    [{ ...used, ExpressionAttributeValues: { a: { S: "a" } } },
      'ExpressionAttributeValues contains invalid key: Syntax error; key: "a"'],
    [{ ...used, ExpressionAttributeValues: { ":a": {} } },
      "ExpressionAttributeValues contains invalid value: Supplied AttributeValue is empty, " +
        "must contain exactly one of the supported datatypes for key :a"],
    [{ ...used, ExpressionAttributeValues: { ":a": { NS: [] } } }, "ExpressionAttributeValues contains " +
      "invalid value: One or more parameter values were invalid: An number set  may not be empty for key :a"],
    [{ ...used, ExpressionAttributeNames: { "#a": "x", "#b": "y" } },
      "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}"],
    [{ ...used, ExpressionAttributeValues: { ":val3": { S: "" } } },
      "Value provided in ExpressionAttributeValues unused in expressions: keys: {:val3}"],
    [{ UpdateExpression: "whatever", FilterExpression: "", ProjectionExpression: "" },
      'Invalid UpdateExpression: Syntax error; token: "whatever", near: "whatever"'],
    [{ KeyConditionExpression: "", FilterExpression: "" },
      "Invalid KeyConditionExpression: The expression can not be empty;"],
    [{ ConditionExpression: "a = :b" }, "Invalid ConditionExpression: An expression attribute value used " +
      "in expression is not defined; attribute value: :b"],
    [{ ProjectionExpression: "a, a.b" }, "Invalid ProjectionExpression: Two document paths overlap with " +
      "each other; must remove or rewrite one of these paths; path one: [a], path two: [a, b]"],
    [{ ProjectionExpression: "a.b, a[0]" }, "Invalid ProjectionExpression: Two document paths conflict " +
      "with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a, [0]]"],
    [{ ProjectionExpression: "a, !!!" },
      'Invalid ProjectionExpression: Syntax error; token: "!", near: ", !!"'],
    [{ ProjectionExpression: "a.status, #b" }, "Invalid ProjectionExpression: Attribute name is a reserved " +
      "keyword; reserved keyword: status"],
  ];
  for (const [request, message] of rows) {
    assert.throws(() => bindExpressions(request), { code: "ValidationException", message });
  }
  assert.throws(() => bindExpressions({ UpdateExpression: `SET ${"a".repeat(4093)}` }), {
    message: "Invalid UpdateExpression: Expression size has exceeded the maximum allowed size;",
  });
});

test("AWS's current layer names the placeholders of empty values alone", () => {
  const current = (value: AttributeValue): (() => unknown) => () => {
    const request = { FilterExpression: "a = :a", ExpressionAttributeValues: { ":a": value } };
    return bindExpressions(request, PARSER, "current");
  };
  assert.throws(current({ NS: [] }), {
    message: "One or more parameter values were invalid: An number set  may not be empty",
  });
  assert.throws(current({ N: "" }), { message: "The parameter cannot be converted to a numeric value: " });
  assert.throws(current({}), {
    message: /^ExpressionAttributeValues contains invalid value: Supplied .* for key :a$/,
  });
});

test("placeholders are used though evaluation would stop before them", () => {
  const { condition } = bindExpressions({
    ConditionExpression: "#name1 = :val1 OR #name2 = :val2",
    ExpressionAttributeNames: { "#name1": "a", "#name2": "b" },
    ExpressionAttributeValues: { ":val1": { N: "1.0" }, ":val2": { N: "2" } },
  });
  assert.ok(condition && matches(condition, { a: { N: "1" } }));
  assert.ok(condition && !matches(condition, undefined));
});
