/** Which region runs where: a file in its data folder, written when it listens and removed when it stops. */

import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface RunningRegion {
  readonly pid: number;
  readonly port: number;
  readonly endpoint: string;
  readonly version: string;
}

function fileOf(dataDir: string): string {
  return join(dataDir, "region.json");
}

export function writeRunning(dataDir: string, running: RunningRegion): void {
  const draft = `${fileOf(dataDir)}.new`;
  writeFileSync(draft, `${JSON.stringify(running, undefined, 2)}\n`);
  renameSync(draft, fileOf(dataDir));
}

export function removeRunning(dataDir: string): void {
  rmSync(fileOf(dataDir), { force: true });
}

/** Undefined when no region runs on that folder: one that was killed leaves its file behind. */
export function findRunning(dataDir: string): RunningRegion | undefined {
  let running: RunningRegion;
  try {
    running = JSON.parse(readFileSync(fileOf(dataDir), "utf8")) as RunningRegion;
  } catch {
    return undefined;
  }
  return Number.isInteger(running.pid) && Number.isInteger(running.port) && isAlive(running.pid)
    ? running
    : undefined;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, as somebody else's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
