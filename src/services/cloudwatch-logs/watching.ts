/** What new events set off: metrics and subscriptions. */

import type { Context } from "../../kernel/context.ts";
import type { Draft } from "./block-writing.ts";
import type { LogGroup } from "./group-table.ts";

/** Events that were just put into one stream. */
export interface Arrived {
  readonly stream: string;
  readonly events: readonly Draft[];
  /** The number of the first; the others follow. */
  readonly from: number;
  /** As AWS counts. */
  readonly sizeBytes: number;
}

export function watch(_ctx: Context, _group: LogGroup, _arrived: Arrived): void {
  // Filled below.
}
