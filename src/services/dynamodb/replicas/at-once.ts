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
import { outbox, sending, type Stamp } from "./outgoing.ts";
import { sendChanges } from "./sending.ts";

/** To be called once the outbox has the change. */
export function tellAtOnce(ctx: Context, plan: WritePlan, { at }: Stamp, regions: readonly string[]): void {
  const { table: subject, place, before, row } = plan;
  const kept = row ?? before;
  if (!kept) return;
  const item = row ? itemOf(row) : (plan.itemBefore ?? itemOf(kept));
  const incoming: Incoming = { item, at, region: ctx.region, isDeleted: row === undefined };
  const taken = new Set<string>();
  for (const region of regions) {
    ctx.thenIn(region, (there) => {
      if (take(there, subject.name, incoming)) taken.add(region);
    });
  }
  ctx.thenIn(ctx.region, (here) => {
    for (const region of regions) {
      if (taken.has(region)) here.db(outbox).delete([subject.number, region, ...place]);
      else sendChanges.poke(here, ...sending(subject, region));
    }
  });
}

function take(ctx: Context, name: string, incoming: Incoming): boolean {
  const subject = findTable(ctx, name);
  const isThere = subject?.isStrong && (subject.status === "ACTIVE" || subject.status === "UPDATING");
  if (!isThere || subject.encryption?.locked) return false;
  takeIncoming(ctx, subject, incoming);
  return true;
}
