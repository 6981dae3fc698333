/**
 * Every call as a CloudTrail event, in the caller's own cell, for 90 days. The events of one commit are one
 * row, a
 * segment, so that a busy region pays for its trail once a commit and not once a request.
 */

import { table, type Key, type Rows } from "../store/types.ts";

/**
 * CloudTrail's own record, as far as it is searched by. @evidence CloudTrail User Guide, "CloudTrail record
 * contents"
 */
export interface TrailRecord {
  /** Whole seconds, ISO 8601. */
  readonly eventTime: string;
  readonly eventID: string;
  readonly eventName: string;
  readonly eventSource: string;
  readonly readOnly: boolean;
  readonly userIdentity: {
    readonly type: string;
    readonly arn?: string;
    readonly accessKeyId?: string;
    readonly userName?: string;
    readonly invokedBy?: string;
  };
  readonly resources?: readonly { readonly ARN: string }[];
}

export interface TrailEvent {
  /** Epoch milliseconds; whole seconds. */
  readonly at: number;
  readonly record: TrailRecord;
  readonly text: string;
}

export interface TrailSegment {
  /** When its first event happened. All its events lie within `segmentMilliseconds` of it. */
  readonly at: number;
  /** Tells segments of one millisecond apart, in the order in which they were written, restarts included. */
  readonly order: readonly [incarnation: number, sequence: number];
  /** Records as JSON, a line each, in the order in which they happened. */
  readonly records: string;
}

const segmentKey = (row: TrailSegment): readonly [number, number, number] => [row.at, ...row.order];

export const trailSegments = table<TrailSegment>("kernel.trail", { key: segmentKey, seldomRead: true });

/**
 * Data events, which are no part of the event history: kept only where a trail wants them, and only until it
 * has them.
 */
export const dataSegments = table<TrailSegment>("kernel.trailData", { key: segmentKey, seldomRead: true });

/** @evidence CloudTrail User Guide, "Viewing recent management events": the past 90 days */
export const trailRetentionMilliseconds = 90 * 86_400_000;
export const segmentMilliseconds = 1_000;

/** Where a reader of the trail stopped: a segment, and how many of its events, from its end, are read. */
export type TrailPlace = readonly [at: number, incarnation: number, sequence: number, read: number];

/**
 * Events from the newest to the oldest, each with the place behind it. @param start epoch milliseconds,
 * inclusive @param holding only events whose text holds this: a search that reads few of them
 */
export function* eventsBackwards(
  rows: Rows<TrailSegment>,
  start: number,
  end: number | undefined,
  from: TrailPlace | undefined,
  holding = "",
): Iterable<{ readonly event: TrailEvent; readonly place: TrailPlace }> {
  // Times of events are cut to the second, and a segment's is only near its events': what is too late is left
  // out below.
  const latest = end === undefined ? undefined : end + 1_000 + segmentMilliseconds;
  const before: Key | undefined = from ? [from[0], from[1], from[2] + 1] : latest && [latest];
  const range = { from: [start - segmentMilliseconds], reverse: true, ...(before && { before }) };
  for (const segment of rows.list(range)) {
    if (!segment.records.includes(holding)) continue;
    const lines = segment.records.split("\n");
    const key = segmentKey(segment);
    const isFirst = from && key.every((part, index) => part === from[index]);
    for (let read = isFirst ? from[3] : 0; read < lines.length; read += 1) {
      const text = lines[lines.length - 1 - read] ?? "";
      if (!text.includes(holding)) continue;
      const record = JSON.parse(text) as TrailRecord;
      const at = Date.parse(record.eventTime);
      if (at < start - 999 || (end !== undefined && at > end)) continue;
      yield { event: { at, record, text }, place: [...key, read + 1] };
    }
  }
}

/** Where a reader that goes forwards stopped. */
export type SegmentPlace = readonly [at: number, incarnation: number, sequence: number];

/** Segments from the oldest on, each with its place. @param after exclusive */
export function* segmentsAfter(
  rows: Rows<TrailSegment>, after: SegmentPlace,
): Iterable<{ readonly lines: readonly string[]; readonly place: SegmentPlace }> {
  for (const segment of rows.list({ after })) {
    yield { lines: segment.records.split("\n"), place: segmentKey(segment) };
  }
}

/** The place of the newest segment. */
export function lastPlace(rows: Rows<TrailSegment>): SegmentPlace {
  const last = rows.first({ reverse: true });
  return last ? segmentKey(last) : [0, 0, 0];
}

const trimMax = 64;
/** As long as a region may be away before what it had to deliver is lost. */
const dataRetentionMilliseconds = 86_400_000;

export function trimData(rows: Rows<TrailSegment>, now: number): void {
  const old = [...rows.list({ before: [now - dataRetentionMilliseconds], limit: trimMax })];
  for (const row of old) rows.delete(segmentKey(row));
}

/** Segments past their time go a few at a time, so that no commit pays for many. */
export function trim(rows: Rows<TrailSegment>, now: number): void {
  const old = [
    ...rows.list({ before: [now - trailRetentionMilliseconds - segmentMilliseconds], limit: trimMax }),
  ];
  for (const row of old) rows.delete(segmentKey(row));
}
