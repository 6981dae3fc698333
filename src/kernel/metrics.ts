/**
 * What services measure of themselves, on its way to CloudWatch. A measurement is added to a total in memory:
 * a few look-ups and an addition. The totals of a cell and minute go to the sink (the service whose
 * definition has `metricSink`) once the clock has left that minute; when somebody reads metrics, or the
 * region stops or is saved, those of the minute under way go, too. The sink adds to what it has of a minute.
 */

import type { CellName } from "../store/types.ts";
import type { CellContext } from "./cell-context.ts";
import type { RegionClock } from "./clock.ts";
import type { Service } from "./service.ts";

/** As CloudWatch names units. */
export type MetricUnit =
  | "Count" | "Bytes" | "Seconds" | "Milliseconds" | "Microseconds" | "Percent" | "None" | "Bytes/Second"
  | "Count/Second";

/** One metric for each combination of values of its dimensions. Made once, at the top of a module. */
export interface Meter {
  readonly namespace: string;
  readonly name: string;
  readonly unit: MetricUnit;
  /** Names of dimensions. */
  readonly dimensions: readonly string[];
}

export function meter(
  namespace: string, name: string, unit: MetricUnit, dimensions: readonly string[] = [],
): Meter {
  return { namespace, name, unit, dimensions };
}

/** What was measured of one metric in one minute. */
export interface MetricTotal {
  readonly meter: Meter;
  /** Values of the meter's dimensions, in their order. */
  readonly dimensions: readonly string[];
  /** The start of the minute: epoch milliseconds. */
  readonly at: number;
  readonly count: number;
  readonly sum: number;
  readonly minimum: number;
  readonly maximum: number;
  /** How often each value was measured; undefined when there were too many different ones. */
  readonly values: ReadonlyMap<number, number> | undefined;
}

export interface MetricsHost {
  readonly clock: RegionClock;
  readonly loadedServices: ReadonlyMap<string, Service>;
  loadNamed(service: string): Promise<Service | undefined>;
  contextIn(service: string, cell: CellName): CellContext;
  track<T>(work: Promise<T>): Promise<T>;
  failed(what: string, cause: unknown): void;
}

/** The service that stores what the others measure of themselves. */
const storingService = "cloudwatch";
const minuteMilliseconds = 60_000;
/** Different values of one metric in one minute that are kept apart, for percentiles. */
const valuesMax = 500;
/**
 * What is there is measured every minute while a cell is busy and for so long thereafter: clocks that leap
 * over months must not stop at each of their minutes.
 */
const gaugeMilliseconds = 15 * minuteMilliseconds;

class Total implements MetricTotal {
  count = 0;
  sum = 0;
  minimum = Number.POSITIVE_INFINITY;
  maximum = Number.NEGATIVE_INFINITY;
  values: Map<number, number> | undefined = new Map();
  readonly meter: Meter;
  readonly dimensions: readonly string[];
  readonly at: number;

  constructor(meter: Meter, dimensions: readonly string[], at: number) {
    this.meter = meter;
    this.dimensions = dimensions;
    this.at = at;
  }

  add(value: number): void {
    this.count += 1;
    this.sum += value;
    if (value < this.minimum) this.minimum = value;
    if (value > this.maximum) this.maximum = value;
    const { values } = this;
    if (!values) return;
    values.set(value, (values.get(value) ?? 0) + 1);
    if (values.size > valuesMax) this.values = undefined;
  }
}

interface CellTotals {
  readonly cell: CellName;
  /** The minute under way. */
  minute: number;
  current: Map<Meter, Map<string, Total>>;
  /** Totals of minutes that are over. */
  closed: Total[];
  /** When something other than a gauge was measured last. */
  busyAt: number;
}

export class Metrics {
  readonly #host: MetricsHost;
  readonly #cells = new Map<string, CellTotals>();
  #latest: CellTotals | undefined;
  #cancel: (() => void) | undefined;
  #measuresGauges = false;

  constructor(host: MetricsHost) {
    this.#host = host;
  }

  /** @param dimensions values, in the order of the meter's names */
  add(cell: CellName, meter: Meter, dimensions: readonly string[], value: number): void {
    const totals = this.#totalsOf(cell);
    let byDimensions = totals.current.get(meter);
    if (!byDimensions) totals.current.set(meter, (byDimensions = new Map()));
    const key = dimensions.length === 1 ? (dimensions[0] ?? "") : dimensions.join("\0");
    let total = byDimensions.get(key);
    if (!total) byDimensions.set(key, (total = new Total(meter, dimensions, totals.minute)));
    total.add(value);
  }

  #totalsOf(cell: CellName): CellTotals {
    const now = this.#host.clock.now();
    const minute = now - (now % minuteMilliseconds);
    let totals = this.#latest;
    if (totals?.cell.account !== cell.account || totals.cell.region !== cell.region) {
      totals = this.#latest = this.#find(cell, minute);
    }
    if (totals.minute !== minute) {
      close(totals);
      totals.minute = minute;
    }
    if (!this.#measuresGauges) totals.busyAt = now;
    if (!this.#cancel) this.#expect(minute + minuteMilliseconds);
    return totals;
  }

  #find(cell: CellName, minute: number): CellTotals {
    const { account, region } = cell;
    const name = `${account} ${region}`;
    let totals = this.#cells.get(name);
    if (!totals) {
      totals = { cell: { account, region }, minute, current: new Map(), closed: [], busyAt: 0 };
      this.#cells.set(name, totals);
    }
    return totals;
  }

  #expect(at: number): void {
    this.#cancel = this.#host.clock.alarm(at, () => {
      this.#cancel = undefined;
      void this.#host.track(this.#minuteIsOver());
    });
  }

  async #minuteIsOver(): Promise<void> {
    const now = this.#host.clock.now();
    let busy = false;
    for (const totals of [...this.#cells.values()]) {
      const isLately = now - totals.busyAt <= gaugeMilliseconds && now >= totals.busyAt;
      const isBusy = isLately && this.#gauge(totals.cell);
      busy ||= isBusy;
      // What gauges have just measured belongs to the minute that begins.
      if (totals.minute + minuteMilliseconds <= now || totals.minute > now) close(totals);
      await this.#give(totals);
      if (!isBusy && totals.current.size === 0) this.#forget(totals);
    }
    if (busy && !this.#cancel) this.#expect(now - (now % minuteMilliseconds) + minuteMilliseconds);
  }

  #forget({ cell }: CellTotals): void {
    this.#cells.delete(`${cell.account} ${cell.region}`);
    if (this.#latest?.cell === cell) this.#latest = undefined;
  }

  /** Services measure what is in a cell now. False where none does. */
  #gauge(cell: CellName): boolean {
    let measured = false;
    this.#measuresGauges = true;
    for (const [name, { gauges }] of this.#host.loadedServices) {
      if (!gauges) continue;
      measured = true;
      const ctx = this.#host.contextIn(name, cell);
      try {
        ctx.reading(() => gauges(ctx));
      } catch (cause) {
        this.#host.failed(`measuring what is in ${name}`, cause);
      }
    }
    this.#measuresGauges = false;
    return measured;
  }

  async #give(totals: CellTotals): Promise<void> {
    if (totals.closed.length === 0) return;
    await this.#host.loadNamed(storingService);
    this.#hand(totals);
  }

  #hand(totals: CellTotals): void {
    const { cell, closed } = totals;
    totals.closed = [];
    const sink = this.#host.loadedServices.get(storingService)?.metricSink;
    if (closed.length === 0 || !sink) return;
    try {
      this.#host.contextIn(storingService, cell).transaction((ctx) => sink(closed, ctx));
    } catch (cause) {
      this.#host.failed("storing metrics", cause);
    }
  }

  /** Before somebody reads a cell's metrics, outside transactions: those of the minute under way, too. */
  flushCell(cell: CellName, options: { readonly gauges?: boolean } = {}): void {
    if (options.gauges) this.#gauge(cell);
    const totals = this.#cells.get(`${cell.account} ${cell.region}`);
    if (!totals) return;
    close(totals);
    this.#hand(totals);
  }

  /** Everything, before the region stops or is saved. */
  async flush(): Promise<void> {
    for (const totals of [...this.#cells.values()]) {
      close(totals);
      await this.#give(totals);
    }
  }

  /** To be called when the store's content has been replaced: what was measured was of what is gone. */
  forget(): void {
    this.#cells.clear();
    this.#latest = undefined;
    this.#cancel?.();
    this.#cancel = undefined;
  }
}

function close(totals: CellTotals): void {
  if (totals.current.size === 0) return;
  for (const byDimensions of totals.current.values()) totals.closed.push(...byDimensions.values());
  totals.current = new Map();
}
