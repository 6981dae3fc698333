/** Mute rules are not built yet: no alarm is muted. */

import type { Context } from "../../kernel/context.ts";
import type { AlarmState } from "./alarm-rows.ts";

export function isMuted(_ctx: Context, _alarm: string): boolean {
  return false;
}

export function remuteLater(_ctx: Context, _alarm: string, _previous: AlarmState): void {}
