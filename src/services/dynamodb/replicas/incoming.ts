/** What other regions tell: the later write of an item wins. */

import type { BatchWriteItemInput, WriteRequest } from "../../../generated/dynamodb.ts";
import type { Context } from "../../../kernel/context.ts";
import { resourceNotFound } from "../errors.ts";
import { storeKeyOf } from "../items/item-keys.ts";
import { applyWrite, findItem, planWrite } from "../items/writing.ts";
import { requireUnlocked } from "../tables/key-watch.ts";
import { findTable } from "../tables/names.ts";
import type { Table } from "../tables/table-rows.ts";
import { emptyItem, type Item } from "../values/attribute-values.ts";
import { itemTooLarge } from "../values/value-errors.ts";
import { isLater, keyTextOf, stamps, tell, type Stamp } from "./outgoing.ts";
import { hidden } from "./sending.ts";

export interface Incoming {
  readonly item: Item;
  readonly at: number;
  readonly region: string;
  readonly isDeleted: boolean;
}

function incomingOf({ PutRequest: put }: WriteRequest): Incoming {
  const item = Object.assign(emptyItem(), put?.Item);
  const { [hidden.time]: time, [hidden.region]: region, [hidden.deleting]: deleting } = item;
  for (const name of Object.values(hidden)) delete item[name];
  return { item, at: Number(time?.N), region: region?.S ?? "", isDeleted: deleting?.BOOL ?? false };
}

export function takeIncoming(
  ctx: Context, subject: Table, { item, at, region, isDeleted }: Incoming,
): void {
  const place = storeKeyOf(subject.number, subject.key, item);
  if (!isLater({ at, region }, ctx.db(stamps).get(place))) return;
  const stamp: Stamp = { key: place, at, region };
  ctx.db(stamps).put(isDeleted ? { ...stamp, deleted: keyTextOf(subject, item) } : stamp);
  const before = findItem(ctx, place);
  const after = isDeleted ? undefined : item;
  applyWrite(ctx, planWrite({ table: subject, place, before, after, isReplicated: true }, itemTooLarge));
  // A region that is being added learns from here what the others cannot know that it misses.
  for (const replica of subject.replicas ?? []) {
    if (replica.status === "CREATING") tell(ctx, subject, replica.region, place);
  }
}

/** @throws ResourceNotFoundException, after which it is told again later */
export function takeReplicated(ctx: Context, { RequestItems }: BatchWriteItemInput): void {
  for (const [name, requests] of Object.entries(RequestItems)) {
    const subject = findTable(ctx, name);
    if (!subject?.replicas || subject.status === "DELETING") throw resourceNotFound();
    requireUnlocked(subject);
    for (const request of requests) takeIncoming(ctx, subject, incomingOf(request));
  }
}
