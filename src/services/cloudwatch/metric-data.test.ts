import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CloudWatchClient, GetMetricDataCommand, PutMetricDataCommand, type GetMetricDataCommandInput,
  type MetricDataQuery,
} from "@aws-sdk/client-cloudwatch";
import { startRegion, testEpoch } from "../../../test/region.ts";

const region = await startRegion();
test.after(() => region.stop());
const client = region.client(CloudWatchClient);
const minute = 60_000;

/** Values minute by minute; what is undefined is missing. */
async function put(
  MetricName: string, values: readonly (number | undefined)[], host = "a", Namespace = "app",
): Promise<void> {
  const MetricData = values.flatMap((Value, index) => {
    const Timestamp = new Date(testEpoch + index * minute);
    return Value === undefined ? [] : [
      { MetricName, Value, Timestamp, Dimensions: [{ Name: "host", Value: host }] },
    ];
  });
  await client.send(new PutMetricDataCommand({ Namespace, MetricData }));
}

await put("m1", [1, 2, 3, 4]);
await put("m2", [10, undefined, 30, 40]);
await put("m1", [5, 5, 5, 5], "b");

const metric = (Id: string, MetricName: string, Stat = "Sum", ReturnData = false): MetricDataQuery => ({
  Id, ReturnData,
  MetricStat: {
    Metric: { Namespace: "app", MetricName, Dimensions: [{ Name: "host", Value: "a" }] }, Period: 60, Stat,
  },
});

async function ask(MetricDataQueries: MetricDataQuery[], more: Partial<GetMetricDataCommandInput> = {}) {
  return client.send(
    new GetMetricDataCommand({
      StartTime: new Date(testEpoch), EndTime: new Date(testEpoch + 5 * minute), MetricDataQueries,
      ScanBy: "TimestampAscending", ...more,
    }),
  );
}

/** The values that an expression has, by the minute; of lists, of each. */
async function math(Expression: string): Promise<unknown> {
  const { MetricDataResults = [] } = await ask(
    [metric("m1", "m1"), metric("m2", "m2"), { Id: "e1", Expression }],
  );
  const all = MetricDataResults.map(({ Timestamps = [], Values = [] }) =>
    Object.fromEntries(Timestamps.map((at, index) => [(Number(at) - testEpoch) / minute, Values[index]])),
  );
  return all.length === 1 ? all[0] : all;
}

const cases: readonly [string, unknown][] = [
  ["m1 + m2", { 0: 11, 1: 2, 2: 33, 3: 44 }],
  ["m2 / m1 - 1", { 0: 9, 1: -1, 2: 9, 3: 9 }],
  ["-m1 ^ 2", { 0: -1, 1: -4, 2: -9, 3: -16 }],
  ["m1 * (2 + 1) % 4", { 0: 3, 1: 2, 2: 1, 3: 0 }],
  ["m1 / (m1 - 1)", { 1: 2, 2: 1.5, 3: 4 / 3 }],
  ["m1 > 2", { 0: 0, 1: 0, 2: 1, 3: 1 }],
  ["m1 >= 2 AND m1 < 4", { 0: 0, 1: 1, 2: 1, 3: 0 }],
  ["IF(m1 > 2, m2, -1)", { 0: -1, 1: -1, 2: 30, 3: 40 }],
  ["SUM([m1, m2])", { 0: 11, 1: 2, 2: 33, 3: 44 }],
  ["AVG([m1, 3])", { 0: 2, 1: 2.5, 2: 3, 3: 3.5, 4: 1.5 }],
  ["MAX(METRICS())", { 0: 10, 1: 2, 2: 30, 3: 40 }],
  ["METRICS('2')", { 0: 10, 2: 30, 3: 40 }],
  ["m1 - MIN(m1)", { 0: 0, 1: 1, 2: 2, 3: 3 }],
  ["m1 / AVG(m1)", { 0: 0.4, 1: 0.8, 2: 1.2, 3: 1.6 }],
  ["m1 - STDDEV(m2) * 0", { 0: 1, 1: 2, 2: 3, 3: 4 }],
  ["FILL(m2, 0)", { 0: 10, 1: 0, 2: 30, 3: 40, 4: 0 }],
  ["FILL(m2, REPEAT)", { 0: 10, 1: 10, 2: 30, 3: 40, 4: 40 }],
  ["FILL(m2, LINEAR)", { 0: 10, 1: 20, 2: 30, 3: 40 }],
  ["DIFF(m2)", { 2: 20, 3: 10 }],
  ["DIFF_TIME(m2)", { 2: 120, 3: 60 }],
  ["RATE(m2)", { 2: 20 / 120, 3: 10 / 60 }],
  ["RUNNING_SUM(m1)", { 0: 1, 1: 3, 2: 6, 3: 10 }],
  ["m1 * DATAPOINT_COUNT(m2)", { 0: 3, 1: 6, 2: 9, 3: 12 }],
  ["m1 * METRIC_COUNT(METRICS())", { 0: 2, 1: 4, 2: 6, 3: 8 }],
  ["m1 * PERIOD(m1)", { 0: 60, 1: 120, 2: 180, 3: 240 }],
  ["CEIL(m1 / 2)", { 0: 1, 1: 1, 2: 2, 3: 2 }],
  ["FLOOR(m1 / 2)", { 0: 0, 1: 1, 2: 1, 3: 2 }],
  ["ABS(m1 - 3)", { 0: 2, 1: 1, 2: 0, 3: 1 }],
  ["LOG10(m2)", { 0: 1, 2: Math.log10(30), 3: Math.log10(40) }],
  [
    "MINUTE(m1) + HOUR(m1) + DAY(m1) + DATE(m1) + MONTH(m1) + YEAR(m1)",
    { 0: 2032, 1: 2033, 2: 2034, 3: 2035, 4: 2036 },
  ],
  ["EPOCH(m1) - 1767225600", { 0: 0, 1: 60, 2: 120, 3: 180, 4: 240 }],
  ["TIME_SERIES(7)", { 0: 7, 1: 7, 2: 7, 3: 7, 4: 7 }],
  ["FIRST(METRICS())", { 0: 1, 1: 2, 2: 3, 3: 4 }],
  ["LAST(METRICS())", { 0: 10, 2: 30, 3: 40 }],
  ["SORT(METRICS(), MAX, DESC, 1)", { 0: 10, 2: 30, 3: 40 }],
  ["SLICE(METRICS(), 0, 1)", { 0: 1, 1: 2, 2: 3, 3: 4 }],
  ["REMOVE_EMPTY([m1, m2 + 1 / 0])", { 0: 1, 1: 2, 2: 3, 3: 4 }],
  ["SUM(SEARCH('{app,host} MetricName=\"m1\"', 'Sum', 60))", { 0: 6, 1: 7, 2: 8, 3: 9 }],
  ["SEARCH('{app,host} m1 host=(b OR c)', 'Sum', 60)", { 0: 5, 1: 5, 2: 5, 3: 5 }],
  ["SEARCH('{app,host} NOT m2 NOT b', 'Sum', 60)", { 0: 1, 1: 2, 2: 3, 3: 4 }],
];

test("metric math", async () => {
  for (const [expression, expected] of cases) {
    const found = await math(expression);
    assert.equal(JSON.stringify(found), JSON.stringify(expected), expression);
  }
});

test("expressions that can't be worked out are refused by name", async () => {
  const refused: readonly [string, string][] = [
    ["m9", "Error in expression 'e1': Unknown identifier: m9"],
    ["m1 +", "Error in expression 'e1': Unexpected end of expression"],
    ["m1 $ 2", "Error in expression 'e1': Invalid syntax at position 2: $ 2"],
    ["NOPE(m1)", "Error in expression 'e1': Unknown function: NOPE"],
    ["constructor(m1)", "Error in expression 'e1': Unknown function: constructor"],
    ["avg(m1)", "Error in expression 'e1': Unknown function: avg"],
    [
      "METRICS() + METRICS()",
      "Error in expression 'e1': Unsupported operand type(s) for +: " +
        "'[Array[TimeSeries], Array[TimeSeries]]'",
    ],
    [
      "1 + 1",
      "Error in expression 'e1': The expression must return a time series or an array of time series",
    ],
    ["e1 + 1", "Error in expression 'e1': Circular dependency found in expression 'e1'"],
    ["(".repeat(2_000), "Error in expression 'e1': The expression is nested too deeply"],
  ];
  for (const [expression, message] of refused) {
    await assert.rejects(math(expression), { message }, expression.slice(0, 40));
  }
});

test("cloudwatch-dimension-attribute: another set of dimensions is another metric", async () => {
  const query = metric("a", "m1", "Sum", true);
  assert.deepEqual((await ask([query])).MetricDataResults?.[0]?.Values, [1, 2, 3, 4]);
  const none = {
    ...query, MetricStat: { ...query.MetricStat, Metric: { Namespace: "app", MetricName: "m1" } },
  };
  assert.deepEqual((await ask([none as MetricDataQuery])).MetricDataResults?.[0]?.Values, []);
});

test("pages hold as many data points as are asked for, and labels what is in them", async () => {
  const queries = [
    { ...metric("a", "m1", "Sum", true), Label: "${LABEL} ${PROP('Dim.host')} max ${MAX} at ${MAX_TIME}" },
    metric("b", "m2", "Average", true),
  ];
  const first = await ask(queries, { MaxDatapoints: 3 });
  assert.deepEqual(first.MetricDataResults?.map(
    ({ Id, Label, Values, StatusCode }) => [Id, Label, Values, StatusCode],
  ), [
    ["a", "m1 Sum a max 4 at 2026-01-01 00:03:00", [1, 2, 3], "PartialData"],
  ]);
  const second = await ask(queries, { MaxDatapoints: 3, NextToken: first.NextToken });
  assert.deepEqual(second.MetricDataResults?.map(({ Id, Values, StatusCode }) => [Id, Values, StatusCode]), [
    ["a", [4], "Complete"],
    ["b", [10, 30], "PartialData"],
  ]);
  const third = await ask(queries, { MaxDatapoints: 3, NextToken: second.NextToken });
  assert.deepEqual(third.MetricDataResults?.map(({ Id, Values }) => [Id, Values]), [["b", [40]]]);
  assert.equal(third.NextToken, undefined);
  const descending = await ask([metric("a", "m1", "Sum", true)], { ScanBy: "TimestampDescending" });
  assert.deepEqual(descending.MetricDataResults?.[0]?.Values, [4, 3, 2, 1]);
});

test("of several series each has its label behind the expression's, unless that is dynamic", async () => {
  const labels = async (Label: string | undefined, Expression = "METRICS()") => {
    const { MetricDataResults = [] } = await ask(
      [{ ...metric("a", "m1"), Label: "one" }, metric("b", "m2"), { Id: "e1", Expression, Label }]);
    return MetricDataResults.map((each) => each.Label);
  };
  assert.deepEqual(await labels("Filled With 0:", "FILL(METRICS(), 0)"),
    ["Filled With 0: one", "Filled With 0: m2"]);
  assert.deepEqual(await labels(""), ["one", "m2"]);
  assert.deepEqual(await labels(undefined), ["one", "m2"]);
  assert.deepEqual(await labels("[max: ${MAX} of ${LABEL}]"), ["[max: 4 of one]", "[max: 40 of m2]"]);
  assert.deepEqual(await labels("${constructor}"), ["${constructor}", "${constructor}"]);
  assert.deepEqual(await labels("both", "SUM(METRICS())"), ["both"]);
  const ago = await labels("${FIRST_LAST_TIME_RANGE} ${MIN_MAX_TIME_RANGE} ${FIRST_TIME_RELATIVE} " +
    "${LAST_TIME_RELATIVE} ${MAX_TIME_RELATIVE} ${MIN_TIME_RELATIVE} ${NOTHING}", "SUM(METRICS())");
  assert.deepEqual(ago, ["3m 2m 0s 3m 3m 1m ${NOTHING}"]);
});

test("several units are told, and the first of them is answered", async () => {
  const MetricData = [["Seconds", 60], ["Milliseconds", 60_000]].map(([Unit, Value]) => {
    return {
      MetricName: "units", Unit: Unit as "Seconds", Value: Value as number, Timestamp: new Date(testEpoch),
    };
  });
  await client.send(new PutMetricDataCommand({ Namespace: "app", MetricData }));
  const MetricStat = { Metric: { Namespace: "app", MetricName: "units" }, Period: 60, Stat: "Sum" };
  const { MetricDataResults: [result] = [] } = await ask([{ Id: "a", MetricStat }]);
  assert.deepEqual([result?.Values, result?.Messages], [
    [60_000], [{ Code: "MultipleUnits", Value: "Multiple units returned: '[Milliseconds, Seconds]'" }],
  ]);
});

test("percentiles and trimmed statistics are exact", async () => {
  await put("dist", Array.from({ length: 1 }, () => 1));
  const Values = Array.from({ length: 100 }, (_, index) => index + 1);
  const MetricData = [{ MetricName: "hundred", Values, Timestamp: new Date(testEpoch) }];
  await client.send(new PutMetricDataCommand({ Namespace: "app", MetricData }));
  const expected: readonly [string, number][] = [
    ["p50", 50], ["p99", 99], ["p99.9", 100], ["p0", 1], ["p100", 100], ["tm90", 45.5], ["TM(10%:90%)", 50.5],
    ["TM(50:60)", 55.5], ["tc90", 90], ["ts90", 4_095], ["wm90", 49.95], ["WM(10%:90%)", 50.5],
    ["PR(:30)", 30],
    ["PR(20:30)", 10], ["IQM", 50.5], ["SampleCount", 100], ["TS(80%:)", 1_810], ["TC(80%:)", 20],
  ];
  const queries = expected.map(([Stat], index) => ({
    Id: `q${index}`, MetricStat: { Metric: { Namespace: "app", MetricName: "hundred" }, Period: 60, Stat },
  }));
  const { MetricDataResults = [] } = await ask(queries);
  const found = MetricDataResults.map(({ Values: values }, index) => [expected[index]?.[0], values?.[0]]);
  assert.deepEqual(found, expected.map((each) => [...each]));
});
