/** A group's transformer at work. */

import type { Context } from "../../kernel/context.ts";
import type { LogGroup } from "./group-table.ts";

/** Undefined for what it can do nothing with. */
export type Transform = (message: string) => string | undefined;

export function transformOf(_ctx: Context, _group: LogGroup): Transform {
  return () => undefined;
}
