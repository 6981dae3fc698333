/** What is kept of requests to buckets that are logged, until it is delivered. */

import { asynchronousJob } from "../../../jobs/job.ts";
import type { BodyContext, Context } from "../../../kernel/context.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import type { CellName } from "../../../store/types.ts";
import { table } from "../../../store/types.ts";
import { deliverLines } from "./access-log-delivery.ts";
import { buckets, findBucketName } from "../buckets/table.ts";

/** A request, as it will be read. */
export interface LoggedLine {
  readonly bucket: string;
  readonly order: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly line: string;
}

export const accessLog = table<LoggedLine>("s3.accessLog", {
  key: (row) => [row.bucket, row.order],
  seldomRead: true,
});

/** @evidence S3 User Guide, "Logging requests with server access logging": best effort, within hours */
const deliveryMilliseconds = 5 * 60 * 1000;

/** The cell of a bucket, where it is logged. */
export function logCell(kernel: Kernel, bucket: string): CellName | undefined {
  const cell = findBucketName(kernel, bucket);
  const row = cell && kernel.read(cell, (transaction) => transaction.rows(buckets).get(bucket));
  return row?.logging && cell;
}

/** The first line since the last delivery says when the next one is. */
export function keepLines(ctx: Context, bucket: string, lines: readonly string[]): void {
  const rows = ctx.db(accessLog);
  const at = ctx.clock.now();
  if (!rows.first({ prefix: [bucket] })) {
    ctx.schedule(deliverAccessLog, { id: bucket, at: at + deliveryMilliseconds, input: { bucket } });
  }
  for (const line of lines) rows.add({ bucket, order: ctx.ids.sequence(), at, line });
}

export function dropLines(ctx: Context, bucket: string): void {
  const rows = ctx.db(accessLog);
  for (const { order } of rows.list({ prefix: [bucket] })) rows.delete([bucket, order]);
}

/** An object holds at most so many lines. */
const linesMax = 10_000;

export const deliverAccessLog = asynchronousJob<{ readonly bucket: string }>(
  "s3.deliverAccessLog",
  async ({ bucket }, ctx) => {
    for (let rows = oldest(ctx, bucket); rows.length > 0; rows = oldest(ctx, bucket)) {
      const delivered = rows;
      await deliverLines(ctx, bucket, delivered, (within) => {
        for (const { order } of delivered) within.db(accessLog).delete([bucket, order]);
      });
    }
  },
);

function oldest(ctx: BodyContext, bucket: string): LoggedLine[] {
  return ctx.reading(() => [...ctx.db(accessLog).list({ prefix: [bucket], limit: linesMax })]);
}
