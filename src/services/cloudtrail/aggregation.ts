/**
 * Summaries of a trail's data events: what happened in five minutes, by API or by resource.
 *
 * @evidence CloudTrail User Guide, "Aggregating data events", "CloudTrail record contents for aggregated
 *   events"
 */

import type { Ids } from "../../kernel/ids.ts";
import { deliveryMilliseconds } from "../../kernel/trail-deliveries.ts";
import type { LoggedEvent } from "./log-delivery.ts";
import type { Trail } from "./trail-rows.ts";

interface SummedRecord {
  readonly eventName: string;
  readonly eventSource: string;
  readonly eventCategory: string;
  readonly resources?: readonly { readonly ARN: string; readonly type?: string }[];
}

type Dimension = "eventName" | "resourceARN";

interface Summary {
  readonly source: string;
  readonly start: number;
  readonly value: string;
  readonly primary: Dimension;
  readonly detail: Dimension;
  count: number;
  readonly details: Map<string, number>;
}

/** What is summed up by what; user actions are not known in AWS's form. */
export const templates: Readonly<Record<string, readonly [primary: Dimension, detail: Dimension]>> = {
  API_ACTIVITY: ["eventName", "resourceARN"],
  RESOURCE_ACCESS: ["resourceARN", "eventName"],
};

/** Objects count for their bucket. */
function valueOf(dimension: Dimension, { eventName, resources = [] }: SummedRecord): string | undefined {
  if (dimension === "eventName") return eventName;
  return (resources.find(({ type }) => type === "AWS::S3::Bucket") ?? resources[0])?.ARN;
}

export interface SummaryPlace {
  readonly account: string;
  readonly region: string;
  readonly ids: Ids;
}

/** Of what is delivered together. */
export function summariesOf(
  { aggregations = [] }: Trail, events: readonly LoggedEvent[], place: SummaryPlace,
): LoggedEvent[] {
  const chosen = aggregations.flatMap(({ Templates }) => Templates);
  if (chosen.length === 0) return [];
  const summaries = new Map<string, Summary>();
  for (const { at, text } of events) {
    const record = JSON.parse(text) as SummedRecord;
    if (record.eventCategory !== "Data") continue;
    for (const template of chosen) add(summaries, template, at - (at % deliveryMilliseconds), record);
  }
  return [...summaries.values()].map((summary) => (
    { at: summary.start, text: JSON.stringify(summaryRecord(summary, place)) }
  ));
}

function add(summaries: Map<string, Summary>, template: string, start: number, record: SummedRecord): void {
  const [primary, detail] = templates[template] ?? ["eventName", "resourceARN"];
  const value = valueOf(primary, record);
  if (value === undefined) return;
  const source = record.eventSource;
  const key = JSON.stringify([template, start, source, value]);
  let summary = summaries.get(key);
  if (!summary) {
    summaries.set(key, summary = { source, start, value, primary, detail, count: 0, details: new Map() });
  }
  summary.count += 1;
  const other = valueOf(detail, record);
  if (other !== undefined) summary.details.set(other, (summary.details.get(other) ?? 0) + 1);
}

function summaryRecord(summary: Summary, { account, region, ids }: SummaryPlace): object {
  const { source, start, value, primary, detail, count, details } = summary;
  const statistics = [...details].sort(([, one], [, other]) => other - one)
    .map(([name, of]) => ({ name, value: of }));
  return {
    eventVersion: "1.0",
    accountId: account,
    eventId: ids.uuid(),
    eventCategory: "Aggregated",
    eventType: "AwsAggregatedEvent",
    awsRegion: region,
    eventSource: source,
    timeWindow: {
      windowStart: timeText(start), windowEnd: timeText(start + deliveryMilliseconds), windowSize: "PT5M",
    },
    summary: {
      primaryDimension: {
        dimension: primary, statistics: [{ name: value, value: count }], aggregationType: "Count",
      },
      details: [{ dimension: detail, statistics, aggregationType: "Count" }],
    },
  };
}

function timeText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
