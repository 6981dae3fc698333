/**
 * Regions that hold the same at every moment: what is written in one is written in the others before anything
 * else happens, so that each reads and compares what was written last, wherever that was. All of it goes into
 * the file as one commit. A region that can't take a change is told of it later, by the outbox.
 */

import type { Context } from "../../../kernel/context.ts";
import { itemOf } from "../items/item-rows.ts";
import type { WritePlan } from "../items/writing.ts";
import { findTable } from "../tables/names.ts";
import { takeIncoming, type Incoming } from "./incoming.ts";
import { tell, type Stamp } from "./outgoing.ts";

export function tellAtOnce(ctx: Context, plan: WritePlan, { at }: Stamp, region: string): void {
  const { table: subject, place, before, row } = plan;
  const kept = row ?? before;
  if (!kept) return;
  const item = row ? itemOf(row) : (plan.itemBefore ?? itemOf(kept));
  const incoming: Incoming = { item, at, region: ctx.region, isDeleted: row === undefined };
  let isTaken = false;
  ctx.thenIn(region, (there) => {
    isTaken = take(there, subject.name, incoming);
  });
  ctx.thenIn(ctx.region, (here) => {
    if (!isTaken) tell(here, subject, region, place);
  });
}

function take(ctx: Context, name: string, incoming: Incoming): boolean {
  const subject = findTable(ctx, name);
  const isThere = subject?.isStrong && (subject.status === "ACTIVE" || subject.status === "UPDATING");
  if (!isThere || subject.encryption?.locked) return false;
  takeIncoming(ctx, subject, incoming);
  return true;
}
