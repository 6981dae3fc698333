/**
 * The tables and sentences of "Using math expressions with CloudWatch metrics", CloudWatch User Guide, one by
 * one. `-` is a time at which a metric has no data point.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CloudWatchClient, GetMetricDataCommand, PutMetricDataCommand, type MetricDataQuery, type MetricDataResult,
} from "@aws-sdk/client-cloudwatch";
import { startRegion, testEpoch } from "../../../test/region.ts";

const region = await startRegion();
test.after(() => region.stop());
const client = region.client(CloudWatchClient);
const minute = 60_000;

async function put(MetricName: string, values: string): Promise<void> {
  const MetricData = values.split(" ").flatMap((text, index) => (text === "-" ? [] : [{
    MetricName, Value: Number(text), Timestamp: new Date(testEpoch + index * minute),
  }]));
  await client.send(new PutMetricDataCommand({ Namespace: "tables", MetricData }));
}

const metrics: Readonly<Record<string, string>> = {
  lower: "30 20 0 0 -", upper: "20 - 20 - -", when: "1 1 0 0 -", yes: "30 - 0 0 30", no: "0 0 20 - 20",
};
for (const [name, values] of Object.entries(metrics)) await put(name, values);

async function results(Expression: string): Promise<readonly MetricDataResult[]> {
  const queries = Object.keys(metrics).map((name): MetricDataQuery => ({
    Id: name, ReturnData: false,
    MetricStat: { Metric: { Namespace: "tables", MetricName: name }, Period: 60, Stat: "Sum" },
  }));
  const { MetricDataResults = [] } = await client.send(new GetMetricDataCommand({
    StartTime: new Date(testEpoch), EndTime: new Date(testEpoch + 5 * minute), ScanBy: "TimestampAscending",
    MetricDataQueries: [...queries, { Id: "e1", Expression }],
  }));
  return MetricDataResults;
}

/** Of the five minutes, as the tables write them; of lists, one after the other. */
async function shown(expression: string): Promise<string> {
  return (await results(expression)).map(({ Timestamps = [], Values = [] }) => {
    const known = new Map(Timestamps.map((at, index) => [(Number(at) - testEpoch) / minute, Values[index]]));
    return [0, 1, 2, 3, 4].map((at) => known.get(at) ?? "-").join(" ");
  }).join(" | ");
}

async function compare(cases: readonly (readonly [string, string])[]): Promise<void> {
  for (const [expression, expected] of cases) assert.equal(await shown(expression), expected, expression);
}

test("comparison operators: what only one of two metrics has is 0 in the other", () => compare([
  ["lower < upper", "0 0 1 0 -"],
  ["lower >= 30", "1 0 0 0 -"],
  ["lower > 15 AND upper > 15", "1 0 0 0 -"],
  ["lower > 15 OR upper > 15", "1 1 1 0 -"],
  ["upper != 20 || lower == 0", "0 0 1 1 -"],
]));

test("arithmetic: what is missing is 0, and what is divided by zero is dropped, and told", async () => {
  await compare([
    ["lower + upper", "50 20 20 0 -"],
    ["upper - lower", "-10 -20 20 0 -"],
    ["upper / lower", `${20 / 30} 0 - - -`],
    ["AVG([lower, upper])", "25 10 10 0 -"],
    ["SUM([lower, upper])", "50 20 20 0 -"],
    ["MAX([lower, upper])", "30 20 20 0 -"],
    ["MIN([lower, upper])", "20 20 0 0 -"],
    ["SUM(-[lower, upper])", "-50 -20 -20 0 -"],
    ["100 / [lower, upper]", `${100 / 30} 5 - - - | 5 - 5 - -`],
    ["LOG10(lower * upper)", `${Math.log10(600)} - - - -`],
  ]);
  const [divided] = await results("upper / lower");
  assert.deepEqual(divided?.Messages, [{
    Code: "ArithmeticError",
    Value: "One or more data-points have been dropped due to non-numeric values (NaN, -Infinite, +Infinite)",
  }]);
  const [added] = await results("upper + lower");
  assert.equal(added?.Messages, undefined);
});

test("IF: each of the tables", () => compare([
  ["IF(when, yes, no)", "30 0 20 - -"],
  ["IF(when, 5, no)", "5 5 20 - -"],
  ["IF(when, yes, 5)", "30 0 5 5 -"],
  ["IF(when, yes)", "30 0 - - -"],
  ["IF(when, 5)", "5 5 - - -"],
  ["IF(1, yes, no)", "30 - 0 0 30"],
  ["IF(0, yes, no)", "0 0 20 - 20"],
  ["IF(0, yes)", "- - - - -"],
  ["IF(lower < 25, 10, 2)", "2 10 10 10 -"],
  ["IF(FIRST(SORT(METRICS('e'), AVG, DESC)) > 15, 1, 0)", "1 - 1 - -"],
]));

test("parts of time are there in every period of the time that is asked for", () => compare([
  ["MINUTE(upper)", "0 1 2 3 4"],
  ["EPOCH(upper) - EPOCH(upper)", "0 0 0 0 0"],
  // 1 January 2026 is a Thursday.
  ["DAY(upper) * 1000000 + YEAR(upper) * 100 + MONTH(upper)", "4202601 4202601 4202601 4202601 4202601"],
  ["IF(DAY(upper) < 6, upper)", "20 0 20 0 0"],
  ["IF(HOUR(upper) == 7, upper)", "- - - - -"],
]));

test("arrays: fills go by the period of each, and what is empty is sorted last", () => compare([
  ["FILL([upper, yes], 7)", "20 7 20 7 7 | 30 7 0 0 30"],
  ["FILL([upper, when], no)", "20 0 20 - 20 | 1 1 0 0 20"],
  ["FILL(upper, MIN(upper))", "20 20 20 20 20"],
  ["SORT([upper / 0, when, lower], MAX, DESC)", "30 20 0 0 - | 1 1 0 0 - | - - - - -"],
  ["SORT([upper / 0, when, lower], MAX, ASC, 1)", "1 1 0 0 -"],
  ["SLICE(SORT([when, lower, no], SUM, DESC), 1, 2)", "0 0 20 - 20"],
  ["RUNNING_SUM([when, lower])", "1 2 2 2 - | 30 50 50 50 -"],
  ["when / METRIC_COUNT(METRICS())", "0.2 0.2 0 0 -"],
  ["DATAPOINT_COUNT([lower, upper])", "2 1 2 1 -"],
]));

/** Names of the metrics that a search finds, in order. */
async function found(term: string): Promise<string[]> {
  const { MetricDataResults = [] } = await client.send(new GetMetricDataCommand({
    StartTime: new Date(testEpoch), EndTime: new Date(testEpoch + minute),
    MetricDataQueries: [{
      Id: "e1", Label: "${PROP('MetricName')}", Expression: `SEARCH('{Searched, Kind} ${term}', 'Sum', 60)`,
    }],
  }));
  return MetricDataResults.map(({ Label = "" }) => Label).sort();
}

test("searches: parts of names, in whichever case; several that are joined only in their own", async () => {
  const names = ["CustomCount1", "SDBFailure", "Project2-trial333", "Network-Errors-2", "NetworkErrors3",
    "Europe\\France Traffic(Network)"];
  await client.send(new PutMetricDataCommand({
    Namespace: "Searched", MetricData: names.map((MetricName) => ({
      MetricName, Value: 1, Timestamp: new Date(testEpoch), Dimensions: [{ Name: "Kind", Value: "any" }],
    })),
  }));
  const cases: readonly (readonly [terms: readonly string[], ...expected: string[]])[] = [
    [["count", "Count", "COUNT", "custom", "CustomCount", "Count1", "CustomCount1", "customcount1",
      '"CustomCount1"', "MetricName=Count", ', "CustomCount1"'], "CustomCount1"],
    [["couNT", "customcount", "count1", '"customcount1"', '"Custom"', "cust", "Namespace=count"]],
    [["sdb", "Failure", "SDBFailure", "sdbfailure"], "SDBFailure"],
    [["trial", "333", "project2trial333", "Project2-trial333"], "Project2-trial333"],
    [["network/errors", "network+errors", "network-errors", "Network_Errors"],
      "Network-Errors-2", "NetworkErrors3"],
    [['"Network-Errors-2"', "network-errors NOT 3"], "Network-Errors-2"],
    [['"Network_Errors_2"']],
    [[String.raw`"Europe\\France Traffic\(Network\)"`, "france AND (sdb OR traffic)"], names[5] ?? ""],
    // In small letters they are words like others.
    [["sdb or trial", "sdb and failure"]],
    [["NOT Namespace=Custom"], ...[...names].sort()],
  ];
  for (const [terms, ...expected] of cases) {
    for (const term of terms) assert.deepEqual(await found(term), expected, term);
  }
  await assert.rejects(found("x".repeat(1_024)), {
    message: "Error in expression 'e1': Search expressions must not be longer than 1024 characters",
  });
});
