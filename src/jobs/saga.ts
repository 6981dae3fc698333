/**
 * Work of several steps that must come to one of two ends: all of it is done, or what was done is undone.
 * Which step is next is a row, so that a restart goes on where the region stopped.
 */

import type { BodyContext, Context, ReadContext } from "../kernel/context.ts";
import { AwsError } from "../kernel/errors.ts";
import { table } from "../store/types.ts";
import type { Job } from "./job.ts";

/** Both may run more than once, since a restart repeats what it interrupted, and must not mind. */
export interface SagaStep<State> {
  /**
   * What it gives back goes to the next step and to what undoes it. A refusal (an `AwsError` below 500) makes
   * the saga turn back; whoever refuses leaves nothing behind. Other errors are tried again, a few times.
   */
  readonly run: (state: State, ctx: BodyContext) => Promise<State> | State;
  /** Takes back what `run` did. An error is tried again, as long as it takes. */
  readonly undo?: (state: State, ctx: BodyContext) => Promise<void> | void;
}

export interface Failure {
  readonly code: string;
  readonly message: string;
}

export interface Progress<State> {
  /** The step that is next; on the way back, the one after that which is undone next. */
  readonly step: number;
  readonly state: State;
  /** Why it is on its way back. */
  readonly failure?: Failure;
}

interface SagaRow extends Progress<unknown> {
  readonly name: string;
  readonly id: string;
  /** How often the step has ended in an error. */
  readonly errors: number;
}

export const sagas = table<SagaRow>("kernel.sagas", { key: (row) => [row.name, row.id] });

export interface SagaDefinition<State> {
  readonly steps: readonly SagaStep<State>[];
  /** Runs in the transaction that ends the saga. Without a failure every step is done; with one, undone. */
  readonly ended?: (id: string, end: Omit<Progress<State>, "step">, ctx: Context) => void;
}

export interface Saga<State> extends Job<string> {
  /** With the caller's transaction. Beginning one that is under way is an error of the caller's. */
  begin(ctx: Context, id: string, state: State): void;
  /** Undefined before it begins and after it has ended. */
  find(ctx: ReadContext, id: string): Progress<State> | undefined;
}

/** A step that ends in an error so often will not succeed. */
const errorsMax = 8;

/** @param name `service.noun`, as jobs are named; one of the service's nouns must export the result */
export function saga<State>(name: string, definition: SagaDefinition<State>): Saga<State> {
  const { steps, ended } = definition;
  const find = (ctx: ReadContext, id: string) =>
    ctx.db(sagas).get([name, id]) as (SagaRow & Progress<State>) | undefined;

  const put = (ctx: BodyContext, row: SagaRow): void => {
    ctx.transaction((within) => within.db(sagas).put(row));
  };

  const end = (ctx: BodyContext, { id, state, failure }: SagaRow & Progress<State>): void =>
    ctx.transaction((within) => {
      within.db(sagas).delete([name, id]);
      ended?.(id, failure ? { state, failure } : { state }, within);
    });

  const forward = async (ctx: BodyContext, row: SagaRow & Progress<State>): Promise<void> => {
    const step = steps[row.step];
    if (!step) return end(ctx, row);
    try {
      put(ctx, { ...row, step: row.step + 1, state: await step.run(row.state, ctx), errors: 0 });
    } catch (cause) {
      const errors = row.errors + 1;
      const isRefusal = cause instanceof AwsError && cause.status < 500;
      if (!isRefusal && errors < errorsMax) {
        put(ctx, { ...row, errors });
        throw cause;
      }
      put(ctx, { ...row, errors: 0, failure: failureOf(cause) });
    }
  };

  const back = async (ctx: BodyContext, row: SagaRow & Progress<State>): Promise<void> => {
    if (row.step === 0) return end(ctx, row);
    await steps[row.step - 1]?.undo?.(row.state, ctx);
    put(ctx, { ...row, step: row.step - 1 });
  };

  const self: Saga<State> = {
    kind: "job",
    name,
    persistent: true,
    async body(id, ctx) {
      const next = () => ctx.transaction((within) => find(within, id));
      for (let row = next(); row; row = next()) await (row.failure ? back : forward)(ctx, row);
    },
    begin(ctx, id, state) {
      if (ctx.db(sagas).has([name, id])) throw new Error(`the saga ${name} ${id} is under way`);
      ctx.db(sagas).put({ name, id, step: 0, state, errors: 0 });
      ctx.schedule(self, { at: ctx.clock.now(), id, input: id });
    },
    find,
  };
  return self;
}

function failureOf(cause: unknown): Failure {
  if (cause instanceof AwsError) return { code: cause.code, message: cause.message };
  return { code: "InternalFailure", message: cause instanceof Error ? cause.message : String(cause) };
}
