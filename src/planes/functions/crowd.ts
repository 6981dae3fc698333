/**
 * The environments that serve one key, and who waits for one of them. The one that has just become free goes
 * first: what it runs is compiled and in the caches, which is most of what a short function costs. So while
 * as many run as keep the machine busy, whoever comes waits a moment for one of them before one that has
 * rested is woken.
 */

import { availableParallelism } from "node:os";
import type { Invocation, Outcome } from "./contract.ts";
import type { Slot } from "./slot.ts";

/** So many keep the machine busy. */
const busyCount = 2 * availableParallelism();
/** A function that has ended as soon as this may do so again. */
const shortMilliseconds = 2;
/** How long is waited for that. */
const patienceMilliseconds = 2;
/**
 * How long an environment that has answered may take to ask for more before another is begun: as long as that
 * took when it was last done, within these bounds. On a busy machine it takes a while to do nothing.
 */
const finishingMilliseconds = { least: 250, most: 2_000 };
/** A function that takes longer than it did is believed to after about so many invocations. */
const memory = 32;

interface Waiting {
  readonly take: (slot: Slot | undefined) => void;
  readonly timer: NodeJS.Timeout;
}

export class Crowd {
  readonly slots = new Set<Slot>();
  readonly #isOver: (slot: Slot) => boolean;
  /** The latest last. */
  readonly #idle: Slot[] = [];
  readonly #waiting: Waiting[] = [];
  #running = 0;
  /** About the least that it takes. */
  #milliseconds = Number.POSITIVE_INFINITY;
  #patience = finishingMilliseconds.least;

  /** @param isOver whether an environment serves nobody any more */
  constructor(isOver: (slot: Slot) => boolean) {
    this.#isOver = isOver;
  }

  /** @returns an environment that waits, or that comes to in a moment; undefined where there is none */
  async take(): Promise<Slot | undefined> {
    const isSoonFree = this.#running >= busyCount && this.#milliseconds < shortMilliseconds;
    const free = isSoonFree ? await this.#wait(patienceMilliseconds) : undefined;
    const slot = free ?? this.#takeIdle();
    if (slot || this.#finishing() <= this.#waiting.length) return slot;
    return this.#wait(this.#patience);
  }

  #takeIdle(): Slot | undefined {
    for (let slot = this.#idle.pop(); slot; slot = this.#idle.pop()) {
      if (!this.#isOver(slot)) return slot;
      slot.environment.end("spindown");
    }
    return undefined;
  }

  #finishing(): number {
    let count = 0;
    for (const slot of this.slots) {
      if (slot.environment.state === "finishing" && !this.#isOver(slot)) count += 1;
    }
    return count;
  }

  #wait(milliseconds: number): Promise<Slot | undefined> {
    return new Promise((take) => {
      const giveUp = (): void => {
        const at = this.#waiting.indexOf(waiting);
        if (at === -1) return;
        this.#waiting.splice(at, 1);
        take(undefined);
      };
      // Where this process was kept waiting itself, what has come meanwhile is heard first.
      const timer = setTimeout(() => setImmediate(giveUp), milliseconds);
      const waiting = { take, timer };
      this.#waiting.push(waiting);
    });
  }

  async run(slot: Slot, invocation: Invocation, initMilliseconds?: number): Promise<Outcome> {
    this.#running += 1;
    if (initMilliseconds !== undefined) {
      const { least, most } = finishingMilliseconds;
      this.#patience = Math.min(most, Math.max(least, initMilliseconds));
    }
    try {
      const outcome = await slot.environment.invoke(invocation, initMilliseconds);
      this.#learn(outcome.report.durationMilliseconds);
      return outcome;
    } finally {
      this.#running -= 1;
    }
  }

  #learn(milliseconds: number): void {
    const more = milliseconds - this.#milliseconds;
    this.#milliseconds = more < 0 ? milliseconds : this.#milliseconds + more / memory;
  }

  /** It is free. @returns whether it rests, for nobody waited for it */
  add(slot: Slot): boolean {
    const first = this.#waiting.shift();
    if (!first) this.#idle.push(slot);
    else {
      clearTimeout(first.timer);
      first.take(slot);
    }
    return first === undefined;
  }

  /** It has ended. */
  delete(slot: Slot): void {
    this.slots.delete(slot);
    const index = this.#idle.lastIndexOf(slot);
    if (index >= 0) this.#idle.splice(index, 1);
    // It will not be free any more: whoever waits for it need not.
    for (let left = this.#waiting.length - this.#finishing() - this.#running; left > 0; left -= 1) {
      const first = this.#waiting.shift();
      if (!first) return;
      clearTimeout(first.timer);
      first.take(undefined);
    }
  }
}
