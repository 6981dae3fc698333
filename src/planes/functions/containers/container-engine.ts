/** Containers by podman or docker, for functions that are images of the machine's own store. */

import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { processesMax } from "../sandbox/control-groups.ts";
import { user } from "../sandbox/box.ts";
import { MemoryWatch } from "../sandbox/memory-watch.ts";
import { find } from "../sandbox/open.ts";
import type { Mount, Sandbox, SandboxEngine, SandboxSpec } from "../sandbox/sandbox.ts";
import { Container } from "./container.ts";
import { commandWith, ExtensionPipes, findExtensions, type ImageExtensions } from "./image-extensions.ts";

/** What is known of an image by whoever has it. */
export interface Image {
  /** Of its configuration: no other image has it. */
  readonly id: string;
  /** Of its manifest, in hexadecimal digits; of its configuration where the manifest's is not known. */
  readonly digest: string;
  readonly entryPoint: readonly string[];
  readonly command: readonly string[];
  readonly workingDirectory: string;
  /** Names of the variables that it sets. */
  readonly variables: readonly string[];
}

/** What both programs answer to `image inspect`, as far as it is read here. */
interface Inspected {
  readonly Id: string;
  readonly Digest?: string;
  readonly RepoDigests?: readonly string[];
  readonly Config?: {
    readonly Entrypoint?: readonly string[] | null;
    readonly Cmd?: readonly string[] | null;
    readonly WorkingDir?: string;
    readonly Env?: readonly string[] | null;
  };
}

export type ContainerProgram = "podman" | "docker";

export class ContainerEngine implements SandboxEngine {
  readonly name: ContainerProgram;
  readonly weaknesses = [
    "functions share this machine's network, and can reach what listens on it",
    "who may run containers can read their variables, the role's credentials among them",
  ];
  /** Of the program, and options of it that stand before any command. */
  readonly program: readonly string[];
  readonly #watch = new MemoryWatch();
  /** By an image's id. */
  readonly #extensions = new Map<string, Promise<ImageExtensions>>();

  constructor(name: ContainerProgram, path: string, searchPath: string) {
    this.name = name;
    this.program = [path, ...(name === "podman" ? runtimeOption(searchPath) : [])];
  }

  see({ inside }: Mount): string {
    return inside;
  }

  temporary(): string {
    return "/tmp";
  }

  /** Undefined where the store has no such image; nothing is downloaded. */
  async findImage(reference: string): Promise<Image | undefined> {
    const text = await said([...this.program, "image", "inspect", reference]);
    if (text === undefined) return undefined;
    const [inspected] = JSON.parse(text) as Inspected[];
    if (!inspected) return undefined;
    const { Id, Digest, RepoDigests, Config } = inspected;
    return {
      id: Id,
      digest: (Digest ?? RepoDigests?.[0] ?? Id).replace(/^.*sha256:/, ""),
      entryPoint: Config?.Entrypoint ?? [],
      command: Config?.Cmd ?? [],
      workingDirectory: Config?.WorkingDir ?? "",
      variables: (Config?.Env ?? []).map((line) => line.replace(/=[^]*$/, "")),
    };
  }

  /** That it brings. An image of one id has always the same. */
  extensionsOf({ id }: Image): Promise<ImageExtensions> {
    let found = this.#extensions.get(id);
    if (!found) this.#extensions.set(id, (found = findExtensions(this.program, id)));
    return found;
  }

  /** `podman 4.3.1`; nothing where the program does not answer. */
  async version(): Promise<string | undefined> {
    const [path = ""] = this.program;
    const text = await said([path, "--version"]);
    return text === undefined ? undefined : `${this.name} ${/\d+(?:\.\d+)+/.exec(text)?.[0] ?? ""}`.trim();
  }

  start(spec: SandboxSpec): Sandbox {
    const name = `us-local-1-${process.pid}-${(count += 1)}-${spec.id}`;
    const kept = Object.entries(spec.environment);
    // A file of variables has a line for each: what has more lines comes by the program's own environment.
    const isPlain = ([, value]: [string, string]): boolean => !/[\r\n]/.test(value);
    const pipes = spec.extensions === undefined ? undefined : new ExtensionPipes();
    const [program = "", ...words] = pipes ? commandWith(spec.command) : spec.command;
    return new Container(
      {
        name,
        program: this.program,
        removal: this.name === "podman" ? ["rm", "-f", "-t", "0"] : ["rm", "-f"],
        options: [
          ...["run", "--name", name, "--pull=never", "--env-file", "/dev/stdin"],
          ...kept.filter((entry) => !isPlain(entry)).flatMap(([variable]) => ["--env", variable]),
          ...boxOptions,
          ...processLimit(),
          ...(pipes?.options ?? []),
          ...(this.name === "podman" ? podmanOptions : ["--log-driver", "none"]),
          ...["--tmpfs", this.#temporary(spec.temporaryBytes)],
          // What is in `/tmp` is in memory, and counted as such.
          ...["--memory", `${spec.memoryBytes + spec.temporaryBytes}b`],
          ...["--memory-swap", `${spec.memoryBytes + spec.temporaryBytes}b`],
          ...(spec.workingDirectory === "" ? [] : ["--workdir", spec.workingDirectory]),
          ...["--entrypoint", program, spec.image ?? "", ...words],
        ],
        variables: kept.filter(isPlain).map(([variable, value]) => `${variable}=${value}\n`).join(""),
        inherited: Object.fromEntries(kept.filter((entry) => !isPlain(entry))),
        memoryBytesMax: spec.memoryBytes,
        ...(pipes && { pipes }),
        lagMilliseconds: this.name === "podman" ? 0 : relayMilliseconds,
      },
      this.#watch,
    );
  }

  /** Empty, whatever the image has there. */
  #temporary(bytes: number): string {
    const copy = this.name === "podman" ? ",notmpcopyup" : "";
    return `/tmp:rw,nosuid,nodev,exec,mode=1777,size=${bytes}${copy}`;
  }
}

/** Several regions of one process may give equal ids, and a container that is over goes a moment later. */
let count = 0;

/** So long what a function writes may be on its way through docker's service. */
const relayMilliseconds = 10;

/** @evidence Lambda Developer Guide, "Lambda quotas": 1,024 file descriptors, processes and threads */
const boxOptions = [
  ...["--network", "host", "--user", `${user.uid}:${user.gid}`, "--read-only"],
  ...["--cap-drop", "all", "--security-opt", "no-new-privileges"],
  ...["--pids-limit", String(processesMax), "--ulimit", "nofile=1024:1024"],
];

// Its own temporary folders would be in the way; what it passes through is the function's own output.
const podmanOptions = ["--read-only-tmpfs=false", "--log-driver", "passthrough"];

/** Where this user may not raise limits, podman's own wish to do so would be the end of it. */
function processLimit(): string[] {
  const limits = readFileSync("/proc/self/limits", "utf8");
  const [, hard = ""] = /^Max processes\s+\S+\s+(\S+)/m.exec(limits) ?? [];
  const processes = Math.min(32_768, Number(hard) || 32_768);
  return ["--ulimit", `nproc=${processes}:${processes}`];
}

/** crun refuses machines that have control groups of both versions; runc does not. */
function runtimeOption(searchPath: string): string[] {
  if (!existsSync("/sys/fs/cgroup/unified/cgroup.controllers")) return [];
  const runc = find("runc", searchPath);
  return runc === undefined ? [] : ["--runtime", runc];
}

const answerMilliseconds = 20_000;

/** What a command writes, or undefined where it fails. */
export function said([program = "", ...options]: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const settings = { timeout: answerMilliseconds, maxBuffer: 16 * 1_048_576 };
    execFile(program, options, settings, (error, stdout) => resolve(error ? undefined : stdout));
  });
}

/** Why there are no containers, in words for whoever wants one. */
export interface NoContainers {
  readonly missing: string;
}

/**
 * The first that works: a program alone does not say whether its service runs. Functions in
 * containers reach the region by the machine's own network, which containers share on Linux only.
 */
export async function openContainerEngine(
  searchPath: string,
  platform: NodeJS.Platform = process.platform,
  among: readonly ContainerProgram[] = ["podman", "docker"],
): Promise<ContainerEngine | NoContainers> {
  if (platform !== "linux") return { missing: "container images are run on Linux only" };
  const mute: string[] = [];
  for (const name of among) {
    const path = find(name, searchPath);
    if (path === undefined) continue;
    const engine = new ContainerEngine(name, path, searchPath);
    if ((await said([...engine.program, "info", "--format", "{{json .}}"])) !== undefined) return engine;
    mute.push(name);
  }
  if (mute.length > 0) return { missing: `${mute.join(" and ")} does not answer on this machine` };
  return { missing: `there is neither ${among.join(" nor ")} on this machine` };
}
