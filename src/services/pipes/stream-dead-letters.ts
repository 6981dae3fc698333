/** Records that were tried too often, or are too old: where they were is told to the dead-letter queue. */

import * as sqs from "../../generated/sqs.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { pipeArn, type Pipe } from "./pipe-rows.ts";
import { streamParameters } from "./stream-positions.ts";
import type { StreamRecord } from "./stream-readers.ts";

export interface Lost {
  readonly shard: string;
  readonly lost: readonly StreamRecord[];
  readonly attempts: number;
  readonly isTooOld: boolean;
}

/** @evidence EventBridge User Guide, "Amazon EventBridge Pipes error handling": what the dead letter tells */
export async function giveUp(
  ctx: BodyContext, pipe: Pipe, role: CallOptions, { shard, lost, attempts, isTooOld }: Lost,
): Promise<void> {
  const queue = parseArn(streamParameters(pipe).DeadLetterConfig?.Arn ?? "");
  const [first] = lost;
  const last = lost[lost.length - 1];
  if (queue?.service !== "sqs" || !first || !last) return;
  const isKinesis = parseArn(pipe.source)?.service === "kinesis";
  const body = {
    context: {
      partnerResourceArn: pipeArn(ctx, pipe.name),
      condition: isTooOld ? "RecordAgeExceeded" : "RetryAttemptsExhausted",
      approximateInvokeCount: attempts,
    },
    version: "1.0",
    timestamp: new Date(ctx.clock.now()).toISOString(),
    [isKinesis ? "KinesisBatchInfo" : "DDBStreamBatchInfo"]: {
      shardId: shard,
      startSequenceNumber: first.id,
      endSequenceNumber: last.id,
      approximateArrivalOfFirstRecord: new Date(first.at).toISOString(),
      approximateArrivalOfLastRecord: new Date(last.at).toISOString(),
      batchSize: lost.length,
      streamArn: pipe.source,
    },
  };
  const QueueUrl = `${ctx.kernel.endpoint("sqs", queue.region)}/${queue.account}/${queue.resource}`;
  try {
    const options = { ...role, region: queue.region };
    await ctx.call(sqs.SendMessage, { QueueUrl, MessageBody: JSON.stringify(body) }, options);
  } catch (cause) {
    if (!(cause instanceof AwsError)) throw cause;
  }
}
