/** One execution environment: a sandbox, what it is told over the Runtime API, and what comes of it. */

import type { Answer, Reply } from "./api-connection.ts";
import type { ApiRequest } from "./api-request.ts";
import type { Invocation, Outcome } from "./contract.ts";
import { readFrames, readLines, type EnvironmentLog, type Output } from "./environment-log.ts";
import { Extensions, unknownExtension, type ShutdownReason } from "./extensions.ts";
import { exited, extensionFailed, timedOut, told, type Failure } from "./failures.ts";
import { Run } from "./run.ts";
import { accepted, refusal, RuntimeApi, type RuntimeApiHandler } from "./runtime-api.ts";
import { extensionEnd } from "./sandbox/process-sandbox.ts";
import type { Exit, Sandbox } from "./sandbox/sandbox.ts";
import { Telemetry } from "./telemetry.ts";

export interface EnvironmentOptions {
  readonly log: EnvironmentLog;
  /** Of the invocation that it is begun for. */
  readonly requestId: string;
  readonly memoryMegabytes: number;
  readonly timeoutSeconds: number;
  readonly function: {
    readonly arn: string;
    readonly name: string;
    readonly version: string;
    readonly handler: string;
  };
  readonly externalExtensions: readonly string[];
  readonly newId: () => string;
  /** Once, when nothing of it is left. */
  readonly onEnd: () => void;
  /** Whenever it waits for the next invocation. */
  readonly onIdle: () => void;
}

export type EnvironmentState = "starting" | "idle" | "busy" | "finishing" | "ended";

/** How often memory is looked at: during runs that are long, and between runs that are short. */
const sampleMilliseconds = { afterLong: 100, afterShort: 1_000 };
/** What hears of a shutdown has so long. @evidence "Shutdown phase": 2,000 ms with external extensions */
const shutdownMilliseconds = 2_000;

export class Environment implements RuntimeApiHandler {
  readonly log: EnvironmentLog;
  /** A snapshot would be taken of it now. Absent where none is wanted. */
  onSnapshot: (() => void) | undefined;
  readonly #options: EnvironmentOptions;
  readonly #api: RuntimeApi;
  readonly #extensions: Extensions;
  readonly #telemetry = new Telemetry();
  #state: EnvironmentState = "starting";
  #sandbox: Sandbox | undefined;
  #outputs: readonly Output[] = [];
  /** The runtime waits for an event. */
  #next: Reply | undefined;
  #run: Run | undefined;
  #lastRequestId: string;
  #initFailed: ((failure: Failure) => void) | undefined;
  #initDone: (() => void) | undefined;
  #initFailure: Failure | undefined;
  #snapshotAt: number | undefined;
  #restoreMilliseconds: number | undefined;
  #memoryMegabytesUsed = 0;
  #sampledAt = Number.NEGATIVE_INFINITY;
  #exit: Exit | undefined;

  constructor(options: EnvironmentOptions) {
    this.#options = options;
    this.log = options.log;
    this.log.onEvent = (event) => this.#telemetry.event(event);
    this.#lastRequestId = options.requestId;
    this.#api = new RuntimeApi(this);
    this.#extensions = new Extensions({
      external: options.externalExtensions,
      function: options.function,
      account: options.function.arn.split(":")[4] ?? "",
      newId: options.newId,
      onChange: () => this.#changed(),
    });
  }

  /** The most it was seen to use. */
  get memoryMegabytesUsed(): number {
    return this.#memoryMegabytesUsed;
  }

  /** What initializing it took after its snapshot; undefined where there was none. */
  get restoreMilliseconds(): number | undefined {
    return this.#restoreMilliseconds;
  }

  get state(): EnvironmentState {
    return this.#state;
  }

  /** `127.0.0.1:<port>`: where its processes are to look. */
  listen(): Promise<string> {
    return this.#api.listen();
  }

  /**
   * Resolves once the runtime and all extensions wait for events; with what went wrong where something did.
   */
  initialize(start: () => Sandbox, milliseconds: number): Promise<Failure | "timeout" | undefined> {
    const sandbox = start();
    this.#sandbox = sandbox;
    sandbox.setBusy(true);
    if (sandbox.channel) this.#api.attach(sandbox.channel);
    this.#listenTo(sandbox);
    if (this.#options.externalExtensions.length === 0) sandbox.proceed();
    return new Promise((resolve) => {
      const timer = setTimeout(() => end("timeout"), milliseconds);
      const end = (result: Failure | "timeout" | undefined): void => {
        clearTimeout(timer);
        this.#initDone = undefined;
        this.#initFailed = undefined;
        if (this.#snapshotAt !== undefined) this.#restoreMilliseconds = performance.now() - this.#snapshotAt;
        this.#extensions.closeRegistration();
        this.#telemetry.closeSubscription();
        if (!this.#telemetry.isHeard) this.log.onEvent = undefined;
        this.#sampleMemory();
        for (const { name, events } of this.#extensions.list()) {
          this.log.platform("platform.extension", { name, state: "Ready", events });
        }
        if (result !== undefined) return void this.drain().then(() => resolve(result));
        sandbox.setBusy(false);
        this.#state = "idle";
        // What it has said since is said before its restoration is reported.
        if (this.#snapshotAt === undefined) resolve(undefined);
        else void this.drain().then(() => resolve(undefined));
      };
      this.#initDone = () => end(undefined);
      this.#initFailed = end;
    });
  }

  #listenTo(sandbox: Sandbox): void {
    const functionLine = (text: string): void => this.log.line("function", text);
    this.#outputs = [
      readLines(sandbox.stdout, functionLine),
      readLines(sandbox.stderr, functionLine),
      readFrames(sandbox.telemetry, functionLine),
      readLines(sandbox.extensions, (text) => {
        const [, name, status] = extensionEnd.exec(text) ?? [];
        if (name === undefined) this.log.line("extension", text);
        else this.#failed(extensionFailed(this.#requestId(), "Extension.Crash", `exit status ${status}`));
      }),
    ];
    void sandbox.exited.then((exit) => this.#exited(exit));
  }

  #requestId(): string {
    return this.#run?.requestId ?? this.#lastRequestId;
  }

  /** Until everything written so far has been read. */
  async drain(): Promise<void> {
    const lag = this.#sandbox?.lagMilliseconds ?? 0;
    for (let quiet = 0, turns = 0; quiet < 2 && turns < 1_000; turns += 1) {
      await new Promise<void>((resolve) => (lag > 0 ? setTimeout(resolve, lag) : setImmediate(resolve)));
      quiet = this.#outputs.map((output) => output.hasMoved()).includes(true) ? 0 : quiet + 1;
    }
  }

  /** Something has come to where it waits. */
  #changed(): void {
    if (this.#state === "starting") {
      if (this.#options.externalExtensions.length > 0 && this.#extensions.haveRegistered()) {
        this.#sandbox?.proceed();
      }
      if (this.#next && this.#extensions.areReady()) this.#initDone?.();
      return;
    }
    if (this.#extensions.areReady()) this.#run?.extensionsDone();
    if (this.#state === "finishing" && this.#next && this.#extensions.areReady()) {
      this.#state = "idle";
      this.#options.onIdle();
    }
  }

  /** @returns whether it may be used again */
  async invoke(invocation: Invocation, initMilliseconds: number | undefined): Promise<Outcome> {
    const { function: of, timeoutSeconds } = this.#options;
    this.#state = "busy";
    this.#sandbox?.setBusy(true);
    const deadlineMs = Date.now() + timeoutSeconds * 1_000;
    const run = new Run({
      invocation,
      log: this.log,
      memoryMegabytes: this.#options.memoryMegabytes,
      version: of.version,
      initMilliseconds,
      restoreMilliseconds: initMilliseconds === undefined ? undefined : this.#restoreMilliseconds,
      hasExtensions: this.#extensions.count > 0,
    });
    this.#run = run;
    this.#lastRequestId = invocation.requestId;
    run.start();
    const timer = setTimeout(() => {
      run.fail(timedOut(invocation.requestId, timeoutSeconds, this.log.time()));
    }, timeoutSeconds * 1_000);
    const invokedFunctionArn = invocation.invokedFunctionArn ?? of.arn;
    const { requestId, traceHeader } = invocation;
    this.#extensions.invoke({ deadlineMs, requestId, invokedFunctionArn, traceHeader });
    const reply = this.#next;
    this.#next = undefined;
    reply?.(eventAnswer(invocation, invokedFunctionArn, deadlineMs));
    if (this.#exit) run.fail(exited(requestId, this.#exit));
    const failure = await run.ended;
    clearTimeout(timer);
    return this.#finish(run, failure);
  }

  async #finish(run: Run, failure: Failure | undefined): Promise<Outcome> {
    // What the environment does after this is its own business, unless it is over.
    const isOver =
      failure !== undefined && (failure.status === "timeout" || failure.errorType === "Extension.Crash");
    this.#sampleMemory(run.milliseconds());
    if (isOver) this.#sandbox?.kill();
    await this.drain();
    for (const output of this.#outputs) output.cut();
    const outcome = run.finish(failure, this.#memoryMegabytesUsed);
    this.#run = undefined;
    this.#sandbox?.setBusy(false);
    if (this.#telemetry.isHeard) void this.#telemetry.flush();
    if (isOver) this.end("timeout");
    else if (this.#state === "busy") {
      this.#state = "finishing";
      this.#changed();
    }
    return outcome;
  }

  /** It is asked for at most so often: an answer costs more than a short function. */
  #sampleMemory(runMilliseconds = 0): void {
    const { afterLong, afterShort } = sampleMilliseconds;
    const now = performance.now();
    if (now - this.#sampledAt < (runMilliseconds >= afterLong ? afterLong : afterShort)) return;
    this.#sampledAt = now;
    const used = Math.ceil((this.#sandbox?.memoryUsed() ?? 0) / 1_048_576);
    const most = Math.max(this.#memoryMegabytesUsed, used);
    this.#memoryMegabytesUsed = Math.min(this.#options.memoryMegabytes, most);
  }

  #exited(exit: Exit): void {
    this.#exit = exit;
    if (exit.outOfMemory) this.#memoryMegabytesUsed = this.#options.memoryMegabytes;
    const requestId = this.#requestId();
    const failure = exited(requestId, exit);
    if (this.#initFailed) this.#initFailed(this.#initFailure ?? failure);
    else if (this.#run && !this.#run.isDecided) void this.drain().then(() => this.#run?.fail(failure));
    else if (this.#state !== "ended") void this.drain().then(() => this.log.note(failure.note ?? ""));
    this.#close();
  }

  /** An extension has failed: the environment is over. */
  #failed(failure: Failure): void {
    if (this.#state === "ended") return;
    if (this.#initFailed) this.#initFailed(failure);
    else if (this.#run) this.#run.fail(failure);
    else this.end("failure");
  }

  /** Its processes end: at once, or after those that asked to hear of it have had their time. */
  end(reason: ShutdownReason): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#options.onEnd();
    if (!this.#extensions.hearsOfShutdown() || this.#exit) return this.#kill();
    this.#extensions.shutdown(reason, Date.now() + shutdownMilliseconds);
    void this.#telemetry.flush();
    setTimeout(() => this.#kill(), shutdownMilliseconds);
  }

  /** At once, whoever asked to hear of it. */
  #kill(): void {
    this.#sandbox?.kill();
    this.#close();
  }

  /** At once. Resolves when nothing of it runs. */
  async destroy(): Promise<void> {
    if (this.#state !== "ended") {
      this.#state = "ended";
      this.#options.onEnd();
    }
    this.#kill();
    await this.#sandbox?.exited;
    await this.#sandbox?.gone;
  }

  #close(): void {
    this.#api.close();
    this.#telemetry.close();
    this.log.flush();
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#options.onEnd();
  }

  next(reply: Reply): void {
    this.#next = reply;
    this.#run?.runtimeDone();
    this.#changed();
  }

  async response(requestId: string, request: ApiRequest): Promise<Answer> {
    if (!this.#run || this.#run.requestId !== requestId) return unknownRequest;
    return this.#run.takeResponse(request);
  }

  error(requestId: string, errorType: string | undefined, body: Buffer): Answer {
    if (!this.#run || this.#run.requestId !== requestId) return unknownRequest;
    this.#run.fail(told(errorType, body));
    return accepted;
  }

  initError(errorType: string | undefined, body: Buffer): Answer {
    if (this.#state !== "starting")
      return refusal(403, "InvalidStateTransition", "State transition is not allowed");
    // Its own words count; but it is over only once it has ended, or has had a moment to.
    this.#initFailure = told(errorType, body);
    setTimeout(() => this.#initFailure && this.#initFailed?.(this.#initFailure), 50).unref();
    return accepted;
  }

  async restore(): Promise<Answer> {
    const { onSnapshot } = this;
    if (this.#state !== "starting" || !onSnapshot)
      return refusal(403, "InvalidStateTransition", "State transition is not allowed");
    this.onSnapshot = undefined;
    await this.drain();
    onSnapshot();
    this.#snapshotAt = performance.now();
    return { status: 200 };
  }

  register(name: string, body: Buffer, features: readonly string[]): Answer {
    return this.#extensions.register(name, body, features);
  }

  extensionNext(id: string, reply: Reply): void {
    this.#extensions.next(id, reply);
  }

  extensionError(id: string, phase: "init" | "exit", errorType: string | undefined): Answer {
    if (this.#extensions.nameOf(id) === undefined) return unknownExtension(id);
    const type = phase === "init" ? "Extension.InitError" : "Extension.ExitError";
    this.#failed(extensionFailed(this.#requestId(), type, errorType ?? type));
    return accepted;
  }

  subscribe(id: string, body: Buffer, api: "telemetry" | "logs"): Answer {
    const name = this.#extensions.nameOf(id);
    if (name === undefined) return unknownExtension(id);
    const { types, ...answer } = this.#telemetry.subscribe(id, body, api);
    if (types) {
      const type = api === "logs" ? "platform.logsSubscription" : "platform.telemetrySubscription";
      this.log.platform(type, { name, state: "Subscribed", types });
    }
    return answer;
  }
}

const unknownRequest = refusal(400, "InvalidRequestID", "Invalid request ID");

function eventAnswer(invocation: Invocation, invokedFunctionArn: string, deadlineMs: number): Answer {
  const { requestId, payload, clientContext, cognitoIdentity, traceHeader, tenantId } = invocation;
  return {
    status: 200,
    headers: {
      "Lambda-Runtime-Aws-Request-Id": requestId,
      "Lambda-Runtime-Deadline-Ms": String(deadlineMs),
      "Lambda-Runtime-Invoked-Function-Arn": invokedFunctionArn,
      ...(traceHeader !== undefined && { "Lambda-Runtime-Trace-Id": traceHeader }),
      ...(clientContext !== undefined && { "Lambda-Runtime-Client-Context": clientContext }),
      ...(cognitoIdentity !== undefined && { "Lambda-Runtime-Cognito-Identity": cognitoIdentity }),
      ...(tenantId !== undefined && { "Lambda-Runtime-Aws-Tenant-Id": tenantId }),
    },
    body: payload,
  };
}
