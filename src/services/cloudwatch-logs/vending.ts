/**
 * Vended logs at work: a service's record goes to every delivery of its source, or where the service says
 * that its resource's logs go.
 */

import { promisify } from "node:util";
import { gzip } from "node:zlib";
import * as firehose from "../../generated/firehose.ts";
import * as logs from "../../generated/cloudwatch-logs.ts";
import * as s3 from "../../generated/s3.ts";
import { sessionOf } from "../../delivery/role-session.ts";
import { asynchronousJob } from "../../jobs/job.ts";
import { formatArn, parseArn } from "../../kernel/arn.ts";
import type { BodyContext, CallOptions, Context, ReadContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { destinationOf } from "./deliveries.ts";
import { sourceArn } from "./delivery-sources.ts";
import { deliveries, deliverySources, waitingRecords, type WaitingRecord } from "./delivery-tables.ts";
import { groupNameOf } from "./group-table.ts";
import { requireKind, suffixDefault, suffixIn } from "./vended-sources.ts";

export interface Vended {
  readonly resourceArn: string;
  readonly logType: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Its place among the others. */
  readonly order: number;
  readonly record: Readonly<Record<string, unknown>>;
}

/** Where records of a resource go. */
interface Way {
  /** Names what waits for its next file. */
  readonly id: string;
  readonly resourceArn: string;
  /** On whose behalf: `aws:SourceArn`. */
  readonly sourceArn: string;
  readonly type: "CWL" | "S3" | "FH";
  /** A log group, a bucket with a folder, or a delivery stream. */
  readonly destinationArn: string;
  readonly outputFormat?: string | undefined;
  readonly recordFields?: readonly string[] | undefined;
  readonly fieldDelimiter?: string | undefined;
  /** The folders of its files. */
  readonly suffixPath?: string | undefined;
  readonly isHive?: boolean | undefined;
}

/** Records whose service says itself where they go, and not by deliveries; they arrive in their order. */
export interface VendedTo {
  readonly resourceArn: string;
  readonly records: readonly Pick<Vended, "at" | "order" | "record">[];
  readonly destinations: readonly {
    readonly type: Way["type"];
    readonly arn: string;
    readonly outputFormat?: string | undefined;
    /** Files lie in `AWSLogs/<account>/<folder>/…`. */
    readonly folder?: string;
  }[];
}

/** @evidence CloudWatch Logs User Guide, "Enable logging from AWS services": the principal of deliveries */
export const deliveryPrincipal = "delivery.logs.amazonaws.com";
/** @evidence CloudWatch Logs User Guide, "Logs sent to Amazon S3": files every five minutes */
const fileMilliseconds = 5 * 60_000;
/** A file has as many records, and characters of them, as one write holds in memory. */
const recordsAFile = 10_000;
const charactersAFile = 8_000_000;

/** By a delivery; undefined when it, or what it leads from or to, is no more. */
function wayOf(ctx: Pick<ReadContext, "db" | "arn">, id: string): Way | undefined {
  const delivery = ctx.db(deliveries).get(id);
  const source = delivery && ctx.db(deliverySources).get(delivery.source);
  const destination = delivery && destinationOf(ctx, delivery.destinationArn);
  if (!delivery || !source || !destination) return undefined;
  const { resourceArn, logType, name } = source;
  const { suffixPath, enableHiveCompatiblePath } = delivery.s3 ?? {};
  return {
    id, resourceArn, sourceArn: sourceArn(ctx, name), type: destination.type,
    destinationArn: destination.resourceArn, outputFormat: destination.outputFormat,
    recordFields: delivery.recordFields, fieldDelimiter: delivery.fieldDelimiter,
    suffixPath: suffixPath ?? suffixDefault(requireKind(resourceArn, logType)),
    isHive: enableHiveCompatiblePath,
  };
}

function waysOf(ctx: Pick<ReadContext, "db" | "arn">, resourceArn: string, logType: string): Way[] {
  const sources = [...ctx.db(deliverySources).list()].filter((each) =>
    each.resourceArn === resourceArn && each.logType === logType);
  return sources.flatMap((source) => [...ctx.db(deliveries).list()].flatMap((delivery) => {
    const way = delivery.source === source.name ? wayOf(ctx, delivery.id) : undefined;
    return way ? [way] : [];
  }));
}

function textOf(way: Way, record: Vended["record"]): string {
  const fields = way.recordFields ?? Object.keys(record);
  if (way.outputFormat === "plain" || way.outputFormat === "raw") {
    const shown = (value: unknown): string => (typeof value === "string" ? value
      : JSON.stringify(value ?? "-"));
    return fields.map((name) => shown(record[name] ?? "-")).join(way.fieldDelimiter ?? " ");
  }
  const picked = fields.filter((name) => record[name] !== undefined).map((name) => [name, record[name]]);
  return JSON.stringify(Object.fromEntries(picked));
}

function asDelivery(ctx: BodyContext, way: Way): CallOptions {
  return { as: "service", principal: deliveryPrincipal, sourceArn: way.sourceArn, account: ctx.account };
}

/** `event-bus_orders`: how AWS names the streams is not documented. */
function streamOf({ resourceArn }: Way): string {
  return (parseArn(resourceArn)?.resource ?? "").replace(/[:*/]/g, "_");
}

async function toGroup(ctx: BodyContext, way: Way, at: number, message: string): Promise<void> {
  const logGroupName = groupNameOf(way.destinationArn);
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

/**
 * @evidence CloudWatch Logs User Guide, "Logs sent to Firehose": under the service-linked role
 *   `AWSServiceRoleForLogDelivery`, whose policy asks for the stream's tag `LogDeliveryEnabled`
 */
async function toDeliveryStream(ctx: BodyContext, way: Way, text: string): Promise<void> {
  const roleArn = formatArn({
    service: "iam", region: "", account: ctx.account,
    resource: `role/aws-service-role/${deliveryPrincipal}/AWSServiceRoleForLogDelivery`,
  });
  const session = await sessionOf(ctx, {
    roleArn, principal: deliveryPrincipal, sourceArn: way.sourceArn, sessionName: "LogDelivery",
  });
  const { resource = "", region = ctx.region } = parseArn(way.destinationArn) ?? {};
  await ctx.call(firehose.PutRecord, {
    DeliveryStreamName: resource.replace(/^deliverystream\//, ""), Record: { Data: Buffer.from(`${text}\n`) },
  }, { as: { session }, region });
}

/** What a destination refuses is lost, as in AWS. */
async function tolerantly(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof AwsError) || error.status >= 500) throw error;
  }
}

type Noted = VendedTo["records"][number];

async function send(ctx: BodyContext, way: Way, { at, order, record }: Noted): Promise<void> {
  const text = textOf(way, record);
  if (way.type === "CWL") await tolerantly(() => toGroup(ctx, way, at, text));
  else if (way.type === "FH") await tolerantly(() => toDeliveryStream(ctx, way, text));
  else ctx.transaction((within) => wait(within, way, order, text));
}

export const vend = asynchronousJob<Vended>("cloudwatch-logs.vend", async (input, ctx) => {
  const { resourceArn, logType } = input;
  for (const way of ctx.reading(() => waysOf(ctx, resourceArn, logType))) await send(ctx, way, input);
});

/**
 * @evidence CloudWatch Logs User Guide, "Logging that requires additional permissions [V1]": the source's ARN
 *   is `arn:aws:logs:<region>:<account>:*`
 */
export const vendTo = asynchronousJob<VendedTo>("cloudwatch-logs.vendTo", async (input, ctx) => {
  const { resourceArn, destinations } = input;
  for (const { type, arn, outputFormat, folder = "" } of destinations) {
    const way: Way = {
      id: `${resourceArn} ${arn} ${outputFormat ?? ""}`, resourceArn, sourceArn: ctx.arn("*"), type,
      destinationArn: arn, outputFormat, suffixPath: suffixIn(folder),
    };
    for (const noted of input.records) await send(ctx, way, noted);
  }
});

/** @param way of a record whose service said where it goes: there is no row of it */
function wait(ctx: Context, way: Way, order: number, text: string): void {
  const { id } = way;
  ctx.db(waitingRecords).put({ delivery: id, order, text });
  const now = ctx.clock.now();
  const at = now - now % fileMilliseconds + fileMilliseconds;
  const isDelivery = ctx.db(deliveries).has(id);
  ctx.schedule(writeFile, { id, at, input: { id, ...(!isDelivery && { way }) } });
}

function pathOf(ctx: BodyContext, { suffixPath = "", isHive = false }: Way, now: number): string {
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

interface Waiting {
  readonly id: string;
  readonly way?: Way;
}

const compressed = promisify<string, Buffer>(gzip);

interface File {
  readonly records: readonly WaitingRecord[];
  readonly isLast: boolean;
}

function nextFile(ctx: Pick<ReadContext, "db">, delivery: string): File {
  const records: WaitingRecord[] = [];
  let characters = 0;
  for (const record of ctx.db(waitingRecords).list({ prefix: [delivery] })) {
    if (records.length >= recordsAFile || characters >= charactersAFile) return { records, isLast: false };
    records.push(record);
    characters += record.text.length;
  }
  return { records, isLast: true };
}

export const writeFile = asynchronousJob<Waiting>("cloudwatch-logs.writeVendedFile", async (waiting, ctx) => {
  const { id } = waiting;
  const { way, records, isLast } = ctx.reading(() => ({
    way: waiting.way ?? wayOf(ctx, id), ...nextFile(ctx, id),
  }));
  if (!way || records.length === 0) return;
  const now = ctx.clock.now();
  const [bucket = "", ...folders] = (parseArn(way.destinationArn)?.resource ?? "").split("/");
  const prefix = folders.filter((part) => part !== "").map((part) => `${part}/`).join("");
  const time = new Date(now).toISOString().replace(/[-:]|:\d\d\.\d+/g, "").slice(0, 13);
  const name = `${ctx.account}_${ctx.region}_${streamOf(way)}_${time}Z_${ctx.ids.hex(8)}.log.gz`;
  await tolerantly(async () => {
    await ctx.call(s3.PutObject, {
      Bucket: bucket, Key: `${prefix}${pathOf(ctx, way, now)}/${name}`, ACL: "bucket-owner-full-control",
      Body: await compressed(records.map(({ text }) => `${text}\n`).join("")),
    }, asDelivery(ctx, way));
  });
  ctx.transaction((within) => {
    for (const { order } of records) within.db(waitingRecords).delete([id, order]);
    if (!isLast) within.schedule(writeFile, { id, at: now, input: waiting });
  });
});
