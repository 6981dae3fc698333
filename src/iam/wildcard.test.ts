import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAddress, parseAddressRange, rangeContains } from "./addresses.ts";
import { parseDate } from "./dates.ts";
import { ArnPattern, Glob, resourceMatcher, tokensOf } from "./wildcard.ts";

const globs: readonly (readonly [pattern: string, value: string, matches: boolean])[] = [
  ["", "", true],
  ["", "a", false],
  ["*", "", true],
  ["a", "a", true],
  ["a", "A", false],
  ["a*", "a", true],
  ["a*", "ba", false],
  ["*a", "ba", true],
  ["*a*", "bab", true],
  ["?", "", false],
  ["?", "a", true],
  ["a?c", "abc", true],
  ["a?*", "a", false],
  ["a*b*c", "aXbXbXc", true],
  ["a*b*c", "aXcXb", false],
  ["a*a", "a", false],
  ["*?a", "a", false],
  ["**a", "bba", true],
  ["[a]", "[a]", true],
  ["a.c", "abc", false],
];

for (const [pattern, value, matches] of globs) {
  test(`the pattern '${pattern}' ${matches ? "matches" : "does not match"} '${value}'`, () => {
    assert.equal(new Glob(tokensOf(pattern)).matches(value), matches);
  });
}

const object = "arn:aws:s3:::bucket/a/b";
const queue = "arn:aws:sqs:us-east-1:111122223333:orders";
const resources: readonly (readonly [pattern: string, value: string, matches: boolean])[] = [
  ["*", "*", true],
  ["*", queue, true],
  [queue, queue, true],
  [queue, "*", false],
  ["arn:aws:s3:::bucket/*", object, true],
  ["arn:aws:s3:::bucket/?/?", object, true],
  ["arn:aws:s3:::bucket", object, false],
  ["arn:aws:sqs:*:*:orders", queue, true],
  ["arn:aws:sqs:us-*:111122223333:orders", queue, true],
  ["arn:aws:sqs:us-*-1:111122223333:orders", queue, true],
  ["arn:aws:sqs:??-east-1:111122223333:orders", queue, true],
  // A star in the middle of a segment and a question mark stay in their segment; a star that ends one does
  // not.
  ["arn:aws:sqs:u*3:orders", "arn:aws:sqs:us-east-1:111122223333:orders", false],
  ["arn:aws:sqs:us-east-1?111122223333:orders", queue, false],
  ["arn:aws:lambda?us-east-1:1:function:f:2", "arn:aws:lambda:us-east-1:1:function:f:2", false],
  ["arn:aws:l*1:1:function:f:2", "arn:aws:lambda:us-east-1:1:function:f:2", false],
  ["arn:aws:lambda*:1:function:f:2", "arn:aws:lambda:us-east-1:1:function:f:2", true],
  ["arn:aws:sqs:*:orders", queue, false],
  ["arn:aws:sqs:*:orders", "arn:aws:sqs:us-east-1:1:orders:2:3", true],
  ["arn:aws:lambda:*:function:*", "arn:aws:lambda:us-east-1:111122223333:function:f", true],
  ["arn:aws:sqs:us-*:orders:*", "arn:aws:sqs:us-east-1:1:orders:x", true],
  // Segments that are not written stand for a star.
  ["arn:aws:sqs", queue, true],
  ["arn:aws:s3:*", object, true],
  ["arn:aws:s3", queue, false],
];

for (const [pattern, value, matches] of resources) {
  test(`the resource '${pattern}' ${matches ? "matches" : "does not match"} '${value}'`, () => {
    assert.equal(resourceMatcher(tokensOf(pattern)).matches(value), matches);
  });
}

const arns: readonly (readonly [pattern: string, value: string, matches: boolean])[] = [
  [queue, queue, true],
  ["arn:aws:sqs:*:*:*", queue, true],
  ["*", queue, true],
  ["*", "not an ARN", false],
  ["arn:aws:someservice:*:111122223333:finance/*",
    "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt", false],
  ["arn:aws:logs:*:*:log-group:a:*", "arn:aws:logs:us-east-1:111122223333:log-group:a:log-stream:b", true],
  ["arn:aws:s?s:*:*:*", queue, true],
  ["arn:aws:s?s:*:*:*", "arn:aws:sns:us-east-1:111122223333:orders", true],
];

for (const [pattern, value, matches] of arns) {
  test(`the ARN pattern '${pattern}' ${matches ? "matches" : "does not match"} '${value}'`, () => {
    assert.equal(new ArnPattern(tokensOf(pattern)).matches(value), matches);
  });
}

test("a pattern of many stars does not make matching explode", () => {
  const pattern = `arn:aws:s3:::${"a*".repeat(500)}b`;
  const value = `arn:aws:s3:::${"a".repeat(2000)}`;
  assert.equal(resourceMatcher(tokensOf(pattern)).matches(value), false);
  const confined = `arn:${"a*".repeat(500)}b:s3:::*`;
  assert.equal(resourceMatcher(tokensOf(confined)).matches(`arn:${"a".repeat(1000)}:s3:::x`), false);
});

const dates: readonly (readonly [text: string, milliseconds: number | undefined])[] = [
  ["1970-01-01T00:00:00Z", 0],
  ["2020-01-01T00:00:01Z", 1577836801000],
  ["2019-07-01", 1561939200000],
  ["2019-07", 1561939200000],
  ["2020", 1577836800000],
  ["2016-12-13T21:20:37.593194+00:00", 1481664037593],
  ["2020-01-01T02:00:00+02:00", 1577836800000],
  ["2020-02-29", 1582934400000],
  ["2019-02-29", undefined],
  ["1577836800", 1577836800000],
  ["-1", -1000],
  ["9223372036854775808", undefined],
  ["234-13", undefined],
  ["2016-12-13t2:00:00.593194+1", undefined],
  ["2016-12-13t2:00:00.1999999999+10:59", undefined],
  ["sdfdsf", undefined],
  ["", undefined],
];

for (const [text, milliseconds] of dates) {
  test(`the date '${text}' is ${milliseconds ?? "refused"}`, () => {
    assert.equal(parseDate(text), milliseconds);
  });
}

const addresses: readonly (readonly [range: string, address: string, contains: boolean])[] = [
  ["203.0.113.0/24", "203.0.113.255", true],
  ["203.0.113.0/24", "203.0.114.0", false],
  ["0.0.0.0/0", "255.255.255.255", true],
  ["10.0.0.1", "10.0.0.1", true],
  ["10.0.0.1", "10.0.0.2", false],
  ["2001:DB8:1234:5678::/64", "2001:db8:1234:5678:ffff::1", true],
  ["2001:DB8:1234:5678::/64", "2001:db8:1234:5679::", false],
  ["2001:db8::/33", "2001:db8:8000::1", false],
  ["::/0", "1.2.3.4", false],
  ["10.0.0.0/8", "::ffff:10.1.2.3", true],
  ["::1", "0:0:0:0:0:0:0:1", true],
];

for (const [range, address, contains] of addresses) {
  test(`the range ${range} ${contains ? "contains" : "does not contain"} ${address}`, () => {
    const parsedRange = parseAddressRange(range);
    const parsedAddress = parseAddress(address);
    assert(parsedRange !== undefined && parsedAddress !== undefined);
    assert.equal(rangeContains(parsedRange, parsedAddress), contains);
  });
}

for (const text of ["", "1.2.3", "1.2.3.256", "1.2.3.4/33", "::1::", ":", "g::1", "1:2:3:4:5:6:7",
  "1.2.3.4/", "a/8"]) {
  test(`'${text}' is no range of addresses`, () => {
    assert.equal(parseAddressRange(text), undefined);
  });
}
