/**
 * Work that goes on for as long as what it is done for: readers of queues and streams. It is over when it
 * returns; when the region stops, it goes on after the next start.
 */

import type { BodyContext, Context } from "../kernel/context.ts";
import type { Job } from "./job.ts";

export interface Start<Input> {
  readonly id: string;
  readonly input: Input;
}

export interface Standing<Input> extends Job<Start<Input>> {
  /** `id` is unique among those of this work in the cell. @param at epoch milliseconds; default: now */
  start(ctx: Context, id: string, input: Input, at?: number): void;
}

/** What ends with the region is not taken up again while that stops. */
const againMilliseconds = 1_000;

/**
 * @param name `service.noun`, as jobs are named; one of the service's nouns must export the result
 * @param work looks at `ctx.signal` and returns when it is aborted. When it throws it is begun again, each
 * time a little later.
 */
export function standing<Input>(
  name: string, work: (input: Input, ctx: BodyContext) => Promise<void>,
): Standing<Input> {
  const self: Standing<Input> = {
    kind: "job",
    name,
    persistent: true,
    async body(start, ctx) {
      await work(start.input, ctx);
      if (!ctx.signal.aborted) return;
      const at = ctx.clock.now() + againMilliseconds;
      ctx.transaction((within) => within.schedule(self, { at, id: start.id, input: start }));
    },
    start(ctx, id, input, at = ctx.clock.now()) {
      ctx.schedule(self, { at, id, input: { id, input } });
    },
  };
  return self;
}
