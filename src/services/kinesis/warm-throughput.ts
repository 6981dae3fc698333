/** Throughput that an on-demand stream is to take at once: it gets as many shards as that needs. */

import * as kinesis from "../../generated/kinesis.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { onStream, requireActive, requireStream, streamArn } from "./addresses.ts";
import { validation } from "./errors.ts";
import { isAdvantage, onDemandShards } from "./limits.ts";
import { change } from "./resharding.ts";
import { openShardsOf } from "./stream-table.ts";

/** @evidence Developer Guide: an on-demand stream takes up to 10 GB a second in the largest Regions */
const warmMiBpsMax = 10_240;

export function requireWarmThroughput(ctx: ReadContext, mode: kinesis.StreamMode, warmMiBps: number): void {
  if (mode !== "ON_DEMAND") {
    throw validation("Warm throughput can only be set for streams in the ON_DEMAND mode.");
  }
  if (!isAdvantage(ctx)) {
    throw validation(
      "Warm throughput requires the minimum throughput billing commitment to be enabled for the account.",
    );
  }
  if (warmMiBps > warmMiBpsMax) {
    throw validation(`Warm throughput cannot be greater than ${warmMiBpsMax} MiBps.`);
  }
}

/** @evidence API Reference, UpdateStreamWarmThroughput: only for accounts with On-demand Advantage */
export const UpdateStreamWarmThroughput = operation(kinesis.UpdateStreamWarmThroughput, {
  ...onStream,
  run(input, ctx) {
    const stream = requireActive(ctx, requireStream(ctx, input));
    const warmMiBps = input.WarmThroughputMiBps;
    requireWarmThroughput(ctx, stream.mode, warmMiBps);
    const count = Math.max(openShardsOf(ctx, stream).length, onDemandShards(warmMiBps));
    const CurrentMiBps = stream.warmMiBps ?? 0;
    change(ctx, { ...stream, warmMiBps }, { kind: "scale", count });
    return {
      StreamARN: streamArn(ctx, stream.name),
      StreamName: stream.name,
      WarmThroughput: { TargetMiBps: warmMiBps, CurrentMiBps },
    };
  },
});
