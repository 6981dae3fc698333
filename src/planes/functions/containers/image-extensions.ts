/** Extensions that an image brings, and how they are started in it: by its shell, before its entry point. */

import { execFile, execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { withExtensions } from "../sandbox/process-sandbox.ts";

export const extensionsFolder = "/opt/extensions";

export interface ImageExtensions {
  readonly names: readonly string[];
  /** Without one nothing in the image can start them. */
  readonly hasShell: boolean;
}

export const noExtensions: ImageExtensions = { names: [], hasShell: false };

/** Looks into a container that is made for it, and never started. @param program and its options */
export async function findExtensions(program: readonly string[], image: string): Promise<ImageExtensions> {
  const created = await output([...program, "create", "--pull=never", "--entrypoint", "/bin/sh", image]);
  const container = created?.toString("utf8").trim().split("\n").at(-1);
  if (!container) return noExtensions;
  try {
    const archive = await output([...program, "cp", `${container}:${extensionsFolder}`, "-"]);
    const names = archive ? programsIn(archive) : [];
    if (names.length === 0) return noExtensions;
    const shell = await output([...program, "cp", `${container}:/bin/sh`, "-"]);
    return { names, hasShell: shell !== undefined };
  } finally {
    void output([...program, "rm", container]);
  }
}

const answerBytesMax = 512 * 1_048_576;

function output([program = "", ...options]: readonly string[]): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const settings = { encoding: "buffer", maxBuffer: answerBytesMax } as const;
    execFile(program, options, settings, (error, stdout) => resolve(error ? undefined : stdout));
  });
}

const blockBytes = 512;

/** Files right in the folder that may be run. @param archive in the format of `tar` */
export function programsIn(archive: Buffer): readonly string[] {
  const names: string[] = [];
  const text = (from: number, length: number): string =>
    archive.toString("utf8", from, from + length).replace(/\0[^]*$/, "");
  for (let at = 0; at + blockBytes <= archive.length && archive[at] !== 0;) {
    const name = /^(?:\.\/)?extensions\/([^/]+)$/.exec(text(at, 100))?.[1];
    const mode = Number.parseInt(text(at + 100, 8), 8);
    const bytes = Number.parseInt(text(at + 124, 12), 8) || 0;
    const isFile = ["0", "\0", ""].includes(archive.toString("latin1", at + 156, at + 157));
    if (name !== undefined && isFile && (mode & 0o111) !== 0) names.push(name);
    at += blockBytes * (1 + Math.ceil(bytes / blockBytes));
  }
  return names;
}

/** Where the pipes are in the container. */
const inside = "/.us-local-1";

/** What the image's own command is run behind. */
export function commandWith(command: readonly string[]): readonly string[] {
  const script = `exec 5>${inside}/said <${inside}/go; ${withExtensions}`;
  return ["/bin/sh", "-c", script, "sh", extensionsFolder, ...command];
}

/** The way to extensions in a container: what they write, and the word that lets the runtime begin. */
export class ExtensionPipes {
  readonly folder: string;
  readonly said: Readable;
  readonly #go: number;

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "us-local-1-pipes-"));
    const path = (name: string): string => join(this.folder, name);
    execFileSync("mkfifo", ["-m", "666", path("said"), path("go")]);
    execFileSync("chmod", ["755", this.folder]);
    // Opened for both, so that nobody waits for the other end.
    const flags = constants.O_RDWR | constants.O_NONBLOCK;
    this.said = new Socket({ fd: openSync(path("said"), flags), readable: true, writable: false });
    this.#go = openSync(path("go"), flags);
  }

  /** Options of the command that starts the container. */
  get options(): readonly string[] {
    return ["--volume", `${this.folder}:${inside}:ro,z`];
  }

  proceed(): void {
    writeSync(this.#go, "go\n");
  }

  close(): void {
    this.said.destroy();
    closeSync(this.#go);
  }
}
