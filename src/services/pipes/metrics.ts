/** What pipes measure of themselves. @evidence EventBridge User Guide, "Monitoring EventBridge Pipes" */

import type { BodyContext } from "../../kernel/context.ts";
import { meter, type Meter } from "../../kernel/metrics.ts";
import type { Pipe } from "./pipe-rows.ts";
import type { Settled } from "./sources.ts";

const count = (name: string): Meter => meter("AWS/EventBridge/Pipes", name, "Count", ["PipeName"]);

const invocations = count("Invocations");
const eventCount = count("EventCount");
const failed = count("ExecutionFailed");
const partiallyFailed = count("ExecutionPartiallyFailed");

/** A batch that was taken, and how it went. */
export function batchMeasured(
  ctx: BodyContext, { name }: Pipe, events: number, { failed: which }: Settled,
): void {
  ctx.metric(invocations, [name], 1);
  ctx.metric(eventCount, [name], events);
  if (which === "all") ctx.metric(failed, [name], 1);
  else if (which !== "none") ctx.metric(partiallyFailed, [name], 1);
}
