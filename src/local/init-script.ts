/** How an init script is run, by the ending of its name. */

import { readFileSync } from "node:fs";
import * as nodeModule from "node:module";
import { dirname, extname } from "node:path";
import { pathToFileURL } from "node:url";

export interface ScriptCommand {
  readonly program: string;
  readonly arguments: readonly string[];
  /** The program's text, where it is given as input. */
  readonly input?: string;
  /** Default: where the region was started. */
  readonly folder?: string;
}

/** @throws Error for a TypeScript file that this Node.js cannot run */
export async function commandFor(path: string): Promise<ScriptCommand> {
  switch (extname(path)) {
    case ".sh":
      return shellCommand(path);
    case ".py":
      return { program: "python3", arguments: [path] };
    case ".ts":
    case ".mts":
      return typeScriptCommand(path);
    default:
      return { program: process.execPath, arguments: [path] };
  }
}

/** Scripts need not be executable; the shell is the one that their first line names. */
function shellCommand(path: string): ScriptCommand {
  const firstLine = readFileSync(path, "utf8").split("\n", 1)[0] ?? "";
  const [, program, argument] = /^#!\s*(\S+)(?:\s+(.*?))?\s*$/.exec(firstLine) ?? [];
  if (program === undefined) return { program: "sh", arguments: [path] };
  return { program, arguments: argument ? [argument, path] : [path] };
}

async function typeScriptCommand(path: string): Promise<ScriptCommand> {
  if (runsTypeScript(process.versions.node)) return { program: process.execPath, arguments: [path] };
  const input = await withoutTypes(path, readFileSync(path, "utf8"));
  if (input === undefined) {
    throw new Error(
      "TypeScript scripts need Node.js 22.18 or newer, or the package typescript (before version 7) beside " +
        `the script; this is Node.js ${process.versions.node}`,
    );
  }
  // Read from the input, a module looks for what it imports from the folder it runs in.
  return { program: process.execPath, arguments: ["--input-type=module", "-"], input, folder: dirname(path) };
}

function runsTypeScript(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18);
}

interface TypeScript {
  readonly transpileModule?: (text: string, options: object) => { readonly outputText: string };
}

async function withoutTypes(path: string, text: string): Promise<string | undefined> {
  const strip = (nodeModule as { stripTypeScriptTypes?: (text: string) => string }).stripTypeScriptTypes;
  if (strip) return strip(text);
  try {
    const found = nodeModule.createRequire(path).resolve("typescript");
    const loaded = (await import(pathToFileURL(found).href)) as TypeScript & {
      readonly default?: TypeScript;
    };
    const { transpileModule } = loaded.default ?? loaded;
    return transpileModule?.(text, { compilerOptions: { module: "ESNext", target: "ES2022" } }).outputText;
  } catch {
    return undefined;
  }
}
