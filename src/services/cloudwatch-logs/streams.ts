/** Log streams: how they come, go and are listed. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { alreadyExists, invalidNextToken, invalidParameter } from "./errors.ts";
import {
  aboutGroup, namedGroup, onNamedGroup, requireGroup, streamArn, type LogGroup,
} from "./group-table.ts";
import { sequenceTokenOf } from "./sequence-tokens.ts";
import { findStream, makeStream, requireStream, streams, type LogStream } from "./stream-table.ts";
import { sweepStream } from "./sweeping.ts";

interface NamesStream {
  readonly logGroupName: string;
  readonly logStreamName: string;
}

const onStream = {
  resource: (input: NamesStream, ctx: ReadContext) => aboutGroup(
    input.logGroupName, ctx, input.logStreamName
  ),
};

export const CreateLogStream = operation(logs.CreateLogStream, {
  ...onStream,
  run(input, ctx) {
    const group = requireGroup(ctx, input.logGroupName);
    if (findStream(ctx, group, input.logStreamName)) throw alreadyExists("log stream");
    makeStream(ctx, group, input.logStreamName);
  },
});

export const DeleteLogStream = operation(logs.DeleteLogStream, {
  ...onStream,
  run(input, ctx) {
    const group = requireGroup(ctx, input.logGroupName);
    const stream = requireStream(ctx, group, input.logStreamName);
    ctx.db(streams).delete([group.id, stream.name]);
    const gone = { groupId: group.id, streamId: stream.id };
    ctx.schedule(sweepStream, { id: stream.id, at: ctx.clock.now(), input: gone });
  },
});

function shown(ctx: Context, group: LogGroup, stream: LogStream): logs.LogStream {
  return {
    logStreamName: stream.name,
    creationTime: stream.createdAt,
    ...(stream.lastEventAt !== undefined && {
      firstEventTimestamp: stream.firstEventAt,
      lastEventTimestamp: stream.lastEventAt,
      lastIngestionTime: stream.lastIngestedAt,
    }),
    uploadSequenceToken: sequenceTokenOf(stream),
    arn: streamArn(ctx, group.name, stream.name),
    // @evidence CloudWatch Logs API Reference, LogStream, storedBytes: always zero since June 17, 2019
    storedBytes: 0,
  };
}

/** @evidence CloudWatch Logs API Reference, DescribeLogStreams, limit */
const pageSize = 50;

/**
 * @evidence CloudWatch Logs API Reference, DescribeLogStreams, orderBy: by the time of the last event no
 *   prefix may be given
 * @evidence recorded: "Cannot order by LastEventTime with a logStreamNamePrefix."
 */
export const DescribeLogStreams = operation(logs.DescribeLogStreams, {
  ...onNamedGroup,
  run(input, ctx) {
    const group = requireGroup(ctx, namedGroup(input));
    const byTime = input.orderBy === "LastEventTime";
    const prefix = input.logStreamNamePrefix;
    if (byTime && prefix !== undefined) {
      throw invalidParameter("Cannot order by LastEventTime with a logStreamNamePrefix.");
    }
    const reverse = input.descending ?? false;
    const { items, next } = page<LogStream>({
      rows: byTime ? ctx.db(streams).by("byLastEvent") : ctx.db(streams),
      range: prefix === undefined ? { prefix: [group.id], reverse }
        : { prefix: [group.id, prefix], prefixOfLastPart: true, reverse },
      key: ({ name, lastEventAt = 0 }) => (byTime ? [group.id, lastEventAt, name] : [group.id, name]),
      limit: input.limit ?? pageSize,
      token: input.nextToken,
      scope: `logs.DescribeLogStreams ${group.id} ${byTime} ${reverse} ${prefix ?? ""}`,
      invalid: invalidNextToken,
    });
    return { logStreams: items.map((stream) => shown(ctx, group, stream)), nextToken: next };
  },
});
