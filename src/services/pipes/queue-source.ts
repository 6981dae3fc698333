/** SQS queues: what is moved on is deleted, what is not comes again when its visibility time is over. */

import * as sqs from "../../generated/sqs.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import { filtered } from "./filters.ts";
import type { Pipe } from "./pipe-rows.ts";
import type { Source, SourceBatch, SourceEvent } from "./sources.ts";

const receiveMax = 10;

interface Received extends SourceEvent {
  readonly receipt: string;
}

/** @evidence Lambda Developer Guide, "Using Lambda with Amazon SQS": the event; Pipes gives each by itself */
function received(pipe: Pipe, message: sqs.Message): Received {
  const attributes = Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [name, {
    stringValue: value.StringValue,
    ...(value.BinaryValue && { binaryValue: value.BinaryValue.toString("base64") }),
    stringListValues: [], binaryListValues: [], dataType: value.DataType,
  }]);
  const id = message.MessageId ?? "";
  return {
    id,
    receipt: message.ReceiptHandle ?? "",
    event: {
      messageId: id,
      receiptHandle: message.ReceiptHandle,
      body: message.Body,
      attributes: message.Attributes ?? {},
      messageAttributes: Object.fromEntries(attributes) as unknown,
      md5OfBody: message.MD5OfBody,
      eventSource: "aws:sqs",
      eventSourceARN: pipe.source,
      awsRegion: parseArn(pipe.source)?.region,
    },
  };
}

export const queueSource: Source = {
  topic: ({ source }) => source,
  flows: (ctx, pipe, role) =>
    Promise.resolve([{ rounds: roundsOf(ctx, pipe, role), hasEnded: () => false }]),
};

async function* roundsOf(
  ctx: BodyContext, pipe: Pipe, role: CallOptions,
): AsyncGenerator<readonly SourceBatch[]> {
  for (;;) {
    const all = await receive(ctx, pipe, role);
    if (all.length === 0) return;
    const { kept, left } = filtered(pipe, all);
    const settling = { isSettled: false };
    yield [{
      events: kept,
      others: left,
      settle: async ({ failed }) => {
        settling.isSettled = true;
        const done = all.filter(({ id }) => left.some((other) => other.id === id)
          || failed === "none" || (failed !== "all" && !failed.has(id)));
        await remove(ctx, pipe, role, done);
      },
    }];
    if (!settling.isSettled) return;
  }
}

function urlOf(ctx: BodyContext, { source }: Pipe): { url: string; region: string } {
  const { region = ctx.region, account = ctx.account, resource = "" } = parseArn(source) ?? {};
  return { url: `${ctx.kernel.endpoint("sqs", region)}/${account}/${resource}`, region };
}

/** As many as make a batch, or as come within the window. */
async function receive(ctx: BodyContext, pipe: Pipe, role: CallOptions): Promise<Received[]> {
  const { url, region } = urlOf(ctx, pipe);
  const { BatchSize = receiveMax, MaximumBatchingWindowInSeconds: window = 0 } =
    pipe.sourceParameters.SqsQueueParameters ?? {};
  const until = ctx.clock.now() + window * 1_000;
  const messages: Received[] = [];
  for (;;) {
    const { Messages = [] } = await ctx.call(sqs.ReceiveMessage, {
      QueueUrl: url, MaxNumberOfMessages: Math.min(BatchSize - messages.length, receiveMax),
      MessageSystemAttributeNames: ["All"], MessageAttributeNames: ["All"],
    }, { ...role, region });
    messages.push(...Messages.map((message) => received(pipe, message)));
    const isFull = messages.length >= BatchSize || messages.length === 0;
    const left = until - ctx.clock.now();
    if (isFull || (Messages.length === 0 && left <= 0) || ctx.signal.aborted) return messages;
    if (Messages.length === 0) await ctx.wait(left, pipe.source);
    else if (window === 0) return messages;
  }
}

async function remove(
  ctx: BodyContext, pipe: Pipe, role: CallOptions, messages: readonly Received[],
): Promise<void> {
  const { url, region } = urlOf(ctx, pipe);
  for (let at = 0; at < messages.length; at += receiveMax) {
    const Entries = messages.slice(at, at + receiveMax)
      .map(({ receipt }, index) => ({ Id: String(index), ReceiptHandle: receipt }));
    await ctx.call(sqs.DeleteMessageBatch, { QueueUrl: url, Entries }, { ...role, region });
  }
}
