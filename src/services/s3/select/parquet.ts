/** Records of Parquet, a group of rows at a time. */

import { gunzipSync } from "node:zlib";
import type { FileMetaData } from "hyparquet";
import type { ScanRange } from "./scan-range.ts";
import { selectError } from "./errors.ts";

/** @param first and last byte */
export type ReadBytes = (first: number, last: number) => Promise<Buffer>;

export interface ParquetFile {
  readonly sizeBytes: number;
  readonly read: ReadBytes;
}

/** @evidence S3 User Guide, "Filtering and retrieving data using Amazon S3 Select", requirements */
const groupBytesMax = 512 * 1024 * 1024;

/**
 * A group of rows is read where it begins in the range.
 *
 * @throws ParquetParsingError, OverMaxParquetBlockSize
 */
export async function* parquetRecords(
  { sizeBytes, read }: ParquetFile,
  range: ScanRange | undefined,
): AsyncGenerator<readonly unknown[]> {
  const { parquetMetadataAsync, parquetReadObjects } = await import("hyparquet");
  const file = {
    byteLength: sizeBytes,
    async slice(start: number, end = sizeBytes): Promise<ArrayBuffer> {
      const first = start < 0 ? sizeBytes + start : start;
      return new Uint8Array(await read(first, end - 1)).buffer;
    },
  };
  const compressors = { GZIP: (input: Uint8Array) => gunzipSync(input, { maxOutputLength: groupBytesMax }) };
  const metadata: FileMetaData = await parsed(() => parquetMetadataAsync(file));
  let rowStart = 0;
  for (const { num_rows: count, columns, total_byte_size: groupBytes } of metadata.row_groups) {
    const rowEnd = rowStart + Number(count);
    const at = Number(columns[0]?.meta_data?.data_page_offset ?? 0n);
    if (!range || (at >= range.start && at <= range.end)) {
      if (Number(groupBytes) > groupBytesMax) throw selectError("OverMaxParquetBlockSize");
      const options = { file, metadata, rowStart, rowEnd, compressors };
      yield (await parsed(() => parquetReadObjects(options))).map(plain);
    }
    rowStart = rowEnd;
  }
}

async function parsed<Result>(parse: () => Promise<Result>): Promise<Result> {
  try {
    return await parse();
  } catch {
    throw selectError("ParquetParsingError");
  }
}

/** As JSON has it. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value ?? null;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
}
