/** What became of the tasks of a job, written to the bucket that the job names. */

import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import * as s3 from "../../generated/s3.ts";
import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import { encodeKey } from "../s3/listing/key-encoding.ts";
import { batchTasks, type BatchJob, type BatchTask } from "./batch-job-table.ts";

const schema = "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage";

/**
 * @throws AwsError when the role may not write there
 * @evidence S3 User Guide, "Examples: S3 Batch Operations completion reports"
 */
export async function writeReport(ctx: BodyContext, job: BatchJob, session: CallOptions): Promise<void> {
  const { Bucket: bucketArn = "", Prefix, ReportScope, ExpectedBucketOwner } = job.request.Report;
  const Bucket = bucketArn.slice(bucketArn.lastIndexOf(":") + 1);
  const folder = `${Prefix === undefined ? "" : `${Prefix.replace(/\/$/, "")}/`}job-${job.id}`;
  const put = (Key: string, Body: Readable): Promise<unknown> =>
    ctx.call(
      s3.PutObject,
      { Bucket, Key, Body, ...(ExpectedBucketOwner !== undefined && { ExpectedBucketOwner }) },
      session,
    );
  const results: object[] = [];
  for (const status of ["succeeded", "failed"] as const) {
    const count = status === "failed" ? job.failedCount : job.succeededCount;
    if (count === 0 || (status === "succeeded" && ReportScope === "FailedTasksOnly")) continue;
    const Key = `${folder}/results/${ctx.ids.hex(40)}.csv`;
    const md5 = createHash("md5");
    await put(Key, Readable.from(texts(ctx, job.id, status, md5), { objectMode: false }));
    results.push({ TaskExecutionStatus: status, Bucket, MD5Checksum: md5.digest("hex"), Key });
  }
  const manifest = {
    Format: "Report_CSV_20180820",
    ReportCreationDate: new Date(ctx.clock.now()).toISOString(),
    Results: results,
    ReportSchema: schema,
  };
  await put(`${folder}/manifest.json`, Readable.from([Buffer.from(JSON.stringify(manifest))]));
}

const tasksPerPage = 500;

/** Read a page at a time, when the last one has been taken. */
async function* texts(
  ctx: BodyContext,
  job: string,
  status: "succeeded" | "failed",
  md5: ReturnType<typeof createHash>,
): AsyncGenerator<Buffer> {
  let place: number | undefined = -1;
  while (place !== undefined) {
    const after = [job, place];
    const range = { prefix: [job], after, limit: tasksPerPage };
    const page: BatchTask[] = ctx.reading(() => [...ctx.db(batchTasks).list(range)]);
    const lines = page.filter((task) => statusOf(task) === status).map(lineOf);
    const bytes = Buffer.from(lines.join(""));
    md5.update(bytes);
    if (bytes.length > 0) yield bytes;
    place = page.length < tasksPerPage ? undefined : page.at(-1)?.place;
  }
}

function statusOf({ result }: BatchTask): "succeeded" | "failed" | undefined {
  if (!result) return undefined;
  return result.code === undefined ? "succeeded" : "failed";
}

/** The status comes before the code of the error, whatever the schema says: so AWS writes it. */
function lineOf({ bucket, key, versionId = "", result }: BatchTask): string {
  const { status = 0, code = "", message = "" } = result ?? {};
  const kind = result?.code === undefined ? "succeeded" : "failed";
  const encoded = encodeKey({ EncodingType: "url" }, key);
  const values = [bucket, encoded, versionId, kind, String(status), code, message];
  return `${values.map(quoted).join(",")}\n`;
}

function quoted(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
