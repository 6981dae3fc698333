/** FilterLogEvents: a group's events over all of its streams, as a pattern asks. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { openPageToken, pageToken } from "../../kernel/page.ts";
import { scanUnpacked, UnpackedBlocks, type FoundEvent, type Scope } from "./block-scan.ts";
import { eventOverheadBytes } from "./block-writing.ts";
import type { DataKeys } from "./block-table.ts";
import { openGroup } from "./data-keys.ts";
import { invalidNextToken, invalidParameter } from "./errors.ts";
import { pageBytesMax, pageEventsMax } from "./get-log-events.ts";
import { expiredBefore, namedGroup, onNamedGroup, type LogGroup } from "./group-table.ts";
import { patternOf } from "./known-patterns.ts";
import { maskFor } from "./masking.ts";
import type { FilterPattern } from "./patterns/filter-pattern.ts";
import { placeText, type Place } from "./places.ts";
import { requireStream } from "./stream-table.ts";
import { nextTurn, pieceOfWork } from "./turns.ts";

function streamChoice(
  ctx: BodyContext, group: LogGroup, input: logs.FilterLogEventsRequest,
): Pick<Scope, "stream" | "streamId"> {
  const { logStreamNames: names, logStreamNamePrefix: prefix } = input;
  if (names && prefix !== undefined) {
    throw invalidParameter("logStreamNames and logStreamNamePrefix are mutually exclusive parameters.");
  }
  if (names) {
    const found = names.map((name) => ctx.reading(() => requireStream(ctx, group, name)));
    if (found.length === 1) return { streamId: found[0]?.id ?? "" };
    const wanted = new Set(names);
    return { stream: (name) => wanted.has(name) };
  }
  return prefix === undefined ? {} : { stream: (name) => name.startsWith(prefix) };
}

/** So many events are looked at in one call at most, and so many before the clock is looked at. */
const eventsACall = 500_000;
const eventsALook = 64;

interface Page {
  readonly events: FoundEvent[];
  /** Where the next page begins; undefined at the end. */
  readonly past: Place | undefined;
}

class Search {
  readonly events: FoundEvent[] = [];
  past: Place | undefined;
  looked = 0;
  #sizeBytes = 0;
  readonly #pattern: FilterPattern;
  readonly #limit: number;

  constructor(pattern: FilterPattern, limit: number, past: Place | undefined) {
    this.#pattern = pattern;
    this.#limit = limit;
    this.past = past;
  }

  /** @returns false where the page is full without it */
  takes(event: FoundEvent): boolean {
    this.looked++;
    if (this.#pattern.match(event.message)) {
      this.#sizeBytes += Buffer.byteLength(event.message) + eventOverheadBytes;
      const { length } = this.events;
      if (length >= this.#limit || (this.#sizeBytes > pageBytesMax && length > 0)) return false;
      this.events.push(event);
    }
    this.past = { timestamp: event.timestamp, sequence: event.sequence };
    return true;
  }
}

async function search(
  ctx: BodyContext, scope: Scope, pattern: FilterPattern, limit: number, keys: DataKeys,
): Promise<Page> {
  const page = new Search(pattern, limit, scope.past);
  const opened = new UnpackedBlocks();
  for (let isFirst = true; page.looked < eventsACall; isFirst = false) {
    if (!isFirst) await nextTurn(ctx.kernel);
    const from = { ...scope, ...(page.past && { past: page.past }) };
    const isDone = ctx.reading(() => {
      const isTimeOver = pieceOfWork();
      for (const event of scanUnpacked(ctx, from, keys, opened)) {
        if (!page.takes(event)) return "full";
        if (page.looked % eventsALook === 0 && isTimeOver()) return "later";
      }
      return "end";
    });
    if (isDone === "end" && await opened.unpack()) continue;
    if (isDone === "end") return { events: page.events, past: undefined };
    if (isDone === "full" || ctx.signal.aborted) break;
  }
  return page;
}

function readToken(scopeName: string, token: string | undefined): Place | undefined {
  if (token === undefined) return undefined;
  const state = openPageToken(scopeName, token);
  if (!Array.isArray(state)) throw invalidNextToken();
  const [timestamp, sequence] = state as number[];
  return { timestamp: Number(timestamp), sequence: Number(sequence) };
}

/**
 * Pages may hold fewer events than asked for, or none, and still be followed by others. The end time is
 * inclusive here, as nowhere else.
 *
 * @evidence CloudWatch Logs API Reference, FilterLogEvents: endTime; searchedLogStreams is always empty
 */
export const FilterLogEvents = operation(logs.FilterLogEvents, {
  ...onNamedGroup,
  async body(input, ctx) {
    const pattern = patternOf(ctx, input.filterPattern ?? "");
    const { group, keys } = await openGroup(ctx, namedGroup(input));
    const choice = streamChoice(ctx, group, input);
    const scopeName = `logs.FilterLogEvents ${group.id}`;
    const past = readToken(scopeName, input.nextToken);
    const scope: Scope = {
      groupId: group.id,
      ...choice,
      from: Math.max(input.startTime ?? 0, expiredBefore(group, ctx.clock.now())),
      before: input.endTime === undefined ? Infinity : input.endTime + 1,
      ...(past && { past }),
    };
    const mask = maskFor(ctx, group, input.unmask);
    const limit = Math.min(input.limit ?? pageEventsMax, pageEventsMax);
    const found = await search(ctx, scope, pattern, limit, keys);
    return {
      events: found.events.map((event) => ({
        logStreamName: event.streamName,
        timestamp: event.timestamp,
        message: mask(event.message, event.ingestedAt),
        ingestionTime: event.ingestedAt,
        eventId: placeText(event),
      })),
      searchedLogStreams: [],
      nextToken: found.past && pageToken(scopeName, [found.past.timestamp, found.past.sequence]),
    };
  },
});
