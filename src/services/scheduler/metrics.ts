/** What schedules measure of themselves. @evidence Scheduler User Guide, "Monitoring with CloudWatch" */

import type { BodyContext } from "../../kernel/context.ts";
import { meter, type Meter } from "../../kernel/metrics.ts";

interface Count {
  readonly ofAll: Meter;
  readonly ofGroup: Meter;
}

function count(name: string): Count {
  return {
    ofAll: meter("AWS/Scheduler", name, "Count"),
    ofGroup: meter("AWS/Scheduler", name, "Count", ["ScheduleGroup"]),
  };
}

export const attempted = count("InvocationAttemptCount");
export const refused = count("TargetErrorCount");
export const throttled = count("TargetErrorThrottledCount");
export const dropped = count("InvocationDroppedCount");
export const sentToDeadLetters = count("InvocationsSentToDeadLetterCount");
export const lostDeadLetters = count("InvocationsFailedToBeSentToDeadLetterCount");

export function counted(ctx: BodyContext, { ofAll, ofGroup }: Count, group: string): void {
  ctx.metric(ofAll, [], 1);
  ctx.metric(ofGroup, [group], 1);
}
