/** What Kinesis refuses, worded once. Texts are recorded ones unless NOTES.md says otherwise. */

import * as kinesis from "../../generated/kinesis.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { modelled, unmodelled, type AwsError } from "../../kernel/errors.ts";

export function invalidArgument(message: string): AwsError {
  return modelled(kinesis.InvalidArgumentException, message);
}

export function validation(message: string): AwsError {
  return unmodelled("ValidationException", message);
}

export function limitExceeded(message: string): AwsError {
  return modelled(kinesis.LimitExceededException, message);
}

export function resourceInUse(message: string): AwsError {
  return modelled(kinesis.ResourceInUseException, message);
}

export function notFound(message: string): AwsError {
  return modelled(kinesis.ResourceNotFoundException, message);
}

/** `stream x under account 111122223333`. */
export function streamWords(ctx: ReadContext, name: string): string {
  return `stream ${name} under account ${ctx.account}`;
}

function capital(words: string): string {
  return `S${words.slice(1)}`;
}

export function streamNotFound(ctx: ReadContext, name: string): AwsError {
  return notFound(`${capital(streamWords(ctx, name))} not found.`);
}

export function streamExists(ctx: ReadContext, name: string): AwsError {
  return resourceInUse(`${capital(streamWords(ctx, name))} already exists.`);
}

export function streamNotActive(ctx: ReadContext, name: string, status: string): AwsError {
  return resourceInUse(`${capital(streamWords(ctx, name))} not ACTIVE, instead in state ${status}`);
}

/** Where shards are changed. */
export function shardNotFound(ctx: ReadContext, name: string, shard: string): AwsError {
  return notFound(`Could not find shard ${shard} in ${streamWords(ctx, name)}.`);
}

/** Where shards are read. */
export function shardDoesNotExist(ctx: ReadContext, name: string, shard: string): AwsError {
  return notFound(`Shard ${shard} in ${streamWords(ctx, name)} does not exist`);
}

export interface ShardCount {
  readonly current: number;
  readonly limit: number;
  readonly additional: number;
}

export function shardLimitExceeded(ctx: ReadContext, { current, limit, additional }: ShardCount): AwsError {
  return limitExceeded(
    `This request would exceed the shard limit for the account ${ctx.account} in ${ctx.region}. ` +
      `Current shard count for the account: ${current}. Limit: ${limit}. Number of additional shards that ` +
      `would have resulted from this request: ${additional}. Refer to the AWS Service Limits page ` +
      "(http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and how " +
      "to request higher limits.",
  );
}

export function rateExceeded(ctx: ReadContext, name: string, shard: string): AwsError {
  return modelled(
    kinesis.ProvisionedThroughputExceededException,
    `Rate exceeded for shard ${shard} in ${streamWords(ctx, name)}.`,
  );
}

export function invalidIterator(): AwsError {
  return invalidArgument("Invalid ShardIterator.");
}

/** `Thu Jan 22 01:22:02 UTC 2015`. */
function javaDate(at: number): string {
  const [, weekday, day, month, year, time] =
    /^(.+), (.+) (.+) (.+) (.+) GMT$/.exec(new Date(at).toUTCString()) ?? [];
  return `${weekday} ${month} ${day} ${time} UTC ${year}`;
}

export function iteratorExpired(createdAt: number, now: number): AwsError {
  return modelled(
    kinesis.ExpiredIteratorException,
    `Iterator expired. The iterator was created at time ${javaDate(createdAt)} while right now it is ` +
      `${javaDate(now)} which is further in the future than the tolerated delay of 300000 milliseconds.`,
  );
}

export function invalidNextToken(): AwsError {
  return invalidArgument("NextToken is invalid.");
}

export function nextTokenExpired(): AwsError {
  return modelled(
    kinesis.ExpiredNextTokenException, "The pagination token passed to the operation has expired.",
  );
}

export function consumerNotFound(ctx: ReadContext, consumer: string, streamArn: string): AwsError {
  return notFound(`Consumer ${consumer} for stream ${streamArn} not found under account ${ctx.account}.`);
}
