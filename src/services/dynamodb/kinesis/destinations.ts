/** Kinesis streams that a table's changes go to. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import * as iam from "../../../generated/iam.ts";
import * as kinesis from "../../../generated/kinesis.ts";
import { parseArn } from "../../../kernel/arn.ts";
import type { BodyContext, Context } from "../../../kernel/context.ts";
import { AwsError, modelled } from "../../../kernel/errors.ts";
import { operation } from "../../../kernel/operation.ts";
import { validation } from "../errors.ts";
import { onTable, requireTable } from "../tables/names.ts";
import { tables, type Table } from "../tables/table-rows.ts";
import { destinations, destinationsOf, stateOf, type Destination, type State } from "./changes.ts";
import { replicationPrincipal } from "./sending.ts";

export const DescribeKinesisStreamingDestination = operation(dynamodb.DescribeKinesisStreamingDestination, {
  ...onTable,
  run(input, ctx) {
    const { name, number } = requireTable(ctx, input.TableName);
    const KinesisDataStreamDestinations = destinationsOf(ctx, number).map((row) => ({
      StreamArn: row.streamArn,
      DestinationStatus: stateOf(ctx, row),
      DestinationStatusDescription: row.description,
      ApproximateCreationDateTimePrecision: row.precision,
    }));
    return { TableName: name, KinesisDataStreamDestinations };
  },
});

/** @evidence recorded refusals of destinations that are not in the state which is wanted */
function wrongState(what: "enable" | "disable" | "update", wanted: string): AwsError {
  return validation(
    `Table is not in a valid state to ${what} Kinesis Streaming Destination: KinesisStreamingDestination ` +
      `must be ${wanted} to perform ${what.toUpperCase()} operation.`,
  );
}

function requireIdle(ctx: Context, { number }: Table, streamArn: string): void {
  const row = ctx.db(destinations).get([number, streamArn]);
  const state = row && stateOf(ctx, row);
  if (state === undefined || state === "DISABLED" || state === "ENABLE_FAILED") return;
  throw wrongState("enable", "DISABLED or ENABLE_FAILED");
}

function requireActive(
  ctx: Context, { number }: Table, streamArn: string, what: "disable" | "update",
): Destination {
  const row = ctx.db(destinations).get([number, streamArn]);
  if (!row || stateOf(ctx, row) !== "ACTIVE") throw wrongState(what, "ACTIVE");
  return row;
}

/** @evidence Developer Guide: the caller must be allowed to describe the stream and to put records into it */
async function requireStream(ctx: BodyContext, StreamARN: string): Promise<void> {
  const arn = parseArn(StreamARN);
  if (arn?.service !== "kinesis" || arn.region !== ctx.region || arn.account !== ctx.account) {
    throw validation(`Invalid Kinesis stream: ${StreamARN} is not a stream of this account and Region.`);
  }
  try {
    const { StreamDescriptionSummary } = await ctx.call(kinesis.DescribeStreamSummary, { StreamARN });
    if (StreamDescriptionSummary.StreamStatus === "ACTIVE") return;
    throw modelled(dynamodb.ResourceInUseException, `The stream ${StreamARN} is not ACTIVE.`);
  } catch (error) {
    if (!(error instanceof AwsError) || error.code !== "ResourceNotFoundException") throw error;
    throw modelled(dynamodb.ResourceNotFoundException, error.message);
  }
}

/** The role is made with the first destination of an account. */
async function ensureRole(ctx: BodyContext): Promise<void> {
  try {
    await ctx.call(iam.CreateServiceLinkedRole, { AWSServiceName: replicationPrincipal });
  } catch (error) {
    const isThere = error instanceof AwsError && / has been taken in this account/.test(error.message);
    if (!isThere) throw error;
  }
}

function enter(ctx: Context, row: Destination, state: State): void {
  ctx.db(destinations).put({ ...row, phase: { state, since: ctx.clock.now() } });
}

export const EnableKinesisStreamingDestination = operation(dynamodb.EnableKinesisStreamingDestination, {
  ...onTable,
  async body(input, ctx) {
    const { StreamArn: streamArn, EnableKinesisStreamingConfiguration: configuration } = input;
    const precision = configuration?.ApproximateCreationDateTimePrecision;
    ctx.transaction((within) => {
      requireIdle(within, requireTable(within, input.TableName), streamArn);
      within.authorize({ action: "kinesis:PutRecords", resource: streamArn });
    });
    await requireStream(ctx, streamArn);
    await ensureRole(ctx);
    return ctx.transaction((within) => {
      const subject = requireTable(within, input.TableName);
      requireIdle(within, subject, streamArn);
      within.db(tables).put({ ...subject, streamsToKinesis: true });
      const row = {
        number: subject.number, streamArn, phase: { state: "ENABLING" as const, since: 0 },
        ...(precision !== undefined && { precision }),
      };
      enter(within, row, "ENABLING");
      return {
        TableName: subject.name,
        StreamArn: streamArn,
        DestinationStatus: "ENABLING" as const,
        EnableKinesisStreamingConfiguration: configuration,
      };
    });
  },
});

export const DisableKinesisStreamingDestination = operation(dynamodb.DisableKinesisStreamingDestination, {
  ...onTable,
  run(input, ctx) {
    const subject = requireTable(ctx, input.TableName);
    const row = requireActive(ctx, subject, input.StreamArn, "disable");
    enter(ctx, row, "DISABLING");
    const others = destinationsOf(ctx, subject.number).filter(({ streamArn }) => streamArn !== row.streamArn);
    if (others.every((other) => stateOf(ctx, other) === "DISABLED")) {
      const { streamsToKinesis: _before, ...rest } = subject;
      ctx.db(tables).put(rest);
    }
    return {
      TableName: subject.name, StreamArn: row.streamArn, DestinationStatus: "DISABLING" as const,
      EnableKinesisStreamingConfiguration: { ApproximateCreationDateTimePrecision: row.precision },
    };
  },
});

export const UpdateKinesisStreamingDestination = operation(dynamodb.UpdateKinesisStreamingDestination, {
  ...onTable,
  run(input, ctx) {
    const subject = requireTable(ctx, input.TableName);
    const row = requireActive(ctx, subject, input.StreamArn, "update");
    const precision = input.UpdateKinesisStreamingConfiguration?.ApproximateCreationDateTimePrecision;
    if (precision === undefined || precision === row.precision) {
      throw validation(
        "Invalid Request: Precision is already set to the desired value of " +
          `${precision ?? row.precision ?? "MILLISECOND"} for tableId: ${subject.id}, ` +
          `kdsArn: ${row.streamArn}`,
      );
    }
    enter(ctx, { ...row, precision }, "UPDATING");
    return {
      TableName: subject.name, StreamArn: row.streamArn, DestinationStatus: "UPDATING" as const,
      UpdateKinesisStreamingConfiguration: { ApproximateCreationDateTimePrecision: precision },
    };
  },
});
