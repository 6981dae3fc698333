import assert from "node:assert/strict";
import { test } from "node:test";
import { decide } from "./decide.ts";
import { contextOf, policyOf, requestOf } from "./policy-fixtures.ts";
import type { ContextValue } from "./types.ts";

type Values = { readonly [key: string]: ContextValue };

/** Whether an Allow with the condition allows, or a Deny with it denies. */
function holds(condition: unknown, values: Values, effect: "Allow" | "Deny" = "Allow",
  version = "2012-10-17"): boolean {
  const everything = { Action: "*", Resource: "*" };
  const statements = [{ Effect: effect, ...everything, Condition: condition }];
  const identity = [policyOf("identity-inline", statements, version)];
  if (effect === "Deny") identity.push(policyOf("identity-inline", { Effect: "Allow", ...everything }));
  const { allowed } = decide(requestOf({ context: contextOf(values) }), { identity });
  return effect === "Allow" ? allowed : !allowed;
}

type Row = readonly [operator: string, operand: unknown, value: ContextValue | undefined, holds: boolean];

const rows: readonly Row[] = [
  ["StringEquals", "a", "a", true],
  ["StringEquals", "a", "A", false],
  ["StringEquals", ["a", "b"], "b", true],
  ["StringEquals", "a*", "ab", false],
  ["StringEquals", "a", undefined, false],
  ["StringEquals", [], "a", false],
  ["StringNotEquals", "a", "b", true],
  ["StringNotEquals", ["a", "b"], "b", false],
  ["StringNotEquals", "a", undefined, true],
  ["StringEqualsIgnoreCase", "aB", "Ab", true],
  ["StringNotEqualsIgnoreCase", "aB", "Ab", false],
  ["StringLike", "a*c?", "abbcd", true],
  ["StringLike", "a*", "A", false],
  ["StringNotLike", "a*", "ab", false],
  ["StringNotLike", ["a*", "b*"], "c", true],
  ["stringequals", "a", "a", true],
  ["NumericEquals", "10", "10.0", true],
  ["NumericEquals", 10, "10", true],
  ["NumericNotEquals", "10", "11", true],
  ["NumericNotEquals", "10", undefined, true],
  ["NumericLessThan", "10", "9.5", true],
  ["NumericLessThan", "10", "10", false],
  ["NumericLessThanEquals", "10", "10", true],
  ["NumericGreaterThan", "-1", "0", true],
  ["NumericGreaterThanEquals", "10", "9", false],
  ["NumericEquals", "10", "ten", false],
  ["DateEquals", "2020-01-01T00:00:00Z", "1577836800", true],
  ["DateNotEquals", "2020-01-01", "2020-01-02", true],
  ["DateLessThan", "2020-01-01T00:00:01Z", "2020-01-01T00:00:00Z", true],
  ["DateLessThanEquals", "1577836800", "2020-01-01T00:00:00Z", true],
  ["DateGreaterThan", "2020-01-01T00:00:00Z", "2019-12-31T23:59:59Z", false],
  ["DateGreaterThanEquals", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z", true],
  ["DateGreaterThan", "2020-01-01T00:00:00Z", undefined, false],
  ["Bool", "true", "TRUE", true],
  ["Bool", false, "false", true],
  ["Bool", "true", "false", false],
  ["Bool", "false", undefined, false],
  ["BoolIfExists", "false", undefined, true],
  ["BinaryEquals", "QmluYXJ5", "QmluYXJ5", true],
  ["BinaryEquals", "QmluYXJ5", "QmluYXJ6", false],
  ["IpAddress", "203.0.113.0/24", "203.0.113.7", true],
  ["IpAddress", ["203.0.113.0/24", "2001:DB8:1234:5678::/64"], "2001:db8:1234:5678::1", true],
  ["IpAddress", "203.0.113.0/24", undefined, false],
  ["NotIpAddress", "203.0.113.0/24", "203.0.113.7", false],
  ["NotIpAddress", "203.0.113.0/24", undefined, true],
  ["ArnEquals", "arn:aws:sns:*:111122223333:*", "arn:aws:sns:us-east-1:111122223333:t", true],
  ["ArnLike", "arn:aws:sns:*:t", "arn:aws:sns:us-east-1:111122223333:t", false],
  ["ArnLike", "arn:aws:sns:us-east-1:111122223333:t", "ARN:aws:sns:us-east-1:111122223333:t", false],
  ["ArnNotEquals", "arn:aws:sns:*:111122223333:*", "arn:aws:sns:us-east-1:444455556666:t", true],
  ["ArnNotLike", "arn:aws:sns:*:*:*", "arn:aws:sns:us-east-1:444455556666:t", false],
  ["Null", "true", undefined, true],
  ["Null", "true", "", false],
  ["Null", "true", [], true],
  ["Null", "false", "a", true],
  ["Null", "false", undefined, false],
  ["StringEqualsIfExists", "a", undefined, true],
  ["StringEqualsIfExists", "a", "b", false],
  ["StringNotEqualsIfExists", "a", undefined, true],
  ["StringNotEqualsIfExists", "a", "a", false],
  ["ForAllValues:StringEquals", ["a", "b"], ["a", "b"], true],
  ["ForAllValues:StringEquals", ["a", "b"], ["a", "c"], false],
  ["ForAllValues:StringEquals", ["a"], [], true],
  ["ForAllValues:StringEquals", ["a"], undefined, true],
  ["ForAllValues:StringEquals", ["a"], "", true],
  ["ForAllValues:StringEquals", ["a"], "b", false],
  ["ForAllValues:StringNotEquals", ["a"], ["b", "c"], true],
  ["ForAllValues:StringNotEquals", ["a"], ["b", "a"], false],
  ["ForAllValues:StringLike", ["a*"], ["ab", "ac"], true],
  ["ForAnyValue:StringEquals", ["a"], ["b", "a"], true],
  ["ForAnyValue:StringEquals", ["a"], ["b"], false],
  ["ForAnyValue:StringEquals", ["a"], undefined, false],
  ["ForAnyValue:StringEquals", ["a"], [], false],
  ["ForAnyValue:StringEqualsIfExists", ["a"], undefined, false],
  ["ForAnyValue:StringNotEquals", ["a"], ["a", "b"], true],
  ["ForAnyValue:StringNotEquals", ["a"], ["a"], false],
  ["ForAnyValue:StringNotEquals", ["a"], undefined, false],
  ["ForAnyValue:NumericLessThan", "5", ["9", "4"], true],
  ["ForAnyValue:ArnLike", "arn:aws:s3:::b*", ["arn:aws:s3:::b1"], true],
];

for (const [operator, operand, value, expected] of rows) {
  const outcome = expected ? "holds" : "does not hold";
  test(`${operator} ${JSON.stringify(operand)} ${outcome} for ${JSON.stringify(value)}`, () => {
    const values: Values = value === undefined ? {} : { "test:Key": value };
    assert.equal(holds({ [operator]: { "TEST:key": operand } }, values), expected);
    assert.equal(holds({ [operator]: { "TEST:key": operand } }, values, "Deny"), expected);
  });
}

const unreadable: readonly unknown[] = [
  { StringsEqual: { "a:b": "c" } },
  { "ForSomeValues:StringEquals": { "a:b": "c" } },
  { NullIfExists: { "a:b": "true" } },
  { NumericEquals: { "a:b": "many" } },
  { DateLessThan: { "a:b": "tomorrow" } },
  { Bool: { "a:b": "yes" } },
  { IpAddress: { "a:b": "10.0.0.0/40" } },
  { Null: { "a:b": "maybe" } },
];

for (const condition of unreadable) {
  test(`${JSON.stringify(condition)} opens neither an Allow nor a Deny`, () => {
    assert.equal(holds(condition, { "a:b": "c" }, "Allow"), false);
    assert.equal(holds(condition, { "a:b": "c" }, "Deny"), true);
  });
}

test("operators and keys are joined with AND", () => {
  const condition = { StringEquals: { "a:b": "1", "a:c": "2" }, Bool: { "a:d": "true" } };
  assert.equal(holds(condition, { "a:b": "1", "a:c": "2", "a:d": "true" }), true);
  assert.equal(holds(condition, { "a:b": "1", "a:c": "3", "a:d": "true" }), false);
  assert.equal(holds(condition, { "a:b": "1", "a:c": "2", "a:d": "false" }), false);
});

const variables: readonly (readonly [operand: string, value: string, holds: boolean])[] = [
  ["${aws:username}", "ana", true],
  ["${AWS:UserName}", "ana", true],
  ["home/${aws:username}/*", "home/ana/x", true],
  ["${aws:PrincipalTag/team, 'none'}", "none", true],
  ["${aws:username, 'none'}", "ana", true],
  ["${aws:PrincipalTag/team}", "", false],
  ["a${*}c", "a*c", true],
  ["a${*}c", "abc", false],
  ["a${?}${$}", "a?$", true],
  ["${aws:tagkeys}", "x", false],
  ["${test:star}", "anything", false],
  ["${test:star}", "*", true],
  ["${aws:username", "${aws:username", true],
];

for (const [operand, value, expected] of variables) {
  test(`StringLike '${operand}' ${expected ? "holds" : "does not hold"} for '${value}'`, () => {
    const values = { "aws:username": "ana", "aws:TagKeys": ["x"], "test:star": "*", "test:key": value };
    assert.equal(holds({ StringLike: { "test:key": operand } }, values), expected);
  });
}

test("variables are plain text in documents older than 2012-10-17", () => {
  const condition = { StringEquals: { "test:key": "${aws:username}" } };
  const values = { "aws:username": "ana", "test:key": "${aws:username}" };
  assert.equal(holds(condition, values, "Allow", "2008-10-17"), true);
  assert.equal(holds(condition, { ...values, "test:key": "ana" }, "Allow", "2008-10-17"), false);
});

test("a variable without a value holds no negated Allow and no Deny open", () => {
  const condition = { StringNotEquals: { "test:key": "${aws:PrincipalTag/team}" } };
  assert.equal(holds(condition, { "test:key": "x" }, "Allow"), false);
  assert.equal(holds(condition, { "test:key": "x" }, "Deny"), true);
});

test("keys that a policy asked for and the request lacks are reported once", () => {
  const condition = { StringEquals: { "aws:PrincipalTag/Team": "a" },
    StringLike: { "aws:username": "${aws:userid}" } };
  const statements = ["Allow", "Deny"].map((Effect) =>
    ({ Effect, Action: "*", Resource: "*", Condition: condition }));
  const context = contextOf({ "aws:username": "ana" });
  const { missingContext } = decide(requestOf({ context }),
    { identity: [policyOf("identity-inline", statements)] });
  assert.deepEqual(missingContext, ["aws:principaltag/team"]);
});
