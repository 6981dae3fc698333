/** An environment's place in the pool, and how it is begun: code, credentials, box, initialization. */

import type { PlaneHost } from "../planes.ts";
import type { CodeStore, Held } from "./code-store.ts";
import type { ContainerEngine, NoContainers } from "./containers/container-engine.ts";
import { launchImage, requireImage } from "./containers/image-launch.ts";
import { CannotRun, type Credentials, type FunctionSpec } from "./contract.ts";
import { Environment } from "./environment.ts";
import { EnvironmentLog } from "./environment-log.ts";
import { invalidEntrypoint, type Failure } from "./failures.ts";
import { extensionsIn, launchOf, type Initialization, type Launch } from "./launch.ts";
import type { Programs } from "./programs.ts";
import type { Sandbox, SandboxEngine } from "./sandbox/sandbox.ts";

export interface Slot {
  readonly key: string;
  readonly spec: FunctionSpec;
  readonly environment: Environment;
  readonly isProvisioned: boolean;
  /** By the region's clock. */
  readonly credentialsExpireAt: number;
  idleSince: number;
  /** It ends as soon as it has nothing to do. */
  isRetired: boolean;
}

export interface Begun {
  readonly slot: Slot;
  readonly failure?: Failure | "timeout" | undefined;
  readonly milliseconds: number;
}

export interface ReadyOrFailed extends Begun {
  readonly failure?: Failure | undefined;
}

export interface Workshop {
  /** Of the plane. */
  readonly folder: string;
  readonly host: PlaneHost;
  readonly engine: SandboxEngine;
  readonly code: CodeStore;
  readonly programs: Programs;
  /** Looked for when they are first asked for. */
  containers(): Promise<ContainerEngine | NoContainers>;
}

export interface Beginning {
  readonly key: string;
  readonly requestId: string;
  readonly phase: "init" | "invoke";
  /** Of the attempt before. */
  readonly log?: EnvironmentLog;
  readonly provisioned?: boolean;
  readonly limitMilliseconds: number;
  readonly onBegin: (slot: Slot) => void;
  readonly onEnd: (slot: Slot) => void;
  readonly onIdle: (slot: Slot) => void;
}

/**
 * @evidence Lambda Developer Guide, "Lambda execution environment lifecycle": the Init phase takes 10 seconds
 */
const initMillisecondsMax = 10_000;
/** @evidence "Lambda SnapStart runtime hooks for Python": 130 seconds, or the function's if it has more */
const snapshotMillisecondsMax = 130_000;

export function initLimitOf({ snapStart, timeoutSeconds }: FunctionSpec): number {
  if (snapStart !== true) return initMillisecondsMax;
  return Math.max(snapshotMillisecondsMax, timeoutSeconds * 1_000);
}

function initializationOf({ snapStart }: FunctionSpec, isProvisioned: boolean): Initialization {
  return snapStart === true ? "snap-start" : isProvisioned ? "provisioned-concurrency" : "on-demand";
}

/** @throws CannotRun */
export async function beginEnvironment(
  workshop: Workshop,
  spec: FunctionSpec,
  beginning: Beginning,
): Promise<Begun> {
  const { host, code } = workshop;
  const source = spec.code;
  const image =
    "kind" in source ? undefined : await requireImage(await requireContainers(workshop), source);
  const held: Held[] = [];
  try {
    const [task, layers, credentials, endpoint] = await Promise.all([
      "kind" in source ? code.hold(source).then((one) => (held.push(one), one)) : undefined,
      code.holdLayers(spec.layers).then((one) => (one && held.push(one), one)),
      credentialsOf(spec),
      host.endpoint(),
    ]);
    const id = host.hex(32);
    const log = beginning.log ?? newLog(spec, host, id);
    const extensions = image?.extensions.names ?? extensionsIn(layers?.folder);
    const slot = newSlot(workshop, spec, beginning, { log, held, credentials, extensions });
    const facts = {
      environmentId: id,
      logStreamName: log.streamName,
      runtimeApi: await slot.environment.listen(),
      credentials,
      initialization: initializationOf(spec, beginning.provisioned === true),
      endpoint,
    } as const;
    const folders = { code: task?.folder ?? "", layers: layers?.folder, planeFolder: workshop.folder };
    const launch = image
      ? launchImage(spec, image, facts)
      : await launchOf(spec, { ...facts, ...folders }, workshop.engine, workshop.programs);
    beginning.onBegin(slot);
    const engine = image?.engine ?? workshop.engine;
    return await initialize(engine, slot, launch, { id, beginning, log, extensions });
  } catch (cause) {
    for (const { release } of held) release();
    throw cause;
  }
}

async function requireContainers({ containers }: Workshop): Promise<ContainerEngine> {
  const engine = await containers();
  if (!("missing" in engine)) return engine;
  const text = `Functions from container images need podman or docker: ${engine.missing}`;
  throw new CannotRun("runtime-unavailable", text);
}

async function credentialsOf(spec: FunctionSpec): Promise<Credentials> {
  try {
    return await spec.credentials();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new CannotRun("role-unavailable", `The execution role gives no credentials: ${message}`, { cause });
  }
}

/**
 * @evidence Lambda Developer Guide, "Configuring CloudWatch log groups": streams in a group of one's own say
 *   whose they are
 */
function newLog(spec: FunctionSpec, host: PlaneHost, id: string): EnvironmentLog {
  const { functionName, version, logging } = spec;
  const day = new Date(host.now()).toISOString().slice(0, 10).replaceAll("-", "/");
  const isUsual = logging.logGroupName === `/aws/lambda/${functionName}`;
  const stream = isUsual ? `[${version}]${id}` : `${functionName}[${version}][${id}]`;
  return new EnvironmentLog(`${day}/${stream}`, logging, () => host.now());
}

interface Parts {
  readonly log: EnvironmentLog;
  readonly held: readonly Held[];
  readonly credentials: Credentials;
  /** Those that are started for it. */
  readonly extensions: readonly string[];
}

function newSlot(
  { host }: Workshop,
  spec: FunctionSpec,
  { key, provisioned, requestId, onEnd, onIdle }: Beginning,
  { log, held, credentials, extensions }: Parts,
): Slot {
  const environment = new Environment({
    log,
    requestId,
    memoryMegabytes: spec.memoryMegabytes,
    timeoutSeconds: spec.timeoutSeconds,
    function: {
      arn: spec.functionArn,
      name: spec.functionName,
      version: spec.version,
      handler: spec.handler ?? "",
    },
    externalExtensions: extensions,
    newId: () => uuidOf(host.hex(32)),
    onEnd: () => {
      for (const { release } of held) release();
      onEnd(slot);
    },
    onIdle: () => onIdle(slot),
  });
  const slot: Slot = {
    key,
    spec,
    environment,
    isProvisioned: provisioned === true,
    credentialsExpireAt: credentials.expiresAt,
    idleSince: 0,
    isRetired: false,
  };
  return slot;
}

function uuidOf(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

interface InitializeOptions {
  readonly id: string;
  readonly beginning: Beginning;
  readonly log: EnvironmentLog;
  readonly extensions: readonly string[];
}

async function initialize(
  engine: SandboxEngine,
  slot: Slot,
  launch: Launch,
  { id, beginning, log, extensions }: InitializeOptions,
): Promise<Begun> {
  const { spec, environment } = slot;
  const initializationType = initializationOf(spec, slot.isProvisioned);
  const about = { initializationType, phase: beginning.phase };
  const runtime = launch.runtimeVersion !== undefined && {
    runtimeVersion: launch.runtimeVersion,
    runtimeVersionArn: spec.runtimeVersionArn,
  };
  if (!beginning.log) {
    log.beginTail();
    log.platform("platform.initStart", {
      ...about,
      ...runtime,
      functionName: spec.functionName,
      functionVersion: spec.version,
    });
  }
  const began = performance.now();
  const reportInit = (milliseconds: number, outcome: object): void => {
    log.platform("platform.initRuntimeDone", { ...about, ...outcome });
    const metrics = { durationMs: Math.round(milliseconds * 100) / 100 };
    log.platform("platform.initReport", { ...about, ...outcome, metrics });
  };
  if (spec.snapStart === true) {
    environment.onSnapshot = () => {
      reportInit(performance.now() - began, { status: "success" });
      const { functionName, version: functionVersion } = spec;
      log.platform("platform.restoreStart", { ...runtime, functionName, functionVersion });
    };
  }
  const failure = await beginRuntime(engine, slot, launch, { id, beginning, extensions });
  const milliseconds = performance.now() - began;
  const status = failure === undefined ? "success" : failure === "timeout" ? "timeout" : "error";
  const outcome = { status, ...(typeof failure === "object" && { errorType: failure.reportedType }) };
  const { restoreMilliseconds } = environment;
  if (restoreMilliseconds === undefined) reportInit(milliseconds, outcome);
  else {
    const metrics = { durationMs: Math.round(restoreMilliseconds * 100) / 100 };
    log.platform("platform.restoreRuntimeDone", outcome);
    log.platform("platform.restoreReport", { ...outcome, metrics });
  }
  if (failure !== undefined) await environment.destroy();
  return { slot, failure, milliseconds };
}

/** The runtime is started, unless it is known that it can't be. */
function beginRuntime(
  engine: SandboxEngine,
  { spec, environment }: Slot,
  launch: Launch,
  { id, beginning, extensions }: Omit<InitializeOptions, "log">,
): Promise<Failure | "timeout" | undefined> {
  const { fault, command, workingDirectory, image, mounts } = launch;
  if (fault !== undefined) return Promise.resolve(invalidEntrypoint(beginning.requestId, fault));
  const start = (): Sandbox => engine.start({
    id,
    command,
    environment: launch.environment,
    workingDirectory,
    ...(image !== undefined && { image }),
    mounts,
    memoryBytes: spec.memoryMegabytes * 1_048_576,
    temporaryBytes: spec.ephemeralStorageMegabytes * 1_048_576,
    hasChannel: launch.hasChannel === true,
    ...(extensions.length > 0 && { extensions: `${launch.layers}/extensions` }),
  });
  return environment.initialize(start, beginning.limitMilliseconds);
}
