/** SelectObjectContent: a query over one object, read and answered as a stream. */

import type { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { createGunzip, type Gunzip } from "node:zlib";
import * as s3 from "../../generated/s3.ts";
import { operation } from "../../kernel/operation.ts";
import { onObject } from "./access.ts";
import { requireInReach } from "./archive.ts";
import { readBody } from "./body-reading.ts";
import { openEncryption } from "./encryption.ts";
import { openObject } from "./get-object.ts";
import { invalidTextEncoding, selectError } from "./select-errors.ts";
import { evaluationOf } from "./select-evaluation.ts";
import { openEngine } from "./select-engine.ts";
import { recordWriter } from "./select-output.ts";
import { parseQuery } from "./select-parser.ts";
import { csvRecords, jsonRecords } from "./select-records.ts";
import { requireSelectable } from "./select-request.ts";
import { planQuery } from "./select-translation.ts";
import type { Query } from "./select-tree.ts";

/**
 * What is wrong before anything is answered is an answer of its own; later it is an error within the stream.
 *
 * @evidence S3 API Reference, SelectObjectContent, "Permissions": `s3:GetObject`; its appendix, the response
 */
export const SelectObjectContent = operation(s3.SelectObjectContent, {
  ...onObject,
  action: "s3:GetObject",
  async body(input, ctx) {
    requireSelectable(input);
    const query = parseQuery(input.Expression);
    const plan = planQuery(query);
    if (input.InputSerialization.CSV && query.source.length > 0) throw selectError("UnsupportedSqlStructure");
    const { version, body, release } = openObject(input, ctx, "GET");
    try {
      requireInReach(version, ctx.clock.now());
      const encryption = await openEncryption(ctx, version, input);
      const whole = { first: 0, last: version.sizeBytes - 1 };
      const stored = readBody(ctx.blobs, body, encryption.key, whole, release);
      const events = selected(input, query, plan, stored);
      const first = await events.next();
      return { Payload: resumed(first, events) };
    } catch (error) {
      release();
      throw error;
    }
  },
});

type Event = s3.SelectObjectContentEventStream;

async function* resumed(first: IteratorResult<Event>, rest: AsyncGenerator<Event>): AsyncGenerator<Event> {
  try {
    if (!first.done) yield first.value;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

const frameBytesMax = 128 * 1024;
const progressBytes = 4 * 1024 * 1024;

interface Counts {
  BytesScanned: number;
  BytesProcessed: number;
  BytesReturned: number;
}

async function* selected(
  input: s3.SelectObjectContentRequest,
  query: Query,
  plan: ReturnType<typeof planQuery>,
  stored: Readable | Buffer,
): AsyncGenerator<Event> {
  const { InputSerialization: format } = input;
  const counts: Counts = { BytesScanned: 0, BytesProcessed: 0, BytesReturned: 0 };
  const reader = format.CSV ? csvRecords(format.CSV) : jsonRecords(query.source);
  const needsEngine = plan.kind === "aggregate" || plan.select !== undefined;
  const engine = needsEngine ? await openEngine() : undefined;
  try {
    const evaluation = evaluationOf(plan, { engine, reader, write: recordWriter(input.OutputSerialization) });
    let waiting: Buffer[] = [];
    let progressAt = progressBytes;
    const recordsAtOnce = Math.ceil(workMax / workOf(plan));
    for await (const text of textOf(unpacked(stored, format.CompressionType === "GZIP", counts), counts)) {
      for await (const records of shares(reader.push(text), recordsAtOnce)) {
        waiting.push(Buffer.from(evaluation.add(records)));
      }
      if (evaluation.isDone()) break;
      if (sizeOf(waiting) >= frameBytesMax / 2) {
        yield* framesOf(waiting, counts);
        waiting = [];
      }
      if (counts.BytesProcessed < progressAt) continue;
      progressAt = counts.BytesProcessed + progressBytes;
      yield input.RequestProgress?.Enabled ? { Progress: { Details: { ...counts } } } : { Cont: {} };
    }
    if (!evaluation.isDone()) waiting.push(Buffer.from(evaluation.add(reader.end())));
    waiting.push(Buffer.from(evaluation.end()));
    yield* framesOf(waiting, counts);
    if (input.RequestProgress?.Enabled) yield { Progress: { Details: { ...counts } } };
    yield { Stats: { Details: { ...counts } } };
    yield { End: {} };
  } finally {
    engine?.close();
    if (!Buffer.isBuffer(stored)) stored.destroy();
  }
}

/** Records times length of the statement, of what nothing else in the region gets a turn in. */
const workMax = 4_000_000;

function workOf(plan: ReturnType<typeof planQuery>): number {
  return (plan.kind === "rows" ? plan.select : plan.partial)?.sql.length ?? 1;
}

async function* shares(records: readonly unknown[], size: number): AsyncGenerator<readonly unknown[]> {
  for (let at = 0; at < records.length; at += size) {
    if (at > 0) await setImmediate();
    yield records.slice(at, at + size);
  }
}

function sizeOf(buffers: readonly Buffer[]): number {
  return buffers.reduce((sum, { length }) => sum + length, 0);
}

/** Frames end where they are full, be it within a record, as S3's do. */
function* framesOf(waiting: readonly Buffer[], counts: Counts): Generator<Event> {
  const all = Buffer.concat(waiting);
  counts.BytesReturned += all.length;
  for (let at = 0; at < all.length; at += frameBytesMax) {
    yield { Records: { Payload: all.subarray(at, at + frameBytesMax) } };
  }
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
