/**
 * What runs functions, whatever it runs them with. Lambda's control plane says what is to be run (a
 * `FunctionSpec`)
 * and when (`invoke`); the plane answers with what happened, and tells the function's log.
 */

import type { ArchiveSource } from "./archive-source.ts";

/** Code or a layer. */
export type CodeSource =
  /** A zip, unpacked when it is first run. One digest, one unpacked folder, whoever uses it. */
  | { readonly kind: "archive"; readonly sha256: string; open(): ArchiveSource | Promise<ArchiveSource> }
  /**
   * A folder of this machine, run as it stands; saving a file in it changes the next invocation (hot
   * reload). It
   * must be an absolute path.
   */
  | { readonly kind: "folder"; readonly path: string };

/** A container image. Only engines that run containers take it. */
export interface ImageSource {
  readonly uri: string;
  readonly entryPoint?: readonly string[];
  readonly command?: readonly string[];
  readonly workingDirectory?: string;
  /** The engine's own name of the image that the URI meant when it was asked; else what it means now. */
  readonly id?: string;
}

/** An image that this machine's container engine has. */
export interface ImageFact {
  readonly id: string;
  /** Of its manifest, in hexadecimal digits, as far as the engine knows it; else of its configuration. */
  readonly digest: string;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Epoch milliseconds of the region's clock. No environment is used beyond it. */
  readonly expiresAt: number;
}

export interface LogLine {
  /** Epoch milliseconds of the region's clock. */
  readonly timestamp: number;
  /** As it is stored: in the text format with a newline at its end. */
  readonly message: string;
}

/**
 * Where a function's lines go. Called soon after they are written, and with all lines of an invocation
 * before that
 * invocation's outcome is there. It must not throw, and must not wait.
 */
export type LogSink = (logStreamName: string, lines: readonly LogLine[]) => void;

/** As Lambda's `LoggingConfig`. */
export interface Logging {
  readonly format: "Text" | "JSON";
  readonly logGroupName: string;
  /** With `JSON` only: less important lines of the function are dropped. */
  readonly applicationLevel?: "TRACE" | "DEBUG" | "INFO" | "WARN" | "ERROR" | "FATAL";
  /** With `JSON` only: of the lines that the platform writes. */
  readonly systemLevel?: "DEBUG" | "INFO" | "WARN";
  readonly sink: LogSink;
}

/** One version of one function with one configuration: what an environment is made from. */
export interface FunctionSpec {
  /**
   * Changes whenever anything below does that a running environment could not follow: code, configuration,
   * role,
   * qualifier. Environments are shared by equal revisions and by nothing else.
   */
  readonly revision: string;
  /** Unqualified: `arn:aws:lambda:us-east-1:000000000000:function:thumbnails`. */
  readonly functionArn: string;
  readonly functionName: string;
  /** `$LATEST` or a number. */
  readonly version: string;
  /** `nodejs22.x`; absent for an image. */
  readonly runtime?: string;
  /** As the log says it; absent for an image. */
  readonly runtimeVersionArn?: string;
  readonly handler?: string;
  readonly code: CodeSource | ImageSource;
  /** In the order given: later ones overwrite earlier ones under `/opt`. */
  readonly layers: readonly CodeSource[];
  /** The function's own. The plane adds Lambda's. */
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMegabytes: number;
  readonly timeoutSeconds: number;
  /** Of `/tmp`. */
  readonly ephemeralStorageMegabytes: number;
  readonly architecture: "x86_64" | "arm64";
  /** Its runtime is told that a snapshot is taken of it, and what is registered for that is done. */
  readonly snapStart?: boolean;
  readonly logging: Logging;
  /** Asked when an environment starts, and again when what was given has expired. */
  credentials(): Promise<Credentials>;
}

/** The bytes of an answer as they come. */
export interface ResponseSink {
  /** Before the first byte. `streaming` is false where the function answered at once. */
  start(head: { readonly contentType: string; readonly streaming: boolean }): void;
  /** What it returns is waited for before more is taken from the function. */
  write(chunk: Uint8Array): Promise<void> | void;
}

export interface Invocation {
  readonly requestId: string;
  readonly payload: Uint8Array;
  /** JSON text: `Lambda-Runtime-Client-Context`. */
  readonly clientContext?: string;
  /** JSON text: `Lambda-Runtime-Cognito-Identity`. */
  readonly cognitoIdentity?: string;
  /** `Root=1-…;Parent=…;Sampled=0`. */
  readonly traceHeader?: string;
  /** As it was invoked: with its qualifier, if it had one. Default: the function's own ARN. */
  readonly invokedFunctionArn?: string;
  /** Set for tenants of functions that isolate them: an environment serves one tenant only. */
  readonly tenantId?: string;
  /**
   * Takes the answer as it comes, without the limit of 6 MB. `payload` of the outcome is empty then, unless
   * the
   * function failed before the first byte.
   */
  readonly response?: ResponseSink;
  /** Aborted when nobody waits for the outcome any more. The function runs on all the same, as on AWS. */
  readonly signal?: AbortSignal;
}

export interface Report {
  readonly durationMilliseconds: number;
  readonly billedMilliseconds: number;
  /** Only where this invocation had to wait for a new environment. */
  readonly initMilliseconds?: number;
  /** Of a function with `snapStart`: of that time, what came after its snapshot. */
  readonly restoreMilliseconds?: number;
  readonly memoryMegabytesUsed: number;
}

export interface Outcome {
  /** What the function answered; for `functionError` Lambda's JSON with `errorType` and `errorMessage`. */
  readonly payload: Uint8Array;
  readonly contentType: string;
  readonly functionError?: "Unhandled" | "Handled";
  /** `errorType`, for metrics and for the end of a stream. */
  readonly errorType?: string;
  /** Where the function failed in the middle of a stream: what its trailers said. */
  readonly streamError?: { readonly type: string; readonly details: string };
  readonly report: Report;
  readonly logStreamName: string;
  /** The last 4 KB of this invocation's lines, for `LogType: Tail`. */
  readonly logTail: string;
  /** Of a revision that environments are kept initialized of. */
  readonly provisioned?: ProvisionedUse;
}

export interface ProvisionedUse {
  /** So many are to be kept. */
  readonly requested: number;
  /** So many of them were at work, this invocation's included. */
  readonly busy: number;
  /** This invocation had one of them. */
  readonly isServed: boolean;
}

export interface ProvisionedState {
  readonly requested: number;
  /** Initialized, busy ones included. */
  readonly ready: number;
  /** Why the last environment did not start. */
  readonly failure?: string;
}

/** What a function may ask for, and whether it is here. */
export interface RuntimeFact {
  /** `nodejs22.x` */
  readonly runtime: string;
  readonly available: boolean;
  /** `v22.23.3 at /usr/bin/node`, or what is missing. */
  readonly detail: string;
}

export interface FunctionsPlane {
  /**
   * Runs it once: in an environment that waits, else in a new one. How many may run at once is the caller's
   * business.
   * A function that fails, exits or takes too long is an outcome; it is thrown only when it could not be run.
   *
   * @throws CannotRun
   */
  invoke(spec: FunctionSpec, invocation: Invocation): Promise<Outcome>;
  /**
   * Provisioned concurrency: keeps so many environments of this revision initialized, and starts others for
   * those
   * that end. 0 lets them go. Resolves once all are ready, or one could not be.
   */
  keepWarm(spec: FunctionSpec, count: number): Promise<ProvisionedState>;
  provisioned(revision: string): ProvisionedState | undefined;
  /**
   * Environments of this function end, or of this revision of it alone: at once where they wait, else after
   * what they do.
   */
  retire(functionArn: string, revision?: string): void;
  /** Whether there is such an image: there may be none, or nothing that would run it. */
  findImage(uri: string): Promise<ImageFact | "absent" | "no-engine">;
  /** What this machine can run. */
  runtimes(): Promise<readonly RuntimeFact[]>;
  /** All environments end. The region was emptied, or is another now. */
  reset(): Promise<void>;
  /** As `reset`, and nothing is started any more. */
  close(): Promise<void>;
}

export type CannotRunReason =
  /** No such program on this machine; `us-local-1 doctor` says what to install. */
  | "runtime-unavailable"
  /** The code could not be unpacked or found. */
  | "code-unavailable"
  /** The image is not in the store of this machine's container engine, or names no program. */
  | "image-unavailable"
  /** The role gives no credentials. */
  | "role-unavailable"
  /** The region is stopping, or the machine let no process start. */
  | "environment-unavailable";

/** The function could not be run, for a reason that is not its own. */
export class CannotRun extends Error {
  readonly reason: CannotRunReason;

  constructor(reason: CannotRunReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
