/** GetLogEvents: one stream, forward and backward. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { scanBackward, scanForward, type FoundEvent, type Scope } from "./block-scan.ts";
import type { DataKeys } from "./block-table.ts";
import { eventOverheadBytes } from "./block-writing.ts";
import { openGroup } from "./data-keys.ts";
import { invalidNextToken } from "./errors.ts";
import {
  aboutGroup, expiredBefore, groupNameOf, namedGroup, ownerOfIdentifier, type LogGroup,
} from "./group-table.ts";
import { maskFor } from "./masking.ts";
import { placeNumber, placeText, readPlace, type Place } from "./places.ts";
import { requireStream } from "./stream-table.ts";

/** @evidence CloudWatch Logs API Reference, GetLogEvents, limit: what fits 1 MB, up to 10,000 events */
export const pageBytesMax = 1_048_576;
export const pageEventsMax = 10_000;

interface Token {
  readonly direction: "f" | "b";
  readonly past: Place;
}

const tokenForm = /^([fb])\/(\d{56})\/s$/;

function readToken(text: string): Token {
  const [, direction, digits = ""] = tokenForm.exec(text) ?? [];
  const past = readPlace(digits);
  if (!past) throw invalidNextToken();
  return { direction: direction as Token["direction"], past };
}

/** As many events as make a page. */
export function takePage<Event extends { readonly message: string }>(
  events: Iterable<Event>, limit: number,
): Event[] {
  const taken: Event[] = [];
  let sizeBytes = 0;
  for (const event of events) {
    sizeBytes += Buffer.byteLength(event.message) + eventOverheadBytes;
    if (sizeBytes > pageBytesMax && taken.length > 0) break;
    taken.push(event);
    if (taken.length >= limit) break;
  }
  return taken;
}

/**
 * Tokens of an empty page: forward what was asked with, so that asking goes on where it stopped; backward
 * what lies before it, the place itself included.
 */
function tokensOf(
  events: readonly FoundEvent[], token: Token | undefined, start: Place,
): { nextForwardToken: string; nextBackwardToken: string } {
  const first = events[0];
  const last = events.at(-1);
  if (first && last) return tokens(placeNumber(last), placeNumber(first));
  const past = placeNumber(token?.past ?? start);
  if (token?.direction === "b") return tokens(past > 0n ? past - 1n : 0n, past);
  return tokens(past, token ? past + 1n : past);
}

function tokens(forward: bigint, backward: bigint): { nextForwardToken: string; nextBackwardToken: string } {
  return { nextForwardToken: `f/${placeText(forward)}/s`, nextBackwardToken: `b/${placeText(backward)}/s` };
}

function read(
  ctx: ReadContext, group: LogGroup, input: logs.GetLogEventsRequest, keys: DataKeys,
): { events: FoundEvent[]; token: Token | undefined; start: Place } {
  const stream = requireStream(ctx, group, input.logStreamName);
  const token = input.nextToken === undefined ? undefined : readToken(input.nextToken);
  const from = Math.max(input.startTime ?? 0, expiredBefore(group, ctx.clock.now()));
  const scope: Scope = {
    groupId: group.id,
    streamId: stream.id,
    from,
    before: input.endTime ?? Infinity,
    ...(token && { past: token.past }),
  };
  const isForward = token ? token.direction === "f" : (input.startFromHead ?? false);
  const limit = Math.min(input.limit ?? pageEventsMax, pageEventsMax);
  const events = takePage((isForward ? scanForward : scanBackward)(ctx, scope, keys), limit);
  return {
    events: isForward ? events : events.reverse(),
    token,
    start: { timestamp: Math.max(0, input.startTime ?? 0), sequence: 0 },
  };
}

/**
 * Where a stream ends, either token is the one that was asked with.
 *
 * @evidence CloudWatch Logs API Reference, GetLogEvents: nextForwardToken, nextBackwardToken, startFromHead
 */
export const GetLogEvents = operation(logs.GetLogEvents, {
  owner: (input, from) => ownerOfIdentifier(input.logGroupIdentifier, from),
  resource: (input, ctx) => aboutGroup(
    input.logGroupName ?? groupNameOf(input.logGroupIdentifier ?? ""), ctx, input.logStreamName,
  ),
  async body(input, ctx) {
    const { group, keys } = await openGroup(ctx, namedGroup(input));
    const mask = maskFor(ctx, group, input.unmask);
    const { events, token, start } = ctx.reading(() => read(ctx, group, input, keys));
    return {
      events: events.map(({ timestamp, message, ingestedAt }) =>
        ({ timestamp, message: mask(message, ingestedAt), ingestionTime: ingestedAt })),
      ...tokensOf(events, token, start),
    };
  },
});
