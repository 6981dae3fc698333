/** An export at work: stream after stream, each packed as it is read. */

import { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { pipeline } from "node:stream";
import { createGzip } from "node:zlib";
import { asynchronousJob } from "../../jobs/job.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { scanForward } from "./block-scan.ts";
import type { DataKeys } from "./block-table.ts";
import { openGroup } from "./data-keys.ts";
import { exportTasks, type ExportTask } from "./export-table.ts";
import { writeObject } from "./export-writing.ts";
import type { LogGroup } from "./group-table.ts";
import { openMask } from "./masking.ts";
import type { Place } from "./places.ts";
import { streams, type LogStream } from "./stream-table.ts";

const linesATurn = 2_000;

/** @evidence CloudWatch Logs User Guide, "Export log data to Amazon S3": the time, then the event */
async function* lines(
  ctx: BodyContext, group: LogGroup, stream: LogStream, task: ExportTask, keys: DataKeys,
): AsyncGenerator<string> {
  const mask = openMask(ctx, group, false);
  const scope = { groupId: group.id, streamId: stream.id, from: task.from, before: task.to };
  for (let past: Place | undefined; ;) {
    const some: string[] = [];
    ctx.reading(() => {
      for (const event of scanForward(ctx, { ...scope, ...(past && { past }) }, keys)) {
        some.push(`${new Date(event.timestamp).toISOString()} ${mask(event.message, event.ingestedAt)}\n`);
        past = event;
        if (some.length === linesATurn) return;
      }
    });
    if (some.length > 0) yield some.join("");
    if (some.length < linesATurn) return;
    await setImmediate();
  }
}

function exported(ctx: BodyContext, group: LogGroup, task: ExportTask): LogStream[] {
  return ctx.reading(() => [...ctx.db(streams).list({
    prefix: [group.id, task.streamPrefix ?? ""], prefixOfLastPart: true,
  })].filter(({ firstEventAt = Infinity, lastEventAt = -Infinity }) =>
    firstEventAt < task.to && lastEventAt >= task.from));
}

async function writeStreams(ctx: BodyContext, task: ExportTask): Promise<void> {
  const { group, keys } = await openGroup(ctx, task.group);
  for (const stream of exported(ctx, group, task)) {
    const text = Readable.from(lines(ctx, group, stream, task, keys));
    // Whoever reads the body is told what goes wrong.
    const packed = pipeline(text, createGzip(), () => undefined);
    const folder = stream.name.replaceAll("/", "-");
    await writeObject(ctx, task, `${task.id}/${folder}/000000.gz`, packed);
  }
}

export const runExport = asynchronousJob<{
  readonly id: string,
}>("cloudwatch-logs.runExport", async ({ id }, ctx) => {
  const task = ctx.transaction((within) => {
    const found = within.db(exportTasks).get(id);
    if (found?.status !== "PENDING" && found?.status !== "RUNNING") return undefined;
    return within.db(exportTasks).put({ ...found, status: "RUNNING" });
  });
  if (!task) return;
  let failure: string | undefined;
  try {
    await writeStreams(ctx, task);
  } catch (error) {
    if (!(error instanceof AwsError) || error.status >= 500) throw error;
    failure = error.message;
  }
  ctx.transaction((within) => {
    const found = within.db(exportTasks).get(id);
    if (found?.status !== "RUNNING") return;
    within.db(exportTasks).put({
      ...found,
      status: failure === undefined ? "COMPLETED" : "FAILED",
      message: failure ?? "Completed successfully",
      completedAt: ctx.clock.now(),
    });
  });
});
