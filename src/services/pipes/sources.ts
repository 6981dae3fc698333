/** Where a pipe's events come from. What they are is as functions are given them. */

import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import type { Pipe } from "./pipe-rows.ts";

export interface SourceEvent {
  readonly event: Readonly<Record<string, unknown>>;
  /** What a partial failure names it by: a message's id, a record's sequence number. */
  readonly id: string;
}

/** How it went: all of them, none, or some by their ids. */
export type Settled = { readonly failed: "none" | "all" | ReadonlySet<string>; readonly reason?: string };

export interface SourceBatch {
  readonly events: readonly SourceEvent[];
  /** Those that came with them, and match no filter. */
  readonly others: readonly SourceEvent[];
  settle(result: Settled): Promise<void>;
}

export interface Source {
  /** What is woken when there is something new. */
  topic(pipe: Pipe): string;
  /** @throws AwsError what the source refuses */
  batches(ctx: BodyContext, pipe: Pipe, role: CallOptions): AsyncIterable<SourceBatch>;
}
