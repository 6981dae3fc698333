/**
 * The lines of data files: items, or what became of them.
 *
 * @evidence Developer Guide, "DynamoDB table export output format"; an item that came and went within the
 *   period has its keys alone
 */

import type { BodyContext } from "../../../kernel/context.ts";
import type { KeyPart } from "../../../store/types.ts";
import { IonText } from "../ion/ion-values.ts";
import { itemOf, items, type ItemRow } from "../items/item-rows.ts";
import { attributeOf, emptyItem, type Item } from "../values/attribute-values.ts";
import { changedItems, type ChangedItem, type Export, type ExportWork } from "./export-rows.ts";

/** What a file has come to; its records fill it in as they are read. */
export interface Progress {
  items: number;
  sizeBytes: number;
  after: readonly KeyPart[] | undefined;
  isMore: boolean;
}

/** A file ends after so much, so that a restart does not repeat more. */
const fileBytesMax = 64 * 1_048_576;

/** `read` gives the next rows as lines, some at a time, so that requests come in between. */
async function* pieces(
  read: () => string[], progress: Progress, rowsAtOnce: number,
): AsyncGenerator<Buffer> {
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

export function fullRecords(
  ctx: BodyContext, work: ExportWork, progress: Progress, { itemLine, rowsAtOnce }: Lines,
): AsyncGenerator<Buffer> {
  const prefix = [work.target];
  return pieces(() => ctx.reading(() => {
    const lines: string[] = [];
    const { after } = progress;
    for (const row of ctx.db(items).list({ prefix, ...(after && { after }), limit: rowsAtOnce })) {
      lines.push(itemLine(row));
      progress.items += 1;
      progress.sizeBytes += row.sizeBytes;
      progress.after = row.key;
    }
    return lines;
  }), progress, rowsAtOnce);
}

export function changedRecords(
  ctx: BodyContext, row: Export, work: ExportWork, progress: Progress, { changeLine, rowsAtOnce }: Lines,
): AsyncGenerator<Buffer> {
  const prefix = [work.target];
  return pieces(() => ctx.reading(() => {
    const lines: string[] = [];
    const { after } = progress;
    const range = { prefix, ...(after && { after }), limit: rowsAtOnce };
    for (const changed of ctx.db(changedItems).list(range)) {
      const key = [work.target, ...changed.place];
      const next = ctx.db(items).get(key);
      lines.push(changeLine(changeOf(row, changed, next)));
      progress.items += 1;
      progress.sizeBytes += (next?.sizeBytes ?? 0) + (changed.before?.sizeBytes ?? 0);
      progress.after = key;
    }
    return lines;
  }), progress, rowsAtOnce);
}

type Image = Pick<ItemRow, "text" | "isBinary">;

/** What became of an item. */
interface Change {
  readonly micros: string;
  /** The item at some time, and which of its attributes are its key. */
  readonly sample: Image;
  readonly keyNames: readonly string[];
  readonly old: Image | undefined;
  readonly next: Image | undefined;
}

function changeOf({ key, period }: Export, changed: ChangedItem, next: ItemRow | undefined): Change {
  const { at, before, sample = "{}" } = changed;
  return {
    micros: String(at * 1000),
    sample: next ?? { text: sample, isBinary: true },
    keyNames: [...key.partition, ...key.sort].map(({ name }) => name),
    old: period?.view === "NEW_IMAGE" ? undefined : before,
    next,
  };
}

/** How records are written. */
interface Lines {
  /** What the names of files end with. */
  readonly ending: string;
  /** How many are written before requests come in between. */
  readonly rowsAtOnce: number;
  readonly itemLine: (row: ItemRow) => string;
  readonly changeLine: (change: Change) => string;
}

export async function linesOf({ request }: Export): Promise<Lines> {
  if (request.ExportFormat !== "ION") return jsonLines;
  const ion = await IonText.load();
  return {
    ending: "ion",
    // Ion takes some 0.3 ms a kilobyte.
    rowsAtOnce: 50,
    itemLine: (row) => `$ion_1_0 ${ion.written({ Item: itemOf(row) })}\n`,
    changeLine: (change) => `$ion_1_0 ${ion.written({ Record: ionChange(change) })}\n`,
  };
}

const jsonLines: Lines = {
  ending: "json",
  rowsAtOnce: 500,
  itemLine: ({ text }) => `{"Item":${text}}\n`,
  changeLine: ({ micros, sample, keyNames, old, next }) => {
    const item = JSON.parse(sample.text) as Record<string, unknown>;
    const keys = keyNames.map((name) => `${JSON.stringify(name)}:${JSON.stringify(item[name])}`);
    return `{"Metadata":{"WriteTimestampMicros":{"N":"${micros}"}},"Keys":{${keys.join()}}` +
      `${old ? `,"OldImage":${old.text}` : ""}${next ? `,"NewImage":${next.text}` : ""}}\n`;
  },
};

/** The shape of these records in Ion is not recorded. */
function ionChange({ micros, sample, keyNames, old, next }: Change): Record<string, Item> {
  const image = (of: Image): Item => itemOf({ key: [], sizeBytes: 0, ...of });
  const item = image(sample);
  const keys = emptyItem();
  for (const name of keyNames) {
    const value = attributeOf(item, name);
    if (value) keys[name] = value;
  }
  return {
    Keys: keys,
    Metadata: { WriteTimestampMicros: { N: micros } },
    ...(old && { OldImage: image(old) }),
    ...(next && { NewImage: image(next) }),
  };
}
