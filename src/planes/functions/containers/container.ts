/** One container: begun by a program of this machine, and removed whatever becomes of this process. */

import { spawn, type ChildProcess } from "node:child_process";
import { Readable, type Duplex, type Writable } from "node:stream";
import { endOf } from "../sandbox/process-sandbox.ts";
import { residentBytes, type MemoryWatch, type Watched } from "../sandbox/memory-watch.ts";
import type { Exit, Sandbox } from "../sandbox/sandbox.ts";
import { said } from "./container-engine.ts";
import type { ExtensionPipes } from "./image-extensions.ts";

export interface ContainerOptions {
  readonly name: string;
  readonly program: readonly string[];
  /** The command that ends and removes it, up to its name. */
  readonly removal: readonly string[];
  readonly options: readonly string[];
  /** Lines of `NAME=value`. */
  readonly variables: string;
  readonly inherited: Readonly<Record<string, string>>;
  readonly memoryBytesMax: number;
  readonly lagMilliseconds: number;
  /** Of its extensions, if it has any. */
  readonly pipes?: ExtensionPipes;
}

/** How long it is looked for the container's first process, and how often. */
const lookMilliseconds = [150, 300, 600, 1_200, 2_400];

/** What the programs say when the container did not even start. */
const startFailure = /^(?:Error: |docker: ).*/m;
const startFailureBytesMax = 4_096;

export class Container implements Sandbox, Watched {
  readonly memoryBytesMax: number;
  readonly lagMilliseconds: number;
  readonly exited: Promise<Exit>;
  readonly gone: Promise<void>;
  readonly telemetry = Readable.from([]);
  readonly channel = undefined;
  readonly extensions: Readable;
  readonly #options: ContainerOptions;
  readonly #child: ChildProcess;
  readonly #watch: MemoryWatch;
  /** Of the first process in it, as this machine counts. */
  #pid: number | undefined;
  #isOver = false;
  #hasExceeded = false;
  #complaint = "";

  constructor(options: ContainerOptions, watch: MemoryWatch) {
    this.#options = options;
    this.#watch = watch;
    this.memoryBytesMax = options.memoryBytesMax;
    this.lagMilliseconds = options.lagMilliseconds;
    this.extensions = options.pipes?.said ?? Readable.from([]);
    this.#child = begin(options);
    this.stderr.on("data", (chunk: Buffer) => {
      if (this.#complaint.length < startFailureBytesMax) this.#complaint += chunk.toString("utf8");
    });
    this.exited = new Promise((resolve) => {
      this.#child.once("error", () => resolve(this.#gone(126)));
      this.#child.once("exit", (code) => resolve(this.#gone(code ?? 137)));
    });
    // What removes it holds the other end until it has done so.
    this.gone = new Promise((resolve) => {
      if (!this.#remover) return resolve();
      this.#remover.once("close", resolve);
      this.#remover.resume();
    });
    this.#look();
  }

  get #remover(): Duplex | undefined {
    return (this.#child.stdio as readonly unknown[])[5] as Duplex | undefined;
  }

  // Both are pipes: `begin` says so.
  get stdout(): Readable {
    return this.#child.stdio[1] as Readable;
  }

  get stderr(): Readable {
    return this.#child.stdio[2] as Readable;
  }

  proceed(): void {
    this.#options.pipes?.proceed();
  }

  used(): number {
    return this.#pid === undefined ? 0 : residentBytes(this.#pid, "own");
  }

  memoryUsed(): number {
    return this.#pid === undefined ? 0 : residentBytes(this.#pid, "all");
  }

  setBusy(isBusy: boolean): void {
    this.#watch.setBusy(this, isBusy);
  }

  exceeded(): void {
    this.#hasExceeded = true;
    this.kill();
  }

  kill(): void {
    this.#remover?.end();
  }

  #look(): void {
    const { program, name } = this.#options;
    const [first = 0, ...later] = lookMilliseconds;
    const after = (milliseconds: number, rest: readonly number[]): void => {
      setTimeout(() => {
        if (this.#isOver) return;
        void said([...program, "container", "inspect", "--format", "{{.State.Pid}}", name]).then((text) => {
          const pid = Number(text);
          if (pid > 0) this.#pid = pid;
          else if (rest[0] !== undefined) after(rest[0], rest.slice(1));
        });
      }, milliseconds).unref();
    };
    after(first, later);
  }

  async #gone(code: number): Promise<Exit> {
    this.#isOver = true;
    this.#options.pipes?.close();
    this.#watch.setBusy(this, false);
    const { program, name } = this.#options;
    // What was killed for want of memory is known until it is removed.
    const oom = code === 137 && !this.#hasExceeded
      ? await said([...program, "container", "inspect", "--format", "{{.State.OOMKilled}}", name])
      : undefined;
    this.kill();
    const failure = code >= 125 && code <= 127 ? startFailure.exec(this.#complaint)?.[0] : undefined;
    return {
      ...endOf(code, null),
      outOfMemory: this.#hasExceeded || oom?.trim() === "true",
      ...(failure !== undefined && { startFailure: failure }),
    };
  }
}

/**
 * Runs the container. Beside it waits what removes it: once descriptor 5 is closed, which it also is when
 * this process is gone. Read from a pipe, for nobody else to see.
 */
function scriptOf({ name, program, removal, options, inherited, pipes }: ContainerOptions): string {
  const remove = quoted([...program, ...removal, name]);
  return [
    "(",
    "read -r word <&5",
    `while kill -0 $$; do ${remove}; sleep 0.1; done`,
    remove,
    ...(pipes ? [quoted(["rm", "-rf", pipes.folder])] : []),
    ") </dev/null >/dev/null 2>&1 4<&- &",
    ...Object.entries(inherited).map(([variable, value]) => `export ${variable}=${quoted([value])}`),
    // What is read by name has to be a pipe of the shell's own making.
    `cat <&4 | ${quoted([...program, ...options])} 4<&- 5<&-`,
    "exit $?",
    "",
  ].join("\n");
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
}

function begin(options: ContainerOptions): ChildProcess {
  const child = spawn("/bin/sh", ["-s"], {
    stdio: ["pipe", "pipe", "pipe", "ignore", "pipe", "pipe"],
    // What interrupts this process must not keep it from tidying up.
    detached: true,
  });
  const pipes = child.stdio as readonly (Writable | null)[];
  for (const index of [0, 4, 5]) pipes[index]?.on("error", () => undefined);
  pipes[0]?.end(scriptOf(options));
  pipes[4]?.end(options.variables);
  return child;
}
