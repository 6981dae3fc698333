/** Tells of what services emit: those who listen in this process, and those who have asked to in the cell. */

import { jobRow, newJobId, jobs } from "../jobs/rows.ts";
import type { CellName, Transaction } from "../store/types.ts";
import type { Bus, BusEvent } from "./bus.ts";
import type { ServiceEvent, Time } from "./context.ts";
import { eventListeners, listenersTo, type EventListener } from "./event-listeners.ts";
import type { Ids } from "./ids.ts";

export interface AnnouncerHost {
  readonly bus: Bus;
  readonly clock: Time;
  readonly ids: Ids;
  readonly scheduler: { expect(cell: CellName, at: number): void };
}

export class Announcer {
  readonly #host: AnnouncerHost;

  constructor(host: AnnouncerHost) {
    this.#host = host;
  }

  /** For whoever listens in this process. @param told as it was told to listeners that are rows */
  announce(cell: CellName, event: ServiceEvent, told: BusEvent | undefined): void {
    const { bus } = this.#host;
    if (bus.heard) bus.emit(told ?? this.#busEvent(cell, event));
  }

  /** The jobs of those who listen are part of the transaction. Undefined when nobody does. */
  tell(transaction: Transaction, cell: CellName, event: ServiceEvent): BusEvent | undefined {
    let told: BusEvent | undefined;
    for (const listener of listenersTo(transaction.rows(eventListeners), event)) {
      told ??= this.#busEvent(cell, event);
      this.tellOne(transaction, cell, listener, told);
    }
    return told;
  }

  tellOne(transaction: Transaction, cell: CellName, { job }: EventListener, event: BusEvent): void {
    const { clock, ids, scheduler } = this.#host;
    const at = clock.now();
    const order = ids.sequence();
    transaction.rows(jobs).put(jobRow(job, newJobId(order, ids.hex(32)), at, event, order));
    scheduler.expect(cell, at);
  }

  #busEvent({ account, region }: CellName, event: ServiceEvent): BusEvent {
    const { ids, clock } = this.#host;
    return { ...event, id: ids.uuid(), account, region, time: clock.now() };
  }
}
