/** Why a region cannot start, said so that it is clear what to do. */

import { StoreLocked, StoreTooNew } from "../store/errors.ts";
import { Failure } from "./failure.ts";
import { portOwner } from "./port-owner.ts";
import { findRunning } from "./running.ts";

const unwritable = new Set(["EACCES", "EEXIST", "ENOENT", "ENOSPC", "ENOTDIR", "EPERM", "EROFS"]);

export function cannotOpen(cause: unknown, dataDir: string): unknown {
  if (cause instanceof StoreLocked) {
    const running = findRunning(dataDir);
    const where = running?.pid === cause.pid ? `, which listens on ${running.endpoint}` : "";
    return new Failure(
      "dataLocked",
      `The data folder ${dataDir} is in use by process ${cause.pid}${where}.`,
      "Stop that one with: us-local-1 stop. Or give this one its own folder: --data-dir, or --ephemeral.",
    );
  }
  if (cause instanceof StoreTooNew) {
    return new Failure("storeTooNew", cause.message, "Or start with another --data-dir.");
  }
  const { code } = cause as NodeJS.ErrnoException;
  if (code !== undefined && unwritable.has(code)) {
    return new Failure(
      "failure",
      `The data folder ${dataDir} cannot be written: ${(cause as Error).message}.`,
    );
  }
  if (cause instanceof Error && cause.name === "StoreDamaged") return new Failure("failure", cause.message);
  return cause;
}

export function cannotListen(cause: unknown, host: string, port: number): unknown {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === "EADDRINUSE") {
    const owner = portOwner(port);
    const by = owner ? `by ${owner.program} (process ${owner.pid})` : "by another program";
    return new Failure(
      "portTaken",
      `Port ${port} is taken ${by}.`,
      `Take another: --port ${port + 1}, or --port 0 for any.`,
    );
  }
  if (code === "EACCES") {
    return new Failure(
      "failure",
      `Port ${port} may not be listened on by this user.`,
      "Ports below 1024 need root.",
    );
  }
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
    return new Failure("failure", `${host} is no address of this machine.`);
  }
  return cause;
}
