/**
 * The region's one clock: real, scaled or frozen, and it can be set and advanced. Everything that waits does
 * so by
 * an alarm here, so that advancing time runs what falls due, in order.
 */

import type { Time } from "./context.ts";

export type ClockMode = "real" | "scaled" | "frozen";

export interface ClockState {
  readonly mode: ClockMode;
  /** Epoch milliseconds. */
  readonly now: number;
  /** How many of the region's seconds pass in one of the machine's: 1 when real, 0 when frozen. */
  readonly factor: number;
}

/** How the machine's time becomes the region's, from one moment on. */
export interface Timeline {
  /** The machine's time at that moment, and the region's: epoch milliseconds. */
  readonly machine: number;
  readonly region: number;
  readonly factor: number;
}

/** The region's time at a later moment of the machine's. */
function continued(last: Timeline, machine: number): number {
  return Math.min(latestTime, Math.floor(last.region + (machine - last.machine) * last.factor));
}

/** A clock that shows what no date can be would fail every request, and could not be stopped. */
function requireTime(at: number): void {
  if (at >= 0 && at <= latestTime) return;
  throw new RangeError("The clock goes from 1970 to the end of the year 9999.");
}

interface Alarm {
  readonly at: number;
  readonly order: number;
  readonly ring: () => void;
}

/** Node's timers hold 31 bits of milliseconds; a longer wait is taken in steps. */
const timerMillisecondsMax = 2 ** 31 - 1;
const historyMax = 256;
/** What AWS's texts of dates end with: JavaScript goes on, but not for ever. */
export const latestTime = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
export const scaleMax = 1_000_000;
/** Signatures count whole seconds. */
const machineSkewMilliseconds = 1_000;

export class RegionClock implements Time {
  #machineEpoch: number;
  #regionEpoch: number;
  #factor: number;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  #timerAt = Number.POSITIVE_INFINITY;
  #order = 0;
  /** Change by change: what a client signed by its own clock is read by. */
  readonly #history: Timeline[];
  readonly #changed: (timeline: Timeline) => void;
  /** Earliest first; ties in the order of setting. */
  readonly #alarms: Alarm[] = [];

  /**
   * @param last how the clock was set when the region stopped; without it the machine's time is the region's
   * @param changed told of every change
   */
  constructor(last?: Timeline, changed: (timeline: Timeline) => void = () => undefined) {
    this.#machineEpoch = Date.now();
    this.#factor = last?.factor ?? 1;
    this.#regionEpoch = last ? continued(last, this.#machineEpoch) : this.#machineEpoch;
    this.#history = [this.timeline()];
    this.#changed = changed;
  }

  timeline(): Timeline {
    return { machine: this.#machineEpoch, region: this.#regionEpoch, factor: this.#factor };
  }

  now(): number {
    if (this.#factor === 0) return this.#regionEpoch;
    const passed = (Date.now() - this.#machineEpoch) * this.#factor;
    return Math.min(latestTime, Math.floor(this.#regionEpoch + passed));
  }

  get isFrozen(): boolean {
    return this.#factor === 0;
  }

  state(): ClockState {
    const mode = this.#factor === 0 ? "frozen" : this.#factor === 1 ? "real" : "scaled";
    return { mode, now: this.now(), factor: this.#factor };
  }

  /**
   * What the region's clock showed when the machine's showed `machineTime`; undefined for times before the
   * region started or still to come, which nobody on this machine can have read off its clock.
   *
   * @param slack how many milliseconds later the time may have been read: signatures count whole seconds, and
   *   what was signed right after the clock was changed is to be read by the changed clock
   */
  asRegionTime(machineTime: number, slack = 0): number | undefined {
    if (machineTime > Date.now() + machineSkewMilliseconds) return undefined;
    const [first] = this.#history;
    const change =
      this.#history.findLast((entry) => entry.machine <= machineTime + slack) ??
      (first && first.machine <= machineTime + machineSkewMilliseconds ? first : undefined);
    return change && change.region + (machineTime - change.machine) * change.factor;
  }

  /**
   * The time by the clock that an instant was read off, where nothing says when: the region's or the
   * machine's, whichever is nearer.
   */
  nowFor(instant: number): number {
    const machine = Date.now();
    const region = this.now();
    return Math.abs(instant - region) <= Math.abs(instant - machine) ? region : machine;
  }

  /**
   * Stops time, at `at` if that is given.
   *
   * @throws RangeError for a time before 1970 or after 9999, as all do that move the clock
   */
  freeze(at = this.now()): void {
    this.#rebase(at, 0);
  }

  /** Lets time pass as the machine's clock does, from where the region's stands. */
  run(): void {
    this.#rebase(this.now(), 1);
  }

  /** @param factor greater than 0, at most `scaleMax`; 60 makes an hour pass in a minute */
  scale(factor: number): void {
    if (!(factor > 0 && factor <= scaleMax)) throw new RangeError(`a clock can't run at ${factor}`);
    this.#rebase(this.now(), factor);
  }

  /**
   * Calls `ring` once when the clock reaches `at` (epoch milliseconds). Returns what takes the alarm back.
   */
  alarm(at: number, ring: () => void): () => void {
    // It would have no place in the order, and those behind it would never ring.
    if (Number.isNaN(at)) throw new RangeError("an alarm needs a time");
    const alarm: Alarm = { at, order: this.#order++, ring };
    this.#insert(alarm);
    this.#arm();
    return () => {
      const index = this.#alarms.indexOf(alarm);
      if (index >= 0) this.#alarms.splice(index, 1);
      if (index === 0) this.#arm();
    };
  }

  /** Whether an alarm is about to ring at the time that it is now. */
  get isDue(): boolean {
    const [next] = this.#alarms;
    return !this.#isStopped && next !== undefined && next.at <= this.now();
  }

  /** Moves to `target`, stopping at each alarm on the way; `settle` finishes what an alarm set off. */
  async advanceTo(target: number, settle: () => Promise<void>): Promise<void> {
    requireTime(target);
    await settle();
    for (let next = this.#alarms[0]; next && next.at <= target; next = this.#alarms[0]) {
      this.#alarms.shift();
      if (next.at > this.now()) this.#rebase(next.at, this.#factor);
      next.ring();
      await settle();
    }
    if (target > this.now()) this.#rebase(target, this.#factor);
    await settle();
  }

  /**
   * Jumps; going back is allowed. What the jump makes overdue rings after it, all at the new time: only
   * `advanceTo` stops at each alarm on the way.
   */
  set(at: number): void {
    this.#rebase(at, this.#factor);
  }

  /** Goes on as it was once set, as after a restart; without it, with the machine. */
  resume(last?: Timeline): void {
    const machine = Date.now();
    this.#rebase(last ? continued(last, machine) : machine, last?.factor ?? 1);
  }

  /** Nothing rings any more, whatever is still set. */
  stop(): void {
    this.#isStopped = true;
    this.#alarms.length = 0;
    clearTimeout(this.#timer);
  }

  #rebase(regionEpoch: number, factor: number): void {
    requireTime(regionEpoch);
    this.#machineEpoch = Date.now();
    this.#regionEpoch = Math.floor(regionEpoch);
    this.#factor = factor;
    this.#history.push(this.timeline());
    if (this.#history.length > historyMax) this.#history.shift();
    this.#changed(this.timeline());
    this.#timerAt = Number.POSITIVE_INFINITY;
    clearTimeout(this.#timer);
    this.#arm();
  }

  #insert(alarm: Alarm): void {
    let low = 0;
    let high = this.#alarms.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#alarms[middle];
      if (other && (other.at < alarm.at || (other.at === alarm.at && other.order < alarm.order)))
        low = middle + 1;
      else high = middle;
    }
    this.#alarms.splice(low, 0, alarm);
  }

  /**
   * One timer of the machine's serves the earliest alarm. It is left alone when it would ring no later
   * anyway.
   */
  #arm(): void {
    const first = this.#alarms[0];
    if (this.#isStopped || !first || this.#timerAt <= first.at) return;
    if (this.#factor === 0) {
      // What is due already does not wait for time to pass.
      if (first.at <= this.now()) setImmediate(() => this.#ringDue());
      return;
    }
    clearTimeout(this.#timer);
    this.#timerAt = first.at;
    const delay = Math.max(0, Math.ceil((first.at - this.now()) / this.#factor));
    this.#timer = setTimeout(() => this.#ringDue(), Math.min(delay, timerMillisecondsMax));
    this.#timer.unref();
  }

  #ringDue(): void {
    if (this.#isStopped) return;
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = this.now();
    for (let next = this.#alarms[0]; next && next.at <= now; next = this.#alarms[0]) {
      this.#alarms.shift();
      next.ring();
    }
    this.#arm();
  }
}
