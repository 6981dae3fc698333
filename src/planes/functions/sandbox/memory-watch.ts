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

  add(watched: Watched): void {
    this.#watched.add(watched);
    this.#timer ??= this.#wait();
  }

  remove(watched: Watched): void {
    this.#watched.delete(watched);
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

/**
 * Bytes that are limited: what processes have of their own. Their group's, or without one those of `pid` and
 * all
 * that descend from it.
 */
export function limitedBytes(pid: number | undefined, group: ControlGroup | undefined): number {
  if (group) return group.memory().processBytes;
  return pid === undefined ? 0 : residentBytes(pid, "own");
}

const pageBytes = 4096;

/** Of `pid` and all that descend from it: with the files that they have mapped, or only what is their own. */
export function residentBytes(pid: number, which: "all" | "own"): number {
  try {
    // Size, resident, shared: in pages. What is shared are files: programs, libraries, `/tmp`.
    const [, resident = 0, shared = 0] = readFileSync(`/proc/${pid}/statm`, "latin1").split(" ").map(Number);
    let bytes = Math.max(0, which === "all" ? resident : resident - shared) * pageBytes;
    for (const child of children(pid)) bytes += residentBytes(child, which);
    return bytes;
  } catch {
    return 0;
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
