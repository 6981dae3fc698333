/** An archive: events of a bus, kept to be replayed. */

import { formatArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import type { RestingEvent } from "./event.ts";

export interface Archive {
  readonly name: string;
  readonly bus: string;
  readonly description?: string | undefined;
  readonly pattern?: string | undefined;
  readonly kmsKey?: string | undefined;
  /** 0: for ever. */
  readonly retentionDays: number;
  readonly eventCount: number;
  readonly sizeBytes: number;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

export const archives = table<Archive, "bus">("eventbridge.archives", {
  key: (row) => row.name,
  indexes: { bus: (row) => row.bus },
});

export interface ArchivedEvent {
  readonly archive: string;
  readonly event: RestingEvent;
  readonly sizeBytes: number;
}

export const archivedEvents = table<ArchivedEvent>("eventbridge.archivedEvents", {
  key: (row) => [row.archive, row.event.ingestedAt, row.event.id],
  seldomRead: true,
});

export function archivesOf(ctx: ReadContext, bus: string): Archive[] {
  return [...ctx.db(archives).by("bus").list({ prefix: bus })];
}

export function archiveArn(ctx: ReadContext, name: string): string {
  return formatArn({
    service: "events", region: ctx.region, account: ctx.account, resource: `archive/${name}`,
  });
}
