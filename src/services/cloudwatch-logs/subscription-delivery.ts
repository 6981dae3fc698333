/** What subscriptions are sent, and how it gets there. */

import { constants, gzipSync } from "node:zlib";
import * as firehose from "../../generated/firehose.ts";
import * as kinesis from "../../generated/kinesis.ts";
import * as lambda from "../../generated/lambda.ts";
import * as sts from "../../generated/sts.ts";
import { failureOf } from "../../delivery/failure.ts";
import { asynchronousJob } from "../../jobs/job.ts";
import { parseArn, type Arn } from "../../kernel/arn.ts";
import type { BodyContext, CallOptions, Context, ReadContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { destinations, type Destination } from "./destination-table.ts";
import { groupArn } from "./group-table.ts";
import { measureFailure, measureForwarded } from "./subscription-metrics.ts";

/** Where a subscription goes. */
export interface Target {
  readonly destinationArn: string;
  readonly roleArn?: string | undefined;
  /** On whose behalf, in the account that subscribed. */
  readonly group: string;
}

export interface SentEvent {
  readonly id: string;
  readonly timestamp: number;
  readonly message: string;
  readonly extractedFields?: Readonly<Record<string, string>>;
}

interface DataMessage {
  readonly filter: string;
  readonly stream: string;
  readonly events: readonly SentEvent[];
}

/** @evidence CloudWatch Logs User Guide, "Subscription filters": the fields of a record */
export function dataMessage(
  ctx: ReadContext, group: string, { filter, stream, events }: DataMessage
): Buffer {
  return gzipSync(JSON.stringify({
    messageType: "DATA_MESSAGE",
    owner: ctx.account,
    logGroup: group,
    logStream: stream,
    subscriptionFilters: [filter],
    logEvents: events,
  }), { level: constants.Z_BEST_SPEED });
}

/** @evidence CloudWatch Logs User Guide, "Subscription filters with Kinesis": the health check's text */
export function controlMessage(ctx: ReadContext, vendor: "Kinesis stream" | "Firehose"): Buffer {
  return gzipSync(JSON.stringify({
    messageType: "CONTROL_MESSAGE",
    owner: "CloudwatchLogs",
    logGroup: "",
    logStream: "",
    subscriptionFilters: [],
    logEvents: [{
      id: "",
      timestamp: ctx.clock.now(),
      message: `CWL CONTROL MESSAGE: Checking health of destination ${vendor}.`,
    }],
  }));
}

/**
 * Policies name the service with its region or without.
 *
 * @evidence CloudWatch Logs User Guide, subscription filters: roles trust `logs.amazonaws.com`; functions
 *   grant `logs.amazonaws.com` or `logs.region.amazonaws.com`
 */
async function asEither<T>(ctx: ReadContext, work: (principal: string) => Promise<T>): Promise<T> {
  try {
    return await work("logs.amazonaws.com");
  } catch (error) {
    if (!(error instanceof AwsError) || !/AccessDenied/.test(error.code)) throw error;
    return work(`logs.${ctx.region}.amazonaws.com`);
  }
}

/** @evidence recorded: the source is the group with `:*` behind it */
function sourceArn(ctx: ReadContext, group: string): string {
  return `${groupArn(ctx, group)}:*`;
}

async function underRole(ctx: BodyContext, target: Target, account: string): Promise<string> {
  const { Credentials } = await asEither(ctx, (principal) => ctx.call(
    sts.AssumeRole,
    { RoleArn: target.roleArn ?? "", RoleSessionName: "cloudwatch-logs" },
    { as: "service", principal, sourceArn: sourceArn(ctx, target.group), account },
  ));
  return Credentials?.SessionToken ?? "";
}

export function findDestination(
  ctx: ReadContext, { account, region, resource }: Arn
): Destination | undefined {
  const name = resource.slice("destination:".length);
  return ctx.kernel.read({ account, region }, (reader) => reader.rows(destinations).get(name));
}

/** @throws AwsError what the destination says */
export async function send(
  ctx: BodyContext, target: Target, data: Buffer, partitionKey: string
): Promise<void> {
  const arn = parseArn(target.destinationArn);
  switch (arn?.service) {
    case "lambda": {
      const Payload = Buffer.from(JSON.stringify({ awslogs: { data: data.toString("base64") } }));
      return invoke(ctx, target, { InvocationType: "Event", Payload });
    }
    case "logs": {
      const destination = findDestination(ctx, arn);
      if (!destination) return;
      const { targetArn, roleArn } = destination;
      return put(ctx, { ...target, destinationArn: targetArn, roleArn }, data, partitionKey, arn.account);
    }
    default:
      return put(ctx, target, data, partitionKey, ctx.account);
  }
}

/** As a function's policy allows. */
export async function invoke(
  ctx: BodyContext, target: Target, how: Omit<lambda.InvocationRequest, "FunctionName">,
): Promise<void> {
  await asEither(ctx, (principal) => ctx.call(
    lambda.Invoke,
    { FunctionName: target.destinationArn, ...how },
    { as: "service", principal, sourceArn: sourceArn(ctx, target.group), account: ctx.account },
  ));
}

/** Under the role of whom the stream is. */
async function put(
  ctx: BodyContext, target: Target, data: Buffer, partitionKey: string, account: string,
): Promise<void> {
  const arn = parseArn(target.destinationArn);
  const options: CallOptions = {
    as: { session: await underRole(ctx, target, account) },
    ...(arn && { region: arn.region }),
  };
  if (arn?.service === "firehose") {
    const DeliveryStreamName = arn.resource.replace(/^deliverystream\//, "");
    await ctx.call(firehose.PutRecord, { DeliveryStreamName, Record: { Data: data } }, options);
  } else {
    await ctx.call(
      kinesis.PutRecord, {
        StreamARN: target.destinationArn, Data: data, PartitionKey: partitionKey,
      }, options,
    );
  }
}

interface Delivery extends Target {
  readonly data: Uint8Array;
  readonly partitionKey: string;
  /** The group's filter; absent where the account's policy subscribes. */
  readonly filter?: string;
  readonly events: number;
}

/**
 * What the destination refuses for good is lost, as in AWS; what may go later is tried again.
 *
 * @evidence CloudWatch Logs User Guide, "Subscription filters": retried for up to 24 hours
 */
export const deliverSubscription = asynchronousJob<Delivery>(
  "cloudwatch-logs.deliverSubscription",
  async (delivery, ctx) => {
    try {
      await send(ctx, delivery, Buffer.from(delivery.data), delivery.partitionKey);
      measureForwarded(ctx, delivery, delivery.data.byteLength);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const { code, isRetryable } = failureOf(error);
      measureFailure(ctx, delivery, code === "THROTTLING");
      if (isRetryable) throw error;
    }
  },
);

export function sendLater(ctx: Context, delivery: Delivery): void {
  ctx.schedule(deliverSubscription, { at: ctx.clock.now(), input: delivery });
}
