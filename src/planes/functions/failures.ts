/** How functions fail that do not say so themselves: in Lambda's words. */

import type { Exit } from "./sandbox/sandbox.ts";

export interface Failure {
  /** Of the answer's JSON. */
  readonly errorType: string;
  /** As reports have it: more exact where there is a reason to be. */
  readonly reportedType: string;
  readonly payload: Uint8Array;
  readonly status: "error" | "timeout" | "failure";
  /** A line for the log, where the runtime can't have written one. */
  readonly note?: string;
}

/** @evidence Lambda Developer Guide, "Lambda quotas": 6 MB, of which the service takes a part */
export const responseBytesMax = 6_291_556;

function failure(errorType: string, errorMessage: string, further: Partial<Failure> = {}): Failure {
  const payload = Buffer.from(JSON.stringify({ errorType, errorMessage }));
  return { errorType, reportedType: errorType, payload, status: "error", ...further };
}

/** @evidence re:Post, "How do I troubleshoot Lambda function invocation timeout errors?" */
export function timedOut(requestId: string, timeoutSeconds: number, time: string): Failure {
  const text = `Task timed out after ${timeoutSeconds.toFixed(2)} seconds`;
  return failure("Sandbox.Timedout", `RequestId: ${requestId} Error: ${text}`, {
    status: "timeout",
    note: `${time} ${requestId} ${text}\n`,
  });
}

export function exited(requestId: string, exit: Exit): Failure {
  if (exit.startFailure !== undefined) return notStarted(requestId, exit.startFailure);
  const message = `RequestId: ${requestId} Error: ${exitText(exit)}`;
  return failure("Runtime.ExitError", message, {
    ...(exit.outOfMemory && { reportedType: "Runtime.OutOfMemory" }),
    note: `${message}\nRuntime.ExitError`,
  });
}

const startFailures =
  /exec: \\?"(.+?)\\?": .*?(no such file or directory|permission denied|executable file not found in \$PATH)/;

/**
 * The program that an image names could not be started.
 *
 * @evidence re:Post, "How do I resolve Lambda container image invocation errors?": Runtime.InvalidEntrypoint
 */
function notStarted(requestId: string, said: string): Failure {
  const [, program, why] = startFailures.exec(said) ?? [];
  if (program !== undefined) return invalidEntrypoint(requestId, `fork/exec ${program}: ${why}`);
  return ofRuntime(requestId, "Runtime.ExitError", said.replace(/^Error: /, ""));
}

/**
 * What is to be the runtime can't be started.
 *
 * @evidence answers to Invoke of functions with a custom runtime, quoted in issues of runtimes for Dart, Rust
 *   and Swift
 */
export function invalidEntrypoint(requestId: string, text: string): Failure {
  return ofRuntime(requestId, "Runtime.InvalidEntrypoint", text);
}

function ofRuntime(requestId: string, type: string, text: string): Failure {
  const message = `RequestId: ${requestId} Error: ${text}`;
  return failure(type, message, { note: `${message}\n${type}` });
}

export function responseTooLarge(): Failure {
  const text = `Response payload size exceeded maximum allowed payload size (${responseBytesMax} bytes).`;
  return failure("Function.ResponseSizeTooLarge", text);
}

export function extensionFailed(requestId: string, errorType: string, text: string): Failure {
  return ofRuntime(requestId, errorType, text);
}

/** The runtime has said itself what is wrong. */
export function told(errorType: string | undefined, body: Buffer): Failure {
  const type = errorType || typeIn(body) || "Runtime.Unknown";
  return { errorType: type, reportedType: type, payload: body, status: "error" };
}

function typeIn(body: Buffer): string | undefined {
  try {
    const { errorType } = JSON.parse(body.toString("utf8")) as { errorType?: unknown };
    return typeof errorType === "string" ? errorType : undefined;
  } catch {
    return undefined;
  }
}

/** As Go, in which Lambda's own part is written, names signals. */
const signalTexts: Readonly<Record<string, string>> = {
  SIGKILL: "killed",
  SIGSEGV: "segmentation fault",
  SIGABRT: "aborted",
  SIGTERM: "terminated",
  SIGBUS: "bus error",
  SIGILL: "illegal instruction",
  SIGFPE: "floating point exception",
  SIGINT: "interrupt",
  SIGTRAP: "trace/breakpoint trap",
  SIGHUP: "hangup",
  SIGQUIT: "quit",
  SIGPIPE: "broken pipe",
};

function exitText({ code, signal }: Exit): string {
  if (signal !== undefined) return `Runtime exited with error: signal: ${signalTexts[signal] ?? signal}`;
  if (code === 0 || code === undefined) return "Runtime exited without providing a reason";
  return `Runtime exited with error: exit status ${code}`;
}
