/** Which sandbox this machine makes: they are tried, for settings and security modules have a say. */

import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { Bubblewrap } from "./bubblewrap.ts";
import { openControlGroups } from "./control-groups.ts";
import { MemoryWatch } from "./memory-watch.ts";
import { PlainProcesses } from "./plain.ts";
import type { SandboxEngine } from "./sandbox.ts";
import { Unshare, unshareTrial } from "./unshare.ts";

export type EngineName = Exclude<SandboxEngine["name"], "podman" | "docker">;

/** @param folder of the plane's own @param only none other will do, for tests */
export async function openSandboxEngine(
  folder: string,
  searchPath: string,
  only?: EngineName,
): Promise<SandboxEngine> {
  const limits = { groups: openControlGroups(), watch: new MemoryWatch() };
  if (only === undefined || only === "bubblewrap") {
    const program = find("bwrap", searchPath);
    if (program !== undefined && (await succeeds(program, trial)))
      return new Bubblewrap(program, folder, limits);
  }
  if (only === undefined || only === "unshare") {
    const [program = "", ...options] = unshareTrial;
    const path = find(program, searchPath);
    if (path !== undefined && (await succeeds(path, options))) return new Unshare(folder, limits);
  }
  if (only !== undefined && only !== "none") throw new Error(`this machine has no ${only}`);
  return new PlainProcesses(folder, limits);
}

/** What the box is made of, and the options that older versions do not know. */
const trial = [
  "--unshare-user",
  "--unshare-pid",
  "--unshare-ipc",
  "--unshare-uts",
  "--die-with-parent",
  "--uid",
  "993",
  "--ro-bind",
  "/",
  "/",
  "--proc",
  "/proc",
  "--dev",
  "/dev",
  "--size",
  "4096",
  "--tmpfs",
  "/tmp",
  "--",
  "/bin/sh",
  "-c",
  "exit 0",
];

/** Where a program is. */
export function find(name: string, searchPath: string): string | undefined {
  for (const folder of [...searchPath.split(":"), "/usr/bin", "/usr/local/bin", "/usr/sbin"]) {
    if (folder === "") continue;
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // Not here.
    }
  }
  return undefined;
}

/**
 * A machine that is short of processes for a moment is not one without boxes: a trial that fails is made once
 * more, for what follows from it holds as long as the region runs.
 */
async function succeeds(program: string, options: readonly string[]): Promise<boolean> {
  return (await trialSucceeds(program, options)) || (await trialSucceeds(program, options));
}

const trialMilliseconds = 30_000;

function trialSucceeds(program: string, options: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(
      program,
      [...options],
      { timeout: trialMilliseconds, env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" } },
      (error) => resolve(error === null),
    );
  });
}
