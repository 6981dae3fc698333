/** Container images for tests, made of this machine's own Node.js: nothing is downloaded. */

import { execFile, execFileSync } from "node:child_process";
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
  /** Another image: this one, and what is different in it. To be removed before this one is. */
  with(uri: string, files: Files, extensions?: Files): TestImage;
  /** Once no container is of it, for which it waits. */
  remove(): Promise<void>;
}

/** Texts of programs, by their names. */
type Files = Readonly<Record<string, string>>;

export interface ImageParts {
  /** Default: this process's. */
  readonly node?: string;
  /** Folders of this machine, by where they are in the image. */
  readonly folders?: Readonly<Record<string, string>>;
  /** Default: Lambda's runtime as this region has it. */
  readonly entryPoint?: readonly string[];
}

/** Node.js, a runtime as the entry point, and `files` in `/var/task`. The command is `index.handler`. */
export function makeImage(
  engine: ContainerEngine, uri: string, files: Files, parts: ImageParts = {},
): TestImage {
  const { node = process.execPath, folders = {}, entryPoint = ["/entry.sh"] } = parts;
  const [program = "", ...options] = engine.program;
  return inFolder((root) => {
    for (const path of ["/bin/sh", ...libraries(node)]) put(root, path, path);
    put(root, node, "/usr/bin/node");
    for (const [inside, host] of Object.entries(folders)) {
      cpSync(host, join(root, inside), { recursive: true });
    }
    cpSync(join(packageRoot(), "runtimes/node"), join(root, "var/runtime"), { recursive: true });
    mkdirSync(join(root, "tmp"));
    chmodSync(join(root, "tmp"), 0o1777);
    const entry = '#!/bin/sh\n_HANDLER=$1 exec /usr/bin/node /var/runtime/bootstrap.cjs\n';
    write(root, "", { "entry.sh": entry });
    write(root, "var/task", files);
    const tar = execFileSync("tar", ["-C", root, "-c", "."], { maxBuffer: 512 * 1_048_576 });
    const changes = [
      `ENTRYPOINT ${JSON.stringify(entryPoint)}`,
      'CMD ["index.handler"]',
      "WORKDIR /var/task",
      "ENV LAMBDA_TASK_ROOT=/var/task",
    ];
    const change = changes.flatMap((text) => ["--change", text]);
    const command = [...options, "import", ...change, "-", uri];
    return testImage(engine, uri, execFileSync(program, command, { input: tar, ...quietly }).trim());
  });
}

const quietly = { encoding: "utf8", stdio: "pipe" } as const;

function testImage(engine: ContainerEngine, uri: string, id: string): TestImage {
  const [program = "", ...options] = engine.program;
  const run = (...command: string[]): string =>
    execFileSync(program, [...options, ...command], quietly).trim();
  const succeeds = (...command: string[]): Promise<boolean> => new Promise((resolve) => {
    execFile(program, [...options, ...command], (error) => resolve(error === null));
  });
  return {
    uri,
    with: (other, files, extensions = {}) => inFolder((root) => {
      write(root, "var/task", files);
      write(root, "opt/extensions", extensions);
      const container = run("create", id);
      try {
        run("cp", `${root}/.`, `${container}:/`);
        return testImage(engine, other, run("commit", container, other));
      } finally {
        run("rm", container);
      }
    }),
    // Not by force, which gives containers ten seconds that are about to end.
    async remove() {
      let isGone = false;
      await settled(async () => (isGone = await succeeds("rmi", id)), 100);
      if (!isGone) throw new Error(`${uri} can't be removed`);
    },
  };
}

/** A folder of files of an image that is made. */
function inFolder<Result>(make: (root: string) => Result): Result {
  const root = mkdtempSync(join(tmpdir(), "image-"));
  try {
    return make(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function put(root: string, path: string, inside: string): void {
  mkdirSync(join(root, dirname(inside)), { recursive: true });
  copyFileSync(path, join(root, inside));
}

function write(root: string, folder: string, files: Files): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(root, folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode: 0o755 });
  }
}

/** What a program is linked with, where it looks for it. */
function libraries(program: string): string[] {
  const text = execFileSync("ldd", [program], { encoding: "utf8" });
  return [...text.matchAll(/(\/\S+)(?= \(0x)/g)].map(([path]) => path);
}
