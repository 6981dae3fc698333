/**
 * An import at work: an object after the other, some records a transaction. How many records of an object
 * are done is written with them, so that a restart goes on behind them.
 */

import { setImmediate } from "node:timers/promises";
import * as s3 from "../../../generated/s3.ts";
import type { Job } from "../../../jobs/job.ts";
import type { BodyContext, CallOptions, Context } from "../../../kernel/context.ts";
import { AwsError } from "../../../kernel/errors.ts";
import { bucketRegionIn, failureOf } from "../exports/objects.ts";
import { storeKeyOf } from "../items/item-keys.ts";
import { requireFit, requireItem } from "../items/put-item.ts";
import { applyWrite, findItem, planWrite } from "../items/writing.ts";
import { beginDeletion } from "../tables/delete-table.ts";
import { creationMilliseconds, putTable } from "../tables/lifecycles.ts";
import { tables, type Table } from "../tables/table-rows.ts";
import { itemTooLarge } from "../values/value-errors.ts";
import { forgetImport, imports, keptMilliseconds, type Import, type ImportWork } from "./import-rows.ts";
import { breakOf, contentOf } from "./contents.ts";
import { logErrors, LogRefusal, openLog, type RecordError } from "./import-log.ts";
import { RecordReader } from "./record-reader.ts";
import { BrokenFile, linesOf } from "./records.ts";

interface Named {
  readonly table: string;
  readonly id: string;
}

type Running = Import & { readonly work: ImportWork };

/** @evidence Developer Guide, "Import format quotas and validation": 50,000 objects */
const objectsMax = 50_000;

function find(ctx: Context, { table, id }: Named): Running | undefined {
  const row = ctx.db(imports).get([table, id]);
  return row?.work && { ...row, work: row.work };
}

export const advanceImport: Job<Named> = {
  kind: "job",
  name: "dynamodb.import",
  persistent: true,
  async body(named, ctx) {
    const next = (): Running | undefined => ctx.transaction((within) => find(within, named));
    for (let row = next(); row; row = next()) {
      // A region that stops does not wait for all of it.
      if (ctx.signal.aborted) return goOnLater(ctx, named);
      try {
        await takeStep(ctx, row);
      } catch (cause) {
        const failure = whyItFails(ctx, row, cause);
        if (failure) ctx.transaction((within) => end(within, named, { status: "FAILED", failure }));
      }
    }
  },
};

async function takeStep(ctx: BodyContext, row: Running): Promise<void> {
  const { work } = row;
  if (!work.isLogged) {
    await openLog(ctx, row);
    change(ctx, row, { work: { ...work, isLogged: true } });
  } else if (work.current) await readObject(ctx, row, work.current);
  else await nextObject(ctx, row);
}

/** @returns undefined where it goes on after all */
function whyItFails(ctx: BodyContext, row: Running, cause: unknown): Import["failure"] {
  // The code is inferred.
  if (cause instanceof LogRefusal) {
    return { code: `CloudWatch${cause.refusal.code}`, message: cause.refusal.message };
  }
  if (!(cause instanceof AwsError) || cause.status >= 500) throw cause;
  return isElsewhere(ctx, row, cause) ? undefined : failureOf(ctx, cause);
}

function goOnLater(ctx: BodyContext, named: Named): void {
  ctx.transaction((within) => {
    within.schedule(advanceImport, { at: within.clock.now() + 1, input: named, id: named.id });
  });
}

/** The bucket may be in another region, which S3 says to whoever looks for it in the wrong one. */
function isElsewhere(ctx: BodyContext, row: Running, cause: AwsError): boolean {
  const region = bucketRegionIn(cause);
  if (region === undefined || row.work.region !== undefined) return false;
  change(ctx, row, { work: { ...row.work, region } });
  return true;
}

function change(ctx: BodyContext, named: Named, changes: Partial<Import>): void {
  ctx.transaction((within) => {
    const row = find(within, named);
    if (row) within.db(imports).put({ ...row, ...changes });
  });
}

function asCaller(ctx: BodyContext, { work }: Running): CallOptions {
  return { as: { for: work.caller }, region: work.region ?? ctx.region };
}

/** The objects whose keys begin with the prefix, in the order of their keys. */
async function nextObject(ctx: BodyContext, row: Running): Promise<void> {
  const { S3Bucket, S3BucketOwner, S3KeyPrefix } = row.request.S3BucketSource;
  const { work } = row;
  const { Contents = [] } = await ctx.call(s3.ListObjectsV2, {
    Bucket: S3Bucket,
    MaxKeys: 1,
    ...(S3KeyPrefix !== undefined && { Prefix: S3KeyPrefix }),
    ...(work.after !== undefined && { StartAfter: work.after }),
    ...(S3BucketOwner !== undefined && { ExpectedBucketOwner: S3BucketOwner }),
  }, asCaller(ctx, row));
  const [found] = Contents;
  if (found?.Key === undefined) {
    ctx.transaction((within) => end(within, row, outcome(row)));
    return;
  }
  if (work.objects >= objectsMax) {
    const failure = { code: "S3TooManyObjects", message: `There are more than ${objectsMax} objects` };
    ctx.transaction((within) => end(within, row, { status: "FAILED", failure }));
    return;
  }
  const current = { key: found.Key, etag: found.ETag ?? "", records: 0 };
  change(ctx, row, { work: { ...work, current, objects: work.objects + 1 } });
}

/** @evidence recorded: both ends of an import, also of one that found no objects */
function outcome({ errors }: Running): Partial<Import> {
  if (errors === 0) return { status: "COMPLETED" };
  const message = "Some of the items failed validation checks and were not imported. " +
    "Please check CloudWatch error logs for more details.";
  return { status: "FAILED", failure: { code: "ItemValidationError", message } };
}

/**
 * The table is there with what could be imported.
 *
 * @evidence recorded: where the import fails before anything is read there is no table
 */
function end(ctx: Context, named: Named, changes: Partial<Import>): void {
  const row = find(ctx, named);
  if (!row) return;
  const { work: _work, ...rest } = row;
  const now = ctx.clock.now();
  ctx.db(imports).put({ ...rest, ...changes, endedAt: now });
  ctx.schedule(forgetImport, { at: now + keptMilliseconds, input: { table: row.table, id: row.id } });
  const made = ctx.db(tables).get(row.table);
  if (made?.number !== row.number || made.status !== "CREATING") return;
  if (changes.failure && row.processedItems === 0) beginDeletion(ctx, made);
  else putTable(ctx, { ...made, transition: { until: now + creationMilliseconds, becomes: {} } });
}

async function readObject(
  ctx: BodyContext, row: Running, current: NonNullable<ImportWork["current"]>,
): Promise<void> {
  const { S3Bucket, S3BucketOwner } = row.request.S3BucketSource;
  const { Body } = await ctx.call(s3.GetObject, {
    Bucket: S3Bucket,
    Key: current.key,
    // Of an object that was replaced meanwhile nobody knows which records are done.
    ...(current.etag !== "" && { IfMatch: current.etag }),
    ...(S3BucketOwner !== undefined && { ExpectedBucketOwner: S3BucketOwner }),
  }, asCaller(ctx, row));
  const reader = await RecordReader.of(row.request);
  let toSkip = current.records;
  let batch: Batch = { lines: [], bytes: 0 };
  const flush = async (end: Partial<Pick<Batch, "isFinished" | "broken">> = {}): Promise<boolean> => {
    const { isOn, errors } = ctx.transaction(
      (within) => putRecords(within, row, { ...batch, ...end }, reader),
    );
    batch = { lines: [], bytes: 0 };
    await logErrors(ctx, row, current.key, errors);
    return isOn;
  };
  const content = contentOf(Body, row.request.InputCompressionType);
  try {
    for await (const line of linesOf(content, reader.lines)) {
      if (!reader.isRecord(line)) continue;
      if (toSkip > 0) {
        toSkip -= 1;
        continue;
      }
      batch.lines.push(line);
      batch.bytes += line.length + 1;
      if (batch.lines.length < reader.atOnce.records && batch.bytes < reader.atOnce.bytes) continue;
      if (!(await flush()) || ctx.signal.aborted) return;
      await setImmediate();
    }
    await flush({ isFinished: true });
  } catch (cause) {
    const broken = breakOf(cause);
    if (broken === undefined) throw cause;
    await flush({ isFinished: true, broken });
  }
}

interface Batch {
  readonly lines: Buffer[];
  bytes: number;
  /** The object is read to its end, or as far as it can be. */
  readonly isFinished?: boolean;
  /** Why it cannot be read any further. */
  readonly broken?: string;
}

interface Put {
  /** False when nothing more is to be read of the object. */
  readonly isOn: boolean;
  readonly errors: readonly RecordError[];
}

/** What cannot be read any further counts as one record. @evidence recorded */
function putRecords(ctx: Context, named: Named, batch: Batch, reader: RecordReader): Put {
  const row = find(ctx, named);
  const made = row && ctx.db(tables).get(row.table);
  if (!row?.work.current) return { isOn: false, errors: [] };
  if (made?.number !== row.number || made.status === "DELETING") {
    end(ctx, row, { status: "CANCELLED" });
    return { isOn: false, errors: [] };
  }
  const { current, ...work } = row.work;
  const errors: RecordError[] = [];
  let { broken } = batch;
  let count = 0;
  let bytes = 0;
  for (const line of batch.lines) {
    const refusal = putRecord(ctx, made, line, reader);
    if (refusal instanceof BrokenFile) {
      broken = refusal.message;
      break;
    }
    if (refusal) errors.push({ index: current.records + count, message: refusal.message });
    count += 1;
    bytes += line.length + 1;
  }
  if (broken !== undefined) {
    errors.push({ index: current.records + count, message: broken });
    count += 1;
  }
  const isOn = !batch.isFinished && broken === undefined;
  ctx.db(imports).put({
    ...row,
    processedItems: row.processedItems + count,
    processedBytes: row.processedBytes + bytes,
    importedItems: row.importedItems + count - errors.length,
    errors: row.errors + errors.length,
    work: isOn ? { ...work, current: { ...current, records: current.records + count } }
      : { ...work, after: current.key },
  });
  return { isOn, errors };
}

/** @returns what is wrong with it, undefined for an item of the table */
function putRecord(
  ctx: Context, made: Table, line: Buffer, reader: RecordReader,
): AwsError | BrokenFile | undefined {
  try {
    const measured = requireItem(reader.itemOf(line));
    const { item } = measured;
    requireFit(made, item);
    const place = storeKeyOf(made.number, made.key, item);
    const change = { table: made, place, before: findItem(ctx, place), after: item, measured };
    applyWrite(ctx, planWrite(change, itemTooLarge));
    return undefined;
  } catch (cause) {
    if (cause instanceof BrokenFile || (cause instanceof AwsError && cause.status < 500)) return cause;
    throw cause;
  }
}
