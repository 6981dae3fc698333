/**
 * One process a store: a file with the owner's pid. A pid is not enough of a name, since it is used again (in
 * a container every program is process 1), so the file also says when that process began.
 */

import { closeSync, linkSync, openSync, writeSync } from "node:fs";
import { readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { StoreLocked } from "./errors.ts";

interface Owner {
  readonly pid: number;
  readonly startedAt: string;
}

const ATTEMPTS_MAX = 5;
/** Places in `statusOf`: a process that ended and that nobody waited for yet has the state Z. */
const STATE = 0;
const STARTED_AT = 19;

export class FolderLock {
  readonly #path: string;
  readonly #content: string;

  private constructor(path: string, content: string) {
    this.#path = path;
    this.#content = content;
  }

  /** Throws `StoreLocked` while the owner lives; takes over from a dead one. */
  static acquire(folder: string): FolderLock {
    const path = join(folder, "lock");
    const content = `${process.pid} ${startOf(process.pid)}\n`;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      if (create(path, content)) return new FolderLock(path, content);
      const found = readIfThere(path);
      if (found === undefined) continue;
      const owner = parse(found);
      if (owner && isAlive(owner)) throw new StoreLocked(folder, owner.pid);
      removeStale(path, found);
    }
    throw new StoreLocked(folder, parse(readIfThere(path) ?? "")?.pid ?? 0);
  }

  release(): void {
    if (readIfThere(this.#path) === this.#content) rmSync(this.#path, { force: true });
  }
}

function create(path: string, content: string): boolean {
  // Written aside and linked into place, so that nobody ever reads half a lock.
  const draft = `${path}.${process.pid}`;
  const file = openSync(draft, "w");
  try {
    writeSync(file, content);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Two may find the same dead owner: the one that moved away a living one's lock puts it back. */
function removeStale(path: string, content: string): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
    if (readIfThere(aside) !== content) linkSync(aside, path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "ENOENT" && code !== "EEXIST") throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function parse(content: string): Owner | undefined {
  const [pid, startedAt] = content.trim().split(" ");
  const number = Number(pid);
  return Number.isInteger(number) && number > 0 ? { pid: number, startedAt: startedAt ?? "" } : undefined;
}

function isAlive(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it lives, as somebody else's.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  if (statusOf(owner.pid)[STATE] === "Z") return false;
  const startedAt = startOf(owner.pid);
  return startedAt === "" || owner.startedAt === "" || startedAt === owner.startedAt;
}

/** When the process began, in whatever unit the system has; empty where it cannot be known. */
function startOf(pid: number): string {
  return statusOf(pid)[STARTED_AT] ?? (pid === process.pid ? String(Math.round(performance.timeOrigin)) : "");
}

/**
 * The fields of Linux's process status behind the program's name, which may hold anything; elsewhere none.
 */
function statusOf(pid: number): string[] {
  const status = readIfThere(`/proc/${pid}/stat`);
  return status === undefined ? [] : status.slice(status.lastIndexOf(")") + 2).split(" ");
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
