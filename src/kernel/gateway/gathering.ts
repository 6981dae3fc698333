/** Whether the event loop's turns should be held back a moment, so that more requests share each. */

/** How long a turn that gathers lasts, in milliseconds: until so many requests have come, within bounds. */
const gatherMilliseconds = { least: 0.5, most: 1 } as const;
const wantedRequests = 4.5;

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
  #milliseconds: number = gatherMilliseconds.least;
  /** What the rate was when turns began to gather. */
  #rateBefore = 0;
  /** Of the window before. A single one may be a burst, or a pause of the machine. */
  #lastRate = 0;
  #wasAlone = false;
  #restUntil = 0;

  get on(): boolean {
    return this.#on;
  }

  /** How long a turn lasts while they gather. */
  get milliseconds(): number {
    return this.#milliseconds;
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
    if (this.#on) {
      this.#on = Math.max(rate, this.#lastRate) >= keptShare * this.#rateBefore;
      if (!this.#on) this.#restUntil = at + restMilliseconds;
    } else {
      const isAlone = rate > busyRate && this.#requests < aloneMax * this.#turns;
      this.#on = isAlone && this.#wasAlone && at >= this.#restUntil;
      this.#wasAlone = isAlone;
      this.#rateBefore = Math.min(rate, this.#lastRate);
    }
    const { least, most } = gatherMilliseconds;
    this.#milliseconds = Math.min(most, Math.max(least, wantedRequests / rate));
    this.#lastRate = rate;
  }
}
