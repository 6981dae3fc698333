/** Who listens to what happens in a region: event rules, notifications, the trail's readers. */

import type { ServiceEvent } from "./context.ts";

export interface BusEvent extends ServiceEvent {
  readonly id: string;
  readonly account: string;
  readonly region: string;
  /** Epoch milliseconds. */
  readonly time: number;
}

export class Bus {
  readonly #listeners = new Set<(event: BusEvent) => void>();

  /** Returns what takes the listener away again. */
  listen(listener: (event: BusEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get heard(): boolean {
    return this.#listeners.size > 0;
  }

  emit(event: BusEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
