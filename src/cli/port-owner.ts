/** Which process listens on a port. */

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";

export interface PortOwner {
  readonly pid: number;
  readonly program: string;
}

/** Undefined where it cannot be known: another user's process, or no tool to ask. */
export function portOwner(port: number): PortOwner | undefined {
  return process.platform === "linux" ? ownerByProc(port) : ownerByLsof(port);
}

/** In `/proc/net/tcp`, of a socket that listens. */
const listening = "0A";

function ownerByProc(port: number): PortOwner | undefined {
  const sockets = new Set(
    ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((path) => listeningSockets(path, port)),
  );
  if (sockets.size === 0) return undefined;
  for (const pid of entries("/proc").filter((name) => /^\d+$/.test(name))) {
    for (const descriptor of entries(`/proc/${pid}/fd`)) {
      const target = linkTarget(`/proc/${pid}/fd/${descriptor}`);
      if (target !== undefined && sockets.has(target)) return { pid: Number(pid), program: programOf(pid) };
    }
  }
  return undefined;
}

/** As descriptors name them: `socket:[4711]`. */
function listeningSockets(path: string, port: number): string[] {
  const end = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return textOf(path)
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(end) && state === listening)
    .map((fields) => `socket:[${fields[9] ?? ""}]`);
}

/** `node server.js`: the program and its first argument say which of many `node`s it is. */
function programOf(pid: string): string {
  const [program = "", argument = ""] = textOf(`/proc/${pid}/cmdline`).split("\0");
  return (
    `${basename(program)} ${argument.startsWith("-") ? "" : basename(argument)}`.trim() ||
    textOf(`/proc/${pid}/comm`).trim()
  );
}

function ownerByLsof(port: number): PortOwner | undefined {
  const { stdout } = spawnSync("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpc"], {
    encoding: "utf8",
    timeout: 3_000,
  });
  const pid = /^p(\d+)$/m.exec(stdout ?? "")?.[1];
  const program = /^c(.+)$/m.exec(stdout ?? "")?.[1];
  return pid === undefined ? undefined : { pid: Number(pid), program: program ?? "a program" };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function entries(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
