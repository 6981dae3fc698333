/** The event loop's turns: the answers of one go out together, and where many are short they are held. */

import type { Gathering } from "./gathering.ts";

/**
 * A turn reads what has come. Then it ends: answers go out, what was written is committed, and the answers
 * that waited for that go out, too.
 */
type Phase = "reading" | "ending" | "over";

/** Shorter rests cost more than they save, in milliseconds. */
const restMin = 0.05;

/**
 * Answers go out together when the event loop has read everything that had come: one by one, each wakes a
 * client that has gone to sleep since the last, and that costs as much as the rest of a small request.
 */
export class Turns {
  readonly #gathering: Pick<Gathering, "on" | "milliseconds" | "turned"> | undefined;
  readonly #sleeper = new Int32Array(new SharedArrayBuffer(4));
  #phase: Phase = "over";
  #requests = 0;
  #begunAt = 0;
  #leaving: Promise<void> | undefined;
  #leave: (() => void) | undefined;

  /** @param gathering makes the thread sleep at times: not where others live in it, too */
  constructor(gathering?: Pick<Gathering, "on" | "milliseconds" | "turned">) {
    this.#gathering = gathering;
  }

  /** To be told of each request, when what it can do at once has been begun. */
  requested(): void {
    this.#requests += 1;
    if (this.#phase === "reading") return;
    this.#phase = "reading";
    setImmediate(this.#end);
    // What this request still does before it waits comes first, and so does its commit.
    process.nextTick(this.#finish);
  }

  /** When an answer that is ready goes out. */
  ended(): Promise<void> {
    if (!this.#leaving) {
      this.#leaving = new Promise((resolve) => (this.#leave = resolve));
      if (this.#phase === "ending") process.nextTick(this.#release);
      else if (this.#phase === "over") setImmediate(this.#release);
    }
    return this.#leaving;
  }

  readonly #end = (): void => {
    this.#phase = "ending";
    this.#release();
  };

  readonly #release = (): void => {
    const leave = this.#leave;
    this.#leaving = this.#leave = undefined;
    leave?.();
  };

  readonly #finish = (): void => void setImmediate(this.#rest);

  readonly #rest = (): void => {
    this.#phase = "over";
    const gathering = this.#gathering;
    if (!gathering) return;
    const now = performance.now();
    gathering.turned(this.#requests, now);
    this.#requests = 0;
    const rest = gathering.on ? this.#begunAt + gathering.milliseconds - now : 0;
    if (rest > restMin) Atomics.wait(this.#sleeper, 0, 0, rest);
    this.#begunAt = rest > restMin ? performance.now() : now;
  };
}
