/** One invocation in an environment: from its START line to its REPORT. */

import type { Answer } from "./api-connection.ts";
import type { ApiRequest } from "./api-request.ts";
import type { Invocation, Outcome, Report } from "./contract.ts";
import type { EnvironmentLog } from "./environment-log.ts";
import { responseBytesMax, responseTooLarge, type Failure } from "./failures.ts";
import { accepted, refusal } from "./runtime-api.ts";

export interface RunOptions {
  readonly invocation: Invocation;
  readonly log: EnvironmentLog;
  readonly memoryMegabytes: number;
  readonly version: string;
  readonly initMilliseconds: number | undefined;
  readonly restoreMilliseconds?: number | undefined;
  /** They too have to be done before it is over. */
  readonly hasExtensions: boolean;
  /** What was spent on it before it could start. */
  readonly earlierMilliseconds?: number;
}

/** @evidence Lambda Developer Guide, "Response streaming for Lambda functions": 200 MB */
const streamBytesMax = 200 * 1_048_576;

export class Run {
  readonly requestId: string;
  /** Undefined where it succeeded. */
  readonly ended: Promise<Failure | undefined>;
  readonly #options: RunOptions;
  readonly #began: number;
  #resolve: (failure: Failure | undefined) => void = () => undefined;
  #isDecided = false;
  #runtimeEnded: number | undefined;
  #payload: Uint8Array = new Uint8Array();
  #contentType = "application/json";
  #hasStarted = false;
  #producedBytes = 0;
  #streamError: Outcome["streamError"];
  #areExtensionsDone: boolean;
  #hasAnswered = false;

  constructor(options: RunOptions) {
    this.#options = options;
    this.requestId = options.invocation.requestId;
    this.#began = performance.now() - (options.earlierMilliseconds ?? 0);
    this.#areExtensionsDone = !options.hasExtensions;
    this.ended = new Promise((resolve) => (this.#resolve = resolve));
  }

  get isDecided(): boolean {
    return this.#isDecided;
  }

  /** So far. */
  milliseconds(): number {
    return performance.now() - this.#began;
  }

  start(): void {
    const { log, version, invocation, initMilliseconds } = this.#options;
    // What a new environment has said belongs to the invocation that it is for.
    const isFirst = initMilliseconds !== undefined || this.#options.earlierMilliseconds !== undefined;
    if (!isFirst) log.beginTail();
    log.platform("platform.start", {
      requestId: this.requestId,
      version,
      ...tracing(invocation),
    });
  }

  fail(failure: Failure): void {
    this.#runtimeEnded ??= performance.now();
    this.#decide(failure);
  }

  #decide(failure: Failure | undefined): void {
    if (this.#isDecided) return;
    this.#isDecided = true;
    this.#resolve(failure);
  }

  /** The runtime asks for more. */
  runtimeDone(): void {
    this.#runtimeEnded ??= performance.now();
  }

  extensionsDone(): void {
    this.#areExtensionsDone = true;
    if (this.#hasAnswered) this.#decide(undefined);
  }

  #answered(): Answer {
    this.#hasAnswered = true;
    this.#runtimeEnded ??= performance.now();
    if (this.#areExtensionsDone) this.#decide(undefined);
    return accepted;
  }

  async takeResponse(request: ApiRequest): Promise<Answer> {
    if (this.#isDecided || this.#hasStarted) {
      return refusal(
        403,
        "InvalidStateTransition",
        "State transition from Ready to InvocationResponse failed",
      );
    }
    const isStreaming = request.headers["lambda-runtime-function-response-mode"] === "streaming";
    this.#contentType = request.headers["content-type"] ?? "application/json";
    const { response } = this.#options.invocation;
    if (!response) return this.#takeWhole(request);
    this.#hasStarted = true;
    response.start({ contentType: this.#contentType, streaming: isStreaming });
    for await (const chunk of request) {
      this.#producedBytes += chunk.length;
      if (this.#producedBytes > streamBytesMax) return this.#refuseLarge();
      await response.write(chunk);
    }
    this.#readTrailers(request);
    return this.#answered();
  }

  async #takeWhole(request: ApiRequest): Promise<Answer> {
    const { whole } = request;
    const chunks: Buffer[] = [];
    for await (const chunk of whole ? [whole] : request) {
      this.#producedBytes += chunk.length;
      if (this.#producedBytes <= responseBytesMax) chunks.push(chunk);
    }
    if (this.#producedBytes > responseBytesMax) return this.#refuseLarge();
    this.#payload = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
    this.#readTrailers(request);
    return this.#answered();
  }

  #refuseLarge(): Answer {
    this.fail(responseTooLarge());
    const text = `Exceeded maximum allowed payload size (${responseBytesMax} bytes).`;
    return refusal(413, "RequestEntityTooLarge", text);
  }

  /** A function that fails after it has begun to answer says so behind its answer. */
  #readTrailers(request: ApiRequest): void {
    const type = request.trailers["lambda-runtime-function-error-type"];
    if (type === undefined) return;
    const body = request.trailers["lambda-runtime-function-error-body"] ?? "";
    this.#streamError = { type, details: Buffer.from(body, "base64").toString("utf8") };
  }

  finish(failure: Failure | undefined, memoryMegabytesUsed: number): Outcome {
    const { log, invocation } = this.#options;
    log.sayDropped();
    if (failure?.note !== undefined) log.note(failure.note);
    const report = this.#report(failure, memoryMegabytesUsed);
    log.flush();
    const errorType = failure?.reportedType ?? this.#streamError?.type;
    const streamError =
      this.#streamError ?? (failure && this.#hasStarted ? streamErrorOf(failure) : undefined);
    const isWhole = invocation.response === undefined;
    const tail = log.tail();
    return {
      payload: failure && !this.#hasStarted ? failure.payload : isWhole ? this.#payload : new Uint8Array(),
      contentType: failure ? "application/json" : this.#contentType,
      ...((failure ?? this.#streamError) && { functionError: "Unhandled" as const }),
      ...(errorType !== undefined && { errorType }),
      ...(streamError && { streamError }),
      report,
      logStreamName: log.streamName,
      get logTail() {
        return tail();
      },
    };
  }

  #report(failure: Failure | undefined, memoryMegabytesUsed: number): Report {
    const { log, invocation, memoryMegabytes, initMilliseconds, restoreMilliseconds } = this.#options;
    const now = performance.now();
    const status = failure?.status ?? (this.#streamError ? "error" : "success");
    const type = failure?.reportedType ?? this.#streamError?.type;
    const errorType = type === undefined ? {} : { errorType: type };
    const durationMs = rounded((this.#runtimeEnded ?? now) - this.#began);
    const whole = rounded(now - this.#began);
    log.platform("platform.runtimeDone", {
      requestId: this.requestId,
      status,
      ...errorType,
      metrics: { durationMs, producedBytes: this.#producedBytes },
      ...tracing(invocation),
    });
    const duration = this.#options.hasExtensions ? whole : durationMs;
    // What came before a snapshot is no part of an invocation.
    const begun = beginning(initMilliseconds, restoreMilliseconds);
    const billed = Math.ceil(duration + (begun.initDurationMs ?? 0));
    log.platform("platform.report", {
      requestId: this.requestId,
      status,
      ...errorType,
      metrics: {
        durationMs: duration,
        billedDurationMs: billed,
        memorySizeMB: memoryMegabytes,
        maxMemoryUsedMB: memoryMegabytesUsed,
        ...begun,
      },
      ...tracing(invocation),
    });
    return {
      durationMilliseconds: duration,
      billedMilliseconds: billed,
      ...(initMilliseconds !== undefined && { initMilliseconds: rounded(initMilliseconds) }),
      ...(restoreMilliseconds !== undefined && { restoreMilliseconds: rounded(restoreMilliseconds) }),
      memoryMegabytesUsed,
    };
  }
}

function streamErrorOf({ reportedType, payload }: Failure): NonNullable<Outcome["streamError"]> {
  return { type: reportedType, details: Buffer.from(payload).toString("utf8") };
}

interface BeginningMetrics {
  readonly initDurationMs?: number;
  readonly restoreDurationMs?: number;
  readonly billedRestoreDurationMs?: number;
}

/** @evidence Lambda Developer Guide, "Monitoring for Lambda SnapStart" */
function beginning(init: number | undefined, restore: number | undefined): BeginningMetrics {
  if (restore !== undefined) {
    return { restoreDurationMs: rounded(restore), billedRestoreDurationMs: Math.ceil(restore) };
  }
  return init === undefined ? {} : { initDurationMs: rounded(init) };
}

function tracing({ traceHeader }: Invocation): object {
  return traceHeader === undefined ? {} : { tracing: { type: "X-Amzn-Trace-Id", value: traceHeader } };
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}
