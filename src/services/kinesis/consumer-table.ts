/** The rows of consumers with throughput of their own. */

import type { ConsumerStatus } from "../../generated/kinesis.ts";
import { lifecycle, type Phase } from "../../jobs/lifecycle.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { streamArn } from "./addresses.ts";
import { forgetPolicy } from "./policy-rows.ts";
import type { Stream } from "./stream-table.ts";

type State = ConsumerStatus | "GONE";

export interface Consumer {
  readonly stream: number;
  readonly streamName: string;
  readonly name: string;
  readonly createdAt: number;
  readonly phase: Phase<State>;
}

export const consumers = table<Consumer>("kinesis.consumers", { key: (row) => [row.stream, row.name] });

const states = lifecycle<State>({
  CREATING: { to: "ACTIVE", afterMilliseconds: 1_000 },
  DELETING: { to: "GONE", afterMilliseconds: 1_000 },
});

export function statusOf(ctx: ReadContext, { phase }: Consumer): State {
  return states.at(phase, ctx.clock.now()).state;
}

/** The last part is when it was registered, in seconds: another of the same name is another consumer. */
export function consumerArn(ctx: ReadContext, { streamName, name, createdAt }: Consumer): string {
  return `${streamArn(ctx, streamName)}/consumer/${name}:${Math.floor(createdAt / 1000)}`;
}

export function consumersOf(ctx: ReadContext, stream: Stream): Consumer[] {
  return [...ctx.db(consumers).list({ prefix: [stream.number] })]
    .filter((consumer) => statusOf(ctx, consumer) !== "GONE");
}

export function forgetConsumer(ctx: Context, consumer: Consumer): void {
  const arn = consumerArn(ctx, consumer);
  ctx.tags(arn).clear();
  forgetPolicy(ctx, arn);
  ctx.db(consumers).delete([consumer.stream, consumer.name]);
}

export function forgetConsumers(ctx: Context, stream: Stream): void {
  for (const consumer of [...ctx.db(consumers).list({ prefix: [stream.number] })]) {
    forgetConsumer(ctx, consumer);
  }
}
