/** The aws CLI and CloudWatch. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorkstation, without } from "./clients.ts";

const skip = without("aws");

test("put-metric-data, get-metric-statistics, get-metric-data and list-metrics", { skip }, async () => {
  await using station = await startWorkstation();
  const data = [
    { MetricName: "load", Value: 2, Unit: "Count", Dimensions: [{ Name: "host", Value: "a" }] },
    {
      MetricName: "load", Values: [4, 6], Counts: [1, 2], Unit: "Count",
      Dimensions: [{ Name: "host", Value: "a" }],
    },
  ];
  await station.aws`cloudwatch put-metric-data --namespace app --metric-data ${JSON.stringify(data)}`;
  await station.aws`cloudwatch put-metric-data --namespace app --metric-name load --value 8 --unit Count
    --dimensions host=a`;
  const now = station.region.clock.now();
  const start = new Date(now - 600_000).toISOString();
  const end = new Date(now + 600_000).toISOString();
  const points = await station.aws<object[]>`cloudwatch get-metric-statistics --namespace app
    --metric-name load --dimensions Name=host,Value=a --start-time ${start} --end-time ${end} --period 3600
    --statistics Sum SampleCount Maximum --query Datapoints[].[Sum,SampleCount,Maximum,Unit]`;
  assert.deepEqual(points, [[26, 5, 8, "Count"]]);
  const metric = { Namespace: "app", MetricName: "load", Dimensions: [{ Name: "host", Value: "a" }] };
  const queries = [
    { Id: "m", MetricStat: { Metric: metric, Period: 3_600, Stat: "p50" }, ReturnData: false },
    { Id: "e", Expression: "m * 2", Label: "twice" },
  ];
  const results = await station.aws`cloudwatch get-metric-data --start-time ${start} --end-time ${end}
    --metric-data-queries ${JSON.stringify(queries)} --query MetricDataResults[].[Label,Values]`;
  assert.deepEqual(results, [["twice", [12]]]);
  assert.deepEqual(await station.aws`cloudwatch list-metrics --namespace app --query Metrics`, [metric]);
  assert.equal(
    await station.refusal`cloudwatch put-metric-data --namespace AWS/EC2 --metric-name m --value 1`,
    "An error occurred (InvalidParameterValue) when calling the PutMetricData operation: " +
      "The value AWS/EC2 for parameter Namespace is invalid.",
  );
});

test("alarms and dashboards", { skip }, async () => {
  await using station = await startWorkstation();
  // Nothing is evaluated meanwhile.
  station.region.clock.freeze();
  await station.aws`cloudwatch put-metric-alarm --alarm-name loud --namespace app --metric-name load
    --statistic Average --period 60 --evaluation-periods 1 --threshold 1
    --comparison-operator GreaterThanThreshold --tags Key=team,Value=shop`;
  await station.aws`cloudwatch set-alarm-state --alarm-name loud --state-value ALARM --state-reason testing`;
  assert.deepEqual(
    await station.aws`cloudwatch describe-alarms --alarm-names loud
      --query MetricAlarms[].[AlarmName,StateValue,StateReason,Threshold]`,
    [["loud", "ALARM", "testing", 1]],
  );
  const arn = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:loud";
  assert.deepEqual(
    await station.aws`cloudwatch list-tags-for-resource --resource-arn ${arn} --query Tags`,
    [{ Key: "team", Value: "shop" }],
  );
  assert.deepEqual(
    await station.aws`cloudwatch describe-alarm-history --alarm-name loud --history-item-type StateUpdate
      --query AlarmHistoryItems[].HistorySummary`,
    ["Alarm updated from INSUFFICIENT_DATA to ALARM"],
  );
  const body = JSON.stringify({ widgets: [{ type: "text", properties: { markdown: "hello" } }] });
  assert.deepEqual(
    await station.aws`cloudwatch put-dashboard --dashboard-name main --dashboard-body ${body}`,
    { DashboardValidationMessages: [] },
  );
  assert.equal(await station.aws`cloudwatch get-dashboard --dashboard-name main --query DashboardBody`, body);
  assert.equal(
    await station.refusal`cloudwatch get-dashboard --dashboard-name other`,
    "An error occurred (ResourceNotFound) when calling the GetDashboard operation: " +
      "Dashboard other does not exist",
  );
  await station.aws`cloudwatch delete-alarms --alarm-names loud`;
  assert.deepEqual(await station.aws`cloudwatch describe-alarms --query MetricAlarms`, []);
});

test("aws cloudwatch: Metrics Insights, an insight rule's report, and a mute rule", {
  skip: without("aws"),
}, async () => {
  await using station = await startWorkstation();
  await station.aws`cloudwatch put-metric-data --namespace App --metric-name m --value 3 --dimensions Id=a`;
  await station.aws`cloudwatch put-metric-data --namespace App --metric-name m --value 4 --dimensions Id=b`;
  const now = Date.now();
  const [start, end] = [now - 600_000, now + 600_000].map((at) => new Date(at).toISOString());
  const queries = JSON.stringify([{
    Id: "q", Period: 3_600, Expression: "SELECT SUM(m) FROM SCHEMA(App, Id) GROUP BY Id ORDER BY SUM() DESC",
  }]);
  assert.deepEqual(
    await station.aws`cloudwatch get-metric-data --metric-data-queries ${queries} --start-time ${start}
      --end-time ${end} --query MetricDataResults[].Label`,
    ["b", "a"],
  );
  await station.aws`logs create-log-group --log-group-name web`;
  await station.aws`logs create-log-stream --log-group-name web --log-stream-name s`;
  const definition = JSON.stringify({
    Schema: { Name: "CloudWatchLogRule", Version: 1 }, LogGroupNames: ["web"], LogFormat: "JSON",
    Contribution: { Keys: ["$.ip"] },
  });
  await station.aws`cloudwatch put-insight-rule --rule-name ips --rule-definition ${definition}`;
  const events = ["1", "2", "1"].map((ip) => ({ timestamp: Date.now(), message: JSON.stringify({ ip }) }));
  await station.aws`logs put-log-events --log-group-name web --log-stream-name s
    --log-events ${JSON.stringify(events)}`;
  assert.deepEqual(
    await station.aws`cloudwatch get-insight-rule-report --rule-name ips --start-time ${start}
      --end-time ${end} --period 60 --query ${"Contributors[].[Keys[0],ApproximateAggregateValue]"}`,
    [["1", 2], ["2", 1]],
  );
  const rule = JSON.stringify({ Schedule: { Expression: "cron(0 2 * * *)", Duration: "PT2H" } });
  await station.aws`cloudwatch put-alarm-mute-rule --name nights --rule ${rule}`;
  assert.equal(
    await station.aws`cloudwatch get-alarm-mute-rule --alarm-mute-rule-name nights --query MuteType`,
    "RECURRING",
  );
});
