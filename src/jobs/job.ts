/**
 * Work for later: a row written in the same transaction as what causes it. At least once, so handlers are
 * idempotent.
 */

import type { BodyContext, Context } from "../kernel/context.ts";

export interface Schedule<Input> {
  /** Due at: epoch milliseconds. */
  readonly at: number;
  readonly input: Input;
  /** Scheduling a job again under the same id replaces the earlier one. Default: a new id each time. */
  readonly id?: string;
}

export interface Job<Input> {
  readonly kind: "job";
  /** `service.job`, unique in the region: `ssm.expireParameter`. The first part names the service to load. */
  readonly name: string;
  /** Runs as the service, in the cell that scheduled it, in one transaction with the removal of its row. */
  readonly run?: (input: Input, ctx: Context) => void;
  /** Tried again for as long as it fails; others are given up after a while. */
  readonly persistent?: boolean;
  /** For work that waits or calls other services. */
  readonly body?: (input: Input, ctx: BodyContext) => Promise<void>;
}

export type AnyJob = Job<never>;

export function job<Input>(name: string, run: (input: Input, ctx: Context) => void): Job<Input> {
  return { kind: "job", name, run };
}

export function asynchronousJob<Input>(
  name: string,
  body: (input: Input, ctx: BodyContext) => Promise<void>,
): Job<Input> {
  return { kind: "job", name, body };
}

/** For work that schedules itself anew once it is done: were it given up, it would never come again. */
export function recurringJob<Input>(
  name: string,
  body: (input: Input, ctx: BodyContext) => Promise<void>,
): Job<Input> {
  return { ...asynchronousJob(name, body), persistent: true };
}
