/**
 * Insights events as CloudTrail writes them down.
 *
 * @evidence CloudTrail User Guide, "CloudTrail record contents for Insights events for trails"
 */

import type { ReadContext } from "../../kernel/context.ts";
import type { Attributed, Subject } from "./insight-counts.ts";

/** What was usual before. */
export interface Baseline {
  readonly counts: Attributed;
  readonly minutes: number;
}

export interface Occurrence {
  readonly state: "Start" | "End";
  /** Epoch milliseconds. */
  readonly at: number;
  readonly sharedId: string;
  readonly subject: Subject;
  readonly baseline: Baseline;
  readonly counts: Attributed;
  readonly minutes: number;
}

const attributionsMax = 5;

/** Ten digits after the point, as AWS gives. */
function average(count: number, minutes: number): number {
  return Math.round((count / minutes) * 1e10) / 1e10;
}

function largest(counts: Readonly<Record<string, number>>, minutes: number): object[] {
  return Object.entries(counts)
    .sort(([one, first], [other, second]) => second - first || (one < other ? -1 : 1))
    .slice(0, attributionsMax)
    .map(([value, count]) => ({ value, average: average(count, minutes) }));
}

/** Codes of errors are told for rates of calls only: a rate of errors has one, its own. */
function attributions({ subject, baseline, counts, minutes }: Occurrence): object[] {
  const kinds = [["userIdentityArn", "identities"], ["userAgent", "agents"], ["errorCode", "codes"]] as const;
  return kinds.filter(([, kind]) => kind !== "codes" || subject.type === "ApiCallRateInsight").map(
    ([attribute, kind]) => ({
      attribute,
      insight: largest(counts[kind], minutes),
      baseline: largest(baseline.counts[kind], baseline.minutes),
    }),
  );
}

export function insightRecord(ctx: ReadContext, occurrence: Occurrence): { eventID: string } {
  const { state, at, sharedId, subject, baseline, counts, minutes } = occurrence;
  return {
    eventVersion: "1.07",
    eventTime: `${new Date(at).toISOString().slice(0, 19)}Z`,
    awsRegion: ctx.region,
    eventID: ctx.ids.uuid(),
    eventType: "AwsCloudTrailInsight",
    recipientAccountId: ctx.account,
    sharedEventID: sharedId,
    insightDetails: {
      state,
      eventSource: subject.source,
      eventName: subject.name,
      insightType: subject.type,
      ...(subject.code !== "" && { errorCode: subject.code }),
      insightContext: {
        statistics: {
          baseline: { average: average(baseline.counts.count, baseline.minutes) },
          insight: { average: average(counts.count, minutes) },
          insightDuration: minutes,
          baselineDuration: baseline.minutes,
        },
        attributions: attributions(occurrence),
      },
    },
    eventCategory: "Insight",
  } as { eventID: string };
}
