/** What a handler is given: its cell, its caller, the clock, ids. Nothing else reaches a handler. */

import type { Job, Schedule } from "../jobs/job.ts";
import type { Readable } from "node:stream";
import type { BlobRange } from "../store/blobs.ts";
import type { Rows, Table, Transaction } from "../store/types.ts";
import type { Caller, RequestOrigin } from "./auth/caller.ts";
import type { Ids } from "./ids.ts";
import type { TagSet } from "./tags.ts";
import type { Operation } from "./operation.ts";
import type { StoredBlob } from "./region-blobs.ts";
import type { ContextValue } from "../iam/types.ts";
import type { AwsError } from "./errors.ts";
import type { Kernel } from "./kernel.ts";
import type { Meter } from "./metrics.ts";

/** The region's clock as handlers see it. */
export interface Time {
  /** Epoch milliseconds. */
  now(): number;
  /** The time by the clock that an instant was read off: the region's or the machine's, the nearer one. */
  nowFor(instant: number): number;
  /** Time stands still until somebody moves it: waiting for it may take forever. */
  readonly isFrozen: boolean;
}

export interface ReadContext {
  /** The cell: for a global service `region` is `aws-global`. */
  readonly account: string;
  readonly region: string;
  /** The region that the request named, also for global services. */
  readonly requestRegion: string;
  readonly caller: Caller;
  readonly origin: RequestOrigin;
  readonly requestId: string;
  readonly clock: Time;
  readonly ids: Ids;
  /** The rows of a table in this cell. Writing needs a transaction. */
  db<Row, Index extends string>(table: Table<Row, Index>): Rows<Row, Index>;
  /** The tags of a resource of this cell. */
  tags(arn: string): TagSet;
  /** `arn:aws:<service>:<region>:<account>:<resource>` of this cell; global services' ARNs have no region. */
  arn(resource: string): string;
  /**
   * Measures something of the service's own for CloudWatch, once the transaction, if any, has succeeded.
   *
   * @param dimensions values, in the order of the meter's names
   */
  metric(meter: Meter, dimensions: readonly string[], value: number): void;
  /** The kernel's facilities for the few services that are part of it: identity, trail. */
  readonly kernel: Kernel;
}

/** A further permission that an operation needs beside its own: `iam:PassRole`. */
export interface Check {
  readonly action: string;
  readonly resource: string;
  readonly conditions?: Readonly<Record<string, ContextValue | undefined>>;
  /** Asked for a service that acts by itself, not for the caller: `logging.s3.amazonaws.com`. */
  readonly service?: { readonly principal: string; readonly sourceArn: string };
  /** Asked for a role that was passed to the service, named by the token of a session of it. */
  readonly session?: string;
}

export interface Context extends ReadContext {
  /** Work for later, written with this transaction. */
  schedule<Input>(job: Job<Input>, schedule: Schedule<Input>): void;
  /** Takes back what was scheduled under this id. */
  unschedule<Input>(job: Job<Input>, id: string): void;
  /** @throws AccessDenied in AWS's words */
  authorize(check: Check): void;
  /** Whether a further permission is there; for operations that answer differently with and without it. */
  isAllowed(check: Check): boolean;
  /** Whether a policy denies it: what nothing allows is not forbidden. */
  isForbidden(check: Check): boolean;
  /** Wakes everyone who waits on a topic of this cell, once this transaction has succeeded. */
  wake(topic: string): void;
  /**
   * Once this transaction has succeeded, and before anything else happens, `work` is done in a transaction of
   * its own in another region of the account.
   */
  thenIn(region: string, work: (ctx: Context) => void): void;
  /** This transaction's rows refer to the body that `blobs.write` stored: else it goes with the request. */
  keepBlob(id: string): void;
  /** They refer to it no more: it is deleted once this transaction has succeeded and nobody reads it. */
  dropBlob(id: string): void;
  /** Something happened that EventBridge, notifications and others may listen for. */
  emit(event: ServiceEvent): void;
}

/** As EventBridge names the parts of an event. */
export interface ServiceEvent {
  readonly source: string;
  readonly detailType: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Bodies too large for rows: rows refer to them by id. */
export interface CellBlobs {
  /** Reads the body to its end; when it throws, nothing is left. */
  write(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<StoredBlob>;
  read(id: string, range?: BlobRange): Readable;
  /** The same bytes under another id, kept and dropped for itself: no byte is moved where that can be. */
  copy(id: string): Promise<StoredBlob["id"]>;
  /** Whoever is about to read keeps the bodies from being deleted, until the returned function is called. */
  hold(ids: readonly string[]): () => void;
}

export interface CallOptions {
  /**
   * `caller` (default): with the caller's identity and this service in `aws:CalledVia` (forward access
   * sessions).
   * `service`: as this service's principal.
   * `request`: as another step of the same request, as if the caller had asked for it there and then:
   * CopyObject reads its source so.
   * `session`: with temporary credentials that this service was given, named by their token: a role that was
   * passed to it.
   * `for`: as `caller`, for whoever asked for the work in a request that is over: a job's.
   */
  readonly as?: "caller" | "service" | "request" | { readonly session: string } | { readonly for: Caller };
  /** With `as: "service"`: the principal, where the service acts as another than its own. */
  readonly principal?: string;
  /** With `as: "service"`: the resource on whose behalf, which policies may ask for as `aws:SourceArn`. */
  readonly sourceArn?: string;
  readonly account?: string;
  readonly region?: string;
  /** What causes the call, where it is not the request that is being answered: a message on its way. */
  readonly traceHeader?: string | undefined;
}

export type Callable<Input, Output> = Operation<Input, Output> | Operation<Input, Output>["token"];

export type CallOutcome<Output> = { readonly output: Output } | { readonly error: AwsError };

export interface BodyContext extends ReadContext {
  /** Runs `work` as one transaction in this cell. */
  transaction<T>(work: (ctx: Context) => T): T;
  /** Reads in this cell, outside a transaction. */
  reading<T>(work: () => T): T;
  /** The same cell as the service itself acts in it, as its jobs do: not in the caller's name. */
  asService(): BodyContext;
  /** Another service's operation through the whole chain: identity, IAM, trail and all. */
  call<Input, Output>(
    operation: Callable<Input, Output>, input: Input, options?: CallOptions,
  ): Promise<Output>;
  /**
   * The same operation for several inputs, each through the whole chain and for itself: one that is refused
   * stops no other. Costs less than so many calls, and takes one commit where nothing has to be waited for.
   */
  callEach<Input, Output>(
    operation: Callable<Input, Output>, inputs: readonly Input[], options?: CallOptions,
  ): Promise<CallOutcome<Output>[]>;
  /** Until the clock has moved on by so much, `wake` is called for `topic`, or the client is gone. */
  wait(milliseconds: number, topic?: string): Promise<void>;
  /** Wakes everyone who waits on a topic of this cell. */
  wake(topic: string): void;
  readonly blobs: CellBlobs;
  /**
   * Runs `work` as one transaction in the partition's cell, for what is unique in all of it: bucket names. It
   * is another transaction than any of the handler's own.
   */
  partition<T>(work: (transaction: Transaction) => T): T;
  /** Aborted when the client hangs up or the region stops. */
  readonly signal: AbortSignal;
}
