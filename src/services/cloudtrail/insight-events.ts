/** Insights events of a region: those of the last 90 days, and what of them is yet to be delivered. */

import { asynchronousJob } from "../../jobs/job.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { trailRetentionMilliseconds } from "../../kernel/trail.ts";
import { table } from "../../store/types.ts";
import { deliverBatch } from "./delivery.ts";
import { keyOf } from "./insight-counts.ts";
import { insightRecord, type Occurrence } from "./insight-records.ts";
import { trailArn, trails } from "./trail-rows.ts";

export interface InsightEvent {
  /** When the activity started or ended: epoch milliseconds. */
  readonly at: number;
  readonly id: string;
  readonly subject: string;
  readonly text: string;
}

export const insightEvents = table<InsightEvent>("cloudtrail.insightEvents", {
  key: ({ at, id }) => [at, id],
});

/** In the account's global cell, beside the trails. */
interface Undelivered {
  readonly trail: string;
  readonly region: string;
  readonly at: number;
  readonly id: string;
  readonly text: string;
}

const undelivered = table<Undelivered>("cloudtrail.undeliveredInsights", {
  key: ({ trail, region, at, id }) => [trail, region, at, id],
});

const trimMax = 64;

/** Writes an event down, tells of it, and has it delivered. @param to ARNs of trails */
export function tellInsight(ctx: Context, occurrence: Occurrence, to: readonly string[]): void {
  const { at, subject } = occurrence;
  const detail = insightRecord(ctx, occurrence);
  const event = { at, id: detail.eventID, text: JSON.stringify(detail) };
  ctx.db(insightEvents).put({ ...event, subject: keyOf(subject) });
  ctx.emit({ source: "aws.cloudtrail", detailType: "AWS Insight via CloudTrail", resources: [], detail });
  const { region } = ctx;
  ctx.thenIn("aws-global", (within) => {
    for (const trail of to) within.db(undelivered).put({ trail, region, ...event });
    within.schedule(deliverInsights, { at: within.clock.now(), id: "account", input: {} });
  });
}

export function trimInsights(ctx: Context): void {
  const before = [ctx.clock.now() - trailRetentionMilliseconds];
  for (const { at, id } of [...ctx.db(insightEvents).list({ before, limit: trimMax })]) {
    ctx.db(insightEvents).delete([at, id]);
  }
}

/** As files of their own, under `CloudTrail-Insight`. */
export const deliverInsights = asynchronousJob(
  "cloudtrail.deliverInsights",
  async (_: object, ctx: BodyContext) => {
    for (const trail of ctx.transaction((within) => [...within.db(trails).list()])) {
      const arn = trailArn(ctx, trail);
      const all = ctx.reading(() => [...ctx.db(undelivered).list({ prefix: [arn] })]);
      const byRegion = new Map<string, Undelivered[]>();
      for (const event of all) byRegion.set(event.region, [...(byRegion.get(event.region) ?? []), event]);
      for (const [region, events] of byRegion) {
        await deliverBatch(ctx, trail, region, events, "CloudTrail-Insight");
        ctx.transaction((within) => {
          for (const { at, id } of events) within.db(undelivered).delete([arn, region, at, id]);
        });
      }
    }
  },
);

/** With a trail goes what it was yet to get. */
export function forgetInsights(ctx: Context, arn: string): void {
  for (const { region, at, id } of [...ctx.db(undelivered).list({ prefix: [arn] })]) {
    ctx.db(undelivered).delete([arn, region, at, id]);
  }
}
