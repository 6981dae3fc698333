/**
 * The box that an environment's processes run in. Engines differ in how much of the machine they keep out.
 */

import type { Socket } from "node:net";
import type { Readable } from "node:stream";

/** Something of this machine that is seen inside, read only. */
export interface Mount {
  readonly host: string;
  readonly inside: string;
}

export interface SandboxSpec {
  /** Unique among all that run; letters and digits. */
  readonly id: string;
  /** Paths are those inside. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly mounts: readonly Mount[];
  readonly memoryBytes: number;
  /** Of `/tmp`. */
  readonly temporaryBytes: number;
  /** The command gets a way to the Runtime API that is its own. */
  readonly hasChannel?: boolean;
  /** The command is begun only when `proceed` says so; before it, what is in this folder inside. */
  readonly extensions?: string;
  /** That its files are from, where the engine runs images: its own name of it. */
  readonly image?: string;
}

export interface Exit {
  readonly code?: number;
  readonly signal?: string;
  readonly outOfMemory: boolean;
  /** Why the command did not even begin, in the engine's words. */
  readonly startFailure?: string;
}

/** The descriptor that takes framed log messages inside. */
export const telemetryDescriptor = 3;
/**
 * Those by which a runtime may speak with the Runtime API: no connection costs as little. There is one for
 * each direction, for whoever waits to read from a socket is woken also when what it has written is read.
 */
export const channelDescriptors = { read: 6, write: 7 };

/** The other end. */
export interface Channel {
  readonly source: Socket;
  readonly sink: Socket;
}

export interface Sandbox {
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly telemetry: Readable;
  /** The command's own way to the Runtime API. */
  readonly channel: Channel | undefined;
  /** What extensions write. */
  readonly extensions: Readable;
  /** So long what it has written may be on its way. Absent where it is read as it is written. */
  readonly lagMilliseconds?: number;
  /** All extensions have registered. */
  proceed(): void;
  /** Once the first process is gone, and with it all others. */
  readonly exited: Promise<Exit>;
  /** Once nothing is left of it. Absent where that is as soon as it has exited. */
  readonly gone?: Promise<void>;
  /** Bytes in use now, programs and libraries included. */
  memoryUsed(): number;
  /** Memory is watched closely while it is busy. */
  setBusy(isBusy: boolean): void;
  /** Ends it all, at once. */
  kill(): void;
}

export interface SandboxEngine {
  readonly name: "bubblewrap" | "unshare" | "none" | "podman" | "docker";
  /** What it does not keep apart; for `doctor`. */
  readonly weaknesses: readonly string[];
  /** Where a mount is seen from inside. */
  see(mount: Mount): string;
  /** Where `/tmp` is seen from inside. */
  temporary(id: string): string;
  /** Does not fail: what cannot start has exited. */
  start(spec: SandboxSpec): Sandbox;
}
