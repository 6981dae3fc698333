import assert from "node:assert/strict";
import { test } from "node:test";
import { formatTimestamp, parseTimestamp } from "./timestamps.ts";

const readings: readonly (readonly [text: string, epochMs: number | undefined])[] = [
  ["2014-04-29T18:30:38Z", 1_398_796_238_000],
  ["2014-04-29T18:30:38.123456Z", 1_398_796_238_123],
  ["2014-04-29T19:30:38+01:00", 1_398_796_238_000],
  ["2014-04-29T17:30:38-0100", 1_398_796_238_000],
  ["2014-04-29", 1_398_729_600_000],
  ["0001-01-01T00:00:00Z", -62_135_596_800_000],
  ["Tue, 29 Apr 2014 18:30:38 GMT", 1_398_796_238_000],
  ["Tue, 29 Apr 2014 18:30:38.456 GMT", 1_398_796_238_456],
  ["1398796238", 1_398_796_238_000],
  ["1398796238.123", 1_398_796_238_123],
  ["-1.5", -1_500],
  ["1.398796238E9", 1_398_796_238_000],
  ["2014-02-30T00:00:00Z", undefined],
  ["2014-13-01T00:00:00Z", undefined],
  ["yesterday", undefined],
  ["", undefined],
  ["1e300", undefined],
];
for (const [text, epochMs] of readings) {
  test(`"${text}" is the instant ${epochMs}`, () => assert.equal(parseTimestamp(text), epochMs));
}

test("instants are written in the three formats", () => {
  assert.equal(formatTimestamp(1_398_796_238_000, "iso8601"), "2014-04-29T18:30:38Z");
  assert.equal(formatTimestamp(1_398_796_238_000, "iso8601", "always"), "2014-04-29T18:30:38.000Z");
  assert.equal(formatTimestamp(1_398_796_238_120, "iso8601"), "2014-04-29T18:30:38.120Z");
  assert.equal(formatTimestamp(1_398_796_238_120, "rfc822"), "Tue, 29 Apr 2014 18:30:38 GMT");
  assert.equal(formatTimestamp(1_398_796_238_120, "unixTimestamp"), "1398796238.12");
});
