import assert from "node:assert/strict";
import { test } from "node:test";
import type { ComparisonOperator, Condition, ExpectedAttributeValue } from "../../../generated/dynamodb.ts";
import { matches } from "../expressions/conditions.ts";
import { keyRange } from "../expressions/key-ranges.ts";
import { project } from "../expressions/projections.ts";
import { applyUpdate } from "../expressions/updates.ts";
import type { AttributeValue, Item } from "../values/attribute-values.ts";
import { expectedCondition, filterCondition, legacyKeyConditions } from "./legacy-conditions.ts";
import { attributesToGet, attributeUpdates } from "./legacy-updates.ts";
import { requireOneStyle } from "./parameter-styles.ts";
import type { StyledOperation } from "./parameter-styles.ts";

const INVALID = "One or more parameter values were invalid: ";
const n = (value: number): AttributeValue => ({ N: String(value) });
const s = (S: string): AttributeValue => ({ S });

test("a request speaks in one style", () => {
  const rows: readonly (readonly [StyledOperation, object, string])[] = [
    ["PutItem", { Expected: {}, ConditionExpression: "" }, "Can not use both expression and non-expression " +
      "parameters in the same request: Non-expression parameters: {Expected} " +
      "Expression parameters: {ConditionExpression}"],
    ["UpdateItem", { AttributeUpdates: {}, Expected: {}, UpdateExpression: "", ConditionExpression: "" },
      "Can not use both expression and non-expression parameters in the same request: Non-expression " +
        "parameters: {AttributeUpdates, Expected} " +
        "Expression parameters: {UpdateExpression, ConditionExpression}"],
    ["Query", { AttributesToGet: [], QueryFilter: {}, ConditionalOperator: "OR", KeyConditions: {},
      FilterExpression: "", KeyConditionExpression: "" },
      "Can not use both expression and non-expression parameters in the same request: Non-expression " +
        "parameters: {AttributesToGet, QueryFilter, ConditionalOperator, KeyConditions} " +
        "Expression parameters: {FilterExpression, KeyConditionExpression}"],
    ["GetItem", { ExpressionAttributeNames: {} },
      "ExpressionAttributeNames can only be specified when using expressions"],
    ["PutItem", { ExpressionAttributeValues: {} },
      "ExpressionAttributeValues can only be specified when using expressions"],
    ["Query", { ProjectionExpression: "a", ExpressionAttributeValues: {} }, "ExpressionAttributeValues can " +
      "only be specified when using expressions: FilterExpression and KeyConditionExpression are null"],
    ["Scan", { ExpressionAttributeValues: {} }, "ExpressionAttributeValues can only be specified when " +
      "using expressions: FilterExpression is null"],
  ];
  for (const [operation, input, message] of rows) {
    assert.throws(() => requireOneStyle(operation, input), { code: "ValidationException", message });
  }
  assert.doesNotThrow(() => requireOneStyle("Query", { KeyConditions: {}, FilterExpression: "a = b" }));
  assert.doesNotThrow(() => requireOneStyle("Scan", { ScanFilter: {}, ConditionalOperator: "OR" }));
  assert.doesNotThrow(() => requireOneStyle("PutItem", {}));
});

test("what Expected may not say is refused in AWS's words", () => {
  const rows: readonly (readonly [ExpectedAttributeValue, string])[] = [
    [{ Value: n(1), AttributeValueList: [] },
      `${INVALID}Value and AttributeValueList cannot be used together for Attribute: a`],
    [{ Exists: false, ComparisonOperator: "EQ", AttributeValueList: [n(3)] },
      `${INVALID}Exists and ComparisonOperator cannot be used together for Attribute: a`],
    [{ ComparisonOperator: "LT" },
      `${INVALID}Value or AttributeValueList must be used with ComparisonOperator: LT for Attribute: a`],
    [{ AttributeValueList: [] },
      `${INVALID}AttributeValueList can only be used with a ComparisonOperator for Attribute: a`],
    [{}, `${INVALID}Value must be provided when Exists is null for Attribute: a`],
    [{ Exists: true }, `${INVALID}Value must be provided when Exists is true for Attribute: a`],
    [{ Exists: false, Value: n(1) }, `${INVALID}Value cannot be used when Exists is false for Attribute: a`],
    [{ Value: { N: "x" } }, "The parameter cannot be converted to a numeric value: x"],
    [{ ComparisonOperator: "EQ", AttributeValueList: [n(1), n(2)] },
      `${INVALID}Invalid number of argument(s) for the EQ ComparisonOperator`],
    [{ ComparisonOperator: "NULL", AttributeValueList: [n(1)] },
      `${INVALID}Invalid number of argument(s) for the NULL ComparisonOperator`],
    [{ ComparisonOperator: "IN", AttributeValueList: [] },
      `${INVALID}Invalid number of argument(s) for the IN ComparisonOperator`],
    [{ ComparisonOperator: "BETWEEN", Value: n(1) },
      `${INVALID}Invalid number of argument(s) for the BETWEEN ComparisonOperator`],
    [{ ComparisonOperator: "IN", AttributeValueList: [n(1), s("a")] },
      `${INVALID}AttributeValues inside AttributeValueList must be of same type`],
    [{ ComparisonOperator: "CONTAINS", Value: { L: [] } },
      `${INVALID}ComparisonOperator CONTAINS is not valid for L AttributeValue type`],
    [{ ComparisonOperator: "BEGINS_WITH", Value: n(3) },
      `${INVALID}ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type`],
    [{ ComparisonOperator: "BETWEEN", AttributeValueList: [n(4), n(3)] },
      "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"],
  ];
  for (const [a, message] of rows) {
    assert.throws(() => expectedCondition({ a }, undefined), { code: "ValidationException", message });
  }
  assert.throws(() => expectedCondition({}, "OR"), {
    message: "ConditionalOperator cannot be used without Filter or Expected",
  });
  assert.throws(() => filterCondition({ a: { ComparisonOperator: "NULL" } }, "AND", "older"), {
    message: "ConditionalOperator can only be used when Filter or Expected has two or more elements",
  });
});

const ITEM: Item = {
  n: n(2), s: s("hello"), b: { B: Buffer.from("hi") }, ns: { NS: ["2", "4"] }, l: { L: [n(2), s("x")] },
  nothing: { NULL: true }, set: { SS: ["b", "a"] },
};

test("comparisons of one attribute hold as DynamoDB's do", () => {
  const rows: readonly (readonly [string, ComparisonOperator, readonly AttributeValue[], boolean])[] = [
    ["n", "EQ", [{ N: "2.0" }], true], ["n", "EQ", [s("2")], false],
    ["set", "EQ", [{ SS: ["a", "b"] }], true],
    ["x", "EQ", [n(2)], false], ["n", "NE", [s("2")], true], ["x", "NE", [n(1)], true],
    ["n", "NE", [n(2)], false], ["n", "GE", [n(2)], true], ["n", "GT", [n(2)], false],
    ["s", "LT", [s("i")], true], ["s", "LE", [n(1)], false],
    ["nothing", "NOT_NULL", [], true], ["x", "NULL", [], true], ["nothing", "NULL", [], false],
    ["s", "CONTAINS", [s("ell")], true], ["ns", "CONTAINS", [n(4)], true], ["l", "CONTAINS", [n(2)], true],
    ["s", "CONTAINS", [n(1)], false], ["x", "CONTAINS", [n(1)], false], ["s", "NOT_CONTAINS", [n(1)], true],
    ["ns", "NOT_CONTAINS", [n(4)], false], ["x", "NOT_CONTAINS", [n(1)], false],
    ["b", "BEGINS_WITH", [{ B: Buffer.from("h") }], true], ["n", "BEGINS_WITH", [s("2")], false],
    ["n", "IN", [n(1), n(2)], true], ["ns", "IN", [n(2)], false], ["n", "BETWEEN", [n(2), n(3)], true],
    ["n", "BETWEEN", [s("a"), s("z")], false],
  ];
  for (const [name, ComparisonOperator, AttributeValueList, holds] of rows) {
    const parameter = { ComparisonOperator, AttributeValueList: [...AttributeValueList] };
    for (const condition of [
      expectedCondition({ [name]: parameter }, undefined),
      filterCondition({ [name]: parameter }, undefined, "current"),
    ]) {
      assert.equal(condition && matches(condition, ITEM), holds, `${name} ${ComparisonOperator}`);
    }
  }
});

test("conditions of several attributes are joined", () => {
  const conditions = { n: { Value: n(9) }, s: { Exists: true, Value: s("hello") }, x: { Exists: false } };
  const holds = (operator: "AND" | "OR" | undefined): boolean => {
    const condition = expectedCondition(conditions, operator);
    return condition !== undefined && matches(condition, ITEM);
  };
  assert.deepEqual([holds(undefined), holds("AND"), holds("OR")], [false, false, true]);
  assert.equal(expectedCondition(undefined, undefined), undefined);
  assert.equal(filterCondition({}, undefined, "older"), undefined);
});

test("KeyConditions make the ranges of key condition expressions", () => {
  const schema = { partition: [{ name: "p", type: "S" }], sort: [{ name: "c", type: "N" }] } as const;
  const p = { ComparisonOperator: "EQ" as const, AttributeValueList: [s("x")] };
  const range = keyRange(legacyKeyConditions({
    p, c: { ComparisonOperator: "BETWEEN", AttributeValueList: [{ N: "1.0" }, n(3)] },
  }), schema);
  assert.deepEqual(range, {
    partition: [s("x")], sort: [],
    bounds: { lower: { value: n(1), inclusive: true }, upper: { value: n(3), inclusive: true } },
  });
  const refused = (c: Condition): void => void keyRange(legacyKeyConditions({ p, c }), schema);
  const message = "Attempted conditional constraint is not an indexable operation";
  for (const ComparisonOperator of ["NULL", "NOT_NULL"] as const) {
    assert.throws(() => refused({ ComparisonOperator }), { message });
  }
  assert.throws(() => refused({ ComparisonOperator: "IN", AttributeValueList: [n(1)] }), { message });
  assert.throws(() => refused({ ComparisonOperator: "BEGINS_WITH", AttributeValueList: [n(1)] }), {
    message: `${INVALID}ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type`,
  });
});

test("AttributeUpdates put, add and delete", () => {
  const before: Item = {
    n: n(1), ss: { SS: ["a", "b"] }, l: { L: [n(1)] }, gone: s("x"), last: { SS: ["z"] },
  };
  const update = attributeUpdates({
    n: { Action: "ADD", Value: n(5) }, ss: { Action: "ADD", Value: { SS: ["b", "c"] } },
    l: { Action: "ADD", Value: { L: [n(1)] } }, gone: { Action: "DELETE" }, put: { Value: s("new") },
    last: { Action: "DELETE", Value: { SS: ["z"] } }, fresh: { Action: "ADD", Value: n(7) },
    "a.b": { Action: "PUT", Value: n(3) }, never: { Action: "DELETE", Value: { SS: ["q"] } },
  });
  const after = applyUpdate(update, before, {});
  assert.deepEqual({ ...after }, {
    n: n(6), ss: { SS: ["a", "b", "c"] }, l: { L: [n(1), n(1)] }, put: s("new"), fresh: n(7), "a.b": n(3),
  });
  assert.deepEqual({ ...applyUpdate(attributeUpdates({}), undefined, { p: s("k") }) }, { p: s("k") });
  assert.throws(() => applyUpdate(attributeUpdates({ gone: { Action: "ADD", Value: n(1) } }), before, {}), {
    code: "ValidationException", message: "Type mismatch for attribute to update",
  });
});

test("what AttributeUpdates may not say is refused in AWS's words", () => {
  const rows: readonly (readonly [Parameters<typeof attributeUpdates>[0], string])[] = [
    [{ a: {} }, `${INVALID}Only DELETE action is allowed when no attribute value is specified`],
    [{ a: { Action: "ADD" } },
      `${INVALID}Only DELETE action is allowed when no attribute value is specified`],
    [{ a: { Action: "DELETE", Value: s("x") } },
      `${INVALID}DELETE action with value is not supported for the type S`],
    [{ a: { Action: "ADD", Value: { M: {} } } }, `${INVALID}ADD action is not supported for the type M`],
    [{ a: { Value: { SS: [] } } }, `${INVALID}An string set  may not be empty`],
  ];
  for (const [updates, message] of rows) {
    assert.throws(() => attributeUpdates(updates), { code: "ValidationException", message });
  }
});

test("AttributesToGet names attributes, dots and all", () => {
  const item: Item = { "a.b": n(1), a: { M: { b: n(2) } }, c: n(3) };
  assert.deepEqual({ ...project(attributesToGet(["a.b", "c", "x"]), item) }, { "a.b": n(1), c: n(3) });
  assert.throws(() => attributesToGet(["a", "b", "a"]), {
    code: "ValidationException", message: `${INVALID}Duplicate value in attribute name: a`,
  });
});
