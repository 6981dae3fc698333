/** Whether commits should wait a moment for more callers to share them. */

/** How long a commit that gathers waits, in milliseconds: the least that a timer can. */
export const gatherMilliseconds = 1;

const windowBatches = 16;
/** Callers a millisecond: with fewer, commits cost too little for anybody to wait. */
const busyRate = 4;
/** Callers a commit: with more, they share it as it is. */
const aloneMax = 3;
/** What must be left of the rate when commits wait: who comes back only with an answer comes later. */
const keptShare = 0.8;
const restMilliseconds = 1_000;

/**
 * A caller that comes while nobody else does has a commit to itself, and where thousands a second come like
 * this, commits are a good part of their cost. Then they are gathered. That is tried and watched: calls that
 * follow from each other's answers only become slower by it, and then it is left for a while.
 */
export class Gathering {
  #on = false;
  #batches = 0;
  #callers = 0;
  #since = 0;
  #rateBefore = 0;
  #restUntil = 0;

  get on(): boolean {
    return this.#on;
  }

  /**
   * To be told of each commit.
   *
   * @param callers how many waited for it
   * @param at milliseconds of any clock that only goes forward
   */
  committed(callers: number, at: number): void {
    if (callers === 0) return;
    this.#batches += 1;
    this.#callers += callers;
    if (this.#batches < windowBatches) return;
    this.#look(this.#callers / (at - this.#since), at);
    this.#batches = 0;
    this.#callers = 0;
    this.#since = at;
  }

  #look(rate: number, at: number): void {
    if (!this.#on) {
      this.#on = rate > busyRate && this.#callers < aloneMax * windowBatches && at >= this.#restUntil;
      this.#rateBefore = rate;
    } else if (rate < keptShare * this.#rateBefore) {
      this.#on = false;
      this.#restUntil = at + restMilliseconds;
    }
  }
}
