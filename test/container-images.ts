/** Container images for tests, made of this machine's own Node.js: nothing is downloaded. */

import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { settled } from "./processes.ts";
import { searchPath } from "../src/config.ts";
import { packageRoot } from "../src/kernel/package-root.ts";
import {
  openContainerEngine, type ContainerEngine, type ContainerProgram,
} from "../src/planes/functions/containers/container-engine.ts";

/** Undefined where there is none, for tests to be skipped. */
export async function containers(
  among?: readonly ContainerProgram[],
): Promise<ContainerEngine | undefined> {
  const engine = await openContainerEngine(searchPath(), process.platform, among);
  return "missing" in engine ? undefined : engine;
}

export interface TestImage {
  /** With a tag. */
  readonly uri: string;
  remove(): Promise<void>;
}

export interface ImageParts {
  /** Default: this process's. */
  readonly node?: string;
  /** Folders of this machine, by where they are in the image. */
  readonly folders?: Readonly<Record<string, string>>;
  /** Default: Lambda's runtime as this region has it. */
  readonly entryPoint?: readonly string[];
  /** Programs in `/opt/extensions`, by their names. */
  readonly extensions?: Readonly<Record<string, string>>;
}

/** Node.js, a runtime as the entry point, and `files` in `/var/task`. The command is `index.handler`. */
export function makeImage(
  engine: ContainerEngine, uri: string, files: Readonly<Record<string, string>>, parts: ImageParts = {},
): TestImage {
  const { node = process.execPath, folders = {}, entryPoint = ["/entry.sh"], extensions = {} } = parts;
  const root = mkdtempSync(join(tmpdir(), "image-"));
  try {
    for (const path of ["/bin/sh", ...libraries(node)]) put(root, path, path);
    put(root, node, "/usr/bin/node");
    for (const [inside, host] of Object.entries(folders)) {
      cpSync(host, join(root, inside), { recursive: true });
    }
    cpSync(join(packageRoot(), "runtimes/node"), join(root, "var/runtime"), { recursive: true });
    mkdirSync(join(root, "tmp"));
    chmodSync(join(root, "tmp"), 0o1777);
    const entry = '#!/bin/sh\n_HANDLER=$1 exec /usr/bin/node /var/runtime/bootstrap.cjs\n';
    write(root, "entry.sh", entry);
    for (const [name, text] of Object.entries(files)) write(root, join("var/task", name), text);
    for (const [name, text] of Object.entries(extensions)) {
      write(root, join("opt/extensions", name), text);
    }
    const tar = execFileSync("tar", ["-C", root, "-c", "."], { maxBuffer: 512 * 1_048_576 });
    const changes = [
      `ENTRYPOINT ${JSON.stringify(entryPoint)}`,
      'CMD ["index.handler"]',
      "WORKDIR /var/task",
      "ENV LAMBDA_TASK_ROOT=/var/task",
    ];
    const [program = "", ...options] = engine.program;
    const change = changes.flatMap((text) => ["--change", text]);
    const command = [...options, "import", ...change, "-", uri];
    const id = execFileSync(program, command, { input: tar, stdio: ["pipe", "pipe", "pipe"] });
    const removal = [...options, "rmi", "-f", id.toString().trim()];
    // Containers of it may be about to go still.
    const removed = (): boolean => spawnSync(program, removal).status === 0;
    return { uri, remove: () => settled(removed, 200) };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function put(root: string, path: string, inside: string): void {
  mkdirSync(join(root, dirname(inside)), { recursive: true });
  copyFileSync(path, join(root, inside));
}

function write(root: string, name: string, text: string): void {
  mkdirSync(join(root, dirname(name)), { recursive: true });
  writeFileSync(join(root, name), text, { mode: 0o755 });
}

/** What a program is linked with, where it looks for it. */
function libraries(program: string): string[] {
  const text = execFileSync("ldd", [program], { encoding: "utf8" });
  return [...text.matchAll(/(\/\S+)(?= \(0x)/g)].map(([path]) => path);
}
