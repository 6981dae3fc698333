/** What the local API speaks for: a region, and the program that runs it. */

import type { Region } from "../region.ts";
import type { InitHooks } from "./init-hooks.ts";
import type { LogBuffer } from "./log-buffer.ts";

export interface LocalHost {
  readonly region: Region;
  readonly version: string;
  readonly logs: LogBuffer;
  /** Names beside those of this machine under which clients may reach the local API. */
  readonly allowedHosts: readonly string[];
  readonly hooks: InitHooks | undefined;
  /** Undefined where the region is part of a program that stops it itself. */
  readonly stop: (() => void) | undefined;
}
