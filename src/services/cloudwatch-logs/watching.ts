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
import { transformOf } from "./transformer-table.ts";
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
  meter("AWS/Logs", "IncomingLogEvents", "None", names));

function measure(ctx: Context, group: LogGroup, { events, sizeBytes }: Arrived): void {
  [[], [group.name]].forEach((dimensions, index) => {
    ctx.metric(incomingBytes[index] as Meter, dimensions, sizeBytes);
    ctx.metric(incomingEvents[index] as Meter, dimensions, events.length);
  });
}

/** @evidence CloudWatch Logs User Guide, "Monitoring with CloudWatch metrics", log transformation metrics */
const transformedEvents = meter("AWS/Logs", "TransformedLogEvents", "Count", ["LogGroupName"]);
const transformedBytes = meter("AWS/Logs", "TransformedBytes", "Bytes", ["LogGroupName"]);
const transformationErrors = meter("AWS/Logs", "TransformationErrors", "Count", ["LogGroupName"]);

function measureTransformation(ctx: Context, { name }: LogGroup, events: readonly WatchedEvent[]): void {
  const transformed = events.map((event) => event.transformed()).filter((each, at) => each !== events[at]);
  const bytes = transformed.reduce((sum, { message }) => sum + Buffer.byteLength(message), 0);
  const failed = events.length - transformed.length;
  if (transformed.length > 0) {
    ctx.metric(transformedEvents, [name], transformed.length);
    ctx.metric(transformedBytes, [name], bytes);
  }
  if (failed > 0) ctx.metric(transformationErrors, [name], failed);
}

export function watch(ctx: Context, group: LogGroup, arrived: Arrived): void {
  const { stream, events, from } = arrived;
  measure(ctx, group, arrived);
  // @evidence CloudWatch Logs User Guide, "Log classes": others have neither metrics nor subscriptions
  if (group.groupClass !== "STANDARD") return;
  audit(ctx, group, events);
  let made: WatchedEvent[] | undefined;
  const transform = transformOf(ctx, group);
  const watched = (): readonly WatchedEvent[] =>
    (made ??= events.map((event, index) => watchedEvent(event, from + index, transform)));
  if (transform) measureTransformation(ctx, group, watched());
  const isFiltered = countMetricFilters(ctx, group.name) > 0;
  publish(ctx, [
    ...(isFiltered ? filterMetrics(ctx, group, watched()) : []),
    ...embeddedMetrics(ctx, group.name, events.map(({ message }) => message)),
  ]);
  subscribe(ctx, group, stream, watched);
}
