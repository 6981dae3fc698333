/** What a region's kernel is made from, and what it tells of requests. */

import type { PlaneHost } from "../planes/planes.ts";
import type { Durability, Store } from "../store/types.ts";

export interface EngineOptions {
  readonly store: Store;
  /** As the store's. */
  readonly durability: Durability;
  readonly seed?: string;
  readonly devKeys: boolean;
  /** `http://localhost:4566`: where clients reach the region. */
  readonly endpoint: () => string;
  /** PEM text of the region's own certificate authority, where it has one. */
  readonly authority?: string;
  /** Where programs that the region runs reach it, and where they may keep what can be made again. */
  readonly machine: Pick<PlaneHost, "endpoint" | "folder" | "searchPath">;
  /** Nothing outlives the region: what is not stored yet need not be when it stops. */
  readonly ephemeral?: boolean;
  readonly log: (line: string) => void;
}

/** One line of a request log. */
export interface HandledRequest {
  readonly service: string;
  /** Undefined where the request did not name one that exists. */
  readonly operation: string | undefined;
  readonly status: number;
  /** The code of the error, where it was one. */
  readonly error: string | undefined;
  readonly requestId: string;
  readonly milliseconds: number;
}
