/** Tells other regions what has changed, some items at a time, until they know it all. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { WriteRequest } from "../../../generated/dynamodb.ts";
import { reconciler, type Reconciled } from "../../../jobs/reconciler.ts";
import type { BodyContext, Context } from "../../../kernel/context.ts";
import { measureReplication } from "../capacity/metrics.ts";
import { itemOf, items } from "../items/item-rows.ts";
import { findTable, tableArn } from "../tables/names.ts";
import { emptyItem } from "../values/attribute-values.ts";
import { tableElsewhere } from "./members.ts";
import { outbox, stamps, type Outgoing } from "./outgoing.ts";

const lockedAgain = { againAfterMilliseconds: 60_000 } as const;

/** As many as a batch may hold. */
const itemsAtOnce = 25;

/** How regions tell each other when and where an item was written. AWS's first global tables showed them. */
export const hidden = {
  time: "aws:rep:updatetime", region: "aws:rep:updateregion", deleting: "aws:rep:deleting",
} as const;

interface Told {
  readonly row: Outgoing;
  /** The stamp of the item when it was read. */
  readonly at: number;
  readonly request: WriteRequest;
}

function readOne(ctx: Context, row: Outgoing): Told {
  const item = ctx.db(items).get(row.place);
  const stamp = ctx.db(stamps).get(row.place);
  const at = stamp?.at ?? 0;
  const text = stamp?.deleted ?? "{}";
  const Item = Object.assign(
    emptyItem(), item ? itemOf(item) : itemOf({ key: [], text, sizeBytes: 0, isBinary: true }),
  );
  Item[hidden.time] = { N: String(at) };
  Item[hidden.region] = { S: stamp?.region ?? ctx.region };
  if (!item) Item[hidden.deleting] = { BOOL: true };
  return { row, at, request: { PutRequest: { Item } } };
}

interface Batch {
  readonly told: readonly Told[];
  /** Until the oldest of them is due. */
  readonly waits: number;
}

function nextBatch(ctx: Context, name: string, region: string): Batch {
  const subject = findTable(ctx, name);
  const isMember = subject?.replicas?.some((replica) => replica.region === region) ?? false;
  if (!subject || !isMember) return { told: [], waits: 0 };
  const rows = [...ctx.db(outbox).list({ prefix: [subject.number, region], limit: itemsAtOnce })];
  const oldest = rows.reduce((least, { at }) => Math.min(least, at), Infinity);
  const told = rows.map((row) => readOne(ctx, row));
  return { told, waits: oldest + ctx.kernel.lags.of("dynamodb.replicas") - ctx.clock.now() };
}

/** What has changed once more meanwhile is told once more. */
function forgetTold(ctx: Context, told: readonly Told[]): void {
  for (const { row, at } of told) {
    if ((ctx.db(stamps).get(row.place)?.at ?? 0) !== at) continue;
    ctx.db(outbox).delete([row.number, row.region, ...row.place]);
  }
}

async function sendBatch(
  ctx: BodyContext, name: string, region: string, told: readonly Told[],
): Promise<void> {
  await ctx.call(
    dynamodb.BatchWriteItem, { RequestItems: { [name]: told.map(({ request }) => request) } },
    { as: "service", account: ctx.account, region, sourceArn: tableArn(ctx, name) },
  );
  ctx.transaction((within) => {
    forgetTold(within, told);
    if (findTable(within, name)?.isStrong) return;
    for (const { row } of told) {
      measureReplication(within, name, region, Math.max(0, ctx.clock.now() - row.at));
    }
  });
}

/** Everything that is to be told at the moment, without waiting. */
export async function sendAll(ctx: BodyContext, name: string, region: string): Promise<void> {
  for (;;) {
    const { told } = ctx.transaction((within) => nextBatch(within, name, region));
    if (told.length === 0) return;
    await sendBatch(ctx, name, region, told);
  }
}

export const sendChanges = reconciler<{ readonly name: string; readonly region: string }>(
  "dynamodb.sendChanges", async ({ name, region }, ctx): Promise<Reconciled> => {
    for (;;) {
      const { told, waits } = ctx.transaction((within) => nextBatch(within, name, region));
      if (told.length === 0) return undefined;
      if (waits > 0) return { againAfterMilliseconds: waits };
      // Without its key a table takes nothing.
      if (tableElsewhere(ctx, region, name)?.encryption?.locked) return lockedAgain;
      await sendBatch(ctx, name, region, told);
    }
  },
);
