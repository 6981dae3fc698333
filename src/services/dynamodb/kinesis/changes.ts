/** Changes on their way to Kinesis: what each destination of a table has yet to be sent. */

import { createHash } from "node:crypto";
import type { ApproximateCreationDateTimePrecision as Precision } from "../../../generated/dynamodb.ts";
import { lifecycle, type Phase } from "../../../jobs/lifecycle.ts";
import type { Context, ReadContext } from "../../../kernel/context.ts";
import { table } from "../../../store/types.ts";
import { itemOf, textOf } from "../items/item-rows.ts";
import { measured } from "../items/measures.ts";
import type { WritePlan } from "../items/writing.ts";
import { changesNothing, keyItemOf } from "../streams/recording.ts";
import { sendToKinesis } from "./sending.ts";

export type State = "ENABLING" | "ACTIVE" | "UPDATING" | "DISABLING" | "DISABLED" | "ENABLE_FAILED";

/** A stream that the changes of a table go to. */
export interface Destination {
  /** Of the table. */
  readonly number: number;
  readonly streamArn: string;
  readonly precision?: Precision;
  readonly phase: Phase<State>;
  readonly description?: string;
}

export const destinations = table<Destination>("dynamodb.kinesisDestinations", {
  key: (row) => [row.number, row.streamArn],
});

const states = lifecycle<State>({
  ENABLING: { to: "ACTIVE", afterMilliseconds: 200 },
  UPDATING: { to: "ACTIVE", afterMilliseconds: 200 },
  DISABLING: { to: "DISABLED", afterMilliseconds: 200 },
});

export function stateOf(ctx: ReadContext, { phase }: Destination): State {
  return states.at(phase, ctx.clock.now()).state;
}

export function destinationsOf(ctx: ReadContext, number: number): Destination[] {
  return [...ctx.db(destinations).list({ prefix: [number] })];
}

export interface OutgoingChange {
  readonly number: number;
  readonly streamArn: string;
  readonly sequence: number;
  readonly partitionKey: string;
  /** The record, as JSON. */
  readonly record: string;
}

export const outgoingChanges = table<OutgoingChange>("dynamodb.kinesisOutbox", {
  key: (row) => [row.number, row.streamArn, row.sequence],
  seldomRead: true,
});

const timeMark = "\u0000time\u0000";

/**
 * The record without its time, which destinations show differently.
 *
 * @evidence Developer Guide, "Using Kinesis Data Streams to capture changes to DynamoDB"
 */
function recordOf(ctx: Context, plan: WritePlan, keys: string, sizeBytes: number): string {
  const { table: subject, before, row } = plan;
  const user = plan.isExpiry ? { type: "Service", principalId: "dynamodb.amazonaws.com" } : null;
  const images = [
    `"ApproximateCreationDateTime":${timeMark}`, `"Keys":${keys}`,
    ...(row ? [`"NewImage":${row.text}`] : []), ...(before ? [`"OldImage":${before.text}`] : []),
    `"SizeBytes":${sizeBytes}`,
  ];
  const head = JSON.stringify({
    awsRegion: ctx.region,
    eventID: ctx.ids.uuid(),
    eventName: before ? (row ? "MODIFY" : "REMOVE") : "INSERT",
    userIdentity: user,
    recordFormat: "application/json",
    tableName: subject.name,
  });
  return `${head.slice(0, -1)},"dynamodb":{${images.join(",")}},"eventSource":"aws:dynamodb"}`;
}

/** The time of a change, to the millisecond here, in the unit that the destination wants. */
function timed(record: string, now: number, precision: Precision | undefined): string {
  const time = precision === "MICROSECOND" ? now * 1000 : now;
  const said = precision === undefined ? "" : `,"ApproximateCreationDateTimePrecision":"${precision}"`;
  return record.replace(timeMark, `${time}${said}`);
}

export function keepForKinesis(ctx: Context, plan: WritePlan): void {
  if (changesNothing(plan)) return;
  const { table: subject, before, row, after } = plan;
  const item = after ?? (before && (plan.itemBefore ?? itemOf(before)));
  if (!item) return;
  const key = measured(keyItemOf(subject, item));
  const keys = textOf(key.item, key.isBinary);
  const sizeBytes = key.sizeBytes + (row?.sizeBytes ?? 0) + (before?.sizeBytes ?? 0);
  const record = recordOf(ctx, plan, keys, sizeBytes);
  // Changes of one item stay in order: they go to one shard.
  const partitionKey = createHash("md5").update(keys).digest("hex").toUpperCase();
  for (const destination of destinationsOf(ctx, subject.number)) {
    const state = stateOf(ctx, destination);
    if (state !== "ACTIVE" && state !== "UPDATING") continue;
    const { number, streamArn, precision } = destination;
    ctx.db(outgoingChanges).add({
      number, streamArn, sequence: ctx.ids.sequence(), partitionKey,
      record: timed(record, ctx.clock.now(), precision),
    });
    sendToKinesis.poke(ctx, `${number} ${streamArn}`, { name: subject.name, number, streamArn });
  }
}
