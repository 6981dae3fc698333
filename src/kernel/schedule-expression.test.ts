import assert from "node:assert/strict";
import test from "node:test";
import { effort } from "../../test/effort.ts";
import { nextAfter, parseSchedule } from "./schedule-expression.ts";
import { isTimeZone } from "./time-zones.ts";

const testEpoch = Date.UTC(2026, 0, 1); // A Thursday.

function due(text: string, count: number, after = testEpoch - 1, timeZone?: string): string[] {
  const expression = parseSchedule(text);
  assert.ok(expression, text);
  const times: string[] = [];
  for (let last: number | undefined = after; times.length < count;) {
    last = nextAfter(expression, last, { timeZone, from: testEpoch });
    if (last === undefined) break;
    times.push(new Date(last).toISOString().slice(0, 16));
  }
  return times;
}

const calendar: readonly (readonly [string, readonly string[]])[] = [
  ["cron(0 10 * * ? *)", ["2026-01-01T10:00", "2026-01-02T10:00"]],
  ["cron(0 18 ? * MON-FRI *)", ["2026-01-01T18:00", "2026-01-02T18:00", "2026-01-05T18:00"]],
  ["cron(0/15 * * * ? *)", ["2026-01-01T00:00", "2026-01-01T00:15", "2026-01-01T00:30"]],
  ["cron(1/29 5 * * ? *)", ["2026-01-01T05:01", "2026-01-01T05:30", "2026-01-01T05:59", "2026-01-02T05:01"]],
  [
    "cron(0-10/5 8-8 ? * 2,5 *)",
    ["2026-01-01T08:00", "2026-01-01T08:05", "2026-01-01T08:10", "2026-01-05T08:00"],
  ],
  [
    "cron(0/30 22-0 ? * FRI *)",
    ["2026-01-02T00:00", "2026-01-02T00:30", "2026-01-02T22:00", "2026-01-02T22:30"],
  ],
  ["cron(0 /4 * * ? *)", ["2026-01-01T00:00", "2026-01-01T04:00"]],
  ["cron(0 0 L * ? *)", ["2026-01-31T00:00", "2026-02-28T00:00", "2026-03-31T00:00"]],
  ["cron(0 0 L-2 FEB ? *)", ["2026-02-26T00:00", "2027-02-26T00:00", "2028-02-27T00:00"]],
  ["cron(0 0 LW * ? *)", ["2026-01-30T00:00", "2026-02-27T00:00", "2026-03-31T00:00"]],
  [
    "cron(0 0 1W 2,3,5,8 ? *)",
    ["2026-02-02T00:00", "2026-03-02T00:00", "2026-05-01T00:00", "2026-08-03T00:00"],
  ],
  ["cron(0 0 15W 2,8 ? *)", ["2026-02-16T00:00", "2026-08-14T00:00"]],
  ["cron(0 0 31W 5 ? 2026)", ["2026-05-29T00:00"]],
  ["cron(15 10 ? * 6L 2026-2027)", ["2026-01-30T10:15", "2026-02-27T10:15"]],
  ["cron(0 9 ? * TUE#2 *)", ["2026-01-13T09:00", "2026-02-10T09:00"]],
  ["cron(0 9 ? * 5#5 *)", ["2026-01-29T09:00", "2026-04-30T09:00"]],
  ["cron(0 9 ? * L *)", ["2026-01-03T09:00", "2026-01-10T09:00"]],
  [
    "cron(0 9 ? * sat-mon *)",
    ["2026-01-03T09:00", "2026-01-04T09:00", "2026-01-05T09:00", "2026-01-10T09:00"],
  ],
  ["cron(0 0 29 2 ? *)", ["2028-02-29T00:00", "2032-02-29T00:00"]],
  ["cron(0 0 1 1 ? 2030/10)", ["2030-01-01T00:00", "2040-01-01T00:00"]],
  ["cron(0 0 1 JAN-MAR/2 ? *)", ["2026-01-01T00:00", "2026-03-01T00:00", "2027-01-01T00:00"]],
  ["cron(59 23 31 12 ? 2199)", ["2199-12-31T23:59"]],
  ["rate(1 minute)", ["2026-01-01T00:00", "2026-01-01T00:01"]],
  ["rate(36 hours)", ["2026-01-01T00:00", "2026-01-02T12:00"]],
  ["rate(7 days)", ["2026-01-01T00:00", "2026-01-08T00:00"]],
  ["at(2026-03-01T09:30:00)", ["2026-03-01T09:30"]],
];

for (const [text, times] of calendar) {
  test(`${text} is due when its fields say`, () => assert.deepEqual(due(text, times.length), times));
}

test("an expression that is over is not due again", () => {
  assert.deepEqual(due("cron(0 0 1 1 ? 2025)", 1), []);
  assert.deepEqual(due("cron(0 0 30 2 ? *)", 1), []);
  assert.deepEqual(due("at(2025-12-31T23:59:59)", 1), []);
  assert.deepEqual(due("cron(0 0 1 1 ? 2026)", 2), ["2026-01-01T00:00"]);
});

test("what was due at the very moment is over", () => {
  assert.deepEqual(due("cron(0 10 * * ? *)", 1, Date.UTC(2026, 0, 1, 10)), ["2026-01-02T10:00"]);
  assert.deepEqual(due("cron(0 10 * * ? *)", 1, Date.UTC(2026, 0, 1, 10) - 1), ["2026-01-01T10:00"]);
  assert.deepEqual(due("rate(1 day)", 1, Date.UTC(2026, 0, 2)), ["2026-01-03T00:00"]);
});

test("cron follows the clocks of its time zone", () => {
  assert.deepEqual(
    due("cron(0 9 * * ? *)", 3, Date.UTC(2026, 2, 27, 12), "Europe/Berlin"),
    ["2026-03-28T08:00", "2026-03-29T07:00", "2026-03-30T07:00"],
  );
  assert.deepEqual(
    due("cron(0 0 1 * ? *)", 2, testEpoch, "Asia/Kolkata"), ["2026-01-31T18:30", "2026-02-28T18:30"],
  );
  assert.deepEqual(due("at(2026-07-01T12:00:00)", 1, testEpoch, "America/New_York"), ["2026-07-01T16:00"]);
});

test("a time that clocks are put forward over is left out", () => {
  // In New York 02:00 is followed by 03:00 on March 8, 2026.
  assert.deepEqual(
    due("cron(30 2 * * ? *)", 3, Date.UTC(2026, 2, 7), "America/New_York"),
    ["2026-03-07T07:30", "2026-03-09T06:30", "2026-03-10T06:30"],
  );
  assert.deepEqual(due("at(2026-03-08T02:30:00)", 1, testEpoch, "America/New_York"), ["2026-03-08T07:30"]);
});

test("a time that clocks show twice counts once", () => {
  // In New York 01:59 is followed by 01:00 on November 1, 2026.
  assert.deepEqual(
    due("cron(30 1 * * ? *)", 3, Date.UTC(2026, 9, 31), "America/New_York"),
    ["2026-10-31T05:30", "2026-11-01T05:30", "2026-11-02T06:30"],
  );
  assert.deepEqual(
    due("cron(0/20 * * * ? *)", 4, Date.UTC(2026, 10, 1, 5, 20), "America/New_York"),
    ["2026-11-01T05:40", "2026-11-01T07:00", "2026-11-01T07:20", "2026-11-01T07:40"],
  );
});

const invalid = [
  "", "rate()", "rate(0 minutes)", "rate(-1 minutes)", "rate(1.5 hours)", "rate(5 weeks)", "rate(5minutes)",
  "rate(9999999999 days)", "Rate(5 minutes)", " rate(5 minutes)", "rate(5 minutes) ", "rate((5 minutes))",
  "cron(* * * * *)", "cron(* * * * * *)", "cron(0 0 ? * ? *)", "cron(7 20 * * 1-7 *)", "cron(0 0 1 * MON *)",
  "cron(60 0 * * ? *)", "cron(0 24 * * ? *)", "cron(0 0 0 * ? *)", "cron(0 0 32 * ? *)", "cron(0 0 1 13 ? *)",
  "cron(0 0 ? * 0 *)", "cron(0 0 ? * 8 *)", "cron(0 0 ? * MON/2 *)", "cron(0 0 ? * 3#6 *)",
  "cron(0 0 ? * 3#0 *)",
  "cron(0 0 ? * 3#1,6#3 *)", "cron(0 0 * * ? 1969)", "cron(0 0 * * ? 2200)", "cron(0 0 * * ? 2030-2029)",
  "cron(*/60 * * * ? *)", "cron(*/0 * * * ? *)", "cron(1/2/3 * * * ? *)", "cron(1-2-3 * * * ? *)",
  "cron(, * * * ? *)", "cron(1, * * * ? *)", "cron(? * * * ? *)", "cron(0/5, 9-18, ?, *, MON-FRI, *)",
  "cron(0 0 32W * ? *)", "cron(0 0 L-31 * ? *)", "cron(L 0 * * ? *)", "cron(0 0 ? * FOO *)",
  "cron(0 0 ? * FOOL *)",
  "at(2026-02-30T00:00:00)", "at(2026-01-01)", "at(2026-01-01T24:00:00)", "at(2026-01-01T00:00:00Z)",
  "at(2026-1-01T00:00:00)", `cron(${"1,".repeat(200)}1 * * * ? *)`, `rate(${" ".repeat(100_000)})`,
];

for (const text of invalid) {
  test(`${text.slice(0, 60)} is not valid`, () => assert.equal(parseSchedule(text), undefined));
}

test("the plural of a rate's unit is told", () => {
  const right = (text: string): unknown => {
    const expression = parseSchedule(text);
    return expression?.kind === "rate" && expression.isPluralRight;
  };
  assert.deepEqual(
    ["rate(1 hour)", "rate(2 hours)", "rate(1 hours)", "rate(2 hour)"].map(right), [true, true, false, false],
  );
});

test("a rate of any length ends with time itself", () => {
  assert.deepEqual(due("rate(999999999 days)", 3), ["2026-01-01T00:00"]);
});

test("time zones are names of the IANA database", () => {
  for (const name of ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "US/Eastern", "Etc/GMT+5"]) {
    assert.equal(isTimeZone(name), true, name);
  }
  for (const name of ["", "+01:00", "Mars/Olympus", "Europe/Berlin ", "../etc/passwd", "A".repeat(51)]) {
    assert.equal(isTimeZone(name), false, name);
  }
});

test("no expression takes long to find that it is never due", () => {
  const before = effort();
  due("cron(59 23 30 2 ? *)", 1, testEpoch, "America/New_York");
  due("cron(59 23 ? 2 7#5 2199)", 1, testEpoch, "America/New_York");
  assert.ok(effort() - before < 0.5);
});
