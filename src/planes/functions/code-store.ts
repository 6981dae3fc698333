/**
 * Unpacked code and layers: made when they are first run, shared by all environments, swept when nobody runs
 * them.
 */

import { createHash } from "node:crypto";
import { existsSync, statSync, symlinkSync } from "node:fs";
import { cp, link, mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { unpackArchive } from "./archive.ts";
import { CannotRun, type CodeSource } from "./contract.ts";
import { fingerprint } from "./folder-watch.ts";
import { sdkFolder } from "./sdk-packages.ts";

/** Unpacked folders that nobody runs are kept up to so many: the next cold start is cheap. */
const unusedMax = 32;

export interface Held {
  readonly folder: string;
  release(): void;
}

export class CodeStore {
  readonly #folder: string;
  readonly #making = new Map<string, Promise<string>>();
  /** How many environments run a folder; those at 0 are in the order in which they were given back. */
  readonly #uses = new Map<string, number>();

  constructor(folder: string) {
    this.#folder = join(folder, "code");
  }

  /** What earlier runs left goes; what is unpacked again is unpacked whole. */
  async open(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
    await mkdir(this.#folder, { recursive: true });
    const sdk = sdkFolder();
    // Modules look for others in the folders above them. In a box this is what the box says.
    if (sdk !== undefined) symlinkSync(sdk, join(this.#folder, "node_modules"));
  }

  /** @throws CannotRun */
  async hold(source: CodeSource): Promise<Held> {
    if (source.kind === "folder") return { folder: requireFolder(source.path), release: () => undefined };
    return this.#held(source.sha256.replace(/[^A-Za-z0-9]/g, "_"), async (folder) => {
      const archive = await source.open();
      try {
        await unpackArchive(archive, folder);
      } finally {
        await archive.close?.();
      }
    });
  }

  /** All layers in one folder, the later over the earlier. @throws CannotRun */
  async holdLayers(layers: readonly CodeSource[]): Promise<Held | undefined> {
    const [first] = layers;
    if (!first) return undefined;
    const held = await Promise.all(layers.map((layer) => this.hold(layer)));
    if (layers.length === 1) return held[0];
    const names = held.map(({ folder }) => `${folder} ${layers.some(isFolder) ? fingerprint(folder) : ""}`);
    const name = `layers-${createHash("sha256").update(names.join("\n")).digest("hex")}`;
    try {
      return await this.#held(name, async (merged) => {
        for (const { folder } of held) await merge(folder, merged);
      });
    } finally {
      for (const { release } of held) release();
    }
  }

  async #held(name: string, fill: (folder: string) => Promise<void>): Promise<Held> {
    this.#use(name, 1);
    const release = once(() => this.#use(name, -1));
    try {
      let making = this.#making.get(name);
      if (!making) this.#making.set(name, (making = this.#make(name, fill)));
      return { folder: await making, release };
    } catch (cause) {
      this.#making.delete(name);
      release();
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new CannotRun("code-unavailable", `The code can't be unpacked: ${message}`, { cause });
    }
  }

  /** It gets its name once it is whole. */
  async #make(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
    const folder = join(this.#folder, name);
    const draft = await mkdtemp(join(this.#folder, "draft-"));
    try {
      await fill(draft);
      await rename(draft, folder);
      return folder;
    } catch (cause) {
      await rm(draft, { recursive: true, force: true });
      throw cause;
    }
  }

  #use(name: string, by: number): void {
    const uses = (this.#uses.get(name) ?? 0) + by;
    this.#uses.delete(name);
    this.#uses.set(name, uses);
    const unused = [...this.#uses].filter(([, count]) => count === 0);
    for (const [old] of unused.slice(0, Math.max(0, unused.length - unusedMax))) {
      this.#uses.delete(old);
      this.#making.delete(old);
      void rm(join(this.#folder, old), { recursive: true, force: true });
    }
  }
}

function isFolder({ kind }: CodeSource): boolean {
  return kind === "folder";
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    work();
  };
}

function requireFolder(path: string): string {
  if (isAbsolute(path) && existsSync(path) && statSync(path).isDirectory()) return path;
  throw new CannotRun("code-unavailable", `There is no folder ${path}`);
}

/** Links, not copies, where the file system can: layers are large. */
async function merge(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) {
      if (await isOther(target)) await rm(target);
      await merge(source, target);
      continue;
    }
    await rm(target, { recursive: true, force: true });
    if (entry.isFile()) await link(source, target).catch(() => cp(source, target));
    else await cp(source, target, { verbatimSymlinks: true });
  }
}

/** Something that is no folder is where one is to be. */
async function isOther(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => !found.isDirectory(),
    () => false,
  );
}
