/** Runs jobs when the clock says they are due: in order of time within a cell, at least once, also after a restart. */

import type { CellContext } from "../kernel/cell-context.ts";
import type { RegionClock } from "../kernel/clock.ts";
import type { CellName, Store } from "../store/types.ts";
import type { AnyJob } from "./job.ts";
import { jobs, type JobRow } from "./rows.ts";

export interface JobHost {
  readonly clock: RegionClock;
  readonly store: Store;
  /** Loads the service that a job's name begins with. */
  findJob(name: string): Promise<AnyJob | undefined>;
  /** A context in which the service acts as itself. */
  jobContext(name: string, cell: CellName): CellContext;
  /** Counts as activity until the promise is settled. */
  track<T>(work: Promise<T>): Promise<T>;
  failed(what: string, cause: unknown): void;
}

/** A job that fails is tried again after this long, doubling up to the largest. */
const retryMilliseconds = 1_000;
const retryMillisecondsMax = 15 * 60_000;
/** A job that has failed this often is given up and reported. */
const failuresMax = 20;

export class Scheduler {
  readonly #host: JobHost;
  /** When each cell's earliest known job is due, with what cancels its alarm. */
  readonly #expected = new Map<string, { at: number; cancel: () => void }>();
  readonly #busy = new Set<string>();

  constructor(host: JobHost) {
    this.#host = host;
  }

  /** Finds what earlier runs of the region left to do. */
  start(): void {
    for (const cell of this.#host.store.cells()) this.#expectNext(cell);
  }

  /** A job of this cell is due at `at`. */
  expect(cell: CellName, at: number): void {
    const name = `${cell.account} ${cell.region}`;
    const known = this.#expected.get(name);
    if (known && known.at <= at) return;
    known?.cancel();
    const { account, region } = cell;
    const cancel = this.#host.clock.alarm(at, () => {
      this.#expected.delete(name);
      void this.#host.track(this.#runDue({ account, region }, name));
    });
    this.#expected.set(name, { at, cancel });
  }

  async #runDue(cell: CellName, name: string): Promise<void> {
    if (this.#busy.has(name)) return;
    this.#busy.add(name);
    try {
      for (let row = this.#firstDue(cell); row; row = this.#firstDue(cell)) await this.#runOne(cell, row);
    } finally {
      this.#busy.delete(name);
      this.#expectNext(cell);
    }
  }

  #firstDue(cell: CellName): JobRow | undefined {
    const first = this.#host.store.read(cell, (transaction) => transaction.rows(jobs).by("due").first());
    return first && first.at <= this.#host.clock.now() ? first : undefined;
  }

  #expectNext(cell: CellName): void {
    const first = this.#host.store.read(cell, (transaction) => transaction.rows(jobs).by("due").first());
    if (first) this.expect(cell, first.at);
  }

  async #runOne(cell: CellName, row: JobRow): Promise<void> {
    try {
      const job = await this.#host.findJob(row.name);
      if (!job) throw new Error(`no service has the job ${row.name}`);
      const context = this.#host.jobContext(row.name, cell);
      await this.#perform(job, row, context);
    } catch (cause) {
      this.#host.failed(`job ${row.name}`, cause);
      this.#retryLater(cell, row);
    }
  }

  /** The row goes in the same transaction as the work, or after work that waits; unless it was scheduled anew meanwhile. */
  async #perform(job: AnyJob, row: JobRow, context: CellContext): Promise<void> {
    const input = row.input as never;
    if (job.run) {
      const { run } = job;
      context.transaction((ctx) => {
        ctx.db(jobs).delete([row.name, row.id]);
        run(input, ctx);
      });
      return;
    }
    await job.body?.(input, context);
    context.transaction((ctx) => {
      const now = ctx.db(jobs).get([row.name, row.id]);
      if (now?.at === row.at) ctx.db(jobs).delete([row.name, row.id]);
    });
  }

  #retryLater(cell: CellName, row: JobRow): void {
    const failures = row.failures + 1;
    const delay = Math.min(retryMilliseconds * 2 ** row.failures, retryMillisecondsMax);
    this.#host.store.transact(cell, (transaction) => {
      const rows = transaction.rows(jobs);
      if (failures >= failuresMax) rows.delete([row.name, row.id]);
      else rows.put({ ...row, failures, at: this.#host.clock.now() + delay });
    });
  }
}
