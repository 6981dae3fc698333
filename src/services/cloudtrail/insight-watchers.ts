/** Which trails are told of what is unusual in a region. */

import type * as cloudtrail from "../../generated/cloudtrail.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { hourMilliseconds } from "./insight-counts.ts";
import { allTrails, trailArn, type Trail } from "./trail-rows.ts";

export interface Watcher {
  readonly arn: string;
  readonly trail: Trail;
  readonly insights: readonly cloudtrail.InsightSelector[];
  /** From when on it is told: epoch milliseconds. */
  readonly from: number;
}

/**
 * @evidence CloudTrail User Guide, "Delivery of Insights events": up to 36 hours after Insights were enabled,
 *   or logging was started again
 */
const learningMilliseconds = 36 * hourMilliseconds;

export function watchersOf(ctx: ReadContext): Watcher[] {
  return allTrails(ctx).flatMap((trail) => {
    const { insights, insightsSince = 0, startedAt = 0, isLogging, multiRegion, homeRegion } = trail;
    if (!isLogging || !insights || (!multiRegion && homeRegion !== ctx.region)) return [];
    const from = Math.max(insightsSince, startedAt) + learningMilliseconds;
    return [{ arn: trailArn(ctx, trail), trail, insights, from }];
  });
}
