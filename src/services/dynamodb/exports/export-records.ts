/**
 * The lines of data files: items, or what became of them.
 *
 * @evidence Developer Guide, "DynamoDB table export output format"; an item that came and went within the
 *   period has its keys alone
 */

import type { BodyContext } from "../../../kernel/context.ts";
import type { KeyPart } from "../../../store/types.ts";
import { items } from "../items/item-rows.ts";
import { changedItems, type ChangedItem, type Export, type ExportWork } from "./export-rows.ts";

/** What a file has come to; its records fill it in as they are read. */
export interface Progress {
  items: number;
  sizeBytes: number;
  after: readonly KeyPart[] | undefined;
  isMore: boolean;
}

const rowsAtOnce = 500;
/** A file ends after so much, so that a restart does not repeat more. */
const fileBytesMax = 64 * 1_048_576;

/** `read` gives the next rows as lines, some at a time, so that requests come in between. */
async function* pieces(read: () => string[], progress: Progress): AsyncGenerator<Buffer> {
  let bytes = 0;
  for (;;) {
    const lines = read();
    if (lines.length > 0) {
      const piece = Buffer.from(lines.join(""));
      bytes += piece.length;
      yield piece;
    }
    if (lines.length < rowsAtOnce) return;
    if (bytes < fileBytesMax) continue;
    progress.isMore = true;
    return;
  }
}

export function fullRecords(ctx: BodyContext, work: ExportWork, progress: Progress): AsyncGenerator<Buffer> {
  const prefix = [work.target];
  return pieces(() => ctx.reading(() => {
    const lines: string[] = [];
    const { after } = progress;
    for (const row of ctx.db(items).list({ prefix, ...(after && { after }), limit: rowsAtOnce })) {
      lines.push(`{"Item":${row.text}}\n`);
      progress.items += 1;
      progress.sizeBytes += row.sizeBytes;
      progress.after = row.key;
    }
    return lines;
  }), progress);
}

export function changedRecords(
  ctx: BodyContext, row: Export, work: ExportWork, progress: Progress,
): AsyncGenerator<Buffer> {
  const prefix = [work.target];
  return pieces(() => ctx.reading(() => {
    const lines: string[] = [];
    const { after } = progress;
    const range = { prefix, ...(after && { after }), limit: rowsAtOnce };
    for (const changed of ctx.db(changedItems).list(range)) {
      const key = [work.target, ...changed.place];
      const next = ctx.db(items).get(key);
      lines.push(changeLine(row, changed, next?.text));
      progress.items += 1;
      progress.sizeBytes += (next?.sizeBytes ?? 0) + (changed.before?.sizeBytes ?? 0);
      progress.after = key;
    }
    return lines;
  }), progress);
}

function changeLine({ key, period }: Export, changed: ChangedItem, next: string | undefined): string {
  const { at, before, sample } = changed;
  const item = JSON.parse(next ?? sample ?? "{}") as Record<string, unknown>;
  const names = [...key.partition, ...key.sort].map(({ name }) => name);
  const keys = names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(item[name])}`);
  const hasOld = before !== undefined && period?.view !== "NEW_IMAGE";
  return `{"Metadata":{"WriteTimestampMicros":{"N":"${at * 1000}"}},"Keys":{${keys.join()}}` +
    `${hasOld ? `,"OldImage":${before.text}` : ""}${next === undefined ? "" : `,"NewImage":${next}`}}\n`;
}
