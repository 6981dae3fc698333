import assert from "node:assert/strict";
import { test } from "node:test";
import { errorPrefixFor, prefixFor } from "./prefixes.ts";

const facts = {
  at: Date.UTC(2018, 7, 27, 10, 30), timeZone: "UTC", random: () => "5abf82daaa5",
  errorType: "processing-failed",
};

test("prefixes are evaluated as in AWS's examples", () => {
  const prefix = (text: string): string => prefixFor(text, facts);
  const errors = (text: string, before?: string): string => errorPrefixFor(text, before, facts);
  assert.equal(prefix(""), "2018/08/27/10/");
  assert.equal(
    errors("myFirehoseFailures/!{firehose:error-output-type}/"), "myFirehoseFailures/processing-failed/");
  assert.equal(
    prefix("myFirehose/DeliveredYear=!{timestamp:yyyy}/anyMonth/rand=!{firehose:random-string}"),
    "myFirehose/DeliveredYear=2018/anyMonth/rand=5abf82daaa5");
  assert.equal(
    errors("myFirehoseFailures/!{firehose:error-output-type}/!{timestamp:yyyy}/anyMonth/!{timestamp:dd}"),
    "myFirehoseFailures/processing-failed/2018/anyMonth/27");
  assert.equal(
    prefix("myPrefix/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/"),
    "myPrefix/year=2018/month=08/day=27/hour=10/");
  assert.equal(
    errors("myErrorPrefix/!{timestamp:'year='yyyy'/month='MM'/day='dd'/hour='HH}/" +
      "!{firehose:error-output-type}"),
    "myErrorPrefix/year=2018/month=08/day=27/hour=10/processing-failed");
  assert.equal(prefix("myFirehosePrefix/"), "myFirehosePrefix/2018/08/27/10/");
  assert.equal(errors("", "myFirehosePrefix/"), "myFirehosePrefix/processing-failed/2018/08/27/10/");
});

test("a prefix that names no time is followed by the hour, unless its keys make the folders", () => {
  assert.equal(prefixFor("a/!{firehose:random-string}/", facts), "a/5abf82daaa5/2018/08/27/10/");
  assert.equal(prefixFor("a/!{partitionKeyFromQuery:k}/", { ...facts, partitionKeys: { k: "v" } }), "a/v/");
});
