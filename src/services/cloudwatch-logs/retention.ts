/** How long a group keeps its events, and how they go. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import { job } from "../../jobs/job.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { blocks, deleteBlock, type Block } from "./block-table.ts";
import { invalidOperation, invalidParameter } from "./errors.ts";
import {
  expiredBefore, groups, onGroup, requireGroup, usageOf, usages, type LogGroup,
} from "./group-table.ts";

/** @evidence CloudWatch Logs API Reference, PutRetentionPolicy, retentionInDays */
const retentionDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

const dayMilliseconds = 86_400_000;

/** @evidence recorded: the constraint is the framework's; the set is shown in this order */
function requireDays(days: number): void {
  if (retentionDays.includes(days)) return;
  throw invalidParameter(
    `1 validation error detected: Value '${days}' at 'retentionInDays' failed to satisfy constraint: ` +
      `Member must satisfy enum value set: [${shownDays.join(", ")}]`,
  );
}

const shownDays = [
  1827, 1, 3, 5, 2192, 400, 1096, 545, 7, 2557, 365, 14, 150, 2922, 3288, 731, 120, 90, 60, 180, 3653, 30,
];

export const PutRetentionPolicy = operation(logs.PutRetentionPolicy, {
  ...onGroup,
  run(input, ctx) {
    requireDays(input.retentionInDays);
    const group = requireGroup(ctx, input.logGroupName);
    if (group.groupClass === "DELIVERY") {
      throw invalidOperation("Retention of log groups of the DELIVERY class can't be changed.");
    }
    const changed = ctx.db(groups).put({ ...group, retentionDays: input.retentionInDays });
    planSweep(ctx, changed, true);
  },
});

export const DeleteRetentionPolicy = operation(logs.DeleteRetentionPolicy, {
  ...onGroup,
  run(input, ctx) {
    const { retentionDays: _, ...kept } = requireGroup(ctx, input.logGroupName);
    if (kept.groupClass === "DELIVERY") {
      throw invalidOperation("Retention of log groups of the DELIVERY class can't be changed.");
    }
    ctx.db(groups).put(kept);
    ctx.unschedule(expireEvents, kept.id);
  },
});

/** Blocks go at the next full hour behind the end of their retention: nobody sees their events by then. */
const sweepMilliseconds = 3_600_000;

/** Where events are stored and go some day, a sweep is planned for when the oldest have gone. */
export function planSweep(ctx: Context, group: LogGroup, anew = false): void {
  if (group.retentionDays === undefined) return;
  const usage = usageOf(ctx, group.id);
  if (usage.sweepAt !== undefined && !anew) return;
  const [oldest] = ctx.db(blocks).by("byGroup").list({ prefix: [group.id], limit: 1 });
  if (!oldest) return;
  const due = oldest.firstAt + usage.spanMilliseconds + group.retentionDays * dayMilliseconds;
  const at = Math.max(ctx.clock.now(), Math.ceil(due / sweepMilliseconds) * sweepMilliseconds);
  ctx.db(usages).put({ ...usage, sweepAt: at });
  ctx.schedule(expireEvents, { id: group.id, at, input: { group: group.name, groupId: group.id } });
}

const sweptBlocks = 500;

export const expireEvents = job<{ readonly group: string; readonly groupId: string }>(
  "cloudwatch-logs.expireEvents",
  (input, ctx) => {
    const group = ctx.db(groups).get(input.group);
    if (group?.id !== input.groupId) return;
    const cutoff = expiredBefore(group, ctx.clock.now());
    const { spanMilliseconds, sweepAt: _, ...usage } = usageOf(ctx, group.id);
    const old = [...ctx.db(blocks).by("byGroup").list({
      prefix: [group.id], before: [group.id, cutoff], limit: sweptBlocks,
    })].filter((block) => block.lastAt < cutoff);
    for (const block of old) deleteBlock(ctx, block);
    ctx.db(usages).put({ ...usage, spanMilliseconds, storedBytes: usage.storedBytes - bytesOf(old) });
    planSweep(ctx, group);
    // What is left of the past is in blocks that reach into the present: they go when they have passed.
    const { sweepAt, ...after } = usageOf(ctx, group.id);
    if (sweepAt === undefined || old.length > 0) return;
    const later = Math.max(sweepAt, ctx.clock.now() + sweepMilliseconds);
    ctx.db(usages).put({ ...after, sweepAt: later });
    ctx.schedule(expireEvents, { id: group.id, at: later, input });
  },
);

export function bytesOf(some: readonly Block[]): number {
  return some.reduce((sum, block) => sum + block.sizeBytes, 0);
}
