/** What deleted groups and streams leave behind goes in steps. */

import { job } from "../../jobs/job.ts";
import type { Context } from "../../kernel/context.ts";
import { blocks, deleteBlock } from "./block-table.ts";
import { protectionPolicies } from "./data-protection-table.ts";
import { usageOf, usages } from "./group-table.ts";
import { indexPolicies } from "./index-policies.ts";
import { bytesOf } from "./retention.ts";
import { forgetTransformers } from "./transformer-table.ts";
import { streams } from "./stream-table.ts";

const rowsAtOnce = 500;

export const sweepGroup = job<{ readonly groupId: string }>("cloudwatch-logs.sweepGroup", (input, ctx) => {
  const { groupId } = input;
  const gone = [...ctx.db(blocks).by("byGroup").list({ prefix: [groupId], limit: rowsAtOnce })];
  for (const block of gone) deleteBlock(ctx, block);
  const left = [...ctx.db(streams).list({ prefix: [groupId], limit: rowsAtOnce })];
  for (const { name } of left) ctx.db(streams).delete([groupId, name]);
  if (gone.length === rowsAtOnce || left.length === rowsAtOnce) again(ctx, groupId);
  else forgetSettings(ctx, groupId);
});

function forgetSettings(ctx: Context, groupId: string): void {
  ctx.db(usages).delete(groupId);
  ctx.db(protectionPolicies).delete(groupId);
  ctx.db(indexPolicies).delete(groupId);
  forgetTransformers(ctx, groupId);
}

function again(ctx: Context, groupId: string): void {
  ctx.schedule(sweepGroup, { id: groupId, at: ctx.clock.now(), input: { groupId } });
}

interface GoneStream {
  readonly groupId: string;
  readonly streamId: string;
}

export const sweepStream = job<GoneStream>("cloudwatch-logs.sweepStream", (input, ctx) => {
  const gone = [...ctx.db(blocks).list({ prefix: [input.streamId], limit: rowsAtOnce })];
  if (gone.length === 0) return;
  for (const block of gone) deleteBlock(ctx, block);
  const usage = usageOf(ctx, input.groupId);
  ctx.db(usages).put({ ...usage, storedBytes: usage.storedBytes - bytesOf(gone) });
  ctx.schedule(sweepStream, { id: input.streamId, at: ctx.clock.now(), input });
});
