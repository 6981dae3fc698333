/** Who runs where: servers on the first core, the load on the others. */

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { availableParallelism } from "node:os";

const cores = availableParallelism();
const canPin = process.platform === "linux" && cores > 1;

export const firstCore = "0";
export const otherCores = `1-${cores - 1}`;
export const allCores = `0-${cores - 1}`;

/** Servers get one core where the machine can pin, unless they may have all. */
export function started(command: string, options: readonly string[], mayUseAllCores = false): ChildProcess {
  const pinned = ["-c", mayUseAllCores ? allCores : firstCore, command, ...options];
  return canPin
    ? spawn("taskset", pinned, { stdio: ["ignore", "pipe", "ignore", "ipc"] })
    : spawn(command, options, { stdio: ["ignore", "pipe", "ignore", "ipc"] });
}

/** Moves a process, with all its threads, and what it starts from now on. */
export function pin(pid: number | undefined, to: string): void {
  if (canPin) spawnSync("taskset", ["-a", "-c", "-p", to, String(pid)]);
}
