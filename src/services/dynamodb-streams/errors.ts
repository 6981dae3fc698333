/** What DynamoDB Streams refuses, worded once. Texts without a recorded source are listed in NOTES.md. */

import * as streams from "../../generated/dynamodb-streams.ts";
import { modelled, unmodelled, type AwsError } from "../../kernel/errors.ts";

export function validation(message: string): AwsError {
  return unmodelled("ValidationException", message);
}

export function streamNotFound(arn: string): AwsError {
  return modelled(
    streams.ResourceNotFoundException, `Requested resource not found: Stream: ${arn} not found`,
  );
}

export function shardNotFound(shardId: string, arn: string): AwsError {
  return modelled(
    streams.ResourceNotFoundException,
    `Requested resource not found: Shard: ${shardId} in stream: ${arn} not found`,
  );
}

export function invalidIterator(): AwsError {
  return validation("Invalid ShardIterator");
}

export function iteratorExpired(): AwsError {
  return modelled(
    streams.ExpiredIteratorException,
    "The shard iterator has expired. Shard iterators are good for 15 minutes.",
  );
}

export function trimmed(): AwsError {
  return modelled(
    streams.TrimmedDataAccessException,
    "The operation attempted to read past the oldest stream record in a shard.",
  );
}
