/**
 * What other regions have yet to be told. Every write of a global table has a stamp: its time and its region.
 * The later stamp wins, in every region alike; so all of them come to hold the same.
 */

import { job } from "../../../jobs/job.ts";
import type { Context } from "../../../kernel/context.ts";
import { table, type KeyPart } from "../../../store/types.ts";
import { itemTextOf, itemOf } from "../items/item-rows.ts";
import type { WritePlan } from "../items/writing.ts";
import type { Table } from "../tables/table-rows.ts";
import { attributeOf, emptyItem, type Item } from "../values/attribute-values.ts";
import { tellAtOnce } from "./at-once.ts";
import { sendChanges } from "./sending.ts";

export interface Stamp {
  /** The place of the item. */
  readonly key: readonly KeyPart[];
  /** Epoch milliseconds. */
  readonly at: number;
  readonly region: string;
  /** The key of an item that was deleted, as JSON. */
  readonly deleted?: string;
}

export const stamps = table<Stamp>("dynamodb.stamps", { key: (row) => row.key });

/** That a region is to be told of an item: of what it is when it is told. */
export interface Outgoing {
  /** Of the table. */
  readonly number: number;
  readonly region: string;
  readonly place: readonly KeyPart[];
  readonly at: number;
}

export const outbox = table<Outgoing>("dynamodb.outbox", {
  key: (row) => [row.number, row.region, ...row.place],
});

export function isLater(left: Pick<Stamp, "at" | "region">, right: Stamp | undefined): boolean {
  if (!right) return true;
  return left.at > right.at || (left.at === right.at && left.region > right.region);
}

/** Later than what the item had, whatever the clocks of the regions say. */
function newStamp(ctx: Context, place: readonly KeyPart[]): Stamp {
  const { region } = ctx;
  const stamp = { key: place, at: ctx.clock.now(), region };
  const before = ctx.db(stamps).get(place);
  return before && !isLater(stamp, before) ? { ...stamp, at: before.at + 1 } : stamp;
}

export function keyTextOf(subject: Table, item: Item): string {
  const key = emptyItem();
  for (const { name } of [...subject.key.partition, ...subject.key.sort]) {
    const value = attributeOf(item, name);
    if (value) key[name] = value;
  }
  return itemTextOf(key);
}

export function replicateChange(ctx: Context, plan: WritePlan): void {
  const { table: subject, place, before, row } = plan;
  const stamp = newStamp(ctx, place);
  const deleted = !row && before ? keyTextOf(subject, plan.itemBefore ?? itemOf(before)) : undefined;
  ctx.db(stamps).put(deleted === undefined ? stamp : { ...stamp, deleted });
  const atOnce: string[] = [];
  for (const { region, status } of subject.replicas ?? []) {
    if (status === "DELETING") continue;
    if (subject.isStrong && status !== "CREATING") {
      noteOutgoing(ctx, subject, region, place);
      // Seldom is anything left to be told then.
      sendChanges.pokeWithin(ctx, ...sending(subject, region), strongSendMilliseconds);
      atOnce.push(region);
    } else tell(ctx, subject, region, place);
  }
  if (atOnce.length > 0) tellAtOnce(ctx, plan, stamp, atOnce);
}

/** What a commit that broke off left untold is told so much later. */
const strongSendMilliseconds = 1_000;

function noteOutgoing(ctx: Context, { number }: Table, region: string, place: readonly KeyPart[]): void {
  ctx.db(outbox).put({ number, region, place, at: ctx.clock.now() });
}

/** What `sendChanges` is poked with. */
export function sending(
  { number, name }: Table, region: string,
): [id: string, input: { readonly name: string; readonly region: string }] {
  return [`${number} ${region}`, { name, region }];
}

/** Sees to it that a region is told of an item. */
export function tell(ctx: Context, subject: Table, region: string, place: readonly KeyPart[]): void {
  const isFirst = ctx.db(outbox).first({ prefix: [subject.number, region] }) === undefined;
  noteOutgoing(ctx, subject, region, place);
  if (isFirst) sendChanges.poke(ctx, ...sending(subject, region));
}

const forgottenAtOnce = 500;

/** Forgets what was to be told of a table that is gone, or no longer a global one. */
export const forgetReplication = job<{ readonly number: number }>(
  "dynamodb.forgetReplication", ({ number }, ctx) => {
    let count = 0;
    for (const row of ctx.db(outbox).list({ prefix: [number], limit: forgottenAtOnce })) {
      ctx.db(outbox).delete([row.number, row.region, ...row.place]);
      count += 1;
    }
    for (const { key } of ctx.db(stamps).list({ prefix: [number], limit: forgottenAtOnce })) {
      ctx.db(stamps).delete(key);
      count += 1;
    }
    if (count < forgottenAtOnce) return;
    const at = ctx.clock.now() + 1;
    ctx.schedule(forgetReplication, { at, input: { number }, id: String(number) });
  },
);
