/** Pipes as rows, and the states that they go through by the clock. */

import type * as pipes from "../../generated/pipes.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { inTransition, pipeNotFound } from "./errors.ts";

export interface Pipe {
  readonly name: string;
  readonly description?: string | undefined;
  readonly source: string;
  readonly sourceParameters: pipes.PipeSourceParameters;
  readonly enrichment?: string | undefined;
  readonly enrichmentParameters?: pipes.PipeEnrichmentParameters | undefined;
  readonly target: string;
  readonly targetParameters?: pipes.PipeTargetParameters | undefined;
  readonly roleArn: string;
  readonly logging?: pipes.PipeLogConfigurationParameters | undefined;
  readonly kmsKey?: string | undefined;
  /** Filters and templates under a data key of the KMS key, and then nowhere else. */
  readonly sealed?: { readonly keyBlob: Uint8Array; readonly message: Uint8Array } | undefined;
  readonly desired: "RUNNING" | "STOPPED" | "DELETED";
  /** The state that was entered, and when: some are over after a while. */
  readonly entered: pipes.PipeState;
  /** Epoch milliseconds. */
  readonly enteredAt: number;
  readonly reason?: string | undefined;
  readonly createdAt: number;
  readonly modifiedAt: number;
  /** Tells what was begun under an earlier configuration from what is now. */
  readonly generation: number;
}

export const pipesTable = table<Pipe>("pipes.pipes", { key: ({ name }) => name });

/** How long a pipe is on its way to another state. AWS says that it takes a while, and not how long. */
export const transitionMilliseconds = 3_000;
const transitions: ReadonlySet<string> = new Set(
  ["CREATING", "UPDATING", "STARTING", "STOPPING", "DELETING"],
);

export function pipeArn(ctx: ReadContext, name: string): string {
  return ctx.arn(`pipe/${name}`);
}

export function stateOf(pipe: Pipe, now: number): pipes.PipeState {
  const isOver = now >= pipe.enteredAt + transitionMilliseconds;
  if (!transitions.has(pipe.entered) || pipe.desired === "DELETED" || !isOver) return pipe.entered;
  return pipe.desired;
}

export function requirePipe(ctx: ReadContext, name: string): Pipe {
  const pipe = ctx.db(pipesTable).get(name);
  if (!pipe) throw pipeNotFound(name);
  return pipe;
}

/** For what changes it. @throws ConflictException while it is on its way to another state */
export function requireSettledPipe(ctx: Context, name: string): Pipe {
  const pipe = requirePipe(ctx, name);
  const state = stateOf(pipe, ctx.clock.now());
  if (transitions.has(state)) throw inTransition(name, state);
  return pipe;
}
