/** Queues as event sources: messages go to the function as they come, and are deleted once it took them. */

import * as sqs from "../../generated/sqs.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { filterFor, type Filterable } from "./event-source-filters.ts";
import { invokeWithBatch } from "./event-source-invoking.ts";
import { countEvents } from "./event-source-metrics.ts";
import { queueUrlOf } from "./event-source-rules.ts";
import { currentMapping, noteResult, type EventSourceMapping } from "./event-source-table.ts";
import { roleCredentials } from "./execution-role.ts";
import { deepest } from "./lineage.ts";
import { findVersion } from "./function-table.ts";

/** @evidence Lambda Developer Guide, "Configuring scaling behavior": AWS goes on to 1,000 and more */
const batchesAtOnce = 20;
const longPollSeconds = 20;
const receivedMax = 10;
/** @evidence Lambda quotas: 6 MB of payload for an invocation */
const batchBytesMax = 6 * 1_048_576 - 65_536;
const troubleMilliseconds = 10_000;

export async function pumpQueue(ctx: BodyContext, mapping: EventSourceMapping): Promise<void> {
  const underWay = new Set<Promise<void>>();
  const troubles: unknown[] = [];
  const countMax = batchesMax(mapping);
  while (isCurrent(ctx, mapping)) {
    try {
      const trouble = troubles.shift();
      if (trouble !== undefined) throw trouble;
      const messages = await collect(ctx, mapping);
      if (messages.length === 0) continue;
      const work = ctx.kernel.track(process(ctx, mapping, messages))
        .catch((cause: unknown) => void troubles.push(cause))
        .finally(() => underWay.delete(work));
      underWay.add(work);
      if (underWay.size >= countMax) await ctx.kernel.aside(Promise.race(underWay));
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      ctx.transaction((within) => noteResult(within, mapping, `PROBLEM: ${error.message}`));
      await ctx.wait(troubleMilliseconds);
    }
  }
  await ctx.kernel.aside(Promise.all(underWay));
}

/** @evidence Lambda Developer Guide, "Using provisioned mode": 10 invocations at once a poller */
function batchesMax({ settings: { scaling, pollers } }: EventSourceMapping): number {
  if (pollers?.MaximumPollers !== undefined) return pollers.MaximumPollers * 10;
  return scaling?.MaximumConcurrency ?? batchesAtOnce;
}

function isCurrent(ctx: BodyContext, mapping: EventSourceMapping): boolean {
  return !ctx.signal.aborted && ctx.reading(() => currentMapping(ctx, mapping)) !== undefined;
}

async function optionsFor(ctx: BodyContext, mapping: EventSourceMapping): Promise<CallOptions> {
  const version = ctx.reading(() => findVersion(ctx, mapping.name));
  const role = version?.settings.Role ?? "";
  const { sessionToken } = await roleCredentials(ctx, { name: mapping.name, role });
  const region = parseArn(mapping.source)?.region ?? ctx.region;
  return { as: { session: sessionToken }, region };
}

/** Waits for messages; with a window, for as many as fit or until it is over. */
async function collect(ctx: BodyContext, mapping: EventSourceMapping): Promise<sqs.Message[]> {
  const { batchSize, windowSeconds } = mapping.settings;
  const options = await optionsFor(ctx, mapping);
  const messages = await receive(ctx, mapping, options, Math.min(batchSize, receivedMax), longPollSeconds);
  if (messages.length > 0 && !isCurrent(ctx, mapping)) {
    await giveBack(ctx, mapping, options, messages);
    return [];
  }
  if (messages.length === 0 || windowSeconds === 0) return messages;
  const endsAt = ctx.clock.now() + windowSeconds * 1000;
  for (;;) {
    const left = endsAt - ctx.clock.now();
    const room = batchSize - messages.length;
    if (left <= 0 || room <= 0 || bytesOf(messages) >= batchBytesMax || ctx.signal.aborted) return messages;
    const more = await receive(
      ctx, mapping, options, Math.min(room, receivedMax), Math.min(left / 1000, longPollSeconds));
    messages.push(...more);
  }
}

function bytesOf(messages: readonly sqs.Message[]): number {
  return messages.reduce((sum, { Body = "" }) => sum + Body.length, 0);
}

async function receive(
  ctx: BodyContext, { source }: EventSourceMapping, options: CallOptions, count: number, waitSeconds: number,
): Promise<sqs.Message[]> {
  const { Messages } = await ctx.kernel.aside(ctx.call(sqs.ReceiveMessage, {
    QueueUrl: queueUrlOf(source),
    MaxNumberOfMessages: count,
    WaitTimeSeconds: Math.max(1, Math.floor(waitSeconds)),
    MessageSystemAttributeNames: ["All"],
    MessageAttributeNames: ["All"],
  }, options));
  return [...(Messages ?? [])];
}

/** Whoever reads the queue from now on finds them at once; where the role may not say so, a little later. */
async function giveBack(
  ctx: BodyContext, { source }: EventSourceMapping, options: CallOptions, messages: readonly sqs.Message[],
): Promise<void> {
  for (const { ReceiptHandle = "" } of messages) {
    const QueueUrl = queueUrlOf(source);
    const input = { QueueUrl, ReceiptHandle, VisibilityTimeout: 0 };
    await ctx.call(sqs.ChangeMessageVisibility, input, options).catch(passRefusal);
  }
}

function passRefusal(cause: unknown): void {
  if (!(cause instanceof AwsError)) throw cause;
}

type Attributes = Record<string, sqs.MessageAttributeValue>;

function shownAttributes(attributes: Attributes | undefined): object {
  return Object.fromEntries(Object.entries(attributes ?? {}).map(([name, value]) => [name, {
    ...(value.StringValue !== undefined && { stringValue: value.StringValue }),
    ...(value.BinaryValue !== undefined && {
      binaryValue: Buffer.from(value.BinaryValue).toString("base64"),
    }),
    stringListValues: [],
    binaryListValues: [],
    dataType: value.DataType,
  }]));
}

function eventOf(ctx: BodyContext, { source }: EventSourceMapping, message: sqs.Message) {
  return {
    messageId: message.MessageId ?? "",
    receiptHandle: message.ReceiptHandle,
    body: message.Body ?? "",
    attributes: message.Attributes ?? {},
    messageAttributes: shownAttributes(message.MessageAttributes as Attributes | undefined),
    md5OfBody: message.MD5OfBody,
    ...(message.MD5OfMessageAttributes !== undefined && {
      md5OfMessageAttributes: message.MD5OfMessageAttributes,
    }),
    eventSource: "aws:sqs",
    eventSourceARN: source,
    awsRegion: parseArn(source)?.region ?? ctx.region,
  };
}

/** @evidence Lambda Developer Guide: messages that no filter wants are deleted */
async function process(
  ctx: BodyContext, mapping: EventSourceMapping, messages: readonly sqs.Message[],
): Promise<void> {
  const isWanted = filterFor(mapping, "body");
  const events = messages.map((message) => eventOf(ctx, mapping, message));
  const wanted = events.filter((event): boolean => {
    const filterable: Filterable = { fields: event, payload: { name: "body", text: event.body } };
    return isWanted(filterable);
  });
  countEvents(ctx, mapping, "polled", messages.length);
  countEvents(ctx, mapping, "filteredOut", messages.length - wanted.length);
  const kept = new Set<string>();
  if (wanted.length > 0) {
    const identifiers = wanted.map(({ messageId }) => messageId);
    countEvents(ctx, mapping, "invoked", wanted.length);
    const headers = wanted.map(({ attributes }) => attributes.AWSTraceHeader);
    const traceHeader = deepest(ctx, mapping.name, headers);
    const outcome = await invokeWithBatch(ctx, mapping, wanted, identifiers, { traceHeader });
    const failed = outcome.kind === "done" ? [] : outcome.kind === "partly" ? outcome.failed : identifiers;
    for (const identifier of failed) kept.add(identifier);
    countEvents(ctx, mapping, "failed", kept.size);
    const result = kept.size === 0 ? "OK" : "PROBLEM: Function call failed";
    ctx.transaction((within) => noteResult(within, mapping, result));
  }
  const taken = messages.filter(({ MessageId = "" }) => !kept.has(MessageId));
  if (taken.length > 0) await remove(ctx, mapping, taken);
}

async function remove(
  ctx: BodyContext, mapping: EventSourceMapping, messages: readonly sqs.Message[],
): Promise<void> {
  const options = await optionsFor(ctx, mapping);
  for (let at = 0; at < messages.length; at += receivedMax) {
    const Entries = messages.slice(at, at + receivedMax)
      .map(({ ReceiptHandle = "" }, index) => ({ Id: String(index), ReceiptHandle }));
    await ctx.call(sqs.DeleteMessageBatch, { QueueUrl: queueUrlOf(mapping.source), Entries }, options);
    countEvents(ctx, mapping, "deleted", Entries.length);
  }
}
