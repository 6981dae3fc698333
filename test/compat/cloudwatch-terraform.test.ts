/** Terraform and CloudWatch: alarms of each kind, dashboards, metric streams and insight rules. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudWatchClient, DescribeAlarmsCommand, ListDashboardsCommand } from "@aws-sdk/client-cloudwatch";
import { startWorkstation } from "./clients.ts";
import { Terraform, withoutTerraform } from "./terraform.ts";

const skip = withoutTerraform();

test("alarms, composite alarms, dashboards, metric streams and insight rules", { skip }, async () => {
  await using station = await startWorkstation();
  const alarms = await Terraform.open(station, "cloudwatch");
  await alarms.apply();
  assert.equal(await alarms.drift(), "");
  assert.deepEqual(
    await alarms.outputs(), { alarm: "arn:aws:cloudwatch:us-east-1:000000000000:alarm:depth" },
  );

  const changed = { threshold: "7.5" };
  await alarms.apply(changed);
  assert.equal(await alarms.drift(changed), "");
  const client = station.region.client(CloudWatchClient);
  const { MetricAlarms } = await client.send(new DescribeAlarmsCommand({ AlarmNames: ["depth"] }));
  assert.equal(MetricAlarms?.[0]?.Threshold, 7.5);

  await alarms.reimportAll({
    "aws_cloudwatch_metric_alarm.depth": "depth",
    "aws_cloudwatch_metric_alarm.quick": "quick",
    "aws_cloudwatch_metric_alarm.rate": "rate",
    "aws_cloudwatch_metric_alarm.unusual": "unusual",
    "aws_cloudwatch_composite_alarm.both": "both",
    "aws_cloudwatch_dashboard.main": "main",
    "aws_cloudwatch_metric_stream.most": "most",
  }, changed);
  await alarms.destroy(changed);
  assert.deepEqual((await client.send(new DescribeAlarmsCommand({}))).MetricAlarms, []);
  assert.deepEqual((await client.send(new ListDashboardsCommand({}))).DashboardEntries, []);
});
