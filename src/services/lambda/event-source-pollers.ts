/** Who reads the sources of mappings that are enabled. */

import { standing } from "../../jobs/standing.ts";
import { withReadFilters } from "./event-source-keys.ts";
import { pumpQueue } from "./event-source-queues.ts";
import { pumpShards } from "./event-source-shards.ts";
import { currentMapping } from "./event-source-table.ts";

/** Runs until the mapping is changed, disabled or deleted, and again after a restart. */
export const pollEventSource = standing<{ readonly uuid: string; readonly generation: number }>(
  "lambda.pollEventSource", async (input, ctx) => {
    const current = ctx.reading(() => currentMapping(ctx, input));
    const mapping = current && (await withReadFilters(ctx, current));
    if (!mapping) return;
    await (mapping.kind === "sqs" ? pumpQueue(ctx, mapping) : pumpShards(ctx, mapping));
  },
);
