/**
 * How many invocations are under way, by cell and function, and how many may be. It is in memory: what runs
 * ends with the process.
 *
 * @evidence Lambda Developer Guide, "Understanding Lambda function scaling" and "Configuring reserved
 *   concurrency"
 */

import type { BodyContext, ReadContext } from "../../kernel/context.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { provisionedConfigs } from "./concurrency-table.ts";
import { throttled } from "./errors.ts";
import { functions } from "./function-table.ts";

/**
 * @evidence Lambda quotas: concurrent executions; of which this many stay for functions without a reservation
 */
export const concurrencyMax = 1_000;
export const unreservedMin = 100;

/** Of one cell. */
class Running {
  readonly byFunction = new Map<string, number>();
  /** Of functions without a reservation. */
  unreserved = 0;
  total = 0;

  change(name: string, by: number): void {
    this.total += by;
    const count = (this.byFunction.get(name) ?? 0) + by;
    if (count > 0) this.byFunction.set(name, count);
    else this.byFunction.delete(name);
  }
}

const regions = new WeakMap<Kernel, Map<string, Running>>();

function runningIn({ kernel, account, region }: ReadContext): Running {
  let cells = regions.get(kernel);
  if (!cells) regions.set(kernel, (cells = new Map()));
  const cell = `${account} ${region}`;
  let running = cells.get(cell);
  if (!running) cells.set(cell, (running = new Running()));
  return running;
}

/** What all reservations of the cell take; what is provisioned without one is one, too. */
export function reservedTotal(ctx: ReadContext, except?: string): number {
  let sum = 0;
  for (const { name, reservedConcurrency } of ctx.db(functions).list()) {
    if (name !== except) sum += reservedConcurrency ?? provisionedTotal(ctx, name);
  }
  return sum;
}

/** What all versions and aliases of a function are provisioned with. */
export function provisionedTotal(ctx: ReadContext, name: string, except?: string): number {
  let sum = 0;
  for (const { qualifier, requested } of ctx.db(provisionedConfigs).list({ prefix: [name] })) {
    if (qualifier !== except) sum += requested;
  }
  return sum;
}

/**
 * One more of the function runs, until the returned function is called.
 *
 * @throws AwsError TooManyRequestsException
 */
export function enter(ctx: BodyContext, name: string, reserved: number | undefined): () => void {
  const running = runningIn(ctx);
  if (reserved !== undefined) {
    if ((running.byFunction.get(name) ?? 0) >= reserved) {
      throw throttled("ReservedFunctionConcurrentInvocationLimitExceeded");
    }
  } else if (running.unreserved >= unreservedMin) {
    // Reservations leave at least so many: only beyond do they have to be counted.
    const limit = concurrencyMax - ctx.reading(() => reservedTotal(ctx));
    if (running.unreserved >= limit) throw throttled("ConcurrentInvocationLimitExceeded");
  }
  running.change(name, 1);
  if (reserved === undefined) running.unreserved += 1;
  return () => {
    running.change(name, -1);
    if (reserved === undefined) running.unreserved -= 1;
  };
}

export interface Load {
  readonly ofFunction: number;
  readonly ofCell: number;
  /** Of functions without a reservation. */
  readonly ofUnreserved: number;
}

export function loadOf(ctx: BodyContext, name: string): Load {
  const { byFunction, total, unreserved } = runningIn(ctx);
  return { ofFunction: byFunction.get(name) ?? 0, ofCell: total, ofUnreserved: unreserved };
}
