/**
 * What the store itself refuses. None of these is an AWS answer: a handler that lets one escape has a bug.
 */

export class StoreLocked extends Error {
  readonly pid: number;

  constructor(folder: string, pid: number) {
    super(`The store in ${folder} is in use by process ${pid}.`);
    this.name = "StoreLocked";
    this.pid = pid;
  }
}

export class StoreTooNew extends Error {
  readonly storeVersion: number;
  readonly supportedVersion: number;

  constructor(folder: string, storeVersion: number, supportedVersion: number) {
    super(
      `The store in ${folder} has format ${storeVersion}; ` +
        `this program reads formats up to ${supportedVersion}. ` +
        "Open it with the version of us-local-1 that wrote it, or a newer one.",
    );
    this.name = "StoreTooNew";
    this.storeVersion = storeVersion;
    this.supportedVersion = supportedVersion;
  }
}

/** The gate's rejection: nothing of the batch is in the store, and nothing of it is visible any more. */
export class StoreWriteFailed extends Error {
  constructor(folder: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`Writing to the store in ${folder} failed: ${reason}`, { cause });
    this.name = "StoreWriteFailed";
  }
}

export class StoreClosed extends Error {
  constructor(folder: string) {
    super(`The store in ${folder} is closed.`);
    this.name = "StoreClosed";
  }
}

export class KeyTooLong extends Error {
  constructor(sizeBytes: number, sizeBytesMax: number) {
    super(`A key of ${sizeBytes} bytes is longer than the ${sizeBytesMax} bytes a key may have.`);
    this.name = "KeyTooLong";
  }
}

export class StoreDamaged extends Error {
  constructor(path: string, reason: string) {
    const advice = "Restore a snapshot or a copy, or start with an empty folder.";
    super(`${path} is not a whole store: ${reason}. ${advice}`);
    this.name = "StoreDamaged";
  }
}
