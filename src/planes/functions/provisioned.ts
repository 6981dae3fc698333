/** Provisioned concurrency: so many environments of a revision, always initialized. */

import type { FunctionSpec, ProvisionedState } from "./contract.ts";
import type { Begun, Slot } from "./slot.ts";

interface Kept {
  readonly spec: FunctionSpec;
  count: number;
  readonly slots: Set<Slot>;
  starting: number;
  failure: string | undefined;
}

export class Provisioned {
  readonly #begin: (spec: FunctionSpec) => Promise<Begun>;
  readonly #kept = new Map<string, Kept>();

  constructor(begin: (spec: FunctionSpec) => Promise<Begun>) {
    this.#begin = begin;
  }

  async keep(spec: FunctionSpec, count: number): Promise<ProvisionedState> {
    const kept = this.#kept.get(spec.revision) ?? {
      spec,
      count,
      slots: new Set(),
      starting: 0,
      failure: undefined,
    };
    this.#kept.set(spec.revision, kept);
    kept.count = count;
    kept.failure = undefined;
    for (const slot of [...kept.slots].slice(count)) {
      kept.slots.delete(slot);
      slot.isRetired = true;
      if (slot.environment.state === "idle") slot.environment.end("spindown");
    }
    if (count === 0) this.#kept.delete(spec.revision);
    await this.#fill(kept);
    return stateOf(kept);
  }

  state(revision: string): ProvisionedState | undefined {
    const kept = this.#kept.get(revision);
    return kept && stateOf(kept);
  }

  /** Another takes its place, unless one like it has just failed to start. */
  ended(slot: Slot): void {
    const kept = this.#kept.get(slot.spec.revision);
    if (!kept?.slots.delete(slot) || kept.failure !== undefined) return;
    void this.#fill(kept);
  }

  forget(functionArn?: string, except?: string): void {
    for (const [revision, { spec }] of this.#kept) {
      if (functionArn !== undefined && (spec.functionArn !== functionArn || revision === except)) continue;
      this.#kept.delete(revision);
    }
  }

  async #fill(kept: Kept): Promise<void> {
    const missing = kept.count - kept.slots.size - kept.starting;
    await Promise.all(Array.from({ length: Math.max(0, missing) }, () => this.#start(kept)));
  }

  async #start(kept: Kept): Promise<void> {
    kept.starting += 1;
    try {
      const { slot, failure } = await this.#begin(kept.spec);
      if (failure === undefined) kept.slots.add(slot);
      else kept.failure = failure === "timeout" ? "The Init phase took too long" : failure.errorType;
    } catch (cause) {
      kept.failure = cause instanceof Error ? cause.message : String(cause);
    } finally {
      kept.starting -= 1;
    }
  }
}

function stateOf({ count, slots, failure }: Kept): ProvisionedState {
  return { requested: count, ready: slots.size, ...(failure !== undefined && { failure }) };
}
