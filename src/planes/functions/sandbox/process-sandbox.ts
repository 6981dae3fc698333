/** A sandbox whose first process this one has started. */

import { spawn, type ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import { constants } from "node:os";
import { Readable, type Writable } from "node:stream";
import type { ControlGroup, ControlGroups } from "./control-groups.ts";
import { descendants, limitedBytes, usedBytes, type MemoryWatch, type Watched } from "./memory-watch.ts";
import { channelDescriptors, type Channel, type Exit, type Sandbox, type SandboxSpec } from "./sandbox.ts";

export interface Start {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  /** Written to the descriptor after telemetry's. */
  readonly settings?: string;
  /** The child leads a process group, which is what is killed. */
  readonly leads?: boolean;
}

export interface Limits {
  readonly groups: ControlGroups | undefined;
  readonly watch: MemoryWatch;
}

/** Joins its control groups before anything else runs. */
const join = 'for group in $1; do echo 0 > "$group" || exit 125; done; shift; exec "$@"';

/** The end of an extension, as its starter writes it among what extensions write. */
export const extensionEnd = /^us-local-1: extension (\S+) ended with (\d+)$/;

/** Starts each extension, waits until it is told to go on, and becomes the runtime. */
export const withExtensions =
  'for file in "$1"/*; do if [ -f "$file" ] && [ -x "$file" ]; then ' +
  '( "$file" </dev/null >&5 2>&5 5>&- 6>&- 7>&-; ' +
  'echo "us-local-1: extension ${file##*/} ended with $?" >&5 ) & fi; done; ' +
  'shift; read -r word; exec "$@" </dev/null 5>&-';

/** What is run in the box: the runtime, or first what extends it. */
export function insideCommand({ command, extensions }: SandboxSpec): readonly string[] {
  if (extensions === undefined) return command;
  return ["/bin/sh", "-c", withExtensions, "sh", extensions, ...command];
}

export function startProcess(spec: SandboxSpec, start: Start, { groups, watch }: Limits): Sandbox {
  const group = groups?.create(spec.id, spec.memoryBytes + spec.temporaryBytes);
  const command = group
    ? ["/bin/sh", "-c", join, "sh", group.entrances.join(" "), ...start.command]
    : start.command;
  const [program = "", ...options] = command;
  const child = spawn(program, options, {
    env: start.environment,
    stdio: [
      spec.extensions === undefined ? "ignore" : "pipe",
      "pipe",
      "pipe",
      "pipe",
      start.settings === undefined ? "ignore" : "pipe",
      spec.extensions === undefined ? "ignore" : "pipe",
      ...(spec.hasChannel === true ? (["pipe", "pipe"] as const) : []),
    ],
    detached: start.leads === true,
    ...(start.workingDirectory !== undefined && { cwd: start.workingDirectory }),
  });
  if (start.settings !== undefined) {
    const pipe = child.stdio[4] as Writable;
    pipe.on("error", () => undefined);
    pipe.end(start.settings);
  }
  return new ProcessSandbox(spec, child, group, watch, start.leads === true);
}

class ProcessSandbox implements Sandbox, Watched {
  readonly memoryBytesMax: number;
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #group: ControlGroup | undefined;
  readonly #watch: MemoryWatch;
  readonly #leads: boolean;
  #hasExceeded = false;

  constructor(
    spec: SandboxSpec,
    child: ChildProcess,
    group: ControlGroup | undefined,
    watch: MemoryWatch,
    leads: boolean,
  ) {
    this.memoryBytesMax = spec.memoryBytes;
    this.#child = child;
    this.#group = group;
    this.#watch = watch;
    this.#leads = leads;
    this.exited = new Promise((resolve) => {
      child.once("error", () => resolve(this.#gone(126, null)));
      child.once("exit", (code, signal) => resolve(this.#gone(code, signal)));
    });
  }

  // What `stdio` says of the descriptors above: they are pipes, which are sockets.
  get stdout(): Readable {
    return this.#child.stdio[1] as Readable;
  }

  get stderr(): Readable {
    return this.#child.stdio[2] as Readable;
  }

  get telemetry(): Readable {
    return this.#child.stdio[3] as Readable;
  }

  get extensions(): Readable {
    return this.#end(5) ?? Readable.from([]);
  }

  get channel(): Channel | undefined {
    const source = this.#end(channelDescriptors.write);
    const sink = this.#end(channelDescriptors.read);
    return source && sink && { source, sink };
  }

  #end(descriptor: number): Socket | undefined {
    return (this.#child.stdio as readonly (Socket | null | undefined)[])[descriptor] ?? undefined;
  }

  proceed(): void {
    this.#child.stdin?.on("error", () => undefined);
    this.#child.stdin?.end("go\n");
  }

  used(): number {
    return limitedBytes(this.#child.pid, this.#group, this.memoryBytesMax);
  }

  memoryUsed(): number {
    return this.#child.pid === undefined ? 0 : usedBytes(this.#child.pid, this.#group);
  }

  setBusy(isBusy: boolean): void {
    this.#watch.setBusy(this, isBusy);
  }

  exceeded(): void {
    this.#hasExceeded = true;
    this.kill();
  }

  kill(): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    // Without a box around them, they are looked for while who started them is still there.
    const others = this.#leads ? descendants(pid) : [];
    for (const target of this.#leads ? [-pid, ...others] : [pid]) sendKill(target);
  }

  #gone(code: number | null, signal: NodeJS.Signals | null): Exit {
    this.#watch.setBusy(this, false);
    if (this.#leads) this.#killLeft();
    const killed = this.#group?.killed() ?? 0;
    this.#group?.remove();
    const ended = endOf(code, signal);
    return { ...ended, outOfMemory: this.#hasExceeded || (killed > 0 && ended.signal === "SIGKILL") };
  }

  /** What the first process has left behind. */
  #killLeft(): void {
    if (this.#child.pid !== undefined) sendKill(-this.#child.pid);
    this.#group?.kill();
  }
}

function sendKill(target: number): void {
  try {
    process.kill(target, "SIGKILL");
  } catch {
    // It is gone already.
  }
}

/** What is in a box is started by what made the box, which passes on signals as shells do. */
export function endOf(code: number | null, signal: string | null): Pick<Exit, "code" | "signal"> {
  const number = code !== null && code > 128 ? code - 128 : undefined;
  const name = signal ?? (number === undefined ? undefined : signalNames.get(number));
  return name !== undefined ? { signal: name } : { code: code ?? 0 };
}

/** Those that end a program that did not mean to; an exit status of 129 is one of Node's own runtime. */
const signalNames = new Map(
  (
    ["SIGKILL", "SIGSEGV", "SIGABRT", "SIGTERM", "SIGBUS", "SIGILL", "SIGFPE", "SIGTRAP", "SIGINT"] as const
  ).map((name) => [constants.signals[name], name]),
);
