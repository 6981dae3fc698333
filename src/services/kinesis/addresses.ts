/** Streams by name or ARN, and shards by their ids. */

import { parseArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import type { OperationRules, Owner } from "../../kernel/operation.ts";
import {
  invalidArgument, shardDoesNotExist, shardNotFound, streamNotActive, streamNotFound,
} from "./errors.ts";
import { shards, streams, type Shard, type Stream } from "./stream-table.ts";

export interface NamesStream {
  readonly StreamName?: string | undefined;
  readonly StreamARN?: string | undefined;
}

export function streamArn(ctx: ReadContext, name: string): string {
  return ctx.arn(`stream/${name}`);
}

/** `stream/name`, `stream/name/consumer/name:1`. */
function streamNameIn(arn: string): string | undefined {
  return parseArn(arn)?.resource.split("/")[1];
}

export function ownerOf(arn: string | undefined): Owner | undefined {
  const account = arn === undefined ? undefined : parseArn(arn)?.account;
  return account === undefined ? undefined : { account };
}

/** @evidence API Reference: "you must use either the StreamARN or the StreamName parameter, or both" */
export function nameOf(input: NamesStream): string {
  const { StreamName: name, StreamARN: arn } = input;
  const named = arn === undefined ? undefined : streamNameIn(arn);
  if (name === undefined && named === undefined) {
    throw invalidArgument("Either StreamName or StreamARN must be provided.");
  }
  if (name !== undefined && named !== undefined && name !== named) {
    throw invalidArgument(`StreamName ${name} and StreamARN ${arn} do not refer to the same stream.`);
  }
  return name ?? named ?? "";
}

export const onStream: Required<Pick<OperationRules<NamesStream>, "owner" | "resource">> = {
  owner: ({ StreamARN }) => ownerOf(StreamARN),
  resource: ({ StreamName, StreamARN }, ctx) =>
    streamArn(ctx, StreamName ?? (StreamARN === undefined ? "" : streamNameIn(StreamARN)) ?? ""),
};

interface NamesResource {
  readonly ResourceARN: string;
}

export const onResource: Required<Pick<OperationRules<NamesResource>, "owner" | "resource">> = {
  owner: ({ ResourceARN }) => ownerOf(ResourceARN),
  resource: ({ ResourceARN }) => ResourceARN,
};

export function findStream(ctx: ReadContext, name: string): Stream | undefined {
  return ctx.db(streams).get(name);
}

export function requireStream(ctx: ReadContext, input: NamesStream): Stream {
  const name = nameOf(input);
  const region = input.StreamARN === undefined ? undefined : parseArn(input.StreamARN)?.region;
  const stream = region === undefined || region === ctx.region ? findStream(ctx, name) : undefined;
  if (!stream) throw streamNotFound(ctx, name);
  return stream;
}

export function requireActive(ctx: ReadContext, stream: Stream): Stream {
  if (stream.status !== "ACTIVE") throw streamNotActive(ctx, stream.name, stream.status);
  return stream;
}

export function shardIdOf(index: number): string {
  return `shardId-${String(index).padStart(12, "0")}`;
}

/** `shardId-000000000001`, `shardId-1` and `1` are one. */
function shardIndexOf(id: string): number | undefined {
  const digits = /^(?:shardId-)?(\d+)$/.exec(id)?.[1];
  const index = Number(digits);
  return digits !== undefined && index < 2 ** 31 ? index : undefined;
}

/** @throws in the words of operations that change shards */
export function requireShard(ctx: ReadContext, stream: Stream, id: string): Shard {
  const index = shardIndexOf(id);
  const shard = index === undefined ? undefined : ctx.db(shards).get([stream.number, index]);
  if (!shard) throw shardNotFound(ctx, stream.name, index === undefined ? id : shardIdOf(index));
  return shard;
}

/** @throws in the words of operations that read shards */
export function requireReadableShard(ctx: ReadContext, stream: Stream, id: string): Shard {
  const index = shardIndexOf(id);
  if (index === undefined) throw shardNotFound(ctx, stream.name, id);
  const shard = ctx.db(shards).get([stream.number, index]);
  if (!shard) throw shardDoesNotExist(ctx, stream.name, shardIdOf(index));
  return shard;
}
