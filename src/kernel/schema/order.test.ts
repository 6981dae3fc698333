import assert from "node:assert/strict";
import { test } from "node:test";
import { enumValueSet, memberOrder } from "./order.ts";

/** Texts recorded from AWS, each the sorted form of values declared in any order. */
const recorded = [
  "INDEXES, TOTAL, NONE",
  "SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES",
  "ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW",
  "Unassigned, Any, Assigned",
  "LATEST, AT_TIMESTAMP, TRIM_HORIZON",
  "IMPORT, UPDATE, CREATE",
  "Maximum, SampleCount, Sum, Minimum, Average",
  "OPT_OUT, OPT_IN",
  "Software, Hardware, Region, AZ",
];

test("values of an enumeration are listed in AWS's order", () => {
  for (const text of recorded) assert.equal(enumValueSet(text.split(", ").sort()), text);
});

test("values that fall together are listed last declared first", () => {
  // The order of DynamoDB's model; LT and BETWEEN fall together.
  const declared = [
    "EQ", "NE", "IN", "LE", "LT", "GE", "GT", "BETWEEN", "NOT_NULL", "NULL",
    "CONTAINS", "NOT_CONTAINS", "BEGINS_WITH",
  ];
  const text = "IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS";
  assert.equal(enumValueSet(declared), text);
});

test("members are listed in the order of AWS's recorded answers", () => {
  const pairs = [
    ["WriteCapacityUnits", "ReadCapacityUnits"],
    ["AttributeType", "AttributeName"],
    ["SubjectAlternativeNames", "DomainName"],
    ["Password", "Username"],
    ["ConfirmationCode", "Password"],
    ["Value", "Key"],
    ["RetentionDays", "EventPattern"],
  ];
  for (const pair of pairs) assert.deepEqual(memberOrder([...pair].sort()), pair);
});
