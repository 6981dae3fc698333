/** What of an event is shown, where a data protection policy hides some. */

import type { BodyContext } from "../../kernel/context.ts";
import type { LogGroup } from "./group-table.ts";

export type Mask = (message: string) => string;

export function openMask(_ctx: BodyContext, _group: LogGroup, _unmask: boolean): Mask {
  return (message) => message;
}
