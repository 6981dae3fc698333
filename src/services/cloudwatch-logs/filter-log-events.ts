/** FilterLogEvents: a group's events over all of its streams, as a pattern asks. */

import { setImmediate } from "node:timers/promises";
import * as logs from "../../generated/cloudwatch-logs.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { openPageToken, pageToken } from "../../kernel/page.ts";
import { scanForward, type FoundEvent, type Scope } from "./block-scan.ts";
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

/** So many events are looked at before others get a turn, and at most in one call. */
const eventsATurn = 5_000;
const eventsACall = 500_000;

interface Page {
  readonly events: FoundEvent[];
  /** Where the next page begins; undefined at the end. */
  readonly past: Place | undefined;
}

async function search(
  ctx: BodyContext, scope: Scope, pattern: FilterPattern, limit: number, keys: DataKeys,
): Promise<Page> {
  const events: FoundEvent[] = [];
  let sizeBytes = 0;
  let past = scope.past;
  for (let looked = 0; looked < eventsACall; looked += eventsATurn) {
    if (looked > 0) await setImmediate();
    const isDone = ctx.reading(() => {
      let left = eventsATurn;
      for (const event of scanForward(ctx, { ...scope, ...(past && { past }) }, keys)) {
        if (pattern.match(event.message)) {
          sizeBytes += Buffer.byteLength(event.message) + eventOverheadBytes;
          if (events.length >= limit || (sizeBytes > pageBytesMax && events.length > 0)) return "full";
          events.push(event);
        }
        past = { timestamp: event.timestamp, sequence: event.sequence };
        if (--left === 0) return undefined;
      }
      return "end";
    });
    if (isDone === "end") return { events, past: undefined };
    if (isDone === "full" || ctx.signal.aborted) break;
  }
  return { events, past };
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
