/** Vended logs at work: a service's record goes to every delivery of its source. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import * as s3 from "../../generated/s3.ts";
import { asynchronousJob } from "../../jobs/job.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext, CallOptions, Context } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { gzipSync } from "node:zlib";
import { destinationOf } from "./deliveries.ts";
import { sourceArn } from "./delivery-sources.ts";
import {
  deliveries, deliverySources, waitingRecords, type Delivery, type DeliveryDestination, type DeliverySource,
} from "./delivery-tables.ts";
import { groupNameOf } from "./group-table.ts";
import { requireKind, suffixDefault } from "./vended-sources.ts";

export interface Vended {
  readonly resourceArn: string;
  readonly logType: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Its place among the others. */
  readonly order: number;
  readonly record: Readonly<Record<string, unknown>>;
}

/** @evidence CloudWatch Logs User Guide, "Enable logging from AWS services": the principal of deliveries */
export const deliveryPrincipal = "delivery.logs.amazonaws.com";
/** @evidence CloudWatch Logs User Guide, "Logs sent to Amazon S3": files every five minutes */
const fileMilliseconds = 5 * 60_000;
const recordsAFile = 10_000;

interface Way {
  readonly source: DeliverySource;
  readonly delivery: Delivery;
  readonly destination: DeliveryDestination;
}

function waysOf(ctx: Pick<Context, "db" | "arn">, resourceArn: string, logType: string): Way[] {
  const sources = [...ctx.db(deliverySources).list()].filter((each) =>
    each.resourceArn === resourceArn && each.logType === logType);
  return sources.flatMap((source) => [...ctx.db(deliveries).list()].flatMap((delivery) => {
    const destination = destinationOf(ctx, delivery.destinationArn);
    return delivery.source === source.name && destination ? [{ source, delivery, destination }] : [];
  }));
}

function textOf({ delivery, destination }: Way, record: Vended["record"]): string {
  const fields = delivery.recordFields ?? Object.keys(record);
  if (destination.outputFormat === "plain" || destination.outputFormat === "raw") {
    const shown = (value: unknown): string => (typeof value === "string" ? value
      : JSON.stringify(value ?? "-"));
    return fields.map((name) => shown(record[name] ?? "-")).join(delivery.fieldDelimiter ?? " ");
  }
  const picked = fields.filter((name) => record[name] !== undefined).map((name) => [name, record[name]]);
  return JSON.stringify(Object.fromEntries(picked));
}

function asDelivery(ctx: BodyContext, { source }: Way): CallOptions {
  return { as: "service", principal: deliveryPrincipal, sourceArn: sourceArn(ctx, source.name),
    account: ctx.account };
}

/** `event-bus_orders`: how AWS names the streams is not documented. */
function streamOf({ source }: Way): string {
  return (parseArn(source.resourceArn)?.resource ?? "").replace(/[:*/]/g, "_");
}

async function toGroup(ctx: BodyContext, way: Way, at: number, message: string): Promise<void> {
  const logGroupName = groupNameOf(way.destination.resourceArn);
  const logStreamName = streamOf(way);
  const put = (): Promise<unknown> => ctx.call(
    logs.PutLogEvents, { logGroupName, logStreamName, logEvents: [{ timestamp: at, message }] },
      asDelivery(ctx, way),
  );
  try {
    await put();
  } catch (error) {
    if (!(error instanceof AwsError) || error.code !== "ResourceNotFoundException") throw error;
    await tolerantly(async () => {
      // Another record may have made it meanwhile.
      await ctx.call(logs.CreateLogStream, { logGroupName, logStreamName }, asDelivery(ctx, way));
    });
    await put();
  }
}

/** What a destination refuses is lost, as in AWS. */
async function tolerantly(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof AwsError) || error.status >= 500) throw error;
  }
}

export const vend = asynchronousJob<Vended>("cloudwatch-logs.vend", async (input, ctx) => {
  const { resourceArn, logType, at, order, record } = input;
  for (const way of ctx.reading(() => waysOf(ctx, resourceArn, logType))) {
    const text = textOf(way, record);
    if (way.destination.type === "CWL") await tolerantly(() => toGroup(ctx, way, at, text));
    else ctx.transaction((within) => wait(within, way, order, text));
  }
});

function wait(ctx: Context, { delivery: { id } }: Way, order: number, text: string): void {
  ctx.db(waitingRecords).put({ delivery: id, order, text });
  const now = ctx.clock.now();
  const at = now - now % fileMilliseconds + fileMilliseconds;
  ctx.schedule(writeFile, { id, at, input: { id } });
}

function pathOf(ctx: BodyContext, { delivery, source }: Way, now: number): string {
  const kind = requireKind(source.resourceArn, source.logType);
  const { suffixPath = suffixDefault(kind), enableHiveCompatiblePath: isHive = false } = delivery.s3 ?? {};
  const [year = "", month = "", day = "", hour = ""] = new Date(now).toISOString().split(/[-T:]/);
  const values: Readonly<Record<string, readonly [name: string, value: string]>> = {
    "account-id": ["aws-account-id", ctx.account], "region": ["aws-region", ctx.region],
    "yyyy": ["year", year], "MM": ["month", month], "dd": ["day", day], "HH": ["hour", hour],
  };
  return suffixPath.replace(/\{([\w-]+)\}/g, (whole, key: string) => {
    const found = Object.hasOwn(values, key) ? values[key] : undefined;
    if (!found) return whole;
    return isHive ? `${found[0]}=${found[1]}` : found[1];
  });
}

export const writeFile = asynchronousJob<{ readonly id: string }>("cloudwatch-logs.writeVendedFile", async (
  { id }, ctx,
) => {
  const { way, records } = ctx.reading(() => {
    const delivery = ctx.db(deliveries).get(id);
    const source = delivery && ctx.db(deliverySources).get(delivery.source);
    const destination = delivery && destinationOf(ctx, delivery.destinationArn);
    return {
      way: delivery && source && destination && { delivery, source, destination },
      records: [...ctx.db(waitingRecords).list({ prefix: [id], limit: recordsAFile })],
    };
  });
  if (!way || records.length === 0) return;
  const now = ctx.clock.now();
  const [bucket = "", ...folders] = (parseArn(way.destination.resourceArn)?.resource ?? "").split("/");
  const prefix = folders.filter((part) => part !== "").map((part) => `${part}/`).join("");
  const time = new Date(now).toISOString().replace(/[-:]|:\d\d\.\d+/g, "").slice(0, 13);
  const name = `${ctx.account}_${ctx.region}_${streamOf(way)}_${time}Z_${ctx.ids.hex(8)}.log.gz`;
  await tolerantly(async () => {
    await ctx.call(s3.PutObject, {
      Bucket: bucket, Key: `${prefix}${pathOf(ctx, way, now)}/${name}`, ACL: "bucket-owner-full-control",
      Body: gzipSync(records.map(({ text }) => `${text}\n`).join("")),
    }, asDelivery(ctx, way));
  });
  ctx.transaction((within) => {
    for (const { order } of records) within.db(waitingRecords).delete([id, order]);
    if (records.length === recordsAFile) within.schedule(writeFile, { id, at: now, input: { id } });
  });
});
