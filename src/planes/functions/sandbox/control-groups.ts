/** Limits that the kernel holds: memory and processes of a sandbox, by control groups of version 1 or 2. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = "/sys/fs/cgroup";
/** @evidence Lambda Developer Guide, "Lambda quotas": 1,024 processes and threads */
export const processesMax = 1024;

export interface ControlGroup {
  /** Whoever writes its process id to these is in. */
  readonly entrances: readonly string[];
  memory(): MemoryUse;
  /** Bytes of processes and files together: cheap to ask for. */
  total(): number;
  /** Process ids. */
  members(): readonly number[];
  /** Whoever is in it ends. */
  kill(): void;
  /** How often the kernel has killed in it, for want of memory. */
  killed(): number;
  remove(): void;
}

export interface MemoryUse {
  /** Of the processes themselves. */
  readonly processBytes: number;
  /** Of files in memory: `/tmp`. */
  readonly fileBytes: number;
}

/** Where groups can be made, or undefined where this user may not. */
export interface ControlGroups {
  readonly version: 1 | 2;
  create(id: string, memoryBytes: number): ControlGroup | undefined;
}

export function openControlGroups(): ControlGroups | undefined {
  return firstVersion() ?? secondVersion();
}

/** The groups that this process is in: lines of `hierarchy:controllers:path`. */
function own(): readonly { readonly controllers: string; readonly path: string }[] {
  try {
    return readFileSync("/proc/self/cgroup", "utf8")
      .trim()
      .split("\n")
      .map((line) => {
        const [, controllers = "", path = "/"] = line.split(":");
        return { controllers, path };
      });
  } catch {
    return [];
  }
}

function firstVersion(): ControlGroups | undefined {
  const base = (controller: string): string | undefined => {
    const path = own().find(({ controllers }) => controllers.split(",").includes(controller))?.path;
    return path === undefined ? undefined : claim(join(root, controller, path));
  };
  const memory = base("memory");
  if (memory === undefined) return undefined;
  const processes = base("pids");
  return {
    version: 1,
    create(id, memoryBytes) {
      const group = makeNew(memory, id);
      if (group === undefined) return undefined;
      const counted = processes === undefined ? undefined : makeNew(processes, id);
      set(group, "memory.limit_in_bytes", memoryBytes);
      set(group, "memory.memsw.limit_in_bytes", memoryBytes);
      if (counted !== undefined) set(counted, "pids.max", processesMax);
      return {
        entrances: [group, ...(counted === undefined ? [] : [counted])].map((path) =>
          join(path, "cgroup.procs"),
        ),
        memory: () => memoryIn(group, "total_rss", "total_shmem"),
        total: () => Number(read(group, "memory.usage_in_bytes")),
        members: () => membersOf(group),
        kill: () => killIn(group),
        killed: () => numberIn(group, "memory.oom_control", "oom_kill"),
        remove: () => [group, ...(counted === undefined ? [] : [counted])].forEach(removeGroup),
      };
    },
  };
}

/** A user's own processes may make groups only where they were handed a part of the tree. */
function secondVersion(): ControlGroups | undefined {
  const path = own().find(({ controllers }) => controllers === "")?.path;
  if (path === undefined) return undefined;
  const parents = [path, join(path, ".."), join(path, "../..")].map((at) => join(root, at));
  for (const parent of parents) {
    if (!parent.startsWith(root) || !read(parent, "cgroup.subtree_control").includes("memory")) continue;
    const base = claim(parent);
    if (base === undefined || !set(base, "cgroup.subtree_control", "+memory +pids")) continue;
    return {
      version: 2,
      create(id, memoryBytes) {
        const group = makeNew(base, id);
        if (group === undefined) return undefined;
        set(group, "memory.max", memoryBytes);
        set(group, "memory.swap.max", 0);
        set(group, "memory.oom.group", 1);
        set(group, "pids.max", processesMax);
        return {
          entrances: [join(group, "cgroup.procs")],
          memory: () => memoryIn(group, "anon", "shmem"),
          total: () => Number(read(group, "memory.current")),
          members: () => membersOf(group),
          kill: () => killIn(group),
          killed: () => numberIn(group, "memory.events", "oom_kill"),
          remove: () => removeGroup(group),
        };
      },
    };
  }
  return undefined;
}

/** A group of this process's own for all its sandboxes. Those of processes that are gone are swept out. */
function claim(parent: string): string | undefined {
  for (const name of list(parent)) {
    const owner = /^us-local-1-(\d+)$/.exec(name)?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    for (const left of list(join(parent, name))) tryRemove(join(parent, name, left));
    tryRemove(join(parent, name));
  }
  const base = make(join(parent, `us-local-1-${process.pid}`));
  process.once("exit", () => base !== undefined && tryRemove(base));
  return base;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Several regions of one process may give equal ids, and a group that is left goes a moment later. */
function makeNew(parent: string, id: string): string | undefined {
  try {
    return mkdtempSync(join(parent, `${id}-`));
  } catch {
    return undefined;
  }
}

function make(path: string): string | undefined {
  try {
    mkdirSync(path, { recursive: true });
    return path;
  } catch {
    return undefined;
  }
}

/** Processes that were killed are in it for a moment still. */
function removeGroup(path: string): void {
  let attempts = 0;
  const attempt = (): void => {
    attempts += 1;
    if (tryRemove(path) || attempts === 20) return;
    setTimeout(attempt, 20 * attempts).unref();
  };
  attempt();
}

function tryRemove(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

function set(group: string, name: string, value: number | string): boolean {
  try {
    writeFileSync(join(group, name), String(value));
    return true;
  } catch {
    return false;
  }
}

function read(group: string, name: string): string {
  try {
    return readFileSync(join(group, name), "utf8");
  } catch {
    return "";
  }
}

function membersOf(group: string): number[] {
  return read(group, "cgroup.procs").split("\n").filter(Boolean).map(Number);
}

/** Again and again, for who is about to be killed may still begin others. */
function killIn(group: string): void {
  for (let round = 0; round < 10; round += 1) {
    const pids = membersOf(group);
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has just ended.
      }
    }
  }
}

function numberIn(group: string, file: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(read(group, file))?.[1] ?? 0);
}

function memoryIn(group: string, processes: string, files: string): MemoryUse {
  const text = read(group, "memory.stat");
  const value = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
  return { processBytes: value(processes), fileBytes: value(files) };
}
