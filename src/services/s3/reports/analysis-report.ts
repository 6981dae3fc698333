/** The daily export of storage class analysis: what is stored and what was read, by class and age. */

import type * as s3 from "../../../generated/s3.ts";
import { recurringJob } from "../../../jobs/job.ts";
import type { BodyContext, ReadContext } from "../../../kernel/context.ts";
import { AwsError } from "../../../kernel/errors.ts";
import {
  ages, agesOf, allAges, analysisJob, analyzedDays, changeDay, planAnalysis, type AnalyzedDay,
  type PlannedAnalysis,
} from "./analysis-table.ts";
import { buckets, type Bucket } from "../buckets/table.ts";
import { findConfiguration } from "./configurations.ts";
import { filterText, isInScope, scopeOf } from "../lifecycle/filter.ts";
import { walk } from "./metrics.ts";
import type { ObjectVersion } from "../objects/version.ts";
import { putReport } from "./report-delivery.ts";
import { objects } from "../objects/version-table.ts";

/** What the destination does not let in comes with the next day's report, which has all days. */
export const reportAnalysis = recurringJob<PlannedAnalysis>(analysisJob.name, async (planned, ctx) => {
  const found = ctx.reading(() => findAnalysis(ctx, planned));
  if (!found) return;
  await measure(ctx, planned, found.configuration);
  try {
    await writeReport(ctx, found);
  } catch (error) {
    if (!(error instanceof AwsError) || error.status >= 500) throw error;
  }
  ctx.transaction((within) => {
    const still = findAnalysis(within, planned);
    if (still) planAnalysis(within, planned.bucket, still.configuration);
  });
});

interface Analysis {
  readonly bucket: Bucket;
  readonly configuration: s3.AnalyticsConfiguration;
  readonly destination: s3.AnalyticsS3BucketDestination;
}

function findAnalysis(ctx: ReadContext, { bucket: name, id }: PlannedAnalysis): Analysis | undefined {
  const bucket = ctx.db(buckets).get(name);
  const configuration = findConfiguration<s3.AnalyticsConfiguration>(ctx, "analytics", name, id);
  const destination = configuration?.StorageClassAnalysis.DataExport?.Destination.S3BucketDestination;
  return bucket && configuration && destination && { bucket, configuration, destination };
}

interface Stored {
  count: number;
  storedBytes: number;
}

/** What is there when the day ends. Doing it again changes nothing. */
async function measure(
  ctx: BodyContext,
  { bucket, id, day }: PlannedAnalysis,
  { Filter }: s3.AnalyticsConfiguration,
): Promise<void> {
  const scope = scopeOf({ Filter });
  const now = ctx.clock.now();
  const totals = new Map<string, Map<string, Stored>>();
  const see = (version: ObjectVersion): void => {
    if (version.isDeleteMarker || !isInScope(scope, version)) return;
    const { storageClass = "STANDARD", modifiedAt, sizeBytes } = version;
    const ofClass = totals.get(storageClass) ?? new Map<string, Stored>();
    totals.set(storageClass, ofClass);
    for (const age of agesOf(modifiedAt, sizeBytes, now)) {
      const total = ofClass.get(age) ?? { count: 0, storedBytes: 0 };
      total.count += 1;
      total.storedBytes += sizeBytes;
      ofClass.set(age, total);
    }
  };
  await walk(ctx, objects, bucket, see, ({ key }) => [bucket, key]);
  ctx.transaction((within) => {
    for (const [storageClass, ofClass] of totals) {
      for (const age of ages) {
        const { count = 0, storedBytes = 0 } = ofClass.get(age) ?? {};
        changeDay(within, { bucket, id, day, storageClass, age }, () => ({ count, storedBytes }));
      }
    }
  });
}

/** @evidence S3 User Guide, "Storage Class Analysis", "Exported file layout" */
const columns = [
  "Date", "ConfigId", "Filter", "StorageClass", "ObjectAge", "ObjectCount", "DataUploaded_MB", "Storage_MB",
  "DataRetrieved_MB", "GetRequestCount", "CumulativeAccessRatio", "ObjectAgeForSIATransition",
  "RecommendedObjectAgeForSIATransition",
];

/** One file a configuration, which grows by a day each day. */
async function writeReport(ctx: BodyContext, analysis: Analysis): Promise<void> {
  const { bucket, configuration, destination } = analysis;
  const { Id, Filter } = configuration;
  const days = ctx.reading(() => [...ctx.db(analyzedDays).list({ prefix: [bucket.name, Id] })]);
  const filter = Filter ? filterText({ Filter, Status: "Enabled" }) : "";
  const lines = ages.flatMap((age) => linesOf(days.filter((day) => day.age === age), filter));
  const text = [columns.join(","), ...lines].map((line) => `${line}\n`).join("");
  const folder = `${destination.Prefix ? `${destination.Prefix}/` : ""}${bucket.name}/${Id}`;
  const to = { Bucket: destination.Bucket, AccountId: destination.BucketAccountId };
  await putReport(ctx, bucket, to, `${folder}/${Id}.csv`, Buffer.from(text));
}

/** Sorted by date. @param days of one age */
function linesOf(days: readonly AnalyzedDay[], filter: string): string[] {
  const sums = new Map<string, { days: number; storedBytes: number; retrievedBytes: number }>();
  return days.map((row) => {
    const { day, id, storageClass, age, count, uploadedBytes, storedBytes, retrievedBytes, getCount } = row;
    const sum = sums.get(storageClass) ?? { days: 0, storedBytes: 0, retrievedBytes: 0 };
    sums.set(storageClass, sum);
    sum.days += 1;
    sum.storedBytes += storedBytes;
    sum.retrievedBytes += retrievedBytes;
    const ratio = sum.storedBytes === 0 ? 0 : sum.retrievedBytes / (sum.storedBytes / sum.days);
    const isAll = age === allAges;
    return [
      shownDay(day), id, quoted(filter), storageClass, age,
      isAll ? count : "", isAll ? megabytes(uploadedBytes) : "",
      megabytes(storedBytes), megabytes(retrievedBytes), getCount, rounded(ratio), "", "",
    ].join(",");
  });
}

/** `MM-DD-YYYY` */
function shownDay(day: number): string {
  const [year, month, date] = new Date(day).toISOString().slice(0, 10).split("-");
  return `${month}-${date}-${year}`;
}

function megabytes(bytes: number): number {
  return rounded(bytes / (1024 * 1024));
}

function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

function quoted(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
