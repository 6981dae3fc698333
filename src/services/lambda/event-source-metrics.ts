/**
 * How events of a mapping fared, where its `MetricsConfig` asks for it; and how old records of streams are.
 *
 * @evidence Lambda Developer Guide, "Event source mapping metrics": the metrics of `EventCount`
 */

import type { ReadContext } from "../../kernel/context.ts";
import { meter, type Meter } from "../../kernel/metrics.ts";
import type { EventSourceMapping } from "./event-source-table.ts";

function ofMapping(name: string): Meter {
  return meter("AWS/Lambda", name, "Count", ["EventSourceMappingUUID"]);
}

const meters = {
  polled: ofMapping("PolledEventCount"),
  filteredOut: ofMapping("FilteredOutEventCount"),
  invoked: ofMapping("InvokedEventCount"),
  failed: ofMapping("FailedInvokeEventCount"),
  dropped: ofMapping("DroppedEventCount"),
  delivered: ofMapping("OnFailureDestinationDeliveredEventCount"),
  deleted: ofMapping("DeletedEventCount"),
} as const;

export function countEvents(
  ctx: ReadContext, { uuid, settings }: EventSourceMapping, what: keyof typeof meters, count: number,
): void {
  if (count === 0 || !settings.metrics?.Metrics?.includes("EventCount")) return;
  ctx.metric(meters[what], [uuid], count);
}

const iteratorAge = meter("AWS/Lambda", "IteratorAge", "Milliseconds", ["FunctionName"]);

/** @param at when the last record of the batch came */
export function measureAge(ctx: ReadContext, { name }: EventSourceMapping, at: number): void {
  ctx.metric(iteratorAge, [name], Math.max(0, ctx.clock.now() - at));
}
