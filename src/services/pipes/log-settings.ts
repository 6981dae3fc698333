/** Where the log of a pipe goes: what is refused, and what lets it in. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import type * as pipes from "../../generated/pipes.ts";
import { openLogStream } from "../../delivery/log-streams.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { logDestinationMissing, logGroupNotFound } from "./errors.ts";

/**
 * @evidence CloudWatch Logs User Guide, "Logging that requires additional permissions [V1]": who sets up a
 *   log needs `logs:CreateLogDelivery`, may describe log groups, and may tag delivery streams
 */
export async function requireLogging(
  ctx: BodyContext, logging: pipes.PipeLogConfigurationParameters | undefined,
): Promise<void> {
  if (!logging || logging.Level === "OFF") return;
  const group = logging.CloudwatchLogsLogDestination?.LogGroupArn.replace(/:\*$/, "");
  const bucket = logging.S3LogDestination;
  const stream = logging.FirehoseLogDestination?.DeliveryStreamArn;
  if (group === undefined && !bucket && stream === undefined) throw logDestinationMissing();
  if (bucket?.OutputFormat === "w3c") throw notImplemented("The log of a pipe in the format w3c");
  if (bucket && bucket.BucketOwner !== ctx.account) {
    throw notImplemented("The log of a pipe in a bucket of another account");
  }
  ctx.transaction((within) => within.authorize({ action: "logs:CreateLogDelivery", resource: "*" }));
  if (group !== undefined) await requireGroup(ctx, group);
  if (stream !== undefined) await openLogStream(ctx, stream);
}

/** @throws ValidationException */
async function requireGroup(ctx: BodyContext, groupArn: string): Promise<void> {
  const { resource = "", region } = parseArn(groupArn) ?? {};
  const name = resource.replace(/^log-group:/, "");
  const { logGroups = [] } = region === ctx.region
    ? await ctx.call(logs.DescribeLogGroups, { logGroupNamePrefix: name, limit: 1 }) : {};
  if (logGroups[0]?.logGroupName !== name) throw logGroupNotFound(groupArn);
}
