/** The format of the file: its number, and the steps from each number to the next. */

import { StoreTooNew } from "./errors.ts";
import { STORE_PREFIX } from "./catalog.ts";
import { messageVisibility } from "./message-visibility.ts";
import type { LmdbFile } from "./lmdb-file.ts";
import type { ValueCodec } from "./values.ts";

export interface Migration {
  /** The format after this step. */
  readonly version: number;
  readonly description: string;
  /** Runs in one transaction with the change of the number: it happens wholly or not at all. */
  migrate(file: LmdbFile, codec: ValueCodec): void;
}

/** What a store of this program has, before any migration. */
const FIRST_VERSION = 1;
export const VERSION_KEY = `${STORE_PREFIX}v`;

/** In order, without gaps, never edited once released. */
export const migrations: readonly Migration[] = [messageVisibility];

export function supportedVersion(steps: readonly Migration[] = migrations): number {
  return steps.at(-1)?.version ?? FIRST_VERSION;
}

/** Undefined for a file that nobody wrote to yet. */
export function storedVersion(file: LmdbFile, codec: ValueCodec): number | undefined {
  return file.read(VERSION_KEY, (bytes, sizeBytes) => codec.decode(bytes, sizeBytes)) as number | undefined;
}

export function requireSupported(folder: string, file: LmdbFile, codec: ValueCodec): void {
  const stored = storedVersion(file, codec);
  const newest = supportedVersion();
  if (stored !== undefined && stored > newest) throw new StoreTooNew(folder, stored, newest);
}

/** Brings the file to the newest format. */
export function migrate(folder: string, file: LmdbFile, codec: ValueCodec, steps = migrations): void {
  const newest = supportedVersion(steps);
  const stored = storedVersion(file, codec);
  if (stored === undefined) {
    file.transaction(() => file.put(VERSION_KEY, codec.encode(newest)));
    return;
  }
  if (stored > newest) throw new StoreTooNew(folder, stored, newest);
  for (const step of steps) {
    if (step.version <= stored) continue;
    file.transaction(() => {
      step.migrate(file, codec);
      file.put(VERSION_KEY, codec.encode(step.version));
    });
  }
}
