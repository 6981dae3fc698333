/** Kinesis streams that a table's changes go to. There is no Kinesis here yet, so no table has one. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import { notImplemented } from "../../../kernel/errors.ts";
import { operation } from "../../../kernel/operation.ts";
import { validation } from "../errors.ts";
import { onTable, requireTable } from "../tables/names.ts";

export const DescribeKinesisStreamingDestination = operation(dynamodb.DescribeKinesisStreamingDestination, {
  ...onTable,
  run(input, ctx) {
    const { name } = requireTable(ctx, input.TableName);
    return { TableName: name, KinesisDataStreamDestinations: [] };
  },
});

export const EnableKinesisStreamingDestination = operation(dynamodb.EnableKinesisStreamingDestination, {
  ...onTable,
  run(input, ctx) {
    requireTable(ctx, input.TableName);
    throw notImplemented("Kinesis Data Streams as a destination");
  },
});

/** @evidence recorded refusals of a destination that is not there */
export const DisableKinesisStreamingDestination = operation(dynamodb.DisableKinesisStreamingDestination, {
  ...onTable,
  run(input, ctx) {
    requireTable(ctx, input.TableName);
    throw validation(
      "Table is not in a valid state to disable Kinesis Streaming Destination: " +
        "KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.",
    );
  },
});

export const UpdateKinesisStreamingDestination = operation(dynamodb.UpdateKinesisStreamingDestination, {
  ...onTable,
  run(input, ctx) {
    requireTable(ctx, input.TableName);
    throw validation(
      "Table is not in a valid state to update Kinesis Streaming Destination: " +
        "KinesisStreamingDestination must be ACTIVE to perform UPDATE operation.",
    );
  },
});
