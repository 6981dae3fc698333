/**
 * What is started for a function: its command, what it sees of this machine, and Lambda's environment
 * variables.
 */

import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { packageRoot } from "../../kernel/package-root.ts";
import { systemMounts } from "./amazon-linux.ts";
import { bootstrapOf } from "./bootstrap.ts";
import { CannotRun, type Credentials, type FunctionSpec } from "./contract.ts";
import { beginDotnet } from "./dotnet-runtime.ts";
import { javaClasses } from "./java-runtime.ts";
import { isOfSystem, type Program, type Programs } from "./programs.ts";
import { beginRuby } from "./ruby-runtime.ts";
import { chooseProgram, parseRuntime, runtimeFact, type RuntimeName } from "./runtime-names.ts";
import { pythonSdkFolder, pythonSdkMounts, sdkFolder, sdkMounts } from "./sdk-packages.ts";
import {
  channelDescriptors, telemetryDescriptor, type Mount, type SandboxEngine,
} from "./sandbox/sandbox.ts";

export interface Launch {
  readonly command: readonly string[];
  /** Why the command can't be started, in Lambda's words. */
  readonly fault?: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly hasChannel?: boolean;
  readonly mounts: readonly Mount[];
  /** The code's folder; an image's own, where it has one. */
  readonly workingDirectory: string;
  readonly layers: string;
  /** The same on this machine. */
  readonly layersFolder: string | undefined;
  /** `nodejs:22.v22.23.3`, for the line that begins an environment's log. Images have none. */
  readonly runtimeVersion: string | undefined;
  /** The engine's own name of it. */
  readonly image?: string;
}

/** @evidence Lambda Developer Guide, "Defined runtime environment variables" */
export type Initialization = "on-demand" | "provisioned-concurrency" | "snap-start";

export interface LaunchFacts {
  readonly environmentId: string;
  readonly logStreamName: string;
  readonly runtimeApi: string;
  readonly credentials: Credentials;
  readonly initialization: Initialization;
  /** Unpacked. */
  readonly code: string;
  readonly layers: string | undefined;
  /** Of the region. */
  readonly endpoint: string;
  /** Where the plane keeps what can be made again. */
  readonly planeFolder: string;
}

/** How a language's runtime is begun. */
interface Begun {
  readonly command: readonly string[];
  /** Why the command can't be started, in Lambda's words. */
  readonly fault?: string;
  readonly mounts: readonly Mount[];
  readonly environment: Readonly<Record<string, string>>;
  /** Outside of a box nothing but its connection ends a runtime whose region is gone: there it is none. */
  readonly hasChannel?: boolean;
  readonly version: string;
}

/** @throws CannotRun */
export async function launchOf(
  spec: FunctionSpec,
  facts: LaunchFacts,
  engine: SandboxEngine,
  programs: Programs,
): Promise<Launch> {
  const mounts: Mount[] = [{ host: facts.code, inside: "/var/task" }];
  if (facts.layers !== undefined) mounts.push({ host: facts.layers, inside: "/opt" });
  const [task = "", layers = "/opt"] = mounts.map((mount) => engine.see(mount));
  const { code, planeFolder: plane, layers: layersFolder } = facts;
  const places = { task, layers, code, plane, layersFolder };
  const begun = await begin(spec, places, engine, programs);
  const hasChannel = begun.hasChannel === true;
  const isBoxed = task === "/var/task";
  const own = {
    ...common(spec, facts, task, begun),
    ...begun.environment,
    ...(hasChannel && channelVariable(facts.runtimeApi)),
  };
  // What a function says itself outweighs Lambda's, apart from what is reserved: the control plane refuses
  // that.
  const environment = { ...own, ...runtimeOnly(spec), ...spec.environment };
  const wrapper = wrapperOf(spec, environment);
  return {
    command: wrapper === undefined ? begun.command : [wrapper, ...begun.command],
    ...(begun.fault !== undefined && { fault: begun.fault }),
    environment,
    hasChannel,
    mounts: [...mounts, ...begun.mounts, ...(isBoxed ? systemMounts(spec.runtime ?? "") : [])],
    workingDirectory: task,
    layers,
    layersFolder: facts.layers,
    runtimeVersion: begun.version,
  };
}

/** @evidence Lambda Developer Guide, "Modifying the runtime environment": not with OS-only runtimes */
function wrapperOf(
  { runtime = "" }: FunctionSpec, environment: Readonly<Record<string, string>>,
): string | undefined {
  return parseRuntime(runtime)?.language === "provided" ? undefined : environment["AWS_LAMBDA_EXEC_WRAPPER"];
}

interface Places {
  readonly task: string;
  readonly layers: string;
  /** Of `task`, on this machine. */
  readonly code: string;
  readonly plane: string;
  /** Of `layers`, on this machine. */
  readonly layersFolder: string | undefined;
}

async function begin(
  spec: FunctionSpec,
  places: Places,
  engine: SandboxEngine,
  programs: Programs,
): Promise<Begun> {
  const runtime = spec.runtime ?? "";
  const name = parseRuntime(runtime);
  if (!name) throw new CannotRun("runtime-unavailable", `${runtime || "An image"} can't be run here`);
  if (name.language === "provided") return provided(places, name.version);
  const fact = await runtimeFact(runtime, programs);
  const choice = await chooseProgram(name, programs);
  if (!fact.available || !choice) throw new CannotRun("runtime-unavailable", `${runtime}: ${fact.detail}`);
  const label = `${runtime.replace(/^([a-z]+)([\d.]+?)\.?x?$/, "$1:$2")}.v${choice.program.version}`;
  const begun =
    name.language === "dotnet"
      ? await beginDotnet({ handler: "", ...spec }, choice.exact, places, engine, choice.program)
      : await beginLanguage(name, spec, places, engine, programs, choice.program);
  return { ...begun, version: label };
}

async function beginLanguage(
  { language, version }: RuntimeName,
  spec: FunctionSpec,
  places: Places,
  engine: SandboxEngine,
  programs: Programs,
  program: Program,
): Promise<Omit<Begun, "version">> {
  if (language === "node") return node(spec, places, engine, program);
  if (language === "ruby") return beginRuby(version, places, engine, program);
  if (language === "java")
    return java(spec, places, engine, program, await javaClasses(program, places.plane));
  return python(places, engine, program, await pythonSdkMounts(programs));
}

function provided({ task, layers, code, layersFolder }: Places, version: string): Begun {
  const bootstrap = bootstrapOf({ task, taskFolder: code, layers, layersFolder });
  return { command: [], ...bootstrap, mounts: [], environment: {}, version: `provided:${version}.v1` };
}

/** For runtimes that know it. Whoever gives a runtime another address than this one means it to go there. */
function channelVariable(runtimeApi: string): Record<string, string> {
  const { read, write } = channelDescriptors;
  return { _LAMBDA_RUNTIME_API_CHANNEL: `${runtimeApi} ${read} ${write}` };
}

function runtimeFiles(language: string): string {
  return join(packageRoot(), "runtimes", language);
}

/** Where a program is inside: a part of the system stays where it is. */
function placed(program: Program, name: string, engine: SandboxEngine): { path: string; mounts: Mount[] } {
  const { path, prefix } = program;
  if (prefix !== undefined) {
    const mount = { host: prefix, inside: "/var/lang" };
    return { path: join(engine.see(mount), relative(prefix, path)), mounts: [mount] };
  }
  if (isOfSystem(path)) return { path, mounts: [] };
  const mount = { host: path, inside: `/var/lang/bin/${name}` };
  return { path: engine.see(mount), mounts: [mount] };
}

function node(
  spec: FunctionSpec,
  { task, layers }: Places,
  engine: SandboxEngine,
  program: Program,
): Omit<Begun, "version"> {
  const { path, mounts } = placed(program, "node", engine);
  const runtime = { host: runtimeFiles("node"), inside: "/var/runtime" };
  const major = program.version.split(".")[0] ?? "";
  const isBoxed = engine.see(runtime) === runtime.inside;
  const modules = isBoxed ? "/var/runtime/node_modules" : (sdkFolder() ?? "");
  const memory = spec.memoryMegabytes;
  return {
    command: [
      path,
      "--expose-gc",
      "--max-http-header-size=81920",
      `--max-semi-space-size=${Math.max(1, Math.floor((memory * 5) / 100))}`,
      `--max-old-space-size=${Math.floor((memory * 90) / 100)}`,
      join(engine.see(runtime), "bootstrap.cjs"),
    ],
    mounts: isBoxed
      ? [...mounts, ...runtimeMounts(runtime.host), ...sdkMounts("/var/runtime/node_modules")]
      : [],
    hasChannel: isBoxed,
    environment: {
      NODE_PATH: [
        `${layers}/nodejs/node${major}/node_modules`,
        `${layers}/nodejs/node_modules`,
        modules,
        engine.see(runtime),
        task,
      ]
        .filter(Boolean)
        .join(":"),
      ...(isBoxed && { _LAMBDA_TELEMETRY_LOG_FD: String(telemetryDescriptor) }),
    },
  };
}

const nodeFiles = [
  "bootstrap.cjs", "runtime-client.cjs", "variables.cjs", "channel.cjs", "connection.cjs", "console.cjs",
  "handler.cjs", "streaming.cjs",
];

/** Files one by one: `node_modules` must find room beside them. */
function runtimeMounts(host: string): Mount[] {
  return nodeFiles.map((name) => ({ host: join(host, name), inside: `/var/runtime/${name}` }));
}

const hooks = "snapshot_restore_py.py";

function python(
  { task, layers }: Places,
  engine: SandboxEngine,
  program: Program,
  sdk: readonly Mount[],
): Omit<Begun, "version"> {
  const { path, mounts } = placed(program, "python3", engine);
  const runtime = { host: join(runtimeFiles("python"), "bootstrap.py"), inside: "/var/runtime/bootstrap.py" };
  const isBoxed = engine.see(runtime) === runtime.inside;
  const minor = program.version.split(".").slice(0, 2).join(".");
  const packages = join(runtimeFiles("python"), "packages");
  const own = { host: join(packages, hooks), inside: `${pythonSdkFolder}/${hooks}` };
  return {
    command: [path, "-S", engine.see(runtime)],
    mounts: [...mounts, runtime, ...(isBoxed ? [...sdk, own] : [])],
    hasChannel: isBoxed,
    environment: {
      PYTHONPATH: [
        task,
        `${layers}/python/lib/python${minor}/site-packages`,
        `${layers}/python`,
        isBoxed ? pythonSdkFolder : packages,
      ].join(":"),
      _LAMBDA_TELEMETRY_LOG_FD: String(telemetryDescriptor),
      PYTHONDONTWRITEBYTECODE: "1",
    },
  };
}

function java(
  spec: FunctionSpec,
  { task, layers }: Places,
  engine: SandboxEngine,
  program: Program,
  classes: string,
): Omit<Begun, "version"> {
  const { path, mounts } = placed(program, "java", engine);
  const runtime = { host: classes, inside: "/var/runtime/lib" };
  const classPath = [engine.see(runtime), task, `${task}/lib/*`, `${layers}/java/lib/*`];
  return {
    command: [
      path,
      "-XX:TieredStopAtLevel=1",
      "-XX:+UseSerialGC",
      "-Xshare:auto",
      `-Xmx${Math.floor((spec.memoryMegabytes * 85) / 100)}m`,
      "-cp",
      classPath.join(":"),
      "local.runtime.Bootstrap",
    ],
    mounts: [...mounts, runtime],
    environment: {},
  };
}

/** @evidence Lambda Developer Guide, "Defined runtime environment variables" */
function common(
  spec: FunctionSpec,
  facts: LaunchFacts,
  taskRoot: string,
  begun: Begun,
): Record<string, string> {
  const isBoxed = taskRoot === "/var/task";
  const language = begun.mounts.find(({ inside }) => inside === "/var/lang")?.host;
  const libraries = isBoxed
    ? [
        "/var/lang/lib",
        "/lib64",
        "/usr/lib64",
        "/var/runtime",
        "/var/runtime/lib",
        taskRoot,
        `${taskRoot}/lib`,
        "/opt/lib",
      ]
    : [...(language === undefined ? [] : [join(language, "lib")]), taskRoot, `${taskRoot}/lib`];
  return {
    PATH: isBoxed ? "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin" : "/usr/local/bin:/usr/bin:/bin",
    LANG: "en_US.UTF-8",
    TZ: ":UTC",
    LD_LIBRARY_PATH: libraries.join(":"),
    LAMBDA_TASK_ROOT: taskRoot,
    LAMBDA_RUNTIME_DIR: "/var/runtime",
    ...lambdaVariables(spec, facts),
  };
}

/** Those that every function has, whatever it is made of. */
export function lambdaVariables(
  spec: FunctionSpec,
  facts: Omit<LaunchFacts, "code" | "layers" | "planeFolder">,
): Record<string, string> {
  const region = spec.functionArn.split(":")[3] ?? "us-east-1";
  const { credentials } = facts;
  return {
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ENDPOINT_URL: facts.endpoint,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    AWS_LAMBDA_RUNTIME_API: facts.runtimeApi,
    AWS_LAMBDA_FUNCTION_NAME: spec.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: spec.version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMegabytes),
    AWS_LAMBDA_INITIALIZATION_TYPE: facts.initialization,
    // Whatever is restored from a snapshot has a log of its own: "Monitoring for Lambda SnapStart".
    ...(facts.initialization !== "snap-start" && {
      AWS_LAMBDA_LOG_GROUP_NAME: spec.logging.logGroupName,
      AWS_LAMBDA_LOG_STREAM_NAME: facts.logStreamName,
    }),
    AWS_LAMBDA_LOG_FORMAT: spec.logging.format,
    ...(spec.logging.format === "JSON" &&
      spec.logging.applicationLevel && { AWS_LAMBDA_LOG_LEVEL: spec.logging.applicationLevel }),
    AWS_XRAY_CONTEXT_MISSING: "LOG_ERROR",
    AWS_XRAY_DAEMON_ADDRESS: "127.0.0.1:2000",
    _AWS_XRAY_DAEMON_ADDRESS: "127.0.0.1",
    _AWS_XRAY_DAEMON_PORT: "2000",
  };
}

/** What only the runtime is told. */
function runtimeOnly(spec: FunctionSpec): Record<string, string> {
  return {
    _HANDLER: spec.handler ?? "",
    ...(spec.runtime !== undefined && { AWS_EXECUTION_ENV: `AWS_Lambda_${spec.runtime}` }),
  };
}

/** Names of the extensions that a folder of layers brings. */
export function extensionsIn(layers: string | undefined): readonly string[] {
  if (layers === undefined || !existsSync(join(layers, "extensions"))) return [];
  return readdirSync(join(layers, "extensions"), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}
