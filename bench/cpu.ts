/** What a server's work costs, whoever else is busy on the machine. */

import { readFileSync } from "node:fs";
import { descendants } from "../src/planes/functions/sandbox/memory-watch.ts";

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

/** As `cpuMicroseconds`, of all that a process has started and that still run. */
export function cpuOfDescendants(pid: number | undefined): number {
  const started = pid === undefined ? [] : descendants(pid);
  return started.reduce((sum, each) => sum + (cpuMicroseconds(each) ?? 0), 0);
}
