/** The records of an object, in batches as they are read. */

import type { Readable } from "node:stream";
import { createGunzip, type Gunzip } from "node:zlib";
import type * as s3 from "../../../generated/s3.ts";
import type { CellBlobs } from "../../../kernel/context.ts";
import { readBody } from "../bodies/reading.ts";
import type { StoredBody } from "../bodies/table.ts";
import { invalidTextEncoding, selectError } from "./errors.ts";
import { parquetRecords } from "./parquet.ts";
import { csvRecords, jsonRecords, readyRecords, type RecordReader } from "./records.ts";
import { withinRange, type ScanRange } from "./scan-range.ts";
import type { Step } from "./tree.ts";

export interface Counts {
  BytesScanned: number;
  BytesProcessed: number;
  BytesReturned: number;
}

export interface Records {
  readonly reader: RecordReader;
  readonly batches: AsyncGenerator<readonly unknown[]>;
}

export interface Source {
  readonly blobs: CellBlobs;
  readonly body: StoredBody | undefined;
  readonly key: Buffer;
  readonly sizeBytes: number;
  /** Lets go of the files of the body. */
  readonly release: () => void;
}

export function fromText(
  source: Source,
  range: ScanRange | undefined,
  format: s3.InputSerialization,
  path: readonly Step[],
  counts: Counts,
): Records {
  const reader = format.CSV ? csvRecords(format.CSV) : jsonRecords(path);
  const batches = async function* (): AsyncGenerator<readonly unknown[]> {
    const { blobs, body, key, sizeBytes, release } = source;
    const stored = readBody(blobs, body, key, { first: 0, last: sizeBytes - 1 }, release);
    try {
      const pieces = unpacked(stored, format.CompressionType === "GZIP", counts);
      for await (const text of textOf(range ? inRange(pieces, range, format) : pieces, counts)) {
        yield reader.push(text);
      }
      yield reader.end();
    } finally {
      if (!Buffer.isBuffer(stored)) stored.destroy();
    }
  };
  return { reader, batches: batches() };
}

function inRange(
  pieces: AsyncGenerator<Buffer>,
  range: ScanRange,
  { CSV }: s3.InputSerialization,
): AsyncGenerator<Buffer> {
  const delimiter = Buffer.from(CSV?.RecordDelimiter || "\n");
  const keepsFirst = CSV?.FileHeaderInfo === "USE" || CSV?.FileHeaderInfo === "IGNORE";
  return withinRange(pieces, { range, delimiter, keepsFirst });
}

export function fromParquet(source: Source, range: ScanRange | undefined, counts: Counts): Records {
  const { blobs, body, key, sizeBytes, release } = source;
  const read = async (first: number, last: number): Promise<Buffer> => {
    const chunks: Buffer[] = [];
    const stored = readBody(blobs, body, key, { first, last }, () => undefined);
    for await (const chunk of piecesOf(stored)) chunks.push(chunk);
    counts.BytesScanned += last - first + 1;
    counts.BytesProcessed += last - first + 1;
    return Buffer.concat(chunks);
  };
  const batches = async function* (): AsyncGenerator<readonly unknown[]> {
    try {
      yield* parquetRecords({ sizeBytes, read }, range);
    } finally {
      release();
    }
  };
  return { reader: readyRecords(), batches: batches() };
}

/** @throws InvalidCompressionFormat, TruncatedInput */
async function* unpacked(stored: Readable | Buffer, isGzip: boolean, counts: Counts): AsyncGenerator<Buffer> {
  if (!isGzip) {
    for await (const piece of piecesOf(stored)) {
      counts.BytesScanned += piece.length;
      yield piece;
    }
    return;
  }
  const gunzip = createGunzip();
  const fed = feed(gunzip, stored, counts);
  try {
    yield* gunzip as AsyncIterable<Buffer>;
    await fed;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "Z_BUF_ERROR") throw selectError("TruncatedInput");
    throw code?.startsWith("Z_") ? selectError("InvalidCompressionFormat") : error;
  } finally {
    gunzip.destroy();
    await fed;
  }
}

/** What the source throws, the unpacking throws. */
async function feed(gunzip: Gunzip, stored: Readable | Buffer, counts: Counts): Promise<void> {
  try {
    for await (const piece of piecesOf(stored)) {
      if (gunzip.destroyed) return;
      counts.BytesScanned += piece.length;
      if (!gunzip.write(piece)) await drained(gunzip);
    }
    gunzip.end();
  } catch (error) {
    gunzip.destroy(error as Error);
  }
}

function drained(gunzip: Gunzip): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      gunzip.off("drain", done).off("close", done);
      resolve();
    };
    gunzip.on("drain", done).on("close", done);
  });
}

const pieceBytes = 64 * 1024;

async function* piecesOf(stored: Readable | Buffer): AsyncGenerator<Buffer> {
  for await (const piece of Buffer.isBuffer(stored) ? [stored] : (stored as AsyncIterable<Buffer>)) {
    for (let at = 0; at < piece.length; at += pieceBytes) yield piece.subarray(at, at + pieceBytes);
  }
}

/** @throws InvalidTextEncoding */
async function* textOf(pieces: AsyncGenerator<Buffer>, counts: Counts): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decoded = (piece?: Buffer): string => {
    try {
      return decoder.decode(piece, { stream: piece !== undefined });
    } catch {
      throw invalidTextEncoding(counts.BytesProcessed);
    }
  };
  for await (const piece of pieces) {
    counts.BytesProcessed += piece.length;
    yield decoded(piece);
  }
  yield decoded();
}
