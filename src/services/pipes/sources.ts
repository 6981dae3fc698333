/** Where a pipe's events come from. What they are is as functions are given them. */

import type { Failure } from "../../delivery/failure.ts";
import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import type { Pipe } from "./pipe-rows.ts";

export interface SourceEvent {
  readonly event: Readonly<Record<string, unknown>>;
  /** What a partial failure names it by: a message's id, a record's sequence number. */
  readonly id: string;
}

/** How it went: all of them, none, or some by their ids. */
export interface Settled {
  readonly failed: "none" | "all" | ReadonlySet<string>;
  readonly failure?: Failure | undefined;
}

export interface SourceBatch {
  readonly events: readonly SourceEvent[];
  /** Those that came with them, and match no filter. */
  readonly others: readonly SourceEvent[];
  settle(result: Settled): Promise<void>;
}

/** A part of a source that goes its own way: a shard. */
export interface Flow {
  /** Batches of one round may be moved at once; a round comes when the one before is settled. */
  readonly rounds: AsyncIterable<readonly SourceBatch[]>;
  /** It is over for good, and others may be what goes on from there. */
  hasEnded(): boolean;
}

export interface Source {
  /** What is woken when there is something new. */
  topic(pipe: Pipe): string;
  /** @throws AwsError what the source refuses */
  flows(ctx: BodyContext, pipe: Pipe, role: CallOptions): Promise<readonly Flow[]>;
}
