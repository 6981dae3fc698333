/** What other regions have yet to be told. */

import type { Context } from "../../../kernel/context.ts";
import type { WritePlan } from "../items/writing.ts";

export function replicateChange(_ctx: Context, _plan: WritePlan): void {
  throw new Error("replicas are not built yet");
}
