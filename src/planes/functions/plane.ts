/** The functions plane: environments that wait, that run, that are begun when none waits, and that end. */

import { homedir } from "node:os";
import type { PlaneHost } from "../planes.ts";
import { CodeStore } from "./code-store.ts";
import { openContainerEngine, type ContainerProgram } from "./containers/container-engine.ts";
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
import { runtimeFact, runtimeNames } from "./runtime-names.ts";
import { openSandboxEngine, type EngineName } from "./sandbox/open.ts";
import {
  beginEnvironment,
  initMillisecondsMax,
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

/** By the region's clock. Lambda does not say how long it is; some minutes are usual. */
const idleMillisecondsMax = 10 * 60_000;
/** Environments that wait, of all functions: the longest waiting ends first. */
const idleMax = 100;
/** How long an environment that has answered may take to ask for more before another is begun. */
const finishingMilliseconds = 50;

class EnvironmentPool implements FunctionsPlane {
  readonly #workshop: Workshop;
  readonly #host: PlaneHost;
  readonly #programs: Programs;
  readonly #slots = new Set<Slot>();
  /** Who waits for an environment that is about to be free, by key. */
  readonly #waiting = new Map<string, ((slot: Slot) => void)[]>();
  readonly #provisioned: Provisioned;
  readonly #said = new Set<string>();
  #isClosed = false;

  constructor(workshop: Workshop) {
    this.#workshop = workshop;
    this.#host = workshop.host;
    this.#programs = workshop.programs;
    this.#provisioned = new Provisioned((spec) => this.#beginProvisioned(spec));
  }

  async invoke(spec: FunctionSpec, invocation: Invocation): Promise<Outcome> {
    if (this.#isClosed) throw new CannotRun("environment-unavailable", "The region is stopping");
    const key = keyOf(spec, invocation.tenantId);
    const slot = this.#takeIdle(key) ?? (await this.#takeFinishing(key));
    if (slot) return slot.environment.invoke(invocation, undefined);
    return this.#invokeCold(spec, key, invocation);
  }

  /** It serves nobody any more. */
  #isOver(slot: Slot): boolean {
    return this.#isClosed || slot.isRetired || slot.credentialsExpireAt <= this.#host.now();
  }

  #takeIdle(key: string): Slot | undefined {
    let latest: Slot | undefined;
    for (const slot of this.#slots) {
      if (slot.key !== key || slot.environment.state !== "idle") continue;
      if (this.#isOver(slot)) slot.environment.end("spindown");
      else if (!latest || slot.idleSince >= latest.idleSince) latest = slot;
    }
    latest?.stopWaiting();
    return latest;
  }

  async #takeFinishing(key: string): Promise<Slot | undefined> {
    const waiting = this.#waiting.get(key) ?? [];
    const finishing = [...this.#slots].filter((slot) => {
      return slot.key === key && !this.#isOver(slot) && slot.environment.state === "finishing";
    });
    if (finishing.length <= waiting.length) return undefined;
    this.#waiting.set(key, waiting);
    return new Promise((resolve) => {
      const take = (slot: Slot): void => {
        clearTimeout(timer);
        resolve(slot);
      };
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(take), 1);
        resolve(undefined);
      }, finishingMilliseconds);
      waiting.push(take);
    });
  }

  async #invokeCold(spec: FunctionSpec, key: string, invocation: Invocation): Promise<Outcome> {
    const { requestId } = invocation;
    const first = await this.#begin(spec, key, { requestId, phase: "init" });
    if (!first.failure) return first.slot.environment.invoke(invocation, first.milliseconds);
    // Lambda tries again, within the function's own time, and so does this.
    const second = await this.#begin(spec, key, {
      requestId,
      phase: "invoke",
      log: first.slot.environment.log,
    });
    if (!second.failure) return second.slot.environment.invoke(invocation, undefined);
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
      limitMilliseconds: how.phase === "init" ? initMillisecondsMax : spec.timeoutSeconds * 1_000,
      onBegin: (slot) => void this.#slots.add(slot),
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

  #idle(slot: Slot): void {
    if (this.#isOver(slot)) return slot.environment.end("spindown");
    const next = this.#waiting.get(slot.key)?.shift();
    if (next) return next(slot);
    slot.idleSince = this.#host.now();
    if (slot.isProvisioned) return;
    slot.waitUntil(
      this.#host.alarm(slot.idleSince + idleMillisecondsMax, () => slot.environment.end("spindown")),
    );
    const idle = [...this.#slots].filter(
      (other) => other.environment.state === "idle" && !other.isProvisioned,
    );
    if (idle.length <= idleMax) return;
    const longest = idle.reduce((most, other) => (other.idleSince < most.idleSince ? other : most));
    longest.environment.end("spindown");
  }

  #ended(slot: Slot): void {
    slot.stopWaiting();
    this.#slots.delete(slot);
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

  retire(functionArn: string, { except }: { readonly except?: string } = {}): void {
    this.#provisioned.forget(functionArn, except);
    for (const slot of [...this.#slots]) {
      if (slot.spec.functionArn !== functionArn || slot.spec.revision === except) continue;
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
function keyOf(spec: FunctionSpec, tenantId: string | undefined): string {
  const sources = [spec.code, ...spec.layers] as readonly (CodeSource | object)[];
  const folders = sources.flatMap((source) => {
    return "kind" in source && source.kind === "folder" ? [folderState(source.path)] : [];
  });
  return JSON.stringify([spec.revision, tenantId ?? null, ...folders]);
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
