/** Endpoints are asked again, with longer and longer pauses, until the time for it is over. */

import type { BodyContext } from "../../kernel/context.ts";

const firstPauseMilliseconds = 1_000;
const pauseMillisecondsMax = 120_000;

export interface Trouble {
  readonly errorCode: string;
  readonly errorMessage: string;
  /** It will not become better. */
  readonly isFinal: boolean;
}

export interface GivenUp {
  readonly trouble: Trouble;
  readonly attempts: number;
}

/** @returns undefined when an attempt went well */
export async function retried(
  ctx: BodyContext, seconds: number, attempt: () => Promise<Trouble | undefined>,
): Promise<GivenUp | undefined> {
  const endsAt = ctx.clock.now() + seconds * 1000;
  let pause = firstPauseMilliseconds;
  for (let attempts = 1; ; attempts += 1) {
    const trouble = await attempt();
    if (!trouble) return undefined;
    const isOver = trouble.isFinal || ctx.clock.now() + pause > endsAt || ctx.signal.aborted;
    if (isOver) return { trouble, attempts };
    await ctx.wait(pause);
    pause = Math.min(pause * 2, pauseMillisecondsMax);
  }
}
