/** Whether the event loop's turns should be held back a moment, so that more requests share each. */

/** How long a turn that gathers lasts, in milliseconds. */
export const gatherMilliseconds = 0.5;

const windowMilliseconds = 50;
/** Requests a millisecond: with fewer, turns cost too little for anybody to wait. */
const busyRate = 4;
/** Requests a turn: with more, they share it as it is. */
const aloneMax = 3;
/** What must be left of the rate when turns gather: who comes back only with an answer comes later. */
const keptShare = 0.8;
const restMilliseconds = 1_000;

/**
 * A request that comes while nobody else does has a turn to itself: the wait for it, its commit, the waking
 * of its client. Where thousands a second come like this, that is half of what they cost, and they are
 * gathered. That is tried and watched: calls that follow from each other's answers only become slower by it,
 * and then it is left for a while.
 */
export class Gathering {
  #on = false;
  #turns = 0;
  #requests = 0;
  #since = 0;
  #rateBefore = 0;
  #restUntil = 0;

  get on(): boolean {
    return this.#on;
  }

  /**
   * To be told of each turn.
   *
   * @param requests how many came in it
   * @param at milliseconds of any clock that only goes forward
   */
  turned(requests: number, at: number): void {
    this.#turns += 1;
    this.#requests += requests;
    if (at - this.#since < windowMilliseconds) return;
    this.#look(this.#requests / (at - this.#since), at);
    this.#turns = 0;
    this.#requests = 0;
    this.#since = at;
  }

  #look(rate: number, at: number): void {
    if (!this.#on) {
      this.#on = rate > busyRate && this.#requests < aloneMax * this.#turns && at >= this.#restUntil;
      this.#rateBefore = rate;
    } else if (rate < keptShare * this.#rateBefore) {
      this.#on = false;
      this.#restUntil = at + restMilliseconds;
    }
  }
}
