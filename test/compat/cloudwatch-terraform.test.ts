/** Terraform and CloudWatch: alarms of each kind, a dashboard and a metric stream. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudWatchClient, DescribeAlarmsCommand, ListDashboardsCommand } from "@aws-sdk/client-cloudwatch";
import { startWorkstation } from "./clients.ts";
import { Terraform, withoutTerraform } from "./terraform.ts";

const skip = withoutTerraform();

test("alarms, composite alarms, dashboards and metric streams", { skip }, async () => {
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

  await alarms.reimport("aws_cloudwatch_metric_alarm.depth", "depth", changed);
  await alarms.reimport("aws_cloudwatch_composite_alarm.both", "both", changed);
  await alarms.reimport("aws_cloudwatch_dashboard.main", "main", changed);
  assert.equal(await alarms.drift(changed), "");
  await alarms.destroy(changed);
  assert.deepEqual((await client.send(new DescribeAlarmsCommand({}))).MetricAlarms, []);
  assert.deepEqual((await client.send(new ListDashboardsCommand({}))).DashboardEntries, []);
});
