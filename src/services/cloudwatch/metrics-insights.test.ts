import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  CloudWatchClient, DescribeAlarmsCommand, GetMetricDataCommand, PutMetricAlarmCommand, PutMetricDataCommand,
} from "@aws-sdk/client-cloudwatch";
import { refusal } from "../../../test/refusal.ts";
import { startRegion, testEpoch } from "../../../test/region.ts";

const region = await startRegion();
after(() => region.stop());
const cloudwatch = region.client(CloudWatchClient);

const put = (dimensions: Record<string, string>, value: number, minute = 0, MetricName = "CPUUtilization") =>
  cloudwatch.send(new PutMetricDataCommand({
    Namespace: "My/App", MetricData: [{
      MetricName, Value: value, Timestamp: new Date(testEpoch + minute * 60_000),
      Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
    }],
  }));

await put({ Id: "a" }, 10);
await put({ Id: "a" }, 20, 1);
await put({ Id: "b" }, 30);
await put({ Id: "c" }, 90, 1);
await put({ Id: "a", Stage: "prod" }, 1_000);
await put({}, 5_000);
await put({ "Load Balancer": "app/x" }, 7, 0, "Request-Count");

async function ask(Expression: string, Period = 60) {
  const { MetricDataResults = [] } = await cloudwatch.send(new GetMetricDataCommand({
    StartTime: new Date(testEpoch), EndTime: new Date(testEpoch + 120_000), ScanBy: "TimestampAscending",
    MetricDataQueries: [{ Id: "q1", Expression, Period }],
  }));
  return MetricDataResults.map(({ Label, Values }) => `${Label ?? ""}=${(Values ?? []).join(",")}`);
}

test("a Metrics Insights query selects, groups, orders and limits time series", async () => {
  const cases: [string, string[]][] = [
    ["SELECT SUM(CPUUtilization) FROM SCHEMA(\"My/App\", Id)", ["CPUUtilization=40,110"]],
    ["SELECT AVG(CPUUtilization) FROM SCHEMA(\"My/App\", Id)", ["CPUUtilization=20,55"]],
    ["SELECT COUNT(CPUUtilization) FROM SCHEMA(\"My/App\", Id)", ["CPUUtilization=2,2"]],
    ["SELECT MAX(CPUUtilization) FROM \"My/App\"", ["CPUUtilization=5000,90"]],
    ["SELECT MIN(CPUUtilization) FROM SCHEMA(\"My/App\")", ["CPUUtilization=5000"]],
    ["SELECT MAX(CPUUtilization) FROM SCHEMA(\"My/App\", Stage, Id)", ["CPUUtilization=1000"]],
    ["SELECT MAX(CPUUtilization) FROM SCHEMA(\"My/App\", Id) WHERE Id != 'c' AND Id != 'b'",
      ["CPUUtilization=10,20"]],
    ["select sum(CPUUtilization) from SCHEMA(\"My/App\", Id) where Id = 'b'", ["CPUUtilization=30"]],
    ["SELECT MAX(CPUUtilization) FROM SCHEMA(\"My/App\", Id) GROUP BY Id ORDER BY MAX() DESC",
      ["c=90", "b=30", "a=10,20"]],
    ["SELECT MAX(CPUUtilization) FROM SCHEMA(\"My/App\", Id) GROUP BY Id ORDER BY SUM() ASC LIMIT 2",
      ["a=10,20", "b=30"]],
    ["SELECT MAX(CPUUtilization) FROM \"My/App\" GROUP BY Stage, Id", ["prod a=1000"]],
    ["SELECT SUM(\"Request-Count\") FROM SCHEMA(\"My/App\", \"Load Balancer\") WHERE \"Load Balancer\" = " +
      "'app/x'",
      ["Request-Count=7"]],
    ["SELECT SUM(CPUUtilization) FROM SCHEMA(\"My/App\", Id) WHERE AWS.AccountId = '000000000000'",
      ["CPUUtilization=40,110"]],
    ["SELECT SUM(CPUUtilization) FROM \"Nowhere\"", []],
  ];
  for (const [expression, expected] of cases) assert.deepEqual(await ask(expression), expected, expression);
  assert.deepEqual(await ask("SELECT SUM(CPUUtilization) FROM SCHEMA(\"My/App\", Id)", 300),
    ["CPUUtilization=150"]);
});

test("metric math goes on with what a query finds", async () => {
  const { MetricDataResults: [result] = [] } = await cloudwatch.send(new GetMetricDataCommand({
    StartTime: new Date(testEpoch), EndTime: new Date(testEpoch + 120_000),
    MetricDataQueries: [
      { Id: "q1", Period: 60, ReturnData: false,
        Expression: "SELECT MAX(CPUUtilization) FROM SCHEMA(\"My/App\", Id) GROUP BY Id" },
      { Id: "e1", Expression: "SUM(q1)" },
    ],
  }));
  assert.deepEqual(result?.Values, [110, 40]);
});

test("what is no Metrics Insights query is refused", async () => {
  const refused = (expression: string, Period?: number) => refusal(cloudwatch.send(new GetMetricDataCommand({
    StartTime: new Date(testEpoch), EndTime: new Date(testEpoch + 120_000),
    MetricDataQueries: [{ Id: "q1", Expression: expression, Period }],
  })));
  assert.equal(await refused("SELECT SUM(x) FROM y"),
    "ValidationException: The parameter MetricDataQueries.member.1.Period is required.");
  const cases: [string, string][] = [
    ["SELECT MEDIAN(x) FROM y", "MEDIAN"],
    ["SELECT SUM(x) FROM", "end of query"],
    ["SELECT SUM(x) FROM y WHERE a = b", "b"],
    ["SELECT SUM(x) FROM y GROUP a", "a"],
    ["SELECT SUM(x) FROM y LIMIT 0", "0"],
    ["SELECT SUM(x) FROM y LIMIT 501", "501"],
    ["SELECT SUM(x) FROM AWS/EC2", "AWS/EC2"],
    ["SELECT SUM(x) FROM y ORDER BY SUM() extra", "extra"],
  ];
  for (const [expression, near] of cases) {
    assert.equal(await refused(expression, 60),
      `ValidationException: Metrics Insights query is malformed near '${near}'`, expression);
  }
  assert.match(await refused("SELECT SUM(x) FROM y WHERE tag.env = 'p'", 60), /^NotImplemented/);
});

test("an alarm goes by a Metrics Insights query", async () => {
  await cloudwatch.send(new PutMetricAlarmCommand({
    AlarmName: "busy", ComparisonOperator: "GreaterThanThreshold", Threshold: 50, EvaluationPeriods: 1,
    Metrics: [{ Id: "q1", Period: 60, Expression: "SELECT MAX(CPUUtilization) FROM SCHEMA(\"My/App\", Id)" }],
  }));
  await put({ Id: "d" }, 99, 2);
  await region.clock.advance({ minutes: 3 });
  const described = await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: ["busy"] }));
  const [alarm] = described.MetricAlarms ?? [];
  assert.equal(alarm?.StateValue, "ALARM");
});
