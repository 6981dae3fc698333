import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CloudWatchClient, DeleteAlarmsCommand, DescribeAlarmHistoryCommand, DescribeAlarmsCommand,
  PutCompositeAlarmCommand,
  PutMetricAlarmCommand, PutMetricDataCommand, SetAlarmStateCommand, type PutMetricAlarmCommandInput,
} from "@aws-sdk/client-cloudwatch";
import { startRegion } from "../../../test/region.ts";

const region = await startRegion();
test.after(() => region.stop());
const client = region.client(CloudWatchClient);

async function alarm(AlarmName: string, options: Partial<PutMetricAlarmCommandInput> = {}): Promise<void> {
  await client.send(
    new PutMetricAlarmCommand({
      AlarmName, Namespace: "app", MetricName: AlarmName, Statistic: "Average", Period: 60,
      EvaluationPeriods: 1,
      Threshold: 2, ComparisonOperator: "GreaterThanThreshold", ...options,
    }),
  );
}

async function put(MetricName: string, Value: number, StorageResolution = 60): Promise<void> {
  const MetricData = [{ MetricName, Value, StorageResolution }];
  await client.send(new PutMetricDataCommand({ Namespace: "app", MetricData }));
}

async function stateOf(name: string) {
  const { MetricAlarms = [], CompositeAlarms = [] } = await client.send(
    new DescribeAlarmsCommand({ AlarmNames: [name], AlarmTypes: ["MetricAlarm", "CompositeAlarm"] }),
  );
  return [...MetricAlarms, ...CompositeAlarms][0];
}

async function refusal(work: Promise<unknown>): Promise<string[]> {
  const error = await work.then(() => assert.fail("it was accepted"), (cause: unknown) => cause as Error);
  return [error.name, error.message];
}

const minute = () => region.clock.advance({ minutes: 1 });

test("cloudwatch-alarm-states: from insufficient data to OK and to ALARM, with reasons", async () => {
  await alarm("states");
  const fresh = await stateOf("states");
  assert.deepEqual(
    [fresh?.StateValue, fresh?.StateReason], ["INSUFFICIENT_DATA", "Unchecked: Initial alarm creation"],
  );
  await minute();
  assert.equal((await stateOf("states"))?.StateReason, "Insufficient Data: 1 datapoint was unknown.");
  await put("states", 1);
  await minute();
  const calm = await stateOf("states");
  assert.deepEqual([calm?.StateValue, calm?.StateReason], [
    "OK",
    "Threshold Crossed: 1 datapoint [1.0 (01/01/26 00:01:00)] was not greater than the threshold (2.0).",
  ]);
  await put("states", 21.5);
  await minute();
  const loud = await stateOf("states");
  assert.deepEqual([loud?.StateValue, loud?.StateReason], [
    "ALARM",
    "Threshold Crossed: 1 datapoint [21.5 (01/01/26 00:02:00)] was greater than the threshold (2.0).",
  ]);
  assert.deepEqual(JSON.parse(loud?.StateReasonData ?? ""), {
    version: "1.0", queryDate: "2026-01-01T00:03:00.000+0000", startDate: "2026-01-01T00:02:00.000+0000",
    statistic: "Average", period: 60, recentDatapoints: [21.5], threshold: 2,
    evaluatedDatapoints: [{ timestamp: "2026-01-01T00:02:00.000+0000", sampleCount: 1, value: 21.5 }],
  });
  await client.send(
    new SetAlarmStateCommand({ AlarmName: "states", StateValue: "OK", StateReason: "by hand" }),
  );
  assert.equal((await stateOf("states"))?.StateReason, "by hand");
  await minute();
  assert.equal((await stateOf("states"))?.StateValue, "ALARM");
  const { AlarmHistoryItems = [] } = await client.send(
    new DescribeAlarmHistoryCommand({ AlarmName: "states", HistoryItemType: "StateUpdate" }),
  );
  assert.deepEqual(AlarmHistoryItems.map(({ HistorySummary }) => HistorySummary), [
    "Alarm updated from OK to ALARM", "Alarm updated from ALARM to OK", "Alarm updated from OK to ALARM",
    "Alarm updated from INSUFFICIENT_DATA to OK",
  ]);
});

test("cloudwatch-alarm-period: two consecutive minutes, and five minutes as one", async () => {
  await alarm("two", { EvaluationPeriods: 2 });
  await alarm("five", { Period: 300, MetricName: "two", Statistic: "Sum", Threshold: 20 });
  for (const [value, expected] of [[1, "OK"], [1, "OK"], [9, "OK"], [9, "ALARM"]] as const) {
    await put("two", value);
    await minute();
    if (value === 9 || expected === "OK") assert.equal(
      (await stateOf("two"))?.StateValue, expected, `after ${value}`
    );
  }
  assert.equal((await stateOf("five"))?.StateValue, "OK");
  await put("two", 9);
  await minute();
  assert.equal((await stateOf("five"))?.StateValue, "ALARM");
});

test("cloudwatch-alarm-options: statistics, M of N and what is missing change the outcome", async () => {
  const cases: [string, Partial<PutMetricAlarmCommandInput>, string][] = [
    ["sum", { Statistic: "Sum", Threshold: 5 }, "ALARM"],
    ["average", { Statistic: "Average", Threshold: 5 }, "OK"],
    ["maximum", { Statistic: "Maximum", Threshold: 4 }, "ALARM"],
    ["minimum", { Statistic: "Minimum", Threshold: 3, ComparisonOperator: "LessThanThreshold" }, "ALARM"],
    ["count", { Statistic: "SampleCount", Threshold: 3, ComparisonOperator: "LessThanThreshold" }, "ALARM"],
    ["p99", { Statistic: undefined, ExtendedStatistic: "p99", Threshold: 4.5 }, "ALARM"],
    ["p50", { Statistic: undefined, ExtendedStatistic: "p50", Threshold: 4.5 }, "OK"],
    [
      "p99-few",
      {
        Statistic: undefined, ExtendedStatistic: "p99", Threshold: 4.5,
        EvaluateLowSampleCountPercentile: "ignore",
      },
      "INSUFFICIENT_DATA",
    ],
    ["one-of-three", { EvaluationPeriods: 3, DatapointsToAlarm: 1, Statistic: "Sum", Threshold: 5 }, "ALARM"],
    ["two-of-three", { EvaluationPeriods: 3, DatapointsToAlarm: 2, Statistic: "Sum", Threshold: 5 }, "OK"],
    ["breaching", { MetricName: "nothing", TreatMissingData: "breaching" }, "ALARM"],
    ["not-breaching", { MetricName: "nothing", TreatMissingData: "notBreaching" }, "OK"],
    ["ignore", { MetricName: "nothing", TreatMissingData: "ignore" }, "INSUFFICIENT_DATA"],
  ];
  for (const [name, options] of cases) await alarm(`o-${name}`, { MetricName: "options", ...options });
  await put("options", 2);
  await put("options", 5);
  await minute();
  for (const [name, , expected] of cases) assert.equal(
    (await stateOf(`o-${name}`))?.StateValue, expected, name
  );
  assert.equal(
    (await stateOf("o-breaching"))?.StateReason,
    "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as " +
      "[Breaching].",
  );
});

test("cloudwatch-alarm-high-res-10-30: 10 and 30 seconds react within seconds, 15 is refused", async () => {
  await alarm("high", { Period: 10 });
  await put("high", 9, 1);
  await region.clock.advance({ seconds: 10 });
  assert.equal((await stateOf("high"))?.StateValue, "ALARM");
  await alarm("half", { Period: 30 });
  assert.deepEqual(await refusal(alarm("odd", { Period: 15 })), [
    "ValidationException", "Period must be 10, 20, 30 or a multiple of 60",
  ]);
});

test("cloudwatch-alarm-single-metric-composite: a composite alarm goes by others", async () => {
  await alarm("a");
  await alarm("b");
  await client.send(
    new PutCompositeAlarmCommand({ AlarmName: "both", AlarmRule: 'ALARM("a") AND ALARM(b)' }),
  );
  const arn = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:both";
  const fresh = await stateOf("both");
  assert.deepEqual([fresh?.StateValue, fresh?.StateReason], [
    "OK", `${arn} was created and its alarm rule evaluates to OK`,
  ]);
  await put("a", 9);
  await minute();
  assert.equal((await stateOf("both"))?.StateValue, "OK");
  await put("a", 9);
  await put("b", 9);
  await minute();
  assert.equal((await stateOf("both"))?.StateValue, "ALARM");
  assert.deepEqual(await refusal(client.send(new DeleteAlarmsCommand({ AlarmNames: ["a"] }))), [
    "ValidationException", "Cannot delete a as there are composite alarm(s) depending on it.",
  ]);
  await client.send(new DeleteAlarmsCommand({ AlarmNames: ["a", "b", "both"] }));
  assert.equal(await stateOf("both"), undefined);
});

async function composite(AlarmName: string, AlarmRule: string): Promise<void> {
  await client.send(new PutCompositeAlarmCommand({ AlarmName, AlarmRule }));
}

test("composite alarms go by alarms that are there", async () => {
  await alarm("there");
  const cases: readonly [string, string][] = [
    ["ALARM(there) OR ALARM(gone) OR OK(away)",
      "Could not save the composite alarm as alarms [gone, away] in the alarm rule do not exist"],
    ["ALARM(there)\n", "AlarmRule must not contain leading or trailing whitespace or be null"],
    ["ALARM(whole)", "Error in AlarmRule: The alarm whole must not depend on itself."],
  ];
  for (const [rule, message] of cases) {
    assert.deepEqual(await refusal(composite("whole", rule)), ["ValidationException", message]);
  }
  assert.equal(await stateOf("whole"), undefined);
});

test("composite alarms in a circle change once each, and stay until it is open", async () => {
  await alarm("seed");
  await composite("left", "ALARM(seed)");
  await composite("right", "ALARM(left)");
  await composite("left", "ALARM(seed) OR NOT ALARM(right)");
  const states = async () => [(await stateOf("left"))?.StateValue, (await stateOf("right"))?.StateValue];
  assert.deepEqual(await states(), ["ALARM", "ALARM"]);
  assert.deepEqual(await refusal(client.send(new DeleteAlarmsCommand({ AlarmNames: ["left"] }))), [
    "ValidationException", "Cannot delete left as there are composite alarm(s) depending on it.",
  ]);
  await composite("left", "FALSE");
  assert.deepEqual(await states(), ["OK", "OK"]);
  await client.send(new DeleteAlarmsCommand({ AlarmNames: ["right"] }));
  assert.equal(await stateOf("right"), undefined);
});

test("deleting alarms passes over what is not there, and takes one composite alarm at a time", async () => {
  await alarm("one");
  await alarm("two-of-them");
  await composite("first", "ALARM(one) AND ALARM(two-of-them)");
  await composite("second", "FALSE");
  const remove = (...AlarmNames: string[]) => client.send(new DeleteAlarmsCommand({ AlarmNames }));
  assert.deepEqual(await refusal(remove("one", "two-of-them")), [
    "ValidationException", "Cannot delete one,two-of-them as there are composite alarm(s) depending on them.",
  ]);
  assert.deepEqual(await refusal(remove("first", "second")), [
    "ValidationException", "No more than one composite alarm can be deleted at a time.",
  ]);
  await remove("nobody", "first", "one");
  assert.deepEqual([await stateOf("first"), await stateOf("one")], [undefined, undefined]);
  await remove("nobody");
});

test("an alarm on metric math, and one on a band of what is expected", async () => {
  const stat = (Id: string, MetricName: string, ReturnData: boolean) => ({
    Id, ReturnData, MetricStat: { Metric: { Namespace: "app", MetricName }, Period: 60, Stat: "Sum" },
  });
  const shared = { EvaluationPeriods: 1 };
  await client.send(
    new PutMetricAlarmCommand({
      ...shared, AlarmName: "rate", Threshold: 5, ComparisonOperator: "GreaterThanThreshold",
      Metrics: [
        { Id: "e", Expression: "100 * errors / requests" }, stat("errors", "errors", false),
        stat("requests", "requests", false),
      ],
    }),
  );
  await client.send(
    new PutMetricAlarmCommand({
      ...shared, AlarmName: "unusual", ThresholdMetricId: "band",
      ComparisonOperator: "GreaterThanUpperThreshold",
      Metrics: [stat("m", "requests", true), { Id: "band", Expression: "ANOMALY_DETECTION_BAND(m, 2)" }],
    }),
  );
  for (const requests of [100, 110, 90, 100, 105]) {
    await put("requests", requests);
    await put("errors", 1);
    await minute();
  }
  assert.deepEqual(
    [(await stateOf("rate"))?.StateValue, (await stateOf("unusual"))?.StateValue], ["OK", "OK"],
  );
  await put("requests", 900);
  await put("errors", 90);
  await minute();
  assert.deepEqual(
    [(await stateOf("rate"))?.StateValue, (await stateOf("unusual"))?.StateValue], ["ALARM", "ALARM"],
  );
  assert.match((await stateOf("rate"))?.StateReason ?? "", /^Threshold Crossed: 1 datapoint \[10\.0 \(/);
});

test("an alarm watches one time series that can be worked out", async () => {
  const stat = (Id: string, ReturnData = false) => ({
    Id, ReturnData, MetricStat: { Metric: { Namespace: "app", MetricName: Id }, Period: 60, Stat: "Sum" },
  });
  const search = "SUM(SEARCH('{app,host} load', 'Sum', 60))";
  const cases: readonly [PutMetricAlarmCommandInput["Metrics"], string, string?][] = [
    [[{ Id: "e", Expression: search, Period: 60 }], "SEARCH is not supported on Metric Alarms"],
    [[{ Id: "e", Expression: search }], "Period must not be null"],
    [[{ Id: "e", Expression: "SELECT SUM(load) FROM app" }], "Period must not be null"],
    [[...Array.from({ length: 11 }, (_, index) => stat(`m${index}`)), { Id: "e", Expression: "m1" }],
      "An alarm can have 10 metrics and 10 expressions at most."],
    [Array.from({ length: 21 }, (_, index) => stat(`m${index}`, index === 0)),
      "The collection Metrics must not have a size greater than 20.", "InvalidParameterValueException"],
    [[stat("m"), { Id: "e", Expression: "n * 2" }], "Error in expression 'e': Unknown identifier: n"],
    [[stat("m"), stat("n"), { Id: "e", Expression: "[m, n]" }],
      "The expression of an alarm must return one time series."],
    [[stat("m"), { Id: "e", Expression: "LAMBDA('f', m)" }],
      "The metric math function LAMBDA is not implemented by us-local-1 yet.", "NotImplemented"],
  ];
  for (const [Metrics, message, name = "ValidationException"] of cases) {
    const put = client.send(new PutMetricAlarmCommand({
      AlarmName: "wrong", EvaluationPeriods: 1, Threshold: 1, Metrics,
      ComparisonOperator: "GreaterThanThreshold",
    }));
    assert.deepEqual(await refusal(put), [name, message]);
  }
  assert.equal(await stateOf("wrong"), undefined);
});

test("what alarms must be is told", async () => {
  const cases: readonly [Partial<PutMetricAlarmCommandInput>, string][] = [
    [{ DatapointsToAlarm: 2 }, "DatapointsToAlarm must be less than or equal to EvaluationPeriods"],
    [{ EvaluationPeriods: 1_441 },
      "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400)."],
    [{ AlarmActions: ["stop"] }, "Invalid arn syntax: stop"],
    [{ ExtendedStatistic: "p99" }, "Exactly one of Statistic or ExtendedStatistic must be specified."],
    [{ Statistic: undefined, ExtendedStatistic: "p101" },
      "The value p101 for parameter ExtendedStatistic is invalid."],
    [{ Threshold: undefined }, "Threshold must be specified."],
    [{ TreatMissingData: "guess" },
      "Option guess for TreatMissingData is not one of [breaching, notBreaching, ignore, missing]"],
  ];
  for (const [options, message] of cases) {
    assert.deepEqual(await refusal(alarm("wrong", options)), ["ValidationException", message]);
  }
  assert.equal(await stateOf("wrong"), undefined);
});
