/** Requests that wait: for the clock, for a topic to be woken, for their client to leave. */

import type { RegionClock } from "./clock.ts";

export class Waits {
  readonly #clock: RegionClock;
  readonly #onPause: (waiting: 1 | -1) => void;
  readonly #topics = new Map<string, Set<() => void>>();

  /**
   * @param onPause told when a request begins and ends to wait, so that a settled region may have waiting
   *   requests
   */
  constructor(clock: RegionClock, onPause: (waiting: 1 | -1) => void) {
    this.#clock = clock;
    this.#onPause = onPause;
  }

  wait(until: number, topic: string | undefined, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    this.#onPause(1);
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        signal.removeEventListener("abort", done);
        if (topic !== undefined) this.#leave(topic, done);
        this.#onPause(-1);
        resolve();
      };
      const cancel = this.#clock.alarm(until, done);
      signal.addEventListener("abort", done);
      if (topic !== undefined) this.#join(topic, done);
    });
  }

  wake(topic: string): void {
    const waiting = this.#topics.get(topic);
    if (waiting) for (const done of [...waiting]) done();
  }

  #join(topic: string, done: () => void): void {
    const waiting = this.#topics.get(topic) ?? new Set();
    waiting.add(done);
    this.#topics.set(topic, waiting);
  }

  #leave(topic: string, done: () => void): void {
    const waiting = this.#topics.get(topic);
    waiting?.delete(done);
    if (waiting?.size === 0) this.#topics.delete(topic);
  }
}
