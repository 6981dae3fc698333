/** The functions plane: environments that wait, that run, that are begun when none waits, and that end. */

import { homedir } from "node:os";
import type { PlaneHost } from "../planes.ts";
import { CodeStore } from "./code-store.ts";
import { openContainerEngine, type ContainerProgram } from "./containers/container-engine.ts";
import { Crowd } from "./crowd.ts";
import {
  CannotRun,
  type CodeSource,
  type FunctionSpec,
  type FunctionsPlane,
  type ImageFact,
  type Invocation,
  type Outcome,
  type ProvisionedState,
  type RuntimeFact,
} from "./contract.ts";
import type { EnvironmentLog } from "./environment-log.ts";
import { timedOut, type Failure } from "./failures.ts";
import { fingerprint } from "./folder-watch.ts";
import { Programs } from "./programs.ts";
import { Provisioned } from "./provisioned.ts";
import { Run } from "./run.ts";
import { Resting } from "./resting.ts";
import { runtimeFact, runtimeNames } from "./runtime-names.ts";
import { openSandboxEngine, type EngineName } from "./sandbox/open.ts";
import {
  beginEnvironment,
  initLimitOf,
  type Begun,
  type ReadyOrFailed,
  type Slot,
  type Workshop,
} from "./slot.ts";

export interface FunctionsPlaneOptions {
  /** Default: the one that keeps most out of what this machine can do. */
  readonly engine?: EngineName;
  /** What may run images, the preferred first. Default: podman and docker. */
  readonly containers?: readonly ContainerProgram[];
}

export async function openFunctionsPlane(
  host: PlaneHost,
  options: FunctionsPlaneOptions = {},
): Promise<FunctionsPlane> {
  const folder = await host.folder("functions");
  const code = new CodeStore(folder);
  await code.open();
  const engine = await openSandboxEngine(folder, host.searchPath, options.engine);
  const programs = new Programs({ path: host.searchPath, home: homedir() });
  let containers: ReturnType<Workshop["containers"]> | undefined;
  return new EnvironmentPool({
    host,
    folder,
    engine,
    code,
    programs,
    containers() {
      return (containers ??= openContainerEngine(host.searchPath, process.platform, options.containers));
    },
  });
}

class EnvironmentPool implements FunctionsPlane {
  readonly #workshop: Workshop;
  readonly #host: PlaneHost;
  readonly #programs: Programs;
  readonly #slots = new Set<Slot>();
  /** By key. */
  readonly #crowds = new Map<string, Crowd>();
  readonly #resting: Resting;
  readonly #provisioned: Provisioned;
  readonly #said = new Set<string>();
  #isClosed = false;

  constructor(workshop: Workshop) {
    this.#workshop = workshop;
    this.#host = workshop.host;
    this.#programs = workshop.programs;
    this.#resting = new Resting(workshop.host);
    this.#provisioned = new Provisioned((spec) => this.#beginProvisioned(spec));
  }

  async invoke(spec: FunctionSpec, invocation: Invocation): Promise<Outcome> {
    if (this.#isClosed) throw new CannotRun("environment-unavailable", "The region is stopping");
    const key = keyOf(spec, invocation.tenantId);
    const crowd = this.#crowd(key);
    for (let slot = await crowd.take(); slot; slot = await crowd.take()) {
      this.#resting.delete(slot);
      // It may have ended between being given and being taken.
      if (slot.environment.state === "idle") return this.#run(slot, invocation);
    }
    return this.#invokeCold(spec, key, invocation);
  }

  async #run(slot: Slot, invocation: Invocation, initMilliseconds?: number): Promise<Outcome> {
    const outcome = await this.#crowd(slot.key).run(slot, invocation, initMilliseconds);
    const provisioned = this.#provisioned.useOf(slot);
    return provisioned ? { ...outcome, provisioned } : outcome;
  }

  #crowd(key: string): Crowd {
    let crowd = this.#crowds.get(key);
    if (!crowd) this.#crowds.set(key, (crowd = new Crowd((slot) => this.#isOver(slot))));
    return crowd;
  }

  /** It serves nobody any more. */
  #isOver(slot: Slot): boolean {
    return this.#isClosed || slot.isRetired || slot.credentialsExpireAt <= this.#host.now();
  }

  async #invokeCold(spec: FunctionSpec, key: string, invocation: Invocation): Promise<Outcome> {
    const { requestId } = invocation;
    const first = await this.#begin(spec, key, { requestId, phase: "init" });
    if (!first.failure) return this.#run(first.slot, invocation, first.milliseconds);
    // Lambda tries again, within the function's own time, and so does this.
    const second = await this.#begin(spec, key, {
      requestId,
      phase: "invoke",
      log: first.slot.environment.log,
    });
    if (!second.failure) return this.#run(second.slot, invocation);
    return failedOutcome(spec, invocation, second, second.failure);
  }

  async #begin(
    spec: FunctionSpec,
    key: string,
    how: { requestId: string; phase: "init" | "invoke"; log?: EnvironmentLog; provisioned?: boolean },
  ): Promise<ReadyOrFailed> {
    await this.#sayWhatItRunsOn(spec);
    const begun = await beginEnvironment(this.#workshop, spec, {
      ...how,
      key,
      limitMilliseconds: how.phase === "init" ? initLimitOf(spec) : spec.timeoutSeconds * 1_000,
      onBegin: (slot) => this.#began(slot),
      onEnd: (slot) => this.#ended(slot),
      onIdle: (slot) => this.#idle(slot),
    });
    if (this.#isClosed) {
      await begun.slot.environment.destroy();
      throw new CannotRun("environment-unavailable", "The region is stopping");
    }
    if (begun.failure === "timeout") {
      const { log } = begun.slot.environment;
      return { ...begun, failure: timedOut(how.requestId, spec.timeoutSeconds, log.time()) };
    }
    return { ...begun, failure: begun.failure };
  }

  /** Once each: that the version asked for is not on this machine. */
  async #sayWhatItRunsOn({ runtime }: FunctionSpec): Promise<void> {
    if (runtime === undefined || this.#said.has(runtime)) return;
    this.#said.add(runtime);
    const { detail } = await runtimeFact(runtime, this.#programs);
    if (detail.startsWith("runs on")) this.#host.log(`functions: ${runtime} ${detail}`);
  }

  #began(slot: Slot): void {
    this.#slots.add(slot);
    this.#crowd(slot.key).slots.add(slot);
  }

  #idle(slot: Slot): void {
    if (this.#isOver(slot)) return slot.environment.end("spindown");
    const rests = this.#crowd(slot.key).add(slot);
    if (rests && !slot.isProvisioned) this.#resting.add(slot);
  }

  #ended(slot: Slot): void {
    this.#slots.delete(slot);
    this.#resting.delete(slot);
    const crowd = this.#crowd(slot.key);
    crowd.delete(slot);
    if (crowd.slots.size === 0) this.#crowds.delete(slot.key);
    if (slot.isProvisioned && !this.#isClosed) this.#provisioned.ended(slot);
  }

  async #beginProvisioned(spec: FunctionSpec): Promise<Begun> {
    const begun = await this.#begin(spec, keyOf(spec, undefined), {
      requestId: "",
      phase: "init",
      provisioned: true,
    });
    if (!begun.failure) this.#idle(begun.slot);
    return begun;
  }

  async keepWarm(spec: FunctionSpec, count: number): Promise<ProvisionedState> {
    if (this.#isClosed) throw new CannotRun("environment-unavailable", "The region is stopping");
    return this.#provisioned.keep(spec, count);
  }

  provisioned(revision: string): ProvisionedState | undefined {
    return this.#provisioned.state(revision);
  }

  retire(functionArn: string, revision?: string): void {
    this.#provisioned.forget(functionArn, revision);
    for (const slot of [...this.#slots]) {
      if (slot.spec.functionArn !== functionArn) continue;
      if (revision !== undefined && slot.spec.revision !== revision) continue;
      slot.isRetired = true;
      if (slot.environment.state === "idle") slot.environment.end("spindown");
    }
  }

  async findImage(uri: string): Promise<ImageFact | "absent" | "no-engine"> {
    const engine = await this.#workshop.containers();
    if ("missing" in engine) return "no-engine";
    return (await engine.findImage(uri)) ?? "absent";
  }

  runtimes(): Promise<readonly RuntimeFact[]> {
    return Promise.all(runtimeNames.map((runtime) => runtimeFact(runtime, this.#programs)));
  }

  async reset(): Promise<void> {
    this.#provisioned.forget();
    await Promise.all([...this.#slots].map((slot) => slot.environment.destroy()));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.reset();
  }
}

/** What is run from a folder is another thing once a file of it is saved. */
function keyOf({ revision, code, layers }: FunctionSpec, tenantId: string | undefined): string {
  const folders = layers.some(isFolder) || isFolder(code) ? [code, ...layers].filter(isFolder) : [];
  if (tenantId === undefined && folders.length === 0) return revision;
  return JSON.stringify([revision, tenantId ?? null, ...folders.map(({ path }) => folderState(path))]);
}

function isFolder(source: FunctionSpec["code"]): source is CodeSource & { readonly kind: "folder" } {
  return "kind" in source && source.kind === "folder";
}

function folderState(path: string): string {
  try {
    return fingerprint(path);
  } catch {
    return "gone";
  }
}

/** The environment could not even be begun, and that is what the invocation comes to. */
function failedOutcome(
  spec: FunctionSpec,
  invocation: Invocation,
  { slot: { environment }, milliseconds }: ReadyOrFailed,
  failure: Failure,
): Outcome {
  const run = new Run({
    invocation,
    log: environment.log,
    memoryMegabytes: spec.memoryMegabytes,
    version: spec.version,
    initMilliseconds: undefined,
    hasExtensions: false,
    earlierMilliseconds: milliseconds,
  });
  run.start();
  run.fail(failure);
  return run.finish(failure, environment.memoryMegabytesUsed);
}
