/**
 * Looks for unusual activity, every five minutes in which a trail with Insights had news. AWS does not
 * publish its model; this one's rule is in NOTES.md.
 *
 * @evidence CloudTrail User Guide, "Working with CloudTrail Insights"
 */

import { asynchronousJob } from "../../jobs/job.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { insightsJob, nextDelivery } from "../../kernel/trail-deliveries.ts";
import { table } from "../../store/types.ts";
import { countNews } from "./insight-counting.ts";
import {
  baselineMilliseconds, countsBetween, hourMilliseconds, insightCounts, insightWindows, nothing, subjectOf,
  together, trimCounts, windowMilliseconds, type Attributed,
} from "./insight-counts.ts";
import { tellInsight, trimInsights } from "./insight-events.ts";
import type { Baseline } from "./insight-records.ts";
import { watchersOf, type Watcher } from "./insight-watchers.ts";

/** @evidence CloudTrail User Guide, "insightDetails": the example's Insight is of so many calls */
const callsMin = 3;
const deviations = 5;

/** Unusual activity that has not ended yet. */
interface Open {
  readonly subject: string;
  readonly at: number;
  /** When its last five minutes end. */
  readonly until: number;
  readonly sharedId: string;
  readonly baseline: Baseline;
  /** What is not more than that is usual. */
  readonly usualMax: number;
  readonly trails: readonly string[];
}

const openInsights = table<Open>("cloudtrail.openInsights", { key: ({ subject }) => subject });

export const watch = asynchronousJob(insightsJob, async (_: object, ctx: BodyContext) => {
  const watchers = watchersOf(ctx);
  if (watchers.length > 0) await countNews(ctx, watchers);
  ctx.transaction((within) => {
    const now = within.clock.now();
    const until = now - (now % windowMilliseconds);
    lookAtWindows(within, watchers, until);
    endThose(within, watchers, until);
    trimCounts(within);
    trimInsights(within);
    const isMore = within.db(openInsights).first() ?? within.db(insightWindows).first();
    if (!isMore) return;
    const next = nextDelivery(now);
    within.schedule(watch, { at: next, id: String(next), input: {} });
  });
});

function lookAtWindows(ctx: Context, watchers: readonly Watcher[], until: number): void {
  const windows = ctx.db(insightWindows);
  for (const { at, subject, trails: of } of [...windows.list({ before: [until] })]) {
    windows.delete([at, subject]);
    const counts = ctx.db(insightCounts).get([subject, 300, at]) ?? nothing;
    let open = ctx.db(openInsights).get(subject);
    if (open && at < open.until) continue;
    if (open && (at > open.until || counts.count <= open.usualMax)) {
      end(ctx, open, watchers);
      open = undefined;
    }
    if (open) ctx.db(openInsights).put({ ...open, until: at + windowMilliseconds });
    else startIfUnusual(ctx, watchers, { subject, at, counts, trails: of });
  }
}

/** Those of which nothing more was seen in the five minutes after their last ones. */
function endThose(ctx: Context, watchers: readonly Watcher[], until: number): void {
  for (const open of [...ctx.db(openInsights).list()]) {
    if (open.until + windowMilliseconds <= until || watchers.length === 0) end(ctx, open, watchers);
  }
}

interface Candidate {
  readonly subject: string;
  readonly at: number;
  readonly counts: Attributed;
  readonly trails: readonly string[];
}

function startIfUnusual(ctx: Context, watchers: readonly Watcher[], candidate: Candidate): void {
  const { subject: key, at, counts } = candidate;
  if (counts.count < callsMin) return;
  const subject = subjectOf(key);
  const told = watchers.filter(({ arn, from, insights }) => at >= from && candidate.trails.includes(arn)
    && insights.some(({ InsightType }) => InsightType === subject.type)).map(({ arn }) => arn);
  if (told.length === 0) return;
  const { baseline, usualMax } = baselineOf(ctx, key, at);
  if (counts.count <= usualMax) return;
  const sharedId = ctx.ids.uuid();
  const until = at + windowMilliseconds;
  ctx.db(openInsights).put({ subject: key, at, until, sharedId, baseline, usualMax, trails: told });
  const minutes = windowMilliseconds / 60_000;
  tellInsight(ctx, { state: "Start", at, sharedId, subject, baseline, counts, minutes }, told);
}

function end(ctx: Context, open: Open, watchers: readonly Watcher[]): void {
  ctx.db(openInsights).delete(open.subject);
  const told = open.trails.filter((arn) => watchers.some((watcher) => watcher.arn === arn));
  if (told.length === 0) return;
  let counts: Attributed = nothing;
  for (const window of countsBetween(ctx, open.subject, 300, open.at, open.until)) {
    counts = together(counts, window);
  }
  const { until, at, sharedId, baseline } = open;
  const subject = subjectOf(open.subject);
  const minutes = (until - at) / 60_000;
  tellInsight(ctx, { state: "End", at: until, sharedId, subject, baseline, counts, minutes }, told);
}

/**
 * The seven days before, from a full hour on. What is usual reaches to the average of five minutes and so
 * many standard deviations more.
 */
function baselineOf(ctx: Context, subject: string, at: number): { baseline: Baseline; usualMax: number } {
  const hour = at - (at % hourMilliseconds);
  const from = hour - baselineMilliseconds;
  let counts: Attributed = nothing;
  let squares = 0;
  for (const each of countsBetween(ctx, subject, 3600, from, hour)) {
    counts = together(counts, each);
    squares += each.squares;
  }
  for (const each of countsBetween(ctx, subject, 300, hour, at)) {
    counts = together(counts, each);
    squares += each.count ** 2;
  }
  const windows = (at - from) / windowMilliseconds;
  const mean = counts.count / windows;
  const deviation = Math.sqrt(Math.max(0, squares / windows - mean ** 2));
  return {
    baseline: { counts, minutes: (at - from) / 60_000 },
    usualMax: Math.max(mean + deviations * deviation, callsMin - 1),
  };
}
