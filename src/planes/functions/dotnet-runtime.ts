/**
 * How functions in .NET are begun. A program brings its runtime in its package; for a class library there is
 * one here, compiled by the SDK of this machine when it is first needed, and kept.
 */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { packageRoot } from "../../kernel/package-root.ts";
import { CannotRun } from "./contract.ts";
import type { Program } from "./programs.ts";
import { telemetryDescriptor, type Mount, type SandboxEngine } from "./sandbox/sandbox.ts";

export interface DotnetPlaces {
  readonly task: string;
  /** The code's folder on this machine. */
  readonly code: string;
  /** Where the runtime may be kept. */
  readonly plane: string;
}

export interface DotnetFunction {
  readonly handler: string;
  readonly memoryMegabytes: number;
  /** The function's own. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface DotnetBegun {
  readonly command: readonly string[];
  readonly mounts: readonly Mount[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * @param isExact the version that was asked for is on this machine
 * @throws CannotRun
 * @evidence aws/aws-lambda-dotnet, `bootstrap-al2023.sh`: what is started, and the exit codes of what is not;
 *   `LambdaBootstrap.cs`: the heap may be as large as the function's memory
 */
export async function beginDotnet(
  of: DotnetFunction, isExact: boolean, places: DotnetPlaces, engine: SandboxEngine, program: Program,
): Promise<DotnetBegun> {
  const root = rootOf(program);
  const language = { host: root, inside: "/var/lang" };
  const home = program.prefix === undefined ? root : engine.see(language);
  const start = startOf(of, places);
  const runtime = { host: "", inside: "/var/runtime/dotnet" };
  if (start.kind === "library") runtime.host = await runtimeOf(program, places.plane);
  const [major = 0] = program.version.split(".").map(Number);
  const limit = (of.memoryMegabytes * 1_048_576).toString(16);
  const dotnet = join(home, relative(root, program.path));
  return {
    command: commandOf(start, dotnet, join(engine.see(runtime), runtimeName)),
    mounts: [
      ...(program.prefix === undefined ? [] : [language]),
      ...(start.kind === "library" ? [runtime] : []),
    ],
    environment: {
      DOTNET_ROOT: home,
      // The older name is the only one that versions before 6 know.
      [`${major < 6 ? "COMPlus" : "DOTNET"}_GCHeapHardLimit`]: limit,
      ...(!isExact && { DOTNET_ROLL_FORWARD: "Major" }),
      ...((await lacksCultures(program)) && invariant),
      _LAMBDA_TELEMETRY_LOG_FD: String(telemetryDescriptor),
    },
  };
}

type Start =
  | { readonly kind: "library"; readonly options: readonly string[]; readonly handler: string }
  | { readonly kind: "program"; readonly assembly: string }
  | { readonly kind: "binary"; readonly path: string }
  | { readonly kind: "failure"; readonly text: string; readonly code: number };

/** Paths are those inside. */
function startOf({ handler, environment }: DotnetFunction, { task, code }: DotnetPlaces): Start {
  if (!handler.includes(":")) {
    const name = handler.endsWith(".dll") ? handler : `${handler}.dll`;
    if (existsSync(join(code, name))) return { kind: "program", assembly: join(task, name) };
    if (existsSync(join(code, handler))) return { kind: "binary", path: join(task, handler) };
    const text = `Error: executable assembly ${join(task, name)} or binary ${join(task, handler)} not found.`;
    return { kind: "failure", text, code: 104 };
  }
  const named = environment["LAMBDA_DOTNET_MAIN_ASSEMBLY"]?.replace(/\.dll$/, "");
  const assembly = named ?? handler.slice(0, handler.indexOf(":"));
  const options: string[] = [];
  for (const [option, ending, code_] of libraryFiles) {
    const file = fileOf(code, assembly, ending);
    if (file === undefined) return { kind: "failure", text: missingFile(task, ending), code: code_ };
    options.push(option, join(task, file));
  }
  return { kind: "library", options, handler };
}

const libraryFiles = [
  ["--depsfile", ".deps.json", 105],
  ["--runtimeconfig", ".runtimeconfig.json", 106],
] as const;

/** That of the assembly; else the only one that there is. */
function fileOf(folder: string, assembly: string, ending: string): string | undefined {
  if (existsSync(join(folder, assembly + ending))) return assembly + ending;
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(ending)) : [];
  return files.length === 1 ? files[0] : undefined;
}

function missingFile(task: string, ending: string): string {
  return (
    `Error: .NET binaries for Lambda function are not correctly installed in the ${task} directory of the ` +
    `image when the image was built. The ${task} directory is missing the required ${ending} file.`
  );
}

function commandOf(start: Start, dotnet: string, runtime: string): readonly string[] {
  switch (start.kind) {
    case "library":
      return [dotnet, "exec", ...start.options, runtime, start.handler];
    case "program":
      return [dotnet, "exec", start.assembly];
    case "binary":
      return [start.path];
    case "failure":
      return ["/bin/sh", "-c", 'echo "$1" >&2; exit "$2"', "bootstrap", start.text, String(start.code)];
  }
}

const runtimeName = "Local.Runtime.dll";
const invariant = { DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: "1" };

/** Where frameworks and SDKs are: beside the program itself. */
function rootOf({ path }: Program): string {
  return dirname(path);
}

/** The compiler of the newest SDK beside this `dotnet`. Where there are runtimes alone, there is none. */
export function dotnetCompilerOf(program: Program): string | undefined {
  const folder = join(rootOf(program), "sdk");
  const versions = existsSync(folder) ? readdirSync(folder) : [];
  return versions
    .sort((left, right) => left.localeCompare(right, "en", { numeric: true }))
    .map((version) => join(folder, version, "Roslyn/bincore/csc.dll"))
    .filter((path) => existsSync(path))
    .at(-1);
}

const compiling = new Map<string, Promise<string>>();

/** A folder with it. @throws CannotRun */
async function runtimeOf(program: Program, plane: string): Promise<string> {
  const sources = join(packageRoot(), "runtimes", "dotnet");
  const files = readdirSync(sources)
    .filter((name) => name.endsWith(".cs"))
    .sort()
    .map((name) => join(sources, name));
  const hash = createHash("sha256").update(program.version);
  for (const file of files) hash.update(readFileSync(file));
  const folder = join(plane, "dotnet", hash.digest("hex").slice(0, 16));
  if (existsSync(folder)) return folder;
  let work = compiling.get(folder);
  if (!work) compiling.set(folder, (work = compile(program, files, folder)));
  try {
    return await work;
  } finally {
    compiling.delete(folder);
  }
}

async function compile(program: Program, files: readonly string[], folder: string): Promise<string> {
  const compiler = dotnetCompilerOf(program);
  if (compiler === undefined) {
    const text = "Class libraries in .NET need an SDK, which compiles their runtime, and there is none";
    throw new CannotRun("runtime-unavailable", text);
  }
  await mkdir(dirname(folder), { recursive: true });
  const draft = await mkdtemp(`${folder}-`);
  const framework = join(rootOf(program), "shared/Microsoft.NETCore.App", program.version);
  const references = readdirSync(framework)
    .filter((name) => name.endsWith(".dll"))
    .map((name) => `-r:${join(framework, name)}`);
  const options = ["-nologo", "-optimize", "-deterministic", "-langversion:8", "-t:exe"];
  const out = `-out:${join(draft, runtimeName)}`;
  const environment = (await lacksCultures(program)) ? invariant : {};
  const failure = await run(program, [compiler, ...options, out, ...references, ...files], environment);
  if (failure !== undefined) {
    await rm(draft, { recursive: true, force: true });
    throw new CannotRun("runtime-unavailable", `The .NET runtime can't be compiled: ${failure}`);
  }
  // Another region may have been faster.
  await rename(draft, folder).catch(() => rm(draft, { recursive: true, force: true }));
  return folder;
}

/** @returns what it said, where it failed */
function run(
  { path }: Program, options: readonly string[], env: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(path, ["exec", ...options], { env }, (error, stdout, stderr) =>
      resolve(error ? stderr || stdout || error.message : undefined),
    );
  });
}

const cultures = new Map<string, Promise<boolean>>();

/** .NET ends where it finds no ICU that it knows, unless it is told to do without. */
function lacksCultures(program: Program): Promise<boolean> {
  const compiler = dotnetCompilerOf(program);
  if (compiler === undefined) return Promise.resolve(false);
  let lacks = cultures.get(program.path);
  if (!lacks) {
    lacks = run(program, [compiler, "-version"], {}).then((failure) => failure?.includes("ICU") === true);
    cultures.set(program.path, lacks);
  }
  return lacks;
}
