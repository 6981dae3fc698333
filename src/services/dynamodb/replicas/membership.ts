/**
 * How the regions of a global table keep in step. Whoever changes something tells the others, as DynamoDB
 * itself, to look: each looks at the table where it was changed, and makes its own the same.
 */

import * as dynamodb from "../../../generated/dynamodb.ts";
import { reconciler, type Reconciled } from "../../../jobs/reconciler.ts";
import type { BodyContext, Context } from "../../../kernel/context.ts";
import { table, type KeyPart } from "../../../store/types.ts";
import { items } from "../items/item-rows.ts";
import { findTable, tableArn } from "../tables/names.ts";
import { tables, type Replica, type Table } from "../tables/table-rows.ts";
import { otherRegions, tableElsewhere } from "./members.ts";
import { forgetReplication, tell } from "./outgoing.ts";
import { sendAll } from "./sending.ts";

const lookAgainMilliseconds = 100;
const itemsAtOnce = 200;

interface Member {
  readonly name: string;
  readonly region: string;
}

/** How far a region that is being added has been told of the items that were there before. */
interface Progress {
  readonly number: number;
  readonly region: string;
  readonly after: readonly KeyPart[];
}

const progresses = table<Progress>("dynamodb.replicaProgress", { key: (row) => [row.number, row.region] });

/** Has a region look at the table as it is here. */
async function show(ctx: BodyContext, name: string, region: string): Promise<void> {
  await ctx.call(
    dynamodb.UpdateTable,
    { TableName: name, ReplicaUpdates: [{ Update: { RegionName: ctx.region } }] },
    { as: "service", account: ctx.account, region, sourceArn: tableArn(ctx, name) },
  );
}

/** Regions that leave together may be gone already. */
async function showAll(ctx: BodyContext, name: string, regions: readonly string[]): Promise<void> {
  for (const region of regions) if (tableElsewhere(ctx, region, name)) await show(ctx, name, region);
}

function memberOf(ctx: Context, { name, region }: Member, status: Replica["status"]): Table | undefined {
  const row = findTable(ctx, name);
  const isMember = row?.replicas?.some((each) => each.region === region && each.status === status);
  return isMember ? row : undefined;
}

/** Puts the next items into the outbox. @returns false when there are no more */
function tellMore(ctx: Context, member: Member): boolean {
  const row = memberOf(ctx, member, "CREATING");
  if (!row) return false;
  const { number } = row;
  const { region } = member;
  const after = ctx.db(progresses).get([number, region])?.after;
  let last: readonly KeyPart[] | undefined;
  const range = { prefix: [number], ...(after && { after }), limit: itemsAtOnce };
  for (const { key } of ctx.db(items).list(range)) {
    tell(ctx, row, region, key);
    last = key;
  }
  if (last) ctx.db(progresses).put({ number, region, after: last });
  return last !== undefined;
}

function setStatus(ctx: Context, { name, region }: Member, status: Replica["status"]): void {
  const row = findTable(ctx, name);
  if (!row?.replicas) return;
  ctx.db(progresses).delete([row.number, region]);
  const replicas = row.replicas.map((each) => (each.region === region ? { region, status } : each));
  ctx.db(tables).put({ ...row, replicas });
}

/** Makes the table in another region, tells it of all items, and tells the others that it is there. */
export const addReplica = reconciler<Member>(
  "dynamodb.addReplica", async (member, ctx): Promise<Reconciled> => {
    const { name, region } = member;
    const row = ctx.transaction((within) => memberOf(within, member, "CREATING"));
    if (!row) return undefined;
    const others = otherRegions(row).filter((other) => other !== region);
    await show(ctx, name, region);
    for (const other of others) await show(ctx, name, other);
    do await sendAll(ctx, name, region);
    while (ctx.transaction((within) => tellMore(within, member)));
    ctx.transaction((within) => setStatus(within, member, "ACTIVE"));
    await show(ctx, name, region);
    for (const other of others) await show(ctx, name, other);
    return undefined;
  },
);

/** Has a region take on settings of its own. */
export const updateReplica = reconciler<Member>(
  "dynamodb.updateReplica", async (member, ctx): Promise<Reconciled> => {
    if (!ctx.transaction((within) => memberOf(within, member, "UPDATING"))) return;
    await show(ctx, member.name, member.region);
    ctx.transaction((within) => setStatus(within, member, "ACTIVE"));
  },
);

/** The table without a region that has left; without any it is a table like others. */
export function withoutMember(ctx: Context, row: Table, region: string): Table {
  const {
    replicas: before = [], sourced: _sourced, isStrong: _isStrong, witness: _witness, ...rest
  } = row;
  const replicas = before.filter((replica) => replica.region !== region);
  if (replicas.length > 0) return { ...row, replicas };
  ctx.schedule(forgetReplication, {
    at: ctx.clock.now() + 1, input: { number: row.number }, id: String(row.number),
  });
  return rest;
}

/** Has the table in another region deleted, and forgets it once it is gone. */
export const removeReplica = reconciler<Member>(
  "dynamodb.removeReplica", async (member, ctx): Promise<Reconciled> => {
    const { name, region } = member;
    const row = ctx.transaction((within) => memberOf(within, member, "DELETING"));
    if (!row) return undefined;
    const other = tableElsewhere(ctx, region, name);
    if (other) {
      if (other.status !== "DELETING") await show(ctx, name, region);
      return { againAfterMilliseconds: lookAgainMilliseconds };
    }
    ctx.transaction((within) => {
      const current = findTable(within, name);
      if (current) within.db(tables).put(withoutMember(within, current, region));
    });
    await showAll(ctx, name, otherRegions(row).filter((each) => each !== region));
    return undefined;
  },
);

interface Announcement {
  readonly name: string;
  readonly regions: readonly string[];
  /** The table is being deleted: the others are told once more when it is gone. */
  readonly leaves?: boolean;
}

/** Tells the others that something about the table has changed. */
export const announce = reconciler<Announcement>(
  "dynamodb.announce", async ({ name, regions, leaves }, ctx): Promise<Reconciled> => {
    await showAll(ctx, name, regions);
    if (!leaves || !tableElsewhere(ctx, ctx.region, name)) return undefined;
    return { againAfterMilliseconds: lookAgainMilliseconds };
  },
);

/** For settings that all regions share. */
export function announceChange(ctx: Context, row: Table, leaves = false): void {
  const regions = otherRegions(row);
  if (regions.length === 0) return;
  announce.poke(ctx, String(row.number), { name: row.name, regions, ...(leaves && { leaves }) });
}
