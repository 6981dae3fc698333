/**
 * Runs jobs when the clock says they are due: in order of time within a cell, at least once, also after a
 * restart.
 */

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
/** Of many jobs that are due at once so long are run before requests have their turn. */
const turnMilliseconds = 10;
/** A job that has failed this often is given up and reported. */
const failuresMax = 20;

export class Scheduler {
  readonly #host: JobHost;
  /** When each cell's earliest known job is due, with what cancels its alarm. */
  readonly #expected = new Map<string, { at: number; cancel: () => void }>();
  /** Cells whose due jobs are being started. */
  readonly #busy = new Set<string>();
  /** Jobs that are under way and wait for something, so that their rows are still there. */
  readonly #running = new Set<string>();
  /** No job of a cell that is due before this waits to be started: what is there earlier is under way. */
  readonly #waitingFrom = new Map<string, number>();

  #again: (() => void) | undefined;

  constructor(host: JobHost) {
    this.#host = host;
  }

  /** Finds what earlier runs of the region left to do. */
  start(): void {
    this.#waitingFrom.clear();
    for (const cell of this.#host.store.cells()) this.#expectNext(cell);
  }

  /**
   * A commit has failed, and jobs whose ends it held are there again. They wait a moment: what made it fail,
   * such as a full disk, may pass.
   */
  lookAgain(): void {
    const { clock } = this.#host;
    this.#again ??= clock.alarm(clock.now() + retryMilliseconds, () => {
      this.#again = undefined;
      this.start();
    });
  }

  /** A job of this cell is due at `at`. */
  expect(cell: CellName, at: number): void {
    const { account, region } = cell;
    const name = cellKey(cell);
    this.#waitingFrom.set(name, Math.min(at, this.#waitingFrom.get(name) ?? at));
    const known = this.#expected.get(name);
    if (known && known.at <= at) return;
    known?.cancel();
    const cancel = this.#host.clock.alarm(at, () => {
      this.#expected.delete(name);
      this.#doing({ account, region }, this.#startDue({ account, region }));
    });
    this.#expected.set(name, { at, cancel });
  }

  /** Jobs take care of their own errors; what is left are the store's, such as a full disk: it may pass. */
  #doing(cell: CellName, work: Promise<void>): void {
    void this.#host.track(
      work.catch((cause: unknown) => {
        this.#host.failed(`the jobs of ${cellKey(cell)}`, cause);
        this.expect(cell, this.#host.clock.now() + retryMilliseconds);
      }),
    );
  }

  /** Synchronous jobs run one after the other; those that wait go on side by side. */
  async #startDue(cell: CellName): Promise<void> {
    const name = cellKey(cell);
    if (this.#busy.has(name)) return;
    this.#busy.add(name);
    try {
      let begun = performance.now();
      for (let row = this.#nextDue(cell); row; row = this.#nextDue(cell)) {
        await this.#startOne(cell, row);
        if (performance.now() - begun < turnMilliseconds) continue;
        await new Promise<void>((resolve) => setImmediate(resolve));
        begun = performance.now();
      }
    } finally {
      this.#busy.delete(name);
    }
    this.#expectNext(cell);
  }

  #nextDue(cell: CellName): JobRow | undefined {
    const first = this.#first(cell);
    return first && first.at <= this.#host.clock.now() ? first : undefined;
  }

  /** Begins behind what is under way: there may be thousands. */
  #first(cell: CellName): JobRow | undefined {
    const name = cellKey(cell);
    const from = this.#waitingFrom.get(name);
    return this.#host.store.read(cell, (transaction) => {
      for (const row of transaction.rows(jobs).by("due").list(from === undefined ? {} : { from })) {
        if (this.#running.has(jobKey(cell, row))) continue;
        this.#waitingFrom.set(name, row.at);
        return row;
      }
      this.#waitingFrom.set(name, Number.POSITIVE_INFINITY);
      return undefined;
    });
  }

  #expectNext(cell: CellName): void {
    const first = this.#first(cell);
    if (first) this.expect(cell, first.at);
  }

  async #startOne(cell: CellName, row: JobRow): Promise<void> {
    let job: AnyJob | undefined;
    try {
      job = await this.#host.findJob(row.name);
      if (!job) throw new Error(`no service has the job ${row.name}`);
      const context = this.#host.jobContext(row.name, cell);
      if (job.body) this.#doing(cell, this.#wait(job, row, context));
      else runNow(job, row, context);
    } catch (cause) {
      this.#failed(cell, row, cause, job?.persistent ?? false);
      this.#expectAgain(cell, row);
    }
  }

  /** The row goes once the work is done; unless it was scheduled anew meanwhile. */
  async #wait(job: AnyJob, row: JobRow, context: CellContext): Promise<void> {
    const key = jobKey(context, row);
    this.#running.add(key);
    try {
      await job.body?.(row.input as never, context);
      context.transaction((ctx) => {
        if (isStill(row, ctx.db(jobs).get([row.name, row.id]))) ctx.db(jobs).delete([row.name, row.id]);
      });
    } catch (cause) {
      this.#failed(context, row, cause, job.persistent ?? false);
    } finally {
      context.dropUnkept();
      this.#running.delete(key);
      this.#expectAgain(context, row);
    }
  }

  /** What has failed, or was scheduled anew while it ran. */
  #expectAgain(cell: CellName, { name, id }: JobRow): void {
    const again = this.#host.store.read(cell, (transaction) => transaction.rows(jobs).get([name, id]));
    if (again) this.expect(cell, again.at);
  }

  #failed(cell: CellName, row: JobRow, cause: unknown, persistent: boolean): void {
    this.#host.failed(`job ${row.name}`, cause);
    const failures = row.failures + 1;
    const delay = Math.min(retryMilliseconds * 2 ** row.failures, retryMillisecondsMax);
    this.#host.store.transact(cell, (transaction) => {
      const rows = transaction.rows(jobs);
      // What was taken back or scheduled anew while it ran stays so.
      if (!isStill(row, rows.get([row.name, row.id]))) return;
      if (failures >= failuresMax && !persistent) rows.delete([row.name, row.id]);
      else rows.put({ ...row, failures, at: this.#host.clock.now() + delay });
    });
  }
}

/** Whether what is there now is what was started, and not scheduled anew. */
function isStill(started: JobRow, now: JobRow | undefined): boolean {
  return now?.at === started.at && now.order === started.order;
}

function cellKey(cell: CellName): string {
  return `${cell.account} ${cell.region}`;
}

function jobKey(cell: CellName, row: JobRow): string {
  return `${cellKey(cell)} ${row.name} ${row.id}`;
}

/** The row goes in the same transaction as the work. */
function runNow(job: AnyJob, row: JobRow, context: CellContext): void {
  context.transaction((ctx) => {
    ctx.db(jobs).delete([row.name, row.id]);
    job.run?.(row.input as never, ctx);
  });
}
