/** The part of an object that a query is about: the records that begin in a range of its bytes. */

import type * as s3 from "../../../generated/s3.ts";
import { recordCharactersMax } from "./csv.ts";
import { selectError } from "./errors.ts";

/** First and last byte at which records may begin. */
export interface ScanRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Without a start it is the last bytes of the object, as many as its end says.
 *
 * @throws InvalidScanRange
 * @evidence S3 API Reference, ScanRange
 */
export function scanRangeOf({ Start, End }: s3.ScanRange, sizeBytes: number): ScanRange {
  if (Start === undefined && End === undefined) throw selectError("InvalidScanRange");
  if (Start === undefined) return { start: Math.max(0, sizeBytes - (End ?? 0)), end: sizeBytes };
  const end = End ?? Infinity;
  if (Start < 0 || end < Start) throw selectError("InvalidScanRange");
  return { start: Start, end };
}

interface Cut {
  readonly range: ScanRange;
  readonly delimiter: Buffer;
  /** The record that the object begins with is the header, and comes in any case. */
  readonly keepsFirst: boolean;
}

/** A record that begins within comes whole. @throws OverMaxRecordSize */
export async function* withinRange(
  pieces: AsyncIterable<Buffer>,
  { range: { start, end }, delimiter, keepsFirst }: Cut,
): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  /** Where in the object the rest begins, which is where a record does. */
  let place = 0;
  const isWanted = (at: number): boolean => (at >= start && at <= end) || (keepsFirst && at === 0);
  for await (const piece of pieces) {
    const all = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    let at = 0;
    for (let found = all.indexOf(delimiter); found >= 0; found = all.indexOf(delimiter, at)) {
      const next = found + delimiter.length;
      if (place + at > end) return;
      if (isWanted(place + at)) yield all.subarray(at, next);
      at = next;
    }
    rest = all.subarray(at);
    place += at;
    if (place > end) return;
    if (rest.length > 4 * recordCharactersMax) throw selectError("OverMaxRecordSize");
  }
  if (rest.length > 0 && isWanted(place)) yield rest;
}
