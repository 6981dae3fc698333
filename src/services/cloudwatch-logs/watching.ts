/** What new events set off: metrics and subscriptions. */

import type { Context } from "../../kernel/context.ts";
import { meter, type Meter } from "../../kernel/metrics.ts";
import { audit } from "./auditing.ts";
import type { Draft } from "./block-writing.ts";
import { embeddedMetrics } from "./embedded-metrics.ts";
import { countMetricFilters } from "./filter-tables.ts";
import type { LogGroup } from "./group-table.ts";
import { filterMetrics } from "./metric-filtering.ts";
import { publish } from "./metric-values.ts";
import { subscribe } from "./subscribing.ts";
import { watchedEvent, type WatchedEvent } from "./watched-events.ts";

/** Events that were just put into one stream. */
export interface Arrived {
  readonly stream: string;
  readonly events: readonly Draft[];
  /** The number of the first; the others follow. */
  readonly from: number;
  /** As AWS counts. */
  readonly sizeBytes: number;
}

/** @evidence CloudWatch Logs User Guide, "Monitoring with CloudWatch metrics" */
const incomingBytes = [
  [], ["LogGroupName"],
].map((names) => meter("AWS/Logs", "IncomingBytes", "Bytes", names));
const incomingEvents = [[], ["LogGroupName"]].map((names) =>
  meter("AWS/Logs", "IncomingLogEvents", "Count", names));

function measure(ctx: Context, group: LogGroup, { events, sizeBytes }: Arrived): void {
  [[], [group.name]].forEach((dimensions, index) => {
    ctx.metric(incomingBytes[index] as Meter, dimensions, sizeBytes);
    ctx.metric(incomingEvents[index] as Meter, dimensions, events.length);
  });
}

export function watch(ctx: Context, group: LogGroup, arrived: Arrived): void {
  const { stream, events, from } = arrived;
  measure(ctx, group, arrived);
  // @evidence CloudWatch Logs User Guide, "Log classes": others have neither metrics nor subscriptions
  if (group.groupClass !== "STANDARD") return;
  audit(ctx, group, events);
  let made: WatchedEvent[] | undefined;
  const watched = (): readonly WatchedEvent[] =>
    (made ??= events.map((event, index) => watchedEvent(event, from + index)));
  const isFiltered = countMetricFilters(ctx, group.name) > 0;
  publish(ctx, [
    ...(isFiltered ? filterMetrics(ctx, group, watched()) : []),
    ...embeddedMetrics(events.map(({ message }) => message)),
  ]);
  subscribe(ctx, group, stream, watched);
}
