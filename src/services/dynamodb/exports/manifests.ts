/** What an export says of itself in the bucket: the summary comes last. */

import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { BodyContext } from "../../../kernel/context.ts";
import { tableArn } from "../tables/names.ts";
import {
  exportArn, exportFiles, folderOf, type Export, type ExportFile, type ExportWork,
} from "./export-rows.ts";
import { storeObject } from "./objects.ts";

type Running = Export & { readonly work: ExportWork };

const filesAtOnce = 500;

/**
 * Each with its MD5 beside it.
 *
 * @evidence Developer Guide, "Table export output"; the `.md5` names are what AWS writes, where the guide
 *   says `.checksum`
 */
export async function writeManifests(ctx: BodyContext, row: Running, endedAt: number): Promise<void> {
  const md5 = createHash("md5");
  const files = Readable.from(fileLines(ctx, row.id, md5));
  await storeObject(ctx, row, `${folderOf(row)}manifest-files.json`, files);
  await storeText(ctx, row, "manifest-files.md5", md5.digest("base64"));
  const summary = JSON.stringify(summaryOf(ctx, row, endedAt));
  await storeText(ctx, row, "manifest-summary.md5", createHash("md5").update(summary).digest("base64"));
  await storeText(ctx, row, "manifest-summary.json", summary);
}

async function storeText(ctx: BodyContext, row: Running, name: string, text: string): Promise<void> {
  await storeObject(ctx, row, folderOf(row) + name, Buffer.from(text));
}

async function* fileLines(ctx: BodyContext, id: string, md5: ReturnType<typeof createHash>) {
  let after: readonly [string, number] | undefined;
  for (;;) {
    const range = { prefix: [id], ...(after && { after }), limit: filesAtOnce };
    const files = ctx.reading(() => [...ctx.db(exportFiles).list(range)]);
    const text = files.map(fileLine).join("");
    md5.update(text);
    yield Buffer.from(text);
    const last = files.at(-1);
    if (!last || files.length < filesAtOnce) return;
    after = [id, last.order];
  }
}

function fileLine({ items, md5, etag, key }: ExportFile): string {
  return `${JSON.stringify({ itemCount: items, md5Checksum: md5, etag, dataFileS3Key: key })}\n`;
}

function summaryOf(ctx: BodyContext, row: Running, endedAt: number): object {
  const { period, request, at } = row;
  const time = (milliseconds: number): string => new Date(milliseconds).toISOString();
  return {
    version: period ? "2023-08-01" : "2020-06-30",
    exportArn: exportArn(ctx, row),
    startTime: time(row.startedAt),
    endTime: time(endedAt),
    tableArn: tableArn(ctx, row.table),
    tableId: row.tableId,
    ...(period
      ? { exportFromTime: time(period.from), exportToTime: time(period.to) }
      : { exportTime: time(at ?? row.startedAt) }),
    s3Bucket: request.S3Bucket,
    s3Prefix: request.S3Prefix ?? null,
    s3SseAlgorithm: request.S3SseAlgorithm ?? "AES256",
    s3SseKmsKeyId: request.S3SseKmsKeyId ?? null,
    manifestFilesS3Key: `${folderOf(row)}manifest-files.json`,
    billedSizeBytes: row.sizeBytes,
    itemCount: row.items,
    outputFormat: request.ExportFormat ?? "DYNAMODB_JSON",
    ...(period && { outputView: period.view, exportType: "INCREMENTAL_EXPORT" }),
  };
}
