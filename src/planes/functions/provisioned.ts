/** Provisioned concurrency: so many environments of a revision, always initialized. */

import { availableParallelism } from "node:os";
import type { FunctionSpec, ProvisionedState, ProvisionedUse } from "./contract.ts";
import type { Begun, Slot } from "./slot.ts";

/** More than these beginning at once would only make each take longer than it may. */
const beginningMax = availableParallelism();

/** @evidence answers to GetProvisionedConcurrencyConfig, StatusReason, quoted by users of deployment tools */
const initFailed = "FUNCTION_ERROR_INIT_FAILURE";

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
      retire(slot);
    }
    if (count === 0) this.#kept.delete(spec.revision);
    await this.#fill(kept);
    return stateOf(kept);
  }

  state(revision: string): ProvisionedState | undefined {
    const kept = this.#kept.get(revision);
    return kept && stateOf(kept);
  }

  /** Undefined where none of the revision are kept. */
  useOf(slot: Slot): ProvisionedUse | undefined {
    const isServed = slot.isProvisioned;
    const kept = this.#kept.get(slot.spec.revision);
    if (!kept) return undefined;
    let busy = isServed ? 1 : 0;
    for (const other of kept.slots) if (other !== slot && other.environment.state !== "idle") busy += 1;
    return { requested: kept.count, busy, isServed };
  }

  /** Another takes its place, unless one like it has just failed to start. */
  ended(slot: Slot): void {
    const kept = this.#kept.get(slot.spec.revision);
    if (!kept?.slots.delete(slot) || kept.failure !== undefined) return;
    void this.#fill(kept);
  }

  /** Of all functions, of one, or of one revision of it. */
  forget(functionArn?: string, revision?: string): void {
    for (const [each, kept] of this.#kept) {
      if (functionArn !== undefined && kept.spec.functionArn !== functionArn) continue;
      if (revision !== undefined && each !== revision) continue;
      kept.count = 0;
      this.#kept.delete(each);
    }
  }

  /** A few at a time; the first that can't be begun is the last. */
  async #fill(kept: Kept): Promise<void> {
    const oneByOne = async (): Promise<void> => {
      while (kept.failure === undefined && missing(kept) > 0) await this.#start(kept);
    };
    await Promise.all(Array.from({ length: Math.min(beginningMax, Math.max(0, missing(kept))) }, oneByOne));
  }

  async #start(kept: Kept): Promise<void> {
    kept.starting += 1;
    try {
      const { slot, failure } = await this.#begin(kept.spec);
      if (failure === undefined && kept.slots.size < kept.count) kept.slots.add(slot);
      else if (failure === undefined) retire(slot);
      else kept.failure = initFailed;
    } catch (cause) {
      kept.failure = cause instanceof Error ? cause.message : String(cause);
    } finally {
      kept.starting -= 1;
    }
  }
}

function missing({ count, slots, starting }: Kept): number {
  return count - slots.size - starting;
}

/** It answers what it is at, and nobody else. */
function retire(slot: Slot): void {
  slot.isRetired = true;
  if (slot.environment.state === "idle") slot.environment.end("spindown");
}

function stateOf({ count, slots, failure }: Kept): ProvisionedState {
  return { requested: count, ready: slots.size, ...(failure !== undefined && { failure }) };
}
