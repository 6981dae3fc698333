/**
 * What buckets measure of themselves: what they hold, once a day; and their requests, where a configuration
 * of request metrics asks for it.
 *
 * @evidence S3 User Guide, "Amazon S3 metrics and dimensions"
 */

import type * as s3 from "../../../generated/s3.ts";
import { asynchronousJob } from "../../../jobs/job.ts";
import type { BodyContext, Context } from "../../../kernel/context.ts";
import { meter, type MetricUnit } from "../../../kernel/metrics.ts";
import type { ObservedCall } from "../../../kernel/service.ts";
import { buckets } from "../buckets/table.ts";
import { listAllConfigurations } from "./configurations.ts";
import { midnightAfter } from "../lifecycle/days.ts";
import type { ObjectVersion } from "../objects/version.ts";
import { findCurrent, objects, versions } from "../objects/version-table.ts";

const ofStorage = (name: string, unit: MetricUnit) => meter(
  "AWS/S3", name, unit, ["BucketName", "StorageType"],
);
const ofRequests = (name: string, unit: MetricUnit = "Count") =>
  meter("AWS/S3", name, unit, ["BucketName", "FilterId"]);

const bucketSize = ofStorage("BucketSizeBytes", "Bytes");
const objectCount = ofStorage("NumberOfObjects", "Count");

const storageTypes: Readonly<Record<string, string>> = {
  STANDARD: "StandardStorage", STANDARD_IA: "StandardIAStorage", ONEZONE_IA: "OneZoneIAStorage",
  REDUCED_REDUNDANCY: "ReducedRedundancyStorage", GLACIER: "GlacierStorage",
  DEEP_ARCHIVE: "DeepArchiveStorage",
  GLACIER_IR: "GlacierIRStorage", INTELLIGENT_TIERING: "IntelligentTieringFAStorage",
};

const rowsAtOnce = 1_000;

/** Lets others have their turn after each page. */
export async function walk(
  ctx: BodyContext, table: typeof objects, bucket: string, see: (version: ObjectVersion) => void,
  keyOf: (version: ObjectVersion) => (string | number)[],
): Promise<void> {
  let after: (string | number)[] | undefined;
  do {
    const rows = ctx.reading(() => [
      ...ctx.db(table).list({ prefix: [bucket], ...(after && { after }), limit: rowsAtOnce }),
    ]);
    rows.forEach(see);
    const last = rows.length === rowsAtOnce ? rows.at(-1) : undefined;
    after = last && keyOf(last);
    await new Promise<void>((resolve) => setImmediate(resolve));
  } while (after);
}

/** Old versions and delete markers count, too. */
export const reportStorage = asynchronousJob<{
  readonly bucket: string,
}>("s3.reportStorage", async (input, ctx) => {
  const { bucket } = input;
  if (!ctx.reading(() => ctx.db(buckets).has(bucket))) return;
  const sizes = new Map<string, number>();
  let count = 0;
  const see = (version: ObjectVersion): void => {
    count += 1;
    if (version.isDeleteMarker) return;
    const type = storageTypes[version.storageClass ?? "STANDARD"] ?? "StandardStorage";
    sizes.set(type, (sizes.get(type) ?? 0) + version.sizeBytes);
  };
  await walk(ctx, objects, bucket, see, ({ key }) => [bucket, key]);
  await walk(ctx, versions, bucket, see, ({ key, order }) => [bucket, key, -order]);
  ctx.transaction((within) => {
    for (const [type, sizeBytes] of sizes) within.metric(bucketSize, [bucket, type], sizeBytes);
    within.metric(objectCount, [bucket, "AllStorageTypes"], count);
    expectReport(within, bucket);
  });
});

/** At midnight. */
export function expectReport(ctx: Context, bucket: string): void {
  ctx.schedule(reportStorage, { at: midnightAfter(ctx.clock.now()), id: bucket, input: { bucket } });
}

const requests = {
  All: ofRequests("AllRequests"), Get: ofRequests("GetRequests"), Put: ofRequests("PutRequests"),
  Delete: ofRequests("DeleteRequests"), Head: ofRequests("HeadRequests"), Post: ofRequests("PostRequests"),
  List: ofRequests("ListRequests"), Select: ofRequests("SelectRequests"),
};
const errors4xx = ofRequests("4xxErrors");
const errors5xx = ofRequests("5xxErrors");
const downloaded = ofRequests("BytesDownloaded", "Bytes");
const uploaded = ofRequests("BytesUploaded", "Bytes");
const latency = ofRequests("TotalRequestLatency", "Milliseconds");

function kindOf(operation: string): keyof typeof requests | undefined {
  if (operation.startsWith("List")) return "List";
  if (operation === "GetObject") return "Get";
  if (["PutObject", "UploadPart", "UploadPartCopy", "CopyObject"].includes(operation)) return "Put";
  if (operation === "HeadObject" || operation === "HeadBucket") return "Head";
  if (operation === "DeleteObject") return "Delete";
  if (operation === "SelectObjectContent") return "Select";
  if (
    ["DeleteObjects", "CreateMultipartUpload", "CompleteMultipartUpload"].includes(operation)
  ) return "Post";
  return undefined;
}

function matches(
  ctx: BodyContext, filter: s3.MetricsFilter | undefined, bucket: string, key: string | undefined,
): boolean {
  if (!filter) return true;
  if (key === undefined) return false;
  const prefix = filter.Prefix ?? filter.And?.Prefix ?? "";
  const tags = [...(filter.Tag ? [filter.Tag] : []), ...(filter.And?.Tags ?? [])];
  if (
    !key.startsWith(prefix) || (filter.AccessPointArn ?? filter.And?.AccessPointArn) !== undefined
  ) return false;
  if (tags.length === 0) return true;
  const own = findCurrent(ctx, bucket, key)?.tags ?? {};
  return tags.every(({ Key, Value }) => Object.hasOwn(own, Key) && own[Key] === Value);
}

export function observes(call: ObservedCall, ctx: BodyContext): void {
  const { Bucket: bucket, Key: key } = call.input as { Bucket?: string; Key?: string };
  if (bucket === undefined) return;
  const filters = ctx.reading(() => {
    if (!ctx.db(buckets).get(bucket)?.countsRequests) return [];
    const all = listAllConfigurations<s3.MetricsConfiguration>(ctx, "metrics", bucket);
    return all.flatMap(({ Id, Filter }) => (matches(ctx, Filter, bucket, key) ? [Id] : []));
  });
  for (const id of filters) measureRequest(call, ctx, [bucket, id]);
}

function measureRequest(call: ObservedCall, ctx: BodyContext, dimensions: readonly string[]): void {
  const { operation, input, output, error } = call;
  const kind = kindOf(operation);
  ctx.metric(requests.All, dimensions, 1);
  if (kind) ctx.metric(requests[kind], dimensions, 1);
  ctx.metric(errors4xx, dimensions, error && error.status >= 400 && error.status < 500 ? 1 : 0);
  ctx.metric(errors5xx, dimensions, error && error.status >= 500 ? 1 : 0);
  ctx.metric(latency, dimensions, Math.round(call.milliseconds * 100) / 100);
  const sent = operation === "GetObject" ? output?.["ContentLength"] : undefined;
  const taken = kind === "Put" && output ? input["ContentLength"] : undefined;
  if (typeof sent === "number") ctx.metric(downloaded, dimensions, sent);
  if (typeof taken === "number") ctx.metric(uploaded, dimensions, taken);
}
