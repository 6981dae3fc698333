/** Who runs where: servers on the first core, the load on the others. */

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { availableParallelism } from "node:os";
import { descendants } from "../src/planes/functions/sandbox/memory-watch.ts";

const cores = availableParallelism();
const canPin = process.platform === "linux" && cores > 1;

const firstCore = "0";
const otherCores = `1-${cores - 1}`;
const allCores = `0-${cores - 1}`;

/** Servers get one core where the machine can pin, unless they may have all. */
export function started(command: string, options: readonly string[], mayUseAllCores = false): ChildProcess {
  const pinned = ["-c", mayUseAllCores ? allCores : firstCore, command, ...options];
  return canPin
    ? spawn("taskset", pinned, { stdio: ["ignore", "pipe", "ignore", "ipc"] })
    : spawn(command, options, { stdio: ["ignore", "pipe", "ignore", "ipc"] });
}

/** Moves a process, with all its threads. */
function pin(pid: number, to: string): void {
  if (canPin) spawnSync("taskset", ["-a", "-c", "-p", to, String(pid)]);
}

/** This process is the load. */
export function keepToOtherCores(): void {
  pin(process.pid, otherCores);
}

/** A server whose work is not all done by one thread may have all cores. */
export function giveAllCores(pid: number | undefined): void {
  if (pid !== undefined) pin(pid, allCores);
}

/** What a process has started is no longer held to the core that it is held to itself. */
export function freeStarted(pid: number | undefined): void {
  for (const started of pid === undefined ? [] : descendants(pid)) pin(started, allCores);
}
