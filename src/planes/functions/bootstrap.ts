/**
 * Custom runtimes: which `bootstrap` there is, and what would keep it from being started. That is looked at
 * before: whoever starts a program in a box can't tell its failure from the program's own.
 */

import { closeSync, existsSync, lstatSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";

export interface BootstrapPlaces {
  /** The code, and the layers if there are any: as they are seen inside, and where they are. */
  readonly task: string;
  readonly taskFolder: string;
  readonly layers: string;
  readonly layersFolder: string | undefined;
}

export type Bootstrap = { readonly command: readonly string[] } | { readonly fault: string };

/** @evidence Lambda Developer Guide, "Building a custom runtime": the package's own before the layers' */
export function bootstrapOf(places: BootstrapPlaces): Bootstrap {
  const { task, taskFolder, layers, layersFolder } = places;
  const candidates = [
    { seen: `${task}/bootstrap`, file: join(taskFolder, "bootstrap") },
    { seen: `${layers}/bootstrap`, file: layersFolder && join(layersFolder, "bootstrap") },
  ];
  const found = candidates.find(({ file }) => file !== undefined && isThere(file));
  if (!found?.file) {
    return { fault: `Couldn't find valid bootstrap(s): [${candidates.map(({ seen }) => seen).join(" ")}]` };
  }
  const trouble = troubleWith(found.file, places);
  return trouble === undefined ? { command: [found.seen] } : { fault: `fork/exec ${found.seen}: ${trouble}` };
}

function isThere(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}

/** What a link leads to is seen inside only. */
function troubleWith(file: string, places: BootstrapPlaces): string | undefined {
  const facts = lstatSync(file);
  if (facts.isSymbolicLink()) return undefined;
  if (!facts.isFile() || (facts.mode & 0o111) === 0) return "permission denied";
  const head = headOf(file);
  if (head.subarray(0, 2).toString("latin1") === "#!") {
    const program = /^#![ \t]*([^ \t\n]*)/.exec(head.toString("utf8"))?.[1] ?? "";
    return isProgram(program, places) ? undefined : "no such file or directory";
  }
  return isForThisMachine(head) ? undefined : "exec format error";
}

const headBytes = 256;

function headOf(file: string): Buffer {
  const head = Buffer.alloc(headBytes);
  const descriptor = openSync(file, "r");
  try {
    return head.subarray(0, readSync(descriptor, head));
  } finally {
    closeSync(descriptor);
  }
}

/** Lines that end as Windows ends them name a program with a carriage return. */
function isProgram(path: string, { task, taskFolder, layers, layersFolder }: BootstrapPlaces): boolean {
  for (const [inside, folder] of [[task, taskFolder], [layers, layersFolder]] as const) {
    if (!path.startsWith(`${inside}/`)) continue;
    return folder !== undefined && existsSync(join(folder, path.slice(inside.length)));
  }
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** @evidence elf(5): e_ident, e_machine */
const machines: Readonly<Partial<Record<NodeJS.Architecture, number>>> = { x64: 62, arm64: 183 };

/** What this processor is not known to run is tried. */
function isForThisMachine(head: Buffer): boolean {
  if (head.length < 20 || head.readUInt32BE(0) !== 0x7f454c46) return false;
  const machine = machines[process.arch];
  return machine === undefined || head.readUInt16LE(18) === machine;
}
