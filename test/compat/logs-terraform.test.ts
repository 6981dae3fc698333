/** Terraform and CloudWatch Logs: groups and what hangs on them, applied, changed, imported, destroyed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { startWorkstation } from "./clients.ts";
import { Terraform, withoutTerraform } from "./terraform.ts";

const skip = withoutTerraform();

type Outputs = Record<"group_arn" | "delivery" | "saved", string> & {
  readonly found: unknown;
};

test("groups, what filters, protects and indexes them, destinations, deliveries", { skip }, async () => {
  await using station = await startWorkstation();
  const logs = await Terraform.open(station, "logs");
  await logs.apply();
  assert.equal(await logs.drift(), "");
  const { group_arn, found, delivery, saved } = await logs.outputs() as Outputs;
  assert.equal(group_arn, "arn:aws:logs:us-east-1:000000000000:log-group:/shop/app");
  assert.deepEqual(found, { retention: 14, names: ["/shop/app", "/shop/rare"] });
  const changed = {
    retention: "30", pattern: "?ERROR ?WARN", saved: "stats count(*) by bin(1h)", identifier: "IpAddress",
    indexed: "userId", visibility: "30", vended_field: "details",
  };
  await logs.apply(changed);
  assert.equal(await logs.drift(changed), "");
  await logs.reimportAll({
    "aws_cloudwatch_log_group.app": "/shop/app",
    "aws_cloudwatch_log_stream.web": "/shop/app:web-1",
    "aws_cloudwatch_log_metric_filter.errors": "/shop/app:errors",
    "aws_cloudwatch_log_subscription_filter.errors": "/shop/app|errors",
    "aws_cloudwatch_query_definition.latest": saved,
    "aws_cloudwatch_log_resource_policy.dns": "dns",
    "aws_cloudwatch_log_destination.shared": "shared",
    "aws_cloudwatch_log_destination_policy.shared": "shared",
    "aws_cloudwatch_log_data_protection_policy.orders": "/shop/app",
    "aws_cloudwatch_log_index_policy.app": "/shop/app",
    "aws_cloudwatch_log_account_policy.protection": "protection:DATA_PROTECTION_POLICY",
    "aws_cloudwatch_log_account_policy.subscription": "subscription:SUBSCRIPTION_FILTER_POLICY",
    "aws_cloudwatch_log_delivery_source.errors": "errors",
    "aws_cloudwatch_log_delivery_destination.group": "group",
    "aws_cloudwatch_log_delivery_destination_policy.group": "group",
    "aws_cloudwatch_log_delivery.bucket": delivery,
  }, changed);
  await logs.destroy(changed);
  const client = station.region.client(CloudWatchLogsClient);
  assert.deepEqual((await client.send(new DescribeLogGroupsCommand({}))).logGroups, []);
});
