/** Findings of data protection: counted, and written to the group that the policy names. */

import { asynchronousJob } from "../../jobs/job.ts";
import type { Context } from "../../kernel/context.ts";
import { meter } from "../../kernel/metrics.ts";
import { noKeys } from "./block-table.ts";
import { append, eventOverheadBytes, type Draft } from "./block-writing.ts";
import { canWrite, dataKeysOf } from "./data-keys.ts";
import { findGroup, groupArn, type LogGroup } from "./group-table.ts";
import { protectionsOf } from "./masking.ts";
import { findStream, makeStream } from "./stream-table.ts";

interface Findings {
  readonly group: string;
  readonly messages: readonly string[];
}

/** @evidence CloudWatch Logs User Guide, "Audit findings reports" and "Metrics" */
const eventsWithFindings = meter("AWS/Logs", "LogEventsWithFindings", "Count", ["LogGroupName"]);
const auditStream = "aws-logs-data-protection-audit";

function report(
  ctx: Context, group: LogGroup, found: readonly { name: string; ranges: [number, number][] }[]
): string {
  return JSON.stringify({
    auditTimestamp: new Date(ctx.clock.now()).toISOString().replace(/\.\d+Z$/, "Z"),
    resourceArn: `${groupArn(ctx, group.name)}:*`,
    dataIdentifiers: found.map(({ name, ranges }) => ({
      name, count: ranges.length, detections: ranges.map(([start, end]) => ({ start, end })),
    })),
  });
}

export function audit(ctx: Context, group: LogGroup, events: readonly Draft[]): void {
  for (const { audited, findings } of protectionsOf(ctx, group)) {
    const messages = events.flatMap(({ message }) => {
      const found = audited.map((finder) => ({ name: finder.name, ranges: finder.find(message) }))
        .filter(({ ranges }) => ranges.length > 0);
      return found.length === 0 ? [] : [report(ctx, group, found)];
    });
    if (messages.length === 0) continue;
    ctx.metric(eventsWithFindings, [group.name], messages.length);
    if (findings === undefined) continue;
    ctx.schedule(writeFindings, { at: ctx.clock.now(), input: { group: findings, messages } });
  }
}

/** A group that is not there gets none. */
export const writeFindings = asynchronousJob<Findings>(
  "cloudwatch-logs.writeFindings",
  async ({ group: name, messages }, ctx) => {
    const found = ctx.reading(() => findGroup(ctx, name));
    const keys = found ? await dataKeysOf(ctx, found) : noKeys;
    ctx.transaction((within) => {
      const group = findGroup(within, name);
      if (!group || !canWrite(group, keys)) return;
      const stream = findStream(within, group, auditStream) ?? makeStream(within, group, auditStream);
      const timestamp = within.clock.now();
      const sizeBytes = messages.reduce((sum, each) => sum + Buffer.byteLength(each) + eventOverheadBytes, 0);
      append(within, group, stream, messages.map((message) => ({ timestamp, message })), sizeBytes, keys);
    });
  },
);
