/** What tests of jobs run on. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { CellContext } from "../kernel/cell-context.ts";
import { RegionClock } from "../kernel/clock.ts";
import type { Context } from "../kernel/context.ts";
import { openStore } from "../store/open.ts";
import type { CellName, Store, Table } from "../store/types.ts";
import type { AnyJob, Job, Schedule } from "./job.ts";
import { jobRow, jobs } from "./rows.ts";
import { Scheduler } from "./scheduler.ts";

export const cell: CellName = { account: "000000000000", region: "us-east-1" };
export const elsewhere: CellName = { account: "000000000000", region: "eu-west-1" };

/**
 * A scheduler over a real store and a frozen clock that begins at 0; contexts offer their cell's rows and no
 * more.
 */
export class Bench {
  readonly clock = new RegionClock();
  readonly failures: string[] = [];
  readonly known = new Map<string, AnyJob>();
  readonly store: Store;
  #scheduler: Scheduler;
  #active = 0;
  #order = 0;
  #incarnation = 0;

  constructor(t: TestContext) {
    const folder = mkdtempSync(join(tmpdir(), "us-local-1-jobs-"));
    this.store = openStore({ folder, durability: "relaxed", freezeRows: true });
    this.clock.freeze(0);
    this.#scheduler = this.#open();
    this.store.onDropped = () => this.#scheduler.lookAgain();
    t.after(async () => {
      this.clock.stop();
      await this.store.close();
      rmSync(folder, { recursive: true, force: true });
    });
  }

  #open(): Scheduler {
    const incarnation = ++this.#incarnation;
    return new Scheduler({
      clock: this.clock,
      store: this.store,
      findJob: async (name) => this.known.get(name),
      jobContext: (_name, at) => this.#context(at, incarnation),
      track: async (work) => {
        this.#active += 1;
        try {
          return await work;
        } finally {
          this.#active -= 1;
        }
      },
      failed: (what, cause) => this.failures.push(`${what}: ${(cause as Error).message}`),
    });
  }

  /** Of the incarnation that asks: after a restart, what is left of an earlier one can write nothing. */
  #context(at: CellName, incarnation: number): CellContext {
    const transaction = <T>(work: (ctx: Context) => T): T => {
      if (incarnation !== this.#incarnation) throw new Error("this process has ended");
      return this.transaction(work, at);
    };
    return { ...at, transaction, dropUnkept: () => undefined } as unknown as CellContext;
  }

  /** One transaction with rows, the clock and scheduling, as handlers have it. */
  transaction<T>(work: (ctx: Context) => T, at: CellName = cell): T {
    return this.store.transact(at, (open) => {
      const db = <Row, Index extends string>(table: Table<Row, Index>) => open.rows(table);
      const schedule = <Input>(job: Job<Input>, { at: due, id = "", input }: Schedule<Input>): void => {
        db(jobs).put(jobRow(job.name, id, due, input, ++this.#order));
        this.#scheduler.expect(at, due);
      };
      return work({ db, schedule, clock: this.clock } as unknown as Context);
    });
  }

  define<Input>(definition: Job<Input>): void {
    this.known.set(definition.name, definition as AnyJob);
  }

  schedule(name: string, id: string, at: number, input: unknown = id, of = cell): void {
    const row = jobRow(name, id, at, input, ++this.#order);
    this.store.transact(of, (transaction) => transaction.rows(jobs).put(row));
    this.#scheduler.expect(of, at);
  }

  unschedule(name: string, id: string): void {
    this.store.transact(cell, (transaction) => transaction.rows(jobs).delete([name, id]));
  }

  left(): string[] {
    return this.store.read(cell, (transaction) =>
      [...transaction.rows(jobs).list()].map(({ name, id, at }) => `${name} ${id} ${at}`),
    );
  }

  advanceTo(at: number): Promise<void> {
    return this.clock.advanceTo(at, () => this.settle());
  }

  /** Jobs of these tests finish within a few turns, or wait for the test. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** As after the death of the process: what waited never goes on, and rows are all there is. */
  restart(): void {
    this.clock.stop();
    this.#scheduler = this.#open();
    this.#scheduler.start();
  }

  get active(): number {
    return this.#active;
  }
}
