/**
 * The one implementation of what handlers are given. Made once a request; its parts are looked up when asked
 * for.
 */

import { jobRow, newJobId, jobs } from "../jobs/rows.ts";
import type { Job, Schedule } from "../jobs/job.ts";
import type { Rows, Table, Transaction } from "../store/types.ts";
import { formatArn } from "./arn.ts";
import type { Caller, RequestOrigin } from "./auth/caller.ts";
import { callEachFrom } from "./calls.ts";
import type {
  BodyContext, Callable, CallOptions, CallOutcome, CellBlobs, Check, Context, ServiceEvent, Time,
} from "./context.ts";
import type { Engine } from "./engine.ts";
import type { Ids } from "./ids.ts";
import type { Meter } from "./metrics.ts";
import type { Value } from "./protocol/protocol.ts";
import { partitionCell } from "./partition.ts";
import { TagSet, taggedResources } from "./tags.ts";
import type { DirectoryEntry, OperationToken } from "./tokens.ts";

/** Whoever asks may leave; the signal is made only for those who look. */
export interface HangUp {
  readonly signal: AbortSignal;
}

export interface ContextFacts {
  readonly engine: Engine;
  readonly entry: DirectoryEntry;
  readonly account: string;
  readonly region: string;
  readonly requestRegion: string;
  readonly caller: Caller;
  readonly origin: RequestOrigin;
  readonly requestId: string;
  readonly hangUp: HangUp;
  /** What a request asks for; absent for jobs. */
  readonly input?: Readonly<Record<string, unknown>>;
}

function tokenOf<Input, Output>(called: Callable<Input, Output>): OperationToken<unknown, unknown> {
  return ("token" in called ? called.token : called) as OperationToken<unknown, unknown>;
}

export class CellContext implements Context, BodyContext {
  readonly account: string;
  readonly region: string;
  readonly requestRegion: string;
  readonly caller: Caller;
  readonly origin: RequestOrigin;
  readonly requestId: string;
  readonly kernel: Engine;
  readonly entry: DirectoryEntry;
  /** Further checks go by the tags that the request names, as its own check does. */
  readonly input: Readonly<Record<string, unknown>> | undefined;
  readonly #hangUp: HangUp;
  #transaction: Transaction | undefined;
  #unkept: Set<string> | undefined;
  /** What the running transaction will set off. */
  #effects: (() => void)[] | undefined;
  /** The store tells of a failed commit only through the gate that was there when the transaction ended. */
  readonly gates: Promise<void>[] = [];

  constructor(facts: ContextFacts) {
    this.kernel = facts.engine;
    this.entry = facts.entry;
    this.account = facts.account;
    this.region = facts.region;
    this.requestRegion = facts.requestRegion;
    this.caller = facts.caller;
    this.origin = facts.origin;
    this.requestId = facts.requestId;
    this.input = facts.input;
    this.#hangUp = facts.hangUp;
  }

  get signal(): AbortSignal {
    return this.#hangUp.signal;
  }

  get clock(): Time {
    return this.kernel.clock;
  }

  get ids(): Ids {
    return this.kernel.ids;
  }

  db<Row, Index extends string>(table: Table<Row, Index>): Rows<Row, Index> {
    return this.#required(`${table.name} is used`).rows(table);
  }

  #required(what: string): Transaction {
    if (!this.#transaction) throw new Error(`${what} outside a transaction`);
    return this.#transaction;
  }

  tags(arn: string): TagSet {
    return new TagSet(this.db(taggedResources), arn);
  }

  /** The same cell for somebody else. */
  as(caller: Caller): CellContext {
    return this.#with({ caller });
  }

  #with(other: Partial<Pick<ContextFacts, "caller" | "region">>): CellContext {
    const { kernel: engine, entry, account, region, requestRegion, caller, origin, requestId } = this;
    return new CellContext({
      engine, entry, account, region, requestRegion, caller, origin, requestId, hangUp: this.#hangUp,
      ...other,
    });
  }

  thenIn(region: string, work: (ctx: Context) => void): void {
    const there = this.#with({ region });
    this.#afterwards(() => {
      there.transaction(work);
      this.#passGate();
    });
  }

  arn(resource: string): string {
    const region = this.entry.global ? "" : this.region;
    return formatArn({ service: this.entry.iamPrefix, region, account: this.account, resource });
  }

  schedule<Input>(job: Job<Input>, schedule: Schedule<Input>): void {
    const order = this.ids.sequence();
    const { at, input, id = newJobId(order, this.ids.hex(32)) } = schedule;
    this.db(jobs).put(jobRow(job.name, id, at, input, order));
    this.kernel.scheduler.expect(this, at);
  }

  unschedule<Input>(job: Job<Input>, id: string): void {
    this.db(jobs).delete([job.name, id]);
  }

  authorize(check: Check): void {
    this.kernel.authorizer.require(this, check);
  }

  isAllowed(check: Check): boolean {
    return this.kernel.authorizer.allows(this, check);
  }

  isForbidden(check: Check): boolean {
    return this.kernel.authorizer.forbids(this, check);
  }

  get blobs(): CellBlobs {
    const { blobs } = this.kernel;
    return {
      write: async (body) => {
        const stored = await blobs.write(this, body);
        (this.#unkept ??= new Set()).add(stored.id);
        return stored;
      },
      read: (id, range) => blobs.read(id, range),
      copy: async (from) => {
        const id = await blobs.copy(this, from);
        (this.#unkept ??= new Set()).add(id);
        return id;
      },
      hold: (ids) => blobs.hold(ids),
    };
  }

  keepBlob(id: string): void {
    this.kernel.blobs.keep(this.#required("a blob is kept"), id);
    this.#afterwards(() => {
      this.kernel.blobs.settle(id);
      this.#unkept?.delete(id);
    });
  }

  dropBlob(id: string): void {
    this.kernel.blobs.drop(this.#required("a blob is dropped"), id);
    this.#afterwards(() => this.kernel.blobs.collect(this, [id]));
  }

  /** Bodies that were stored and came into no row, when the request is over. */
  dropUnkept(): void {
    if (this.#unkept && this.#unkept.size > 0) this.kernel.blobs.collect(this, [...this.#unkept]);
  }

  partition<T>(work: (transaction: Transaction) => T): T {
    const result = this.kernel.store.transact(partitionCell, work);
    this.#passGate();
    return result;
  }

  metric(meter: Meter, dimensions: readonly string[], value: number): void {
    const { metrics } = this.kernel;
    if (this.#effects) this.#effects.push(() => metrics.add(this, meter, dimensions, value));
    else metrics.add(this, meter, dimensions, value);
  }

  emit(event: ServiceEvent): void {
    const told = this.kernel.announcer.tell(this.#required("an event is emitted"), this, event);
    this.#afterwards(() => this.kernel.announcer.announce(this, event, told));
  }

  transaction<T>(work: (ctx: Context) => T): T {
    const result = this.#within((use) => this.kernel.store.transact(this, use), work);
    this.#passGate();
    return result;
  }

  /**
   * Works in a transaction of this cell that others share.
   *
   * @returns also what is to happen once that has succeeded
   */
  joining<T>(
    transaction: Transaction, work: (ctx: Context) => T,
  ): readonly [result: T, effects: readonly (() => void)[]] {
    const effects: (() => void)[] = [];
    this.#transaction = transaction;
    this.#effects = effects;
    try {
      return [work(this), effects];
    } finally {
      this.#transaction = undefined;
      this.#effects = undefined;
    }
  }

  /** This cell as the service itself acts in it, as its jobs do. */
  asService(): CellContext {
    const { account, region } = this;
    return this.kernel.contextIn(this.entry.service, { account, region });
  }

  #passGate(): void {
    const gate = this.kernel.store.committed();
    if (gate && this.gates[this.gates.length - 1] !== gate) this.gates.push(gate);
  }

  /** Reads in this cell without a transaction: for the rules that are asked before an operation runs. */
  reading<T>(work: () => T): T {
    if (this.#transaction) return work();
    return this.#within((use) => this.kernel.store.read(this, use), work);
  }

  call<Input, Output>(
    operation: Callable<Input, Output>, input: Input, options: CallOptions = {},
  ): Promise<Output> {
    return this.kernel.callFrom(this, tokenOf(operation), input as Value, options) as Promise<Output>;
  }

  callEach<Input, Output>(
    operation: Callable<Input, Output>, inputs: readonly Input[], options: CallOptions = {},
  ): Promise<CallOutcome<Output>[]> {
    const outcomes = callEachFrom(this.kernel, this, tokenOf(operation), inputs as readonly Value[], options);
    return outcomes as Promise<CallOutcome<Output>[]>;
  }

  wait(milliseconds: number, topic?: string): Promise<void> {
    const until = this.clock.now() + milliseconds;
    return this.kernel.waits.wait(until, topic === undefined ? undefined : this.#topic(topic), this.signal);
  }

  wake(topic: string): void {
    this.#afterwards(() => this.kernel.waits.wake(this.#topic(topic)));
  }

  /** What a transaction sets off happens only once it has succeeded; outside of one, at once. */
  #afterwards(effect: () => void): void {
    if (this.#effects) this.#effects.push(effect);
    else effect();
  }

  #within<T>(enter: (use: (transaction: Transaction) => T) => T, work: (ctx: Context) => T): T {
    const outer = this.#transaction;
    const effects: (() => void)[] = [];
    this.#effects = effects;
    try {
      const result = enter((transaction) => {
        this.#transaction = transaction;
        return work(this);
      });
      this.#transaction = outer;
      this.#effects = undefined;
      for (const effect of effects) effect();
      return result;
    } finally {
      this.#transaction = outer;
      this.#effects = undefined;
    }
  }

  /** A topic that is an ARN is every service's: pipes wait for what comes to a queue or a stream. */
  #topic(topic: string): string {
    if (topic.startsWith("arn:")) return topic;
    return `${this.account} ${this.region} ${this.entry.service} ${topic}`;
  }
}
