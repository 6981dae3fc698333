/**
 * Regions that hold the same at every moment: what is written in one is written in the others before anything
 * else happens, so that each reads and compares what was written last, wherever that was.
 *
 * All go into the file as one commit. Should that break in between, or can a region not take the change, the
 * outbox still has it.
 */

import type { Context } from "../../../kernel/context.ts";
import { itemOf } from "../items/item-rows.ts";
import type { WritePlan } from "../items/writing.ts";
import { findTable } from "../tables/names.ts";
import { takeIncoming, type Incoming } from "./incoming.ts";
import { outbox, type Stamp } from "./outgoing.ts";

/** To be called once the outbox has the change. */
export function tellAtOnce(ctx: Context, plan: WritePlan, { at }: Stamp, region: string): void {
  const { table: { name, number }, place, before, row } = plan;
  const kept = row ?? before;
  if (!kept) return;
  const item = row ? itemOf(row) : (plan.itemBefore ?? itemOf(kept));
  const incoming: Incoming = { item, at, region: ctx.region, isDeleted: row === undefined };
  let isTaken = false;
  ctx.thenIn(region, (there) => {
    isTaken = take(there, name, incoming);
  });
  ctx.thenIn(ctx.region, (here) => {
    if (isTaken) here.db(outbox).delete([number, region, ...place]);
  });
}

function take(ctx: Context, name: string, incoming: Incoming): boolean {
  const subject = findTable(ctx, name);
  const isThere = subject?.isStrong && (subject.status === "ACTIVE" || subject.status === "UPDATING");
  if (!isThere || subject.encryption?.locked) return false;
  takeIncoming(ctx, subject, incoming);
  return true;
}
