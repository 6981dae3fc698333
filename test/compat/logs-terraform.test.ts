/** Terraform and CloudWatch Logs: groups and what hangs on them, applied, changed, imported, destroyed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { startWorkstation } from "./clients.ts";
import { Terraform, withoutTerraform } from "./terraform.ts";

const skip = withoutTerraform();

test("groups, filters, destinations, policies and saved queries", { skip }, async () => {
  await using station = await startWorkstation();
  const logs = await Terraform.open(station, "logs");
  await logs.apply();
  assert.equal(await logs.drift(), "");
  assert.deepEqual(await logs.outputs(), {
    group_arn: "arn:aws:logs:us-east-1:000000000000:log-group:/shop/app",
  });
  const changed = { retention: "30", pattern: "?ERROR ?WARN", saved: "stats count(*) by bin(1h)" };
  await logs.apply(changed);
  assert.equal(await logs.drift(changed), "");
  await logs.reimport("aws_cloudwatch_log_group.app", "/shop/app", changed);
  await logs.reimport("aws_cloudwatch_log_metric_filter.errors", "/shop/app:errors", changed);
  assert.equal(await logs.drift(changed), "");
  await logs.destroy(changed);
  const client = station.region.client(CloudWatchLogsClient);
  assert.deepEqual((await client.send(new DescribeLogGroupsCommand({}))).logGroups, []);
});
