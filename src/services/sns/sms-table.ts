/** What is known of phone numbers, and how an account sends text messages. */

import type { Context, ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";

/** Numbers that answered STOP. */
interface OptOut {
  readonly phone: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

export const optOuts = table<OptOut>("sns.optOuts", { key: (row) => row.phone });

export interface SmsSettings {
  readonly id: "settings";
  readonly attributes: Readonly<Record<string, string>>;
}

export const smsSettings = table<SmsSettings>("sns.smsSettings", { key: (row) => row.id });

export interface SandboxNumber {
  readonly phone: string;
  readonly status: "Pending" | "Verified";
  readonly code: string;
}

export const sandboxNumbers = table<SandboxNumber>("sns.sandboxNumbers", { key: (row) => row.phone });

export function isOptedOut(ctx: ReadContext, phone: string): boolean {
  return ctx.db(optOuts).has(phone);
}

export function optIn(ctx: Context, phone: string): void {
  ctx.db(optOuts).delete(phone);
}
