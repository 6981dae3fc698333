/**
 * Delivery, about every five minutes where there is something: a file of events for each region to the
 * bucket, the same events to CloudWatch Logs, and word of the files to a topic.
 */

import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import * as sns from "../../generated/sns.ts";
import { asynchronousJob } from "../../jobs/job.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { dataSegments, segmentsAfter, trailSegments, type SegmentPlace } from "../../kernel/trail.ts";
import { isSelected, type SelectableRecord } from "../../kernel/trail-selection.ts";
import { summariesOf } from "./aggregation.ts";
import { putFile } from "./bucket-files.ts";
import { asTrail, topicArnOf } from "./destinations.ts";
import { noteLogFile } from "./digests.ts";
import { logFileKey, type FileKind } from "./file-names.ts";
import { putLogEvents, type LoggedEvent } from "./log-delivery.ts";
import { keepForLater } from "./redelivery.ts";
import { trails, type DeliveryState, type Trail } from "./trail-rows.ts";

/** As large as a file becomes before it is packed. */
const fileLengthMax = 8 * 1024 * 1024;
const globalSources = new Set(["iam.amazonaws.com", "sts.amazonaws.com", "cloudfront.amazonaws.com"]);

export const deliver = asynchronousJob("cloudtrail.deliver", async (_: object, ctx: BodyContext) => {
  for (const trail of ctx.transaction((within) => [...within.db(trails).list()])) {
    if (trail.startedAt === undefined) continue;
    for (const region of regionsOf(ctx, trail)) await deliverRegion(ctx, trail, region);
  }
});

function regionsOf(ctx: BodyContext, { multiRegion, homeRegion }: Trail): string[] {
  if (!multiRegion) return [homeRegion];
  const own = ctx.kernel.cells().filter(
    ({ account, region }) => account === ctx.account && region !== "aws-global",
  );
  return own.map(({ region }) => region);
}

async function deliverRegion(ctx: BodyContext, trail: Trail, region: string): Promise<void> {
  for (let more = true; more;) {
    const batch = readEvents(ctx, trail, region);
    if (batch.events.length > 0) await deliverBatch(ctx, trail, region, batch.events, "CloudTrail");
    const { account, ids } = ctx;
    const summaries = summariesOf(trail, batch.events, { account, region, ids });
    if (summaries.length > 0) await deliverBatch(ctx, trail, region, summaries, "CloudTrail-Aggregated");
    const key = [trail.homeRegion, trail.name];
    const isStill = ctx.transaction((within) => {
      const now = within.db(trails).get(key);
      if (!now || now.startedAt !== trail.startedAt) return false;
      within.db(trails).put({ ...now, places: { ...now.places, [region]: batch.places } });
      return true;
    });
    trail = { ...trail, places: { ...trail.places, [region]: batch.places } };
    more = batch.isFull && isStill;
    // Others come to their turn between two batches.
    if (more) await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

interface Batch {
  readonly events: readonly LoggedEvent[];
  readonly places: readonly [SegmentPlace, SegmentPlace];
  /** There may be more. */
  readonly isFull: boolean;
}

/** What is new in a region and wanted, in order of time; at most as much as a file holds. */
function readEvents(ctx: BodyContext, trail: Trail, region: string): Batch {
  const begin: SegmentPlace = [(trail.startedAt ?? 0) - 1_000, 0, 0];
  const [management, data] = trail.places[region] ?? [begin, begin];
  return ctx.kernel.read({ account: ctx.account, region }, (transaction) => {
    const events: LoggedEvent[] = [];
    // Also of what is not wanted, so that no batch takes long to read.
    let length = 0;
    const collect = (rows: typeof trailSegments, from: SegmentPlace): SegmentPlace => {
      let reached = from;
      for (const { lines, place } of segmentsAfter(transaction.rows(rows), from)) {
        if (length > fileLengthMax) break;
        for (const text of lines) {
          const event = wanted(trail, region, text);
          if (event) events.push(event);
          length += text.length;
        }
        reached = place;
      }
      return reached;
    };
    const places = [collect(trailSegments, management), collect(dataSegments, data)] as const;
    events.sort((one, other) => one.at - other.at);
    return { events, places, isFull: length > fileLengthMax };
  });
}

function wanted(trail: Trail, region: string, text: string): LoggedEvent | undefined {
  const record = JSON.parse(text) as SelectableRecord & { eventTime: string };
  const at = Date.parse(record.eventTime);
  const { startedAt = 0, stoppedAt = 0, isLogging } = trail;
  if (at < startedAt - (startedAt % 1_000) || (!isLogging && at > stoppedAt)) return undefined;
  if (isLeftOut(trail, region, record)) return undefined;
  return isSelected(trail, record) ? { at, text } : undefined;
}

/** Of global services, and the trail leaves those out. */
export function isLeftOut(trail: Trail, region: string, { eventSource }: SelectableRecord): boolean {
  return !trail.includeGlobal && region === "us-east-1" && globalSources.has(eventSource);
}

/** @param events in order of time */
export async function deliverBatch(
  ctx: BodyContext, trail: Trail, region: string, events: readonly LoggedEvent[], kind: FileKind,
): Promise<void> {
  const now = ctx.clock.now();
  const content = `{"Records":[${events.map(({ text }) => text).join(",")}]}`;
  const file: LogFile = {
    region,
    key: logFileKey(trail, { kind, account: ctx.account, region, at: now }, ctx.ids),
    body: gzipSync(content),
    hash: createHash("sha256").update(content).digest("hex"),
    oldest: events[0]?.at ?? now,
    newest: events[events.length - 1]?.at ?? now,
  };
  if (!(await deliverFile(ctx, trail, file))) {
    ctx.transaction((within) => keepForLater(within, trail, file));
  }
  if (trail.logGroupArn !== undefined) {
    await attempt(ctx, trail, "logsDelivery", () => putLogEvents(ctx, trail, events));
  }
}

export interface LogFile {
  readonly region: string;
  readonly key: string;
  /** Packed. */
  readonly body: Uint8Array;
  /** SHA-256 of what was packed, in hex. */
  readonly hash: string;
  /** Epoch milliseconds of its events. */
  readonly oldest: number;
  readonly newest: number;
}

/** False where the bucket does not take it. */
export async function deliverFile(ctx: BodyContext, trail: Trail, file: LogFile): Promise<boolean> {
  const { region, key, body, hash, oldest, newest } = file;
  const isStored = await attempt(
    ctx, trail, "bucketDelivery", () => putFile(ctx, trail, { key, body: Buffer.from(body) }),
  );
  if (!isStored) return false;
  const { bucket, validated, topic } = trail;
  if (validated) {
    ctx.transaction((within) => noteLogFile(within, trail, { region, key, hash, bucket, oldest, newest }));
  }
  if (topic !== undefined) await attempt(ctx, trail, "topicDelivery", () => notify(ctx, trail, key));
  return true;
}

/** @evidence CloudTrail User Guide, "Configuring Amazon SNS notifications": `s3Bucket`, `s3ObjectKey` */
async function notify(ctx: BodyContext, trail: Trail, key: string): Promise<void> {
  const TopicArn = topicArnOf(ctx, trail);
  const region = parseArn(TopicArn ?? "")?.region ?? trail.homeRegion;
  const Message = JSON.stringify({ s3Bucket: trail.bucket, s3ObjectKey: [key] });
  await ctx.call(sns.Publish, { TopicArn, Message }, { ...asTrail(ctx, trail), region });
}

type Destination = "bucketDelivery" | "topicDelivery" | "logsDelivery" | "digestDelivery";

/** How it went is what GetTrailStatus tells: the error stays until the next success. */
export async function attempt(
  ctx: BodyContext, trail: Trail, destination: Destination, work: () => Promise<unknown>,
): Promise<boolean> {
  let state: DeliveryState = { deliveredAt: ctx.clock.now() };
  try {
    await work();
  } catch (cause) {
    if (!(cause instanceof AwsError)) throw cause;
    state = { ...trail[destination], error: cause.code };
  }
  ctx.transaction((within) => {
    const now = within.db(trails).get([trail.homeRegion, trail.name]);
    if (now) within.db(trails).put({ ...now, [destination]: state });
  });
  return state.error === undefined;
}
