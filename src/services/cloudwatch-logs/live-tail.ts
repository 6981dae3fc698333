/** StartLiveTail: events as they come, on an event stream. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext, ReadContext } from "../../kernel/context.ts";
import { modelled } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { bodies, eventsOf } from "./block-table.ts";
import { dataKeysOf } from "./data-keys.ts";
import { invalidOperation, invalidParameter } from "./errors.ts";
import { aboutGroup, groupArn, groupNameOf, requireGroup, usageOf, type LogGroup } from "./group-table.ts";
import { patternOf } from "./known-patterns.ts";
import { openMask } from "./masking.ts";
import type { FilterPattern } from "./patterns/filter-pattern.ts";

/** Whoever tails waits for it; woken by every put of the cell. */
export const arrivals = "logs.arrivals";

/**
 * @evidence CloudWatch Logs API Reference, StartLiveTail: an update a second of up to 500 events; three
 * hours
 */
const updateMilliseconds = 1_000;
const updateEventsMax = 500;
const sessionMilliseconds = 3 * 3_600_000;

interface Tailed {
  readonly group: LogGroup;
  /** The number of the first event that was not looked at. */
  next: number;
}

interface Session {
  readonly tailed: readonly Tailed[];
  readonly pattern: FilterPattern;
  readonly isWanted: (stream: string) => boolean;
}

function requireArns(ctx: ReadContext, identifiers: readonly string[]): LogGroup[] {
  return identifiers.map((identifier) => {
    const arn = parseArn(identifier);
    // @evidence CloudWatch Logs API Reference, StartLiveTail, logGroupIdentifiers: ARNs, without `*`
    if (!arn || identifier.endsWith("*")) {
      throw invalidParameter(`Invalid log group ARN: ${identifier}`);
    }
    const group = requireGroup(ctx, groupNameOf(identifier));
    if (group.groupClass !== "STANDARD") {
      throw invalidOperation("Live Tail is only supported for log groups of the STANDARD class.");
    }
    return group;
  });
}

function openSession(ctx: BodyContext, input: logs.StartLiveTailRequest): Session {
  const { logStreamNames: names, logStreamNamePrefixes: prefixes } = input;
  if (names && prefixes) {
    throw invalidParameter("logStreamNames and logStreamNamePrefixes are mutually exclusive parameters.");
  }
  if ((names ?? prefixes) && input.logGroupIdentifiers.length > 1) {
    throw invalidParameter("Log streams can only be specified with a single log group.");
  }
  const pattern = patternOf(ctx, input.logEventFilterPattern ?? "");
  const tailed = ctx.reading(() => requireArns(ctx, input.logGroupIdentifiers).map((group) =>
    ({ group, next: usageOf(ctx, group.id).nextSequence })));
  const isWanted = (stream: string): boolean =>
    names?.includes(stream) ?? prefixes?.some((prefix) => stream.startsWith(prefix)) ?? true;
  return { tailed, pattern, isWanted };
}

/** What came since the last look. Only so much is kept: of more, it is said that there was more. */
async function collect(
  ctx: BodyContext, { tailed, pattern, isWanted }: Session,
): Promise<{ events: logs.LiveTailSessionLogEvent[]; sampled: boolean }> {
  const events: logs.LiveTailSessionLogEvent[] = [];
  let sampled = false;
  for (const each of tailed) {
    const { group } = each;
    if (ctx.reading(() => usageOf(ctx, group.id).nextSequence) === each.next) continue;
    const keys = await dataKeysOf(ctx, group);
    const mask = openMask(ctx, group, false);
    const logGroupIdentifier = `${ctx.account}:${group.name}`;
    ctx.reading(() => {
      const from = each.next;
      for (const body of ctx.db(bodies).list({ prefix: [group.id], from: [group.id, from] })) {
        for (const { sequence, timestamp, ingestedAt, message } of eventsOf(body, keys)) {
          if (sequence < from) continue;
          each.next = Math.max(each.next, sequence + 1);
          if (!isWanted(body.streamName) || !pattern.match(message)) continue;
          sampled ||= events.length >= updateEventsMax;
          if (sampled) continue;
          events.push({
            logStreamName: body.streamName, logGroupIdentifier, message: mask(message, ingestedAt), timestamp,
            ingestionTime: ingestedAt,
          });
        }
      }
    });
  }
  return { events, sampled };
}

type Event = logs.StartLiveTailResponseStream;

async function* tail(
  ctx: BodyContext, input: logs.StartLiveTailRequest, session: Session,
): AsyncGenerator<Event> {
  const endsAt = ctx.clock.now() + sessionMilliseconds;
  yield {
    sessionStart: {
      requestId: ctx.requestId,
      sessionId: ctx.ids.uuid(),
      logGroupIdentifiers: session.tailed.map(({ group }) => groupArn(ctx, group.name)),
      logStreamNames: input.logStreamNames ?? [],
      logStreamNamePrefixes: input.logStreamNamePrefixes ?? [],
      logEventFilterPattern: input.logEventFilterPattern ?? "",
    },
  };
  while (!ctx.signal.aborted) {
    const { events, sampled } = await collect(ctx, session);
    yield { sessionUpdate: { sessionMetadata: { sampled }, sessionResults: events } };
    if (ctx.clock.now() >= endsAt) {
      throw modelled(logs.SessionTimeoutException, "The session has timed out.");
    }
    // Where time stands still, there is an update whenever something comes.
    await ctx.kernel.track(ctx.wait(updateMilliseconds, ctx.clock.isFrozen ? arrivals : undefined));
  }
}

export const StartLiveTail = operation(logs.StartLiveTail, {
  resource: (input, ctx) => input.logGroupIdentifiers.map((each) => aboutGroup(groupNameOf(each), ctx)),
  body: async (input, ctx) => {
    const session = openSession(ctx, input);
    return Promise.resolve({ responseStream: tail(ctx, input, session) });
  },
});
