/** How each kind of target takes a payload, by the service in its ARN. */

import * as logs from "../generated/cloudwatch-logs.ts";
import * as events from "../generated/eventbridge.ts";
import * as firehose from "../generated/firehose.ts";
import * as kinesis from "../generated/kinesis.ts";
import * as lambda from "../generated/lambda.ts";
import * as sns from "../generated/sns.ts";
import * as sqs from "../generated/sqs.ts";
import type { BodyContext } from "../kernel/context.ts";
import { AwsError, unmodelled } from "../kernel/errors.ts";
import type { Delivered, Order, Sender } from "./deliver.ts";

export const senders: Readonly<Record<string, Sender>> = Object.assign(
  Object.create(null) as Record<string, Sender>,
  {
    sqs: toQueue, sns: toTopic, lambda: toFunction, logs: toLogGroup, kinesis: toStream,
    firehose: toDeliveryStream, events: toEventBus,
  },
);

async function toQueue(ctx: BodyContext, { arn, payload, settings, options }: Order): Promise<void> {
  const { messageGroupId, messageDeduplicationId } = settings;
  await ctx.call(
    sqs.SendMessage,
    {
      QueueUrl: `${ctx.kernel.endpoint("sqs", arn.region)}/${arn.account}/${arn.resource}`,
      MessageBody: payload,
      MessageGroupId: messageGroupId,
      MessageDeduplicationId: messageDeduplicationId,
    },
    options,
  );
}

async function toTopic(ctx: BodyContext, { target, payload, settings, options }: Order): Promise<void> {
  const { messageGroupId, messageDeduplicationId } = settings;
  await ctx.call(
    sns.Publish,
    {
      TopicArn: target,
      Message: payload,
      MessageGroupId: messageGroupId,
      MessageDeduplicationId: messageDeduplicationId,
    },
    options,
  );
}

/** Asynchronously, unless who calls wants to know what the function answers. */
async function toFunction(ctx: BodyContext, order: Order): Promise<Delivered> {
  const { target, payload, settings, options } = order;
  const { invocationType: InvocationType = "Event" } = settings;
  const { Payload, FunctionError } = await ctx.call(
    lambda.Invoke,
    { FunctionName: target, InvocationType, Payload: Buffer.from(payload) },
    options,
  );
  if (FunctionError !== undefined) {
    throw unmodelled("FunctionError", Payload?.toString() ?? FunctionError, 500);
  }
  return { payload: Payload };
}

/** @evidence EventBridge User Guide, "Targets": logs take an input of `timestamp` and `message` apart */
async function toLogGroup(ctx: BodyContext, { arn, payload, settings, options }: Order): Promise<void> {
  const logGroupName = arn.resource.replace(/^log-group:/, "").replace(/:\*$/, "");
  const { logStreamName = ctx.ids.uuid() } = settings;
  if (settings.logStreamName === undefined) {
    await ctx.call(logs.CreateLogStream, { logGroupName, logStreamName }, options);
  }
  const event = logEventOf(payload) ?? { timestamp: ctx.clock.now(), message: payload };
  await ctx.call(logs.PutLogEvents, { logGroupName, logStreamName, logEvents: [event] }, options);
}

function logEventOf(payload: string): logs.InputLogEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { timestamp, message, ...rest } = value as { timestamp?: unknown; message?: unknown };
  const isWhole = timestamp !== undefined && message !== undefined && Object.keys(rest).length === 0;
  const time = typeof timestamp === "string" ? Date.parse(timestamp) || Number(timestamp) : Number(timestamp);
  if (!isWhole || !Number.isFinite(time)) return undefined;
  return { timestamp: time, message: typeof message === "string" ? message : JSON.stringify(message) };
}

async function toStream(ctx: BodyContext, { target, payload, settings, options }: Order): Promise<void> {
  const { partitionKey = ctx.ids.uuid() } = settings;
  await ctx.call(
    kinesis.PutRecord,
    { StreamARN: target, Data: Buffer.from(payload), PartitionKey: partitionKey.slice(0, 256) },
    options,
  );
}

async function toDeliveryStream(ctx: BodyContext, { arn, payload, options }: Order): Promise<void> {
  const DeliveryStreamName = arn.resource.replace(/^deliverystream\//, "");
  await ctx.call(firehose.PutRecord, { DeliveryStreamName, Record: { Data: Buffer.from(payload) } }, options);
}

/** The payload becomes the detail of a new event. */
async function toEventBus(ctx: BodyContext, { target, payload, settings, options }: Order): Promise<void> {
  const { event } = settings;
  const { Entries: [entry] = [] } = await ctx.call(
    events.PutEvents,
    {
      Entries: [
        {
          EventBusName: target,
          Source: event?.source,
          DetailType: event?.detailType,
          Resources: event?.resources && [...event.resources],
          Time: event?.time,
          Detail: payload,
        },
      ],
    },
    options,
  );
  if (entry?.ErrorCode !== undefined) {
    throw new AwsError({ code: entry.ErrorCode, message: entry.ErrorMessage ?? "", status: 400 });
  }
}
