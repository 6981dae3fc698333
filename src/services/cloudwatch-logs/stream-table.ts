/** The row of a log stream. */

import type { Context, ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { notFound } from "./errors.ts";
import type { LogGroup } from "./group-table.ts";

export interface LogStream {
  readonly groupId: string;
  readonly name: string;
  readonly id: string;
  /** Epoch milliseconds, as all below. */
  readonly createdAt: number;
  readonly firstEventAt?: number;
  readonly lastEventAt?: number;
  readonly lastIngestedAt?: number;
  /** Small blocks that are still to be joined. */
  readonly loose: readonly LooseBlock[];
}

/** Which block of the stream, and how often its events were joined with others. */
export interface LooseBlock {
  readonly firstAt: number;
  readonly lastSequence: number;
  readonly level: number;
}

export const streams = table<LogStream, "byLastEvent">("logs.streams", {
  key: (stream) => [stream.groupId, stream.name],
  indexes: { byLastEvent: (stream) => [stream.groupId, stream.lastEventAt ?? 0, stream.name] },
});

export function findStream(
  ctx: Pick<ReadContext, "db">, group: LogGroup, name: string
): LogStream | undefined {
  return ctx.db(streams).get([group.id, name]);
}

/** @throws ResourceNotFoundException */
export function requireStream(ctx: Pick<ReadContext, "db">, group: LogGroup, name: string): LogStream {
  const stream = findStream(ctx, group, name);
  if (!stream) throw notFound("log stream");
  return stream;
}

export function makeStream(ctx: Context, group: LogGroup, name: string): LogStream {
  return ctx.db(streams).put({
    groupId: group.id, name, id: ctx.ids.hex(16), createdAt: ctx.clock.now(), loose: [],
  });
}
