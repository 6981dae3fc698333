/**
 * Brings something that is apart (a replica, a process, a network) into the state that rows ask for. What
 * changes the rows pokes the reconciler in the same transaction; it looks at the rows as they are when it
 * runs, not at what changed. It is poked as often as anybody likes, also while it runs: then it runs again.
 */

import type { BodyContext, Context } from "../kernel/context.ts";
import type { Job } from "./job.ts";
import { jobs } from "./rows.ts";

export interface Poke<Input> {
  readonly id: string;
  readonly input: Input;
}

export interface Reconciler<Input> extends Job<Poke<Input>> {
  /** `id` is what is brought into its state, unique among those of this reconciler in the cell. */
  poke(ctx: Context, id: string, input: Input): void;
  /**
   * As `poke`, some time from now, for what is seldom needed and often asked for: nothing is written where it
   * is to be looked at by then anyhow.
   */
  pokeWithin(ctx: Context, id: string, input: Input, milliseconds: number): void;
}

/** Undefined when all is as it should be; else when to look again, though nobody pokes. */
export type Reconciled = { readonly againAfterMilliseconds: number } | undefined;

/**
 * @param name `service.noun`, as jobs are named; one of the service's nouns must export the result
 * @param reconcile may run any number of times, and must not mind. When it throws it is tried again, each
 * time a little later, until it succeeds.
 */
export function reconciler<Input>(
  name: string,
  reconcile: (input: Input, ctx: BodyContext) => Promise<Reconciled | void>,
): Reconciler<Input> {
  const self: Reconciler<Input> = {
    kind: "job",
    name,
    persistent: true,
    async body({ id, input }, ctx) {
      const orderOf = (within: Context): number | undefined => within.db(jobs).get([name, id])?.order;
      const begun = ctx.transaction(orderOf);
      const again = await reconcile(input, ctx);
      if (!again) return;
      ctx.transaction((within) => {
        // Whoever poked meanwhile wants it sooner.
        if (orderOf(within) !== begun) return;
        const at = within.clock.now() + again.againAfterMilliseconds;
        within.schedule(self, { at, id, input: { id, input } });
      });
    },
    poke(ctx, id, input) {
      ctx.schedule(self, { at: ctx.clock.now(), id, input: { id, input } });
    },
    pokeWithin(ctx, id, input, milliseconds) {
      const now = ctx.clock.now();
      const expected = ctx.db(jobs).get([name, id]);
      // One that is due may be running, and may have looked already.
      if (expected && expected.at > now && expected.at <= now + milliseconds) return;
      ctx.schedule(self, { at: now + milliseconds, id, input: { id, input } });
    },
  };
  return self;
}
