/** Reads what trails with Insights log, and counts it. */

import type * as cloudtrail from "../../generated/cloudtrail.ts";
import type { BodyContext, ReadContext } from "../../kernel/context.ts";
import { dataSegments, segmentsAfter, trailSegments, type SegmentPlace } from "../../kernel/trail.ts";
import { isSelected, type SelectableRecord } from "../../kernel/trail-selection.ts";
import { table } from "../../store/types.ts";
import { isLeftOut } from "./delivery.ts";
import { baselineMilliseconds, hourMilliseconds, keyOf, Tally, type Subject } from "./insight-counts.ts";
import type { Watcher } from "./insight-watchers.ts";

/** Up to where a region's events are counted. */
interface Counted {
  readonly management: SegmentPlace;
  readonly data: SegmentPlace;
}

const counted = table<Counted>("cloudtrail.insightPlaces", { key: () => "region" });

/** So much text is read at once. */
const batchLengthMax = 512 * 1024;

interface CountableRecord extends SelectableRecord {
  readonly eventTime: string;
  readonly sourceIPAddress: string;
  readonly userAgent?: string;
  readonly errorCode?: string;
}

/** Where there were no Insights before, from the beginning of the baseline on. */
export async function countNews(ctx: BodyContext, watchers: readonly Watcher[]): Promise<void> {
  const watchedFrom = Math.min(...watchers.map(({ from }) => from));
  for (let isMore = true; isMore;) {
    const { tally, places, isFull } = ctx.reading(() => read(ctx, watchers));
    ctx.transaction((within) => {
      tally.write(within, watchedFrom);
      within.db(counted).put(places);
    });
    isMore = isFull;
    // Others come to their turn between two batches.
    if (isMore) await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

interface Batch {
  readonly tally: Tally;
  readonly places: Counted;
  readonly isFull: boolean;
}

function read(ctx: ReadContext, watchers: readonly Watcher[]): Batch {
  const known = ctx.db(counted).get("region");
  const oldest: SegmentPlace = [ctx.clock.now() - baselineMilliseconds - hourMilliseconds, 0, 0];
  const later = (place: SegmentPlace | undefined): SegmentPlace =>
    place && place[0] > oldest[0] ? place : oldest;
  const tally = new Tally();
  let length = 0;
  const collect = (rows: typeof trailSegments, from: SegmentPlace): SegmentPlace => {
    let reached = from;
    for (const { lines, place } of segmentsAfter(ctx.db(rows), from)) {
      if (length > batchLengthMax) break;
      for (const line of lines) {
        count(ctx, tally, watchers, JSON.parse(line) as CountableRecord);
        length += line.length;
      }
      reached = place;
    }
    return reached;
  };
  const management = collect(trailSegments, later(known?.management));
  const data = collect(dataSegments, later(known?.data));
  return { tally, places: { management, data }, isFull: length > batchLengthMax };
}

function count(
  ctx: ReadContext, tally: Tally, watchers: readonly Watcher[], record: CountableRecord,
): void {
  // What trails do to deliver is nobody's activity.
  if (record.sourceIPAddress === "cloudtrail.amazonaws.com") return;
  const found = new Map<string, string[]>();
  for (const { arn, trail, insights } of watchers) {
    if (isLeftOut(trail, ctx.region, record) || !isSelected(trail, record)) continue;
    for (const each of subjectsOf(record, insights, arn)) {
      const subject = keyOf(each);
      found.set(subject, [...(found.get(subject) ?? []), arn]);
    }
  }
  for (const [subject, trails] of found) {
    tally.add({
      subject, trails, at: Date.parse(record.eventTime), identity: identityOf(record),
      agent: record.userAgent ?? "", code: record.errorCode ?? "null",
    });
  }
}

/**
 * Calls that change something, and errors of all; of data events all calls.
 *
 * @evidence CloudTrail API Reference, InsightSelector
 */
function subjectsOf(
  record: CountableRecord, insights: readonly cloudtrail.InsightSelector[], arn: string,
): Subject[] {
  const { eventCategory, eventSource: source, eventName: name, errorCode } = record;
  const isManagement = eventCategory === "Management";
  const trail = isManagement ? "" : arn;
  const subjects: Subject[] = [];
  for (const { InsightType: type, EventCategories = ["Management"] } of insights) {
    if (!EventCategories.includes(isManagement ? "Management" : "Data")) continue;
    if (type === "ApiCallRateInsight" && !(isManagement && record.readOnly)) {
      subjects.push({ trail, type, source, name, code: "" });
    }
    if (type === "ApiErrorRateInsight" && errorCode !== undefined) {
      subjects.push({ trail, type, source, name, code: errorCode });
    }
  }
  return subjects;
}

/** Sessions of a role count as the role's. @evidence CloudTrail User Guide, "insightDetails": the example */
function identityOf({ userIdentity: { arn, invokedBy } }: CountableRecord): string {
  return arn?.replace(/^(arn:[^:]+:sts::\d+:assumed-role\/[^/]+)\/.*$/, "$1") ?? invokedBy ?? "";
}
