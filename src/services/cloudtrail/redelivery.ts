/**
 * Files that a bucket did not take. They are tried again for 30 days: the bucket may have been made, or its
 * policy put right.
 *
 * @evidence CloudTrail User Guide, "Creating a trail": "If you misconfigure your trail"
 */

import { asynchronousJob } from "../../jobs/job.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { deliverFile, type LogFile } from "./delivery.ts";
import { trailArn, trails, type Trail } from "./trail-rows.ts";

interface FailedFile extends LogFile {
  readonly trail: string;
  /** When it was tried for the first time: epoch milliseconds. */
  readonly since: number;
}

const failedFiles = table<FailedFile>("cloudtrail.failedFiles", {
  key: ({ trail, since, key }) => [trail, since, key], seldomRead: true,
});

const minute = 60_000;
const triedMilliseconds = 30 * 24 * 60 * minute;
/** AWS does not say how often: first after five minutes, then after as long as it has been tried. */
const pauseMin = 5 * minute;
const pauseMax = 6 * 60 * minute;

export function keepForLater(ctx: Context, trail: Trail, file: LogFile): void {
  const now = ctx.clock.now();
  const arn = trailArn(ctx, trail);
  // Those that wait already have their next time.
  const isFirst = ctx.db(failedFiles).first({ prefix: [arn] }) === undefined;
  ctx.db(failedFiles).put({ ...file, trail: arn, since: now });
  const { homeRegion, name } = trail;
  if (isFirst) ctx.schedule(redeliver, { at: now + pauseMin, id: arn, input: { homeRegion, name } });
}

interface Work {
  readonly homeRegion: string;
  readonly name: string;
}

/** In the order in which they failed. Where the first still fails, the others wait with it. */
export const redeliver = asynchronousJob("cloudtrail.redeliver", async (work: Work, ctx: BodyContext) => {
  const { homeRegion, name } = work;
  for (;;) {
    const { trail, file } = ctx.reading(() => {
      const found = ctx.db(trails).get([homeRegion, name]);
      const arn = found && trailArn(ctx, found);
      return { trail: found, file: arn && ctx.db(failedFiles).first({ prefix: [arn] }) };
    });
    if (!trail || !file) return;
    const age = ctx.clock.now() - file.since;
    const isOver = age > triedMilliseconds;
    if (!isOver && !(await deliverFile(ctx, trail, file))) {
      const at = ctx.clock.now() + Math.min(Math.max(age, pauseMin), pauseMax);
      ctx.transaction((within) => within.schedule(redeliver, { at, id: trailArn(ctx, trail), input: work }));
      return;
    }
    ctx.transaction((within) => within.db(failedFiles).delete([file.trail, file.since, file.key]));
  }
});

/** With a trail go the files that its bucket did not take. */
export function forgetFailedFiles(ctx: Context, arn: string): void {
  for (const { since, key } of [...ctx.db(failedFiles).list({ prefix: [arn] })]) {
    ctx.db(failedFiles).delete([arn, since, key]);
  }
  ctx.unschedule(redeliver, arn);
}
