/**
 * Ends sandboxes whose processes use more than they may. The kernel's limit counts `/tmp` too, which is in
 * memory, so
 * it is as much higher; and without control groups there is none.
 */

import { readdirSync, readFileSync } from "node:fs";
import type { ControlGroup } from "./control-groups.ts";

export interface Watched {
  readonly memoryBytesMax: number;
  used(): number;
  exceeded(): void;
}

const periodMilliseconds = 25;
/** So many are looked at in a period; with more, periods are longer. */
const perPeriod = 16;

export class MemoryWatch {
  readonly #watched = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined;

  /** Only what is busy is looked at. */
  setBusy(watched: Watched, isBusy: boolean): void {
    if (!isBusy) {
      this.#watched.delete(watched);
      return;
    }
    this.#watched.add(watched);
    this.#timer ??= this.#wait();
  }

  #wait(): NodeJS.Timeout {
    const periods = Math.ceil(this.#watched.size / perPeriod);
    const timer = setTimeout(() => {
      for (const watched of [...this.#watched]) {
        if (watched.used() > watched.memoryBytesMax) watched.exceeded();
      }
      this.#timer = this.#watched.size > 0 ? this.#wait() : undefined;
    }, periodMilliseconds * periods);
    return timer.unref();
  }
}

/** What the kernel's total may lag behind, as it counts by processor. */
const lagBytes = 1_048_576;

/**
 * Bytes that are limited: what processes have of their own. Their group's, or without one those of `pid` and
 * all that descend from it.
 *
 * @param limit what matters is whether it is exceeded: below, files may be counted with them
 */
export function limitedBytes(
  pid: number | undefined, group: ControlGroup | undefined, limit: number,
): number {
  if (!group) return pid === undefined ? 0 : residentBytes(pid, "own");
  const total = group.total();
  return total < limit - lagBytes ? total : group.memory().processBytes;
}

/** With the files that they have mapped: of the group, or without one of `pid` and what descends from it. */
export function usedBytes(pid: number, group: ControlGroup | undefined): number {
  if (!group) return residentBytes(pid, "all");
  return group.members().reduce((sum, member) => sum + pagesOf(member).resident * pageBytes, 0);
}

const pageBytes = 4096;

/** Of `pid` and all that descend from it: with the files that they have mapped, or only what is their own. */
export function residentBytes(pid: number, which: "all" | "own"): number {
  const { resident, shared } = pagesOf(pid);
  let bytes = Math.max(0, which === "all" ? resident : resident - shared) * pageBytes;
  for (const child of children(pid)) bytes += residentBytes(child, which);
  return bytes;
}

/** What is shared are files: programs, libraries, `/tmp`. */
function pagesOf(pid: number): { readonly resident: number; readonly shared: number } {
  try {
    // Size, resident, shared.
    const [, resident = 0, shared = 0] = readFileSync(`/proc/${pid}/statm`, "latin1").split(" ").map(Number);
    return { resident, shared };
  } catch {
    return { resident: 0, shared: 0 };
  }
}

/** All that descend from it. */
export function descendants(pid: number): number[] {
  return children(pid).flatMap((child) => [child, ...descendants(child)]);
}

function children(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) => {
      const text = readFileSync(`/proc/${pid}/task/${task}/children`, "latin1").trim();
      return text === "" ? [] : text.split(" ").map(Number);
    });
  } catch {
    return [];
  }
}
