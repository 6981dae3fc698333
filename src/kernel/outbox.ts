/**
 * What services would send to people: e-mail, text messages, notifications of phones. Nothing leaves the
 * machine; `GET /_local/outbox` shows it.
 */

import { table } from "../store/types.ts";
import type { Context } from "./context.ts";

export interface Outgoing {
  /** Ascending. */
  readonly order: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly kind: "email" | "sms" | "push";
  /** Who sends it: the ARN of a topic, a service. */
  readonly from: string;
  /** An address, a phone number, the ARN of an endpoint. */
  readonly to: string;
  readonly subject?: string;
  readonly body: string;
}

export const outbox = table<Outgoing>("kernel.outbox", { key: (row) => row.order });

/** A cell keeps so many; the oldest go. */
const keptMax = 1_000;

export function sendOut(ctx: Context, outgoing: Omit<Outgoing, "order" | "at">): void {
  const rows = ctx.db(outbox);
  rows.add({ order: ctx.ids.sequence(), at: ctx.clock.now(), ...outgoing });
  const tooMany = rows.count() - keptMax;
  if (tooMany <= 0) return;
  for (const old of [...rows.list({ limit: tooMany })]) rows.delete(old.order);
}
