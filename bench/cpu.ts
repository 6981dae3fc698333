/** What a server's work costs, whoever else is busy on the machine. */

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** Linux counts a process's time in hundredths of a second, whatever its own clock does. */
const microsecondsPerTick = 10_000;

/**
 * CPU time of a process with all its threads, also of those that have ended, in microseconds; undefined where
 * the system does not tell.
 *
 * @evidence proc(5), /proc/pid/stat: the name, which may hold anything, ends with the last bracket
 */
export function cpuMicroseconds(pid: number | undefined): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const [user, system] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13);
    return (Number(user) + Number(system)) * microsecondsPerTick;
  } catch {
    return undefined;
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) => {
      const text = readFileSync(`/proc/${pid}/task/${task}/children`, "latin1").trim();
      return text === "" ? [] : text.split(" ").map(Number);
    });
  } catch {
    return [];
  }
}

function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

/** As `cpuMicroseconds`, of all that a process has started and that still run. */
export function cpuOfDescendants(pid: number | undefined): number {
  const started = pid === undefined ? [] : descendantsOf(pid);
  return started.reduce((sum, each) => sum + (cpuMicroseconds(each) ?? 0), 0);
}

/** What a process has started is no longer held to the cores that it is held to itself. */
export function useAllCores(pid: number | undefined): void {
  for (const started of pid === undefined ? [] : descendantsOf(pid)) {
    spawnSync("taskset", ["-acp", `0-${availableParallelism() - 1}`, String(started)]);
  }
}
