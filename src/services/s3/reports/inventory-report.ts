/** Reports of a bucket's objects, written to another bucket when the clock says so. */

import { createHash, hash } from "node:crypto";
import { pipeline, Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { createGzip } from "node:zlib";
import type * as s3 from "../../../generated/s3.ts";
import { recurringJob } from "../../../jobs/job.ts";
import type { BodyContext, ReadContext } from "../../../kernel/context.ts";
import { AwsError } from "../../../kernel/errors.ts";
import { buckets, type Bucket } from "../buckets/table.ts";
import { findConfiguration } from "./configurations.ts";
import { parquetOf, parquetSchema } from "./inventory-parquet.ts";
import { csvLine, InventoryColumns, type Values } from "./inventory-rows.ts";
import { planReport, reportJob, type PlannedReport } from "./inventory-schedule.ts";
import { destinationName } from "../replication/rules.ts";
import { putReport } from "./report-delivery.ts";
import { allVersions, type ShownVersion, type Start } from "../listing/version-listing.ts";
import { objects } from "../objects/version-table.ts";

/** What the destination does not let in is lost, as in AWS; the next report is tried when it is due. */
export const reportInventory = recurringJob<PlannedReport>(reportJob.name, async (planned, ctx) => {
  const found = ctx.reading(() => findReport(ctx, planned));
  if (!found) return;
  try {
    await writeReport(ctx, found.bucket, found.configuration);
  } catch (error) {
    if (!(error instanceof AwsError) || error.status >= 500) throw error;
  }
  ctx.transaction((within) => {
    const still = findReport(within, planned);
    if (still) planReport(within, planned.bucket, still.configuration, false);
  });
});

interface Report {
  readonly bucket: Bucket;
  readonly configuration: s3.InventoryConfiguration;
}

function findReport(ctx: ReadContext, { bucket: name, id }: PlannedReport): Report | undefined {
  const bucket = ctx.db(buckets).get(name);
  const configuration = findConfiguration<s3.InventoryConfiguration>(ctx, "inventory", name, id);
  return bucket && configuration?.IsEnabled ? { bucket, configuration } : undefined;
}

/**
 * The checksum of the manifest comes last: who waits for it finds everything else there.
 *
 * @evidence S3 User Guide, "Locating your inventory list"
 */
async function writeReport(
  ctx: BodyContext,
  bucket: Bucket,
  configuration: s3.InventoryConfiguration,
): Promise<void> {
  const now = ctx.clock.now();
  const { Id, Destination } = configuration;
  const { Prefix, Bucket: destination, Format } = Destination.S3BucketDestination;
  const folder = `${Prefix ? `${Prefix}/` : ""}${bucket.name}/${Id}`;
  const put = (key: string, body: Buffer | Readable): Promise<unknown> =>
    putReport(ctx, bucket, Destination.S3BucketDestination, `${folder}/${key}`, body);

  const columns = new InventoryColumns(bucket, configuration, now);
  const isParquet = Format === "Parquet";
  const dataKey = `data/${ctx.ids.uuid()}.${isParquet ? "parquet" : "csv.gz"}`;
  const pages = pagesOf(ctx, bucket.name, configuration, columns);
  const data = new Measured(isParquet ? parquetOf(columns, pages) : compressedCsv(pages));
  try {
    await put(dataKey, data.stream);
  } finally {
    data.stream.destroy();
  }
  const file = { key: `${folder}/${dataKey}`, size: data.sizeBytes, MD5checksum: data.md5 };
  const manifest = Buffer.from(
    JSON.stringify({
      sourceBucket: bucket.name,
      destinationBucket: destination,
      version: "2016-11-30",
      creationTimestamp: String(now),
      fileFormat: Format,
      fileSchema: isParquet ? parquetSchema(columns) : columns.names.join(", "),
      files: [file],
    }),
  );
  const [date = "", time = ""] = new Date(now).toISOString().split("T");
  const minute = time.slice(0, 5).replace(":", "-");
  const link = `s3://${destinationName(destination)}/${file.key}\n`;
  await put(`hive/dt=${date}-${minute}/symlink.txt`, Buffer.from(link));
  await put(`${date}T${minute}Z/manifest.json`, manifest);
  await put(`${date}T${minute}Z/manifest.checksum`, Buffer.from(hash("md5", manifest, "hex")));
}

function compressedCsv(pages: AsyncIterable<readonly Values[]>): AsyncIterable<Buffer> {
  const lines = async function* (): AsyncGenerator<Buffer> {
    for await (const page of pages) yield Buffer.from(page.map(csvLine).join(""));
  };
  // An error of the text is one of what is read.
  return pipeline(Readable.from(lines(), { objectMode: false }), createGzip(), () => undefined);
}

const rowsPerPage = 500;

/** Read a page at a time, when the last one has been taken; what else there is to do has its turn between. */
async function* pagesOf(
  ctx: BodyContext,
  bucket: string,
  configuration: s3.InventoryConfiguration,
  columns: InventoryColumns,
): AsyncGenerator<readonly Values[]> {
  const prefix = configuration.Filter?.Prefix ?? "";
  const isCurrent = configuration.IncludedObjectVersions === "Current";
  const list = isCurrent ? currentVersions : allVersions;
  let start: Start | undefined = { from: "" };
  while (start) {
    const from: Start = start;
    const page = ctx.reading(() => firstOf(list(ctx, bucket, prefix, from)));
    if (page.length > 0) yield page.map((shown) => columns.values(shown));
    await setImmediate();
    const last = page.at(-1)?.version;
    start = page.length < rowsPerPage || !last ? undefined : { from: last.key, olderThan: last.order };
  }
}

function firstOf(shown: Iterable<ShownVersion>): ShownVersion[] {
  const page: ShownVersion[] = [];
  for (const each of shown) {
    page.push(each);
    if (page.length === rowsPerPage) break;
  }
  return page;
}

function* currentVersions(
  ctx: ReadContext,
  bucket: string,
  prefix: string,
  { from, olderThan }: Start,
): Generator<ShownVersion> {
  const all = { prefix: [bucket, prefix], prefixOfLastPart: true };
  const start = olderThan === undefined ? { from: [bucket, from] } : { after: [bucket, from] };
  for (const version of ctx.db(objects).list({ ...all, ...start })) yield { version, isLatest: true };
}

/** A body that is measured as it is read. */
class Measured {
  readonly stream: Readable;
  readonly #md5 = createHash("md5");
  sizeBytes = 0;

  constructor(chunks: AsyncIterable<Buffer>) {
    this.stream = Readable.from(this.#measure(chunks), { objectMode: false });
  }

  get md5(): string {
    return this.#md5.digest("hex");
  }

  async *#measure(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      this.#md5.update(chunk);
      this.sizeBytes += chunk.length;
      yield chunk;
    }
  }
}
