/**
 * An export at work, in steps that a restart repeats. The table as it was is a copy under a number of its
 * own, which is read in pieces while it goes to the bucket, and taken away in the end.
 */

import type { Job } from "../../../jobs/job.ts";
import type { BodyContext, Context } from "../../../kernel/context.ts";
import { AwsError } from "../../../kernel/errors.ts";
import { copies } from "../backups/copies.ts";
import { keptChanges } from "../backups/changes.ts";
import { restorable } from "../backups/continuous-backups.ts";
import { dropItems } from "../items/item-rows.ts";
import { tables } from "../tables/table-rows.ts";
import { changedRecords, fullRecords, linesOf, type Progress } from "./export-records.ts";
import { writeManifests } from "./manifests.ts";
import { bucketRegionIn, compressed, failureOf, storeObject } from "./objects.ts";
import {
  changedItems, dataFolderOf, exportFiles, exports, folderOf, forgetLater, type Export, type ExportWork,
} from "./export-rows.ts";

interface Named {
  readonly table: string;
  readonly id: string;
}

type Running = Export & { readonly work: ExportWork };

const collectedAtOnce = 500;
const againMilliseconds = 10;
const nameAlphabet = "abcdefghijklmnopqrstuvwxyz234567";

export function newFileName(ctx: Context): string {
  return ctx.ids.from(nameAlphabet, 26);
}

function find(ctx: Context, { table, id }: Named): Running | undefined {
  const row = ctx.db(exports).get([table, id]);
  return row?.work && { ...row, work: row.work };
}

export const advanceExport: Job<Named> = {
  kind: "job",
  name: "dynamodb.export",
  persistent: true,
  async body(named, ctx) {
    const next = (): Running | undefined => ctx.transaction((within) => find(within, named));
    for (let row = next(); row; row = next()) {
      // A region that stops does not wait for all of it.
      if (ctx.signal.aborted) return ctx.transaction((within) => goOnLater(within, named));
      try {
        if (!(await takeStep(ctx, row))) return;
      } catch (cause) {
        if (!(cause instanceof AwsError) || cause.status >= 500) throw cause;
        ctx.transaction((within) => fail(within, named, failureOf(within, cause)));
      }
    }
  },
};

function goOnLater(ctx: Context, { table, id }: Named): void {
  const at = ctx.clock.now() + againMilliseconds;
  ctx.schedule(advanceExport, { at, input: { table, id }, id });
}

/** @returns false when the export goes on later */
async function takeStep(ctx: BodyContext, row: Running): Promise<boolean> {
  const { work } = row;
  if (!work.isStarted) {
    await start(ctx, row);
    return true;
  }
  if (work.stage === "collecting") {
    ctx.transaction((within) => collect(within, row));
    return true;
  }
  if (work.stage === "closing") {
    await close(ctx, row);
    return true;
  }
  const isCopying = ctx.transaction((within) => {
    if (!within.db(copies).has([work.source, work.target])) return false;
    goOnLater(within, row);
    return true;
  });
  if (isCopying) return false;
  await writeFile(ctx, row);
  return true;
}

/** The bucket may be in another region, which S3 says to whoever looks for it in the wrong one. */
async function start(ctx: BodyContext, row: Running): Promise<void> {
  try {
    await storeObject(ctx, row, `${folderOf(row)}_started`, Buffer.alloc(0));
    change(ctx, row, { isStarted: true });
  } catch (cause) {
    const region = bucketRegionIn(cause);
    if (region === undefined || row.work.region !== undefined) throw cause;
    change(ctx, row, { region });
  }
}

function change(ctx: BodyContext, named: Named, changes: Partial<ExportWork>): void {
  ctx.transaction((within) => {
    const row = find(within, named);
    if (row) within.db(exports).put({ ...row, work: { ...row.work, ...changes } });
  });
}

/** What changed within the period, an item once: as it was before the first change. */
function collect(ctx: Context, row: Running): void {
  const { work, period } = row;
  if (!period) return;
  const source = ctx.db(tables).get(row.table);
  const window = source?.number === work.source ? restorable(source, ctx.clock.now()) : undefined;
  const isWhole = source?.recovery?.since === work.recoverySince;
  if (!window || !isWhole || Math.floor(window.earliest / 1000) > Math.floor(period.from / 1000)) {
    fail(ctx, row, {
      code: "PointInTimeRecoveryUnavailable",
      message: `Point in time recovery is not enabled for table '${row.table}'`,
    });
    return;
  }
  const number = work.source;
  const after = [number, ...(work.collected ?? [period.from - 1, Number.MAX_SAFE_INTEGER])];
  const range = { prefix: [number], after, before: [number, period.to], limit: collectedAtOnce };
  const found = [...ctx.db(keptChanges).list(range)];
  const rows = ctx.db(changedItems);
  for (const { at, place: [, ...place], before } of found) {
    const known = rows.get([work.target, ...place]);
    const sample = known?.sample ?? before?.text;
    rows.put({ number: work.target, place, at, before: known ? known.before : before, sample });
  }
  const last = found.at(-1);
  const next: Partial<ExportWork> = last && found.length === collectedAtOnce
    ? { collected: [last.at, last.sequence] } : { stage: "writing" };
  ctx.db(exports).put({ ...row, work: { ...work, ...next } });
}

/** One data file: its row and the place to go on from are written when it is in the bucket. */
async function writeFile(ctx: BodyContext, row: Running): Promise<void> {
  const { work } = row;
  const progress: Progress = { items: 0, sizeBytes: 0, after: work.after, isMore: false };
  const lines = await linesOf(row);
  const records = row.period ? changedRecords(ctx, row, work, progress, lines)
    : fullRecords(ctx, work, progress, lines);
  const key = `${dataFolderOf(row)}${work.fileName}.${lines.ending}.gz`;
  const { body, md5 } = compressed(records);
  const etag = await storeObject(ctx, row, key, body);
  ctx.transaction((within) => {
    const current = find(within, row);
    if (!current) return;
    const file = { id: row.id, order: work.files, key, items: progress.items, etag, md5: md5() };
    within.db(exportFiles).put(file);
    within.db(exports).put({
      ...current,
      items: current.items + progress.items,
      sizeBytes: current.sizeBytes + progress.sizeBytes,
      work: {
        ...current.work, files: work.files + 1, fileName: newFileName(within),
        ...(progress.after && { after: progress.after }),
        ...(!progress.isMore && { stage: "closing" as const }),
      },
    });
  });
}

async function close(ctx: BodyContext, row: Running): Promise<void> {
  const endedAt = ctx.clock.now();
  await writeManifests(ctx, row, endedAt);
  ctx.transaction((within) => {
    const current = find(within, row);
    if (current) end(within, current, { status: "COMPLETED", endedAt });
  });
}

function fail(ctx: Context, named: Named, failure: NonNullable<Export["failure"]>): void {
  const row = find(ctx, named);
  if (row) end(ctx, row, { status: "FAILED", endedAt: ctx.clock.now(), failure });
}

function end(ctx: Context, row: Running, changes: Partial<Export>): void {
  const { work, ...rest } = row;
  ctx.db(exports).put({ ...rest, ...changes });
  const { source, target } = work;
  ctx.schedule(dropCopy, { at: ctx.clock.now(), input: { source, target }, id: String(target) });
  forgetLater(ctx, row);
}

/** The copy goes once nobody writes to it any more. */
export const dropCopy: Job<Pick<ExportWork, "source" | "target">> = {
  kind: "job",
  name: "dynamodb.dropExportCopy",
  run({ source, target }, ctx) {
    const changes = [...ctx.db(changedItems).list({ prefix: [target], limit: collectedAtOnce })];
    for (const { place } of changes) ctx.db(changedItems).delete([target, ...place]);
    if (ctx.db(copies).has([source, target]) || changes.length === collectedAtOnce) {
      const at = ctx.clock.now() + againMilliseconds;
      ctx.schedule(dropCopy, { at, input: { source, target }, id: String(target) });
    } else {
      dropItems(ctx, target);
    }
  },
};
