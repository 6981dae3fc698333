/** Events of a trail in a log group of CloudWatch Logs, written under the role that the trail was given. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import * as sts from "../../generated/sts.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { deliverySession } from "../../kernel/recorder.ts";
import { trailArn, type Trail } from "./trail-rows.ts";

/** @evidence CloudWatch Logs API Reference, PutLogEvents; larger events are not delivered */
const batchEventsMax = 10_000;
const batchBytesMax = 1_000_000;
const eventBytes = 26;
const eventBytesMax = 256 * 1024;

export interface LoggedEvent {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly text: string;
}

/** @throws AwsError when the role does not let CloudTrail in */
export async function logSession(ctx: BodyContext, trail: Trail): Promise<CallOptions> {
  const { Credentials } = await ctx.call(
    sts.AssumeRole,
    { RoleArn: trail.logRoleArn ?? "", RoleSessionName: deliverySession },
    { as: "service", account: ctx.account, sourceArn: trailArn(ctx, trail), region: trail.homeRegion },
  );
  const region = parseArn(trail.logGroupArn ?? "")?.region ?? trail.homeRegion;
  return { as: { session: Credentials?.SessionToken ?? "" }, region };
}

/**
 * One stream, of the trail's home region, takes the events of all regions: the role need not write to others.
 *
 * @evidence CloudTrail User Guide, "Role policy document for CloudTrail to use CloudWatch Logs": the default
 * role's policy is of that region's stream alone
 */
function streamOf(ctx: BodyContext, trail: Trail): { logGroupName: string; logStreamName: string } {
  const logGroupName = (parseArn(trail.logGroupArn ?? "")?.resource ?? "").replace(/^log-group:|:\*$/g, "");
  return { logGroupName, logStreamName: `${ctx.account}_CloudTrail_${trail.homeRegion}` };
}

export async function createLogStream(
  ctx: BodyContext, trail: Trail, session: CallOptions,
): Promise<void> {
  try {
    await ctx.call(logs.CreateLogStream, streamOf(ctx, trail), session);
  } catch (cause) {
    if (!(cause instanceof AwsError) || cause.code !== "ResourceAlreadyExistsException") throw cause;
  }
}

/** @throws AwsError */
export async function putLogEvents(
  ctx: BodyContext, trail: Trail, events: readonly LoggedEvent[],
): Promise<void> {
  const session = await logSession(ctx, trail);
  await createLogStream(ctx, trail, session);
  const stream = streamOf(ctx, trail);
  let batch: logs.InputLogEvent[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (batch.length > 0) await ctx.call(logs.PutLogEvents, { ...stream, logEvents: batch }, session);
    batch = [];
    bytes = 0;
  };
  for (const { at, text } of events) {
    const size = Buffer.byteLength(text) + eventBytes;
    if (size > eventBytesMax) continue;
    if (batch.length === batchEventsMax || bytes + size > batchBytesMax) await flush();
    batch.push({ timestamp: at, message: text });
    bytes += size;
  }
  await flush();
}
