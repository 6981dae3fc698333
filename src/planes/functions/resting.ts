/** Environments that wait for an invocation, of all functions: they end when they have waited for long. */

import type { PlaneHost } from "../planes.ts";
import type { Slot } from "./slot.ts";

/** By the region's clock. Lambda does not say how long it is; some minutes are usual. */
const idleMillisecondsMax = 10 * 60_000;
/** The longest waiting ends first. */
const countMax = 100;

export class Resting {
  readonly #host: Pick<PlaneHost, "now" | "alarm">;
  /** The longest waiting first. */
  readonly #slots = new Set<Slot>();
  /** When the alarm rings that is for all of them. */
  #ringsAt = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(host: Pick<PlaneHost, "now" | "alarm">) {
    this.#host = host;
  }

  add(slot: Slot): void {
    slot.idleSince = this.#host.now();
    this.#slots.add(slot);
    this.#ringFor(slot);
    if (this.#slots.size <= countMax) return;
    for (const longest of this.#slots) return longest.environment.end("spindown");
  }

  delete(slot: Slot): void {
    this.#slots.delete(slot);
  }

  /** An alarm that is set stays, though the one that it was set for may have been used since. */
  #ringFor({ idleSince }: Slot): void {
    const at = idleSince + idleMillisecondsMax;
    if (at >= this.#ringsAt) return;
    this.#cancel?.();
    this.#ringsAt = at;
    this.#cancel = this.#host.alarm(at, () => this.#sweep());
  }

  #sweep(): void {
    this.#ringsAt = Number.POSITIVE_INFINITY;
    const since = this.#host.now() - idleMillisecondsMax;
    for (const slot of this.#slots) {
      if (slot.idleSince <= since) slot.environment.end("spindown");
      else this.#ringFor(slot);
    }
  }
}
