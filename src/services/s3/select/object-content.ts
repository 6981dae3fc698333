/** SelectObjectContent: a query over one object, read and answered as a stream. */

import { setImmediate } from "node:timers/promises";
import * as s3 from "../../../generated/s3.ts";
import { operation } from "../../../kernel/operation.ts";
import { onObject } from "../access/access.ts";
import { requireInReach } from "../lifecycle/archive.ts";
import { openEncryption } from "../encryption/encryption.ts";
import { openObject } from "../objects/get-object.ts";
import { selectError } from "./errors.ts";
import { evaluationOf } from "./evaluation.ts";
import { openEngine } from "./engine.ts";
import { recordWriter } from "./output.ts";
import { parseQuery } from "./parser.ts";
import { requireSelectable } from "./request.ts";
import { scanRangeOf } from "./scan-range.ts";
import { fromParquet, fromText, type Counts, type Records } from "./source.ts";
import { planQuery } from "./translation.ts";

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
    const { JSON } = input.InputSerialization;
    if (!JSON && query.source.length > 0) throw selectError("UnsupportedSqlStructure");
    const { version, body, release } = openObject(input, ctx, "GET");
    try {
      requireInReach(version, ctx.clock.now());
      const encryption = await openEncryption(ctx, version, input);
      const range = input.ScanRange && scanRangeOf(input.ScanRange, version.sizeBytes);
      const source = { blobs: ctx.blobs, body, key: encryption.key, sizeBytes: version.sizeBytes, release };
      const events = selected(input, plan, ctx.clock.now(), (counts) =>
        input.InputSerialization.Parquet
          ? fromParquet(source, range, counts)
          : fromText(source, range, input.InputSerialization, query.source, counts));
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

async function* selected(
  input: s3.SelectObjectContentRequest,
  plan: ReturnType<typeof planQuery>,
  now: number,
  open: (counts: Counts) => Records,
): AsyncGenerator<Event> {
  const counts: Counts = { BytesScanned: 0, BytesProcessed: 0, BytesReturned: 0 };
  const { reader, batches } = open(counts);
  const needsEngine = plan.kind === "aggregate" || plan.select !== undefined;
  const engine = needsEngine ? await openEngine(now) : undefined;
  try {
    const evaluation = evaluationOf(plan, { engine, reader, write: recordWriter(input.OutputSerialization) });
    let waiting: Buffer[] = [];
    let progressAt = progressBytes;
    const recordsAtOnce = Math.ceil(workMax / workOf(plan));
    for await (const batch of batches) {
      for await (const records of shares(batch, recordsAtOnce)) {
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
    waiting.push(Buffer.from(evaluation.end()));
    yield* framesOf(waiting, counts);
    if (input.RequestProgress?.Enabled) yield { Progress: { Details: { ...counts } } };
    yield { Stats: { Details: { ...counts } } };
    yield { End: {} };
  } finally {
    engine?.close();
    await batches.return(undefined);
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
