/** A delivery stream: how it comes and goes, and how it is shown. */

import * as firehose from "../../generated/firehose.ts";
import * as kinesis from "../../generated/kinesis.ts";
import { sessionOf } from "../../delivery/role-session.ts";
import { job } from "../../jobs/job.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { AwsError, notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { dropRecords, unscheduleAll } from "./buffering.ts";
import { alreadyExists, cannotAssume, inUse, invalidArgument, limitExceeded } from "./errors.ts";
import { forgetPositions, pumpSource } from "./kinesis-source.ts";
import { forgetDataKeys } from "./record-keys.ts";
import { requireDestination, roleOf, shownDestination } from "./settings.ts";
import {
  giveBack, giveBackAll, requireDirectSource, requireEncryptionKey, settled, shownEncryption,
} from "./stream-encryption.ts";
import {
  destinationId, findStream, onStream, requireStream, streamArn, streams, type DeliveryStream,
  type Destination, type EncryptionKey, type Source,
} from "./stream-table.ts";
import { setTags } from "./tags.ts";

/** AWS takes some minutes. */
const settleMilliseconds = 1_000;
/** @evidence Developer Guide, "Quota": 5,000 streams a Region */
const streamsMax = 5_000;

type CreateInput = firehose.CreateDeliveryStreamInput;

const unbuilt = [
  "RedshiftDestinationConfiguration", "ElasticsearchDestinationConfiguration",
  "AmazonopensearchserviceDestinationConfiguration", "AmazonOpenSearchServerlessDestinationConfiguration",
  "SnowflakeDestinationConfiguration",
  "IcebergDestinationConfiguration", "MSKSourceConfiguration", "DatabaseSourceConfiguration",
] as const;

function destinationOf(input: CreateInput): Destination {
  const given = Object.keys(input).filter((name) => /Destination(Configuration)$/.test(name));
  if (given.length !== 1) {
    throw invalidArgument("Exactly one destination configuration is supported for a Firehose");
  }
  for (const name of unbuilt) if (input[name] !== undefined) throw notImplemented(name);
  const { HttpEndpointDestinationConfiguration: http, SplunkDestinationConfiguration: splunk } = input;
  if (http) return { kind: "http", settings: http };
  if (splunk) return { kind: "splunk", settings: splunk };
  const settings = input.ExtendedS3DestinationConfiguration ?? input.S3DestinationConfiguration;
  if (!settings) throw invalidArgument("A destination configuration must be provided.");
  return { kind: "s3", extended: input.ExtendedS3DestinationConfiguration !== undefined, settings };
}

/** Every role that the stream acts under. */
function rolesOf(destination: Destination, source: Source | undefined): string[] {
  const { kind, settings } = destination;
  const objects = kind === "s3" ? settings.S3BackupConfiguration : settings.S3Configuration;
  const roles = new Set([roleOf(destination), objects?.RoleARN, source?.roleArn]);
  return [...roles].filter((role): role is string => role !== undefined);
}

/** The caller must be allowed to pass the roles, and Firehose to assume them. */
export async function requireRoles(
  ctx: BodyContext, name: string, destination: Destination, source?: Source,
): Promise<void> {
  for (const roleArn of rolesOf(destination, source)) {
    ctx.transaction((within) => within.authorize({
      action: "iam:PassRole",
      resource: roleArn,
      conditions: { "iam:passedtoservice": "firehose.amazonaws.com" },
    }));
    try {
      await sessionOf(ctx, { roleArn, ...firehoseItself(streamArn(ctx, name)) });
    } catch (error) {
      if (!(error instanceof AwsError) || error.status >= 500) throw error;
      throw cannotAssume(roleArn);
    }
  }
}

function firehoseItself(sourceArn: string) {
  return { principal: "firehose.amazonaws.com", sourceArn, sessionName: "AWSFirehoseDelivery" };
}

async function sourceOf(ctx: BodyContext, input: CreateInput): Promise<Source | undefined> {
  const type = input.DeliveryStreamType ?? "DirectPut";
  const given = input.KinesisStreamSourceConfiguration;
  if (type === "MSKAsSource" || type === "DatabaseAsSource") throw notImplemented(`The source ${type}`);
  // A direct one does not mind it. @evidence recorded, as cdk-preflight's rules tell
  if (type !== "KinesisStreamAsSource") return undefined;
  if (!given) {
    throw invalidArgument("KinesisSourceStreamConfig is mandatory for KinesisStreamAsSource stream type.");
  }
  return { streamArn: given.KinesisStreamARN, roleArn: given.RoleARN, startedAt: ctx.clock.now() };
}

/** @evidence Developer Guide: the role of a source must be allowed to describe its stream */
async function requireSource(ctx: BodyContext, name: string, source: Source): Promise<void> {
  const session = await sessionOf(ctx, { roleArn: source.roleArn, ...firehoseItself(streamArn(ctx, name)) });
  try {
    await ctx.call(kinesis.DescribeStreamSummary, { StreamARN: source.streamArn }, { as: { session } });
  } catch (error) {
    if (!(error instanceof AwsError) || error.status >= 500) throw error;
    if (error.code === "ResourceNotFoundException") throw invalidArgument(error.message);
    throw invalidArgument(
      `Role ${source.roleArn} is not authorized to perform DescribeStream on ${source.streamArn}.`,
    );
  }
}

interface Parts {
  readonly destination: Destination;
  readonly source: Source | undefined;
  readonly key: EncryptionKey | undefined;
}

function put(ctx: Context, input: CreateInput, { destination, source, key }: Parts): void {
  const { DeliveryStreamName: name, Tags: tags } = input;
  if (findStream(ctx, name)) throw alreadyExists(ctx, name);
  if (ctx.db(streams).count() >= streamsMax) {
    throw limitExceeded(`You have already consumed your firehose quota of ${streamsMax} hoses.`);
  }
  const now = ctx.clock.now();
  const stream = ctx.db(streams).put({
    name,
    number: ctx.ids.sequence(),
    status: "CREATING",
    createdAt: now,
    type: input.DeliveryStreamType ?? "DirectPut",
    version: 1,
    destination,
    ...(source && { source }),
    ...(key && { encryption: { ...key, isEnabled: false, next: key } }),
  });
  if (tags) {
    ctx.authorize({ action: "firehose:TagDeliveryStream", resource: streamArn(ctx, name) });
    setTags(ctx, name, tags);
  }
  ctx.schedule(openStream, { at: now + settleMilliseconds, input: { name, number: stream.number } });
}

export const CreateDeliveryStream = operation(firehose.CreateDeliveryStream, {
  ...onStream,
  async body(input, ctx) {
    const { DeliveryStreamName: name } = input;
    const destination = destinationOf(input);
    requireDestination(destination);
    const source = await sourceOf(ctx, input);
    ctx.reading(() => {
      if (findStream(ctx, name)) throw alreadyExists(ctx, name);
    });
    await requireRoles(ctx, name, destination, source);
    if (source) await requireSource(ctx, name, source);
    const encryption = input.DeliveryStreamEncryptionConfigurationInput;
    if (encryption) requireDirectSource(input.DeliveryStreamType ?? "DirectPut");
    const key = encryption && await requireEncryptionKey(ctx, name, encryption);
    try {
      ctx.transaction((within) => put(within, input, { destination, source, key }));
    } catch (error) {
      ctx.transaction((within) => giveBack(within, key, 0));
      throw error;
    }
    return { DeliveryStreamARN: streamArn(ctx, name) };
  },
});

interface Named {
  readonly name: string;
  readonly number: number;
}

export const openStream = job<Named>("firehose.openStream", ({ name, number }, ctx) => {
  const stream = findStream(ctx, name);
  if (stream?.number !== number || stream.status !== "CREATING") return;
  ctx.db(streams).put({ ...settled(ctx, stream), status: "ACTIVE" });
  if (stream.source) pumpSource.start(ctx, String(number), { name, number });
});

/** @evidence API Reference, DeleteDeliveryStream: not while it is CREATING; once more while it is DELETING */
export const DeleteDeliveryStream = operation(firehose.DeleteDeliveryStream, {
  ...onStream,
  run(input, ctx) {
    const stream = requireStream(ctx, input.DeliveryStreamName);
    const { name, number, status } = stream;
    if (status === "CREATING") throw inUse(`Firehose ${name} is CREATING and cannot be deleted.`);
    ctx.db(streams).put({ ...stream, status: "DELETING" });
    ctx.schedule(closeStream, { at: ctx.clock.now() + settleMilliseconds, input: { name, number } });
  },
});

export const closeStream = job<Named>("firehose.closeStream", ({ name, number }, ctx) => {
  const stream = findStream(ctx, name);
  if (stream?.number !== number) return;
  ctx.db(streams).delete(name);
  ctx.tags(streamArn(ctx, name)).clear();
  unscheduleAll(ctx, number);
  ctx.unschedule(pumpSource, String(number));
  forgetPositions(ctx, number);
  forgetDataKeys(ctx, number);
  giveBackAll(ctx, stream);
  ctx.schedule(dropRecords, { at: ctx.clock.now(), input: { number } });
});

function shownSource({ source }: DeliveryStream): firehose.SourceDescription | undefined {
  return source && {
    KinesisStreamSourceDescription: {
      KinesisStreamARN: source.streamArn, RoleARN: source.roleArn, DeliveryStartTimestamp: source.startedAt,
    },
  };
}

export const DescribeDeliveryStream = operation(firehose.DescribeDeliveryStream, {
  ...onStream,
  run(input, ctx) {
    const stream = requireStream(ctx, input.DeliveryStreamName);
    const isAfter = input.ExclusiveStartDestinationId === destinationId;
    return {
      DeliveryStreamDescription: {
        DeliveryStreamName: stream.name,
        DeliveryStreamARN: streamArn(ctx, stream.name),
        DeliveryStreamStatus: stream.status,
        DeliveryStreamEncryptionConfiguration: shownEncryption(stream),
        DeliveryStreamType: stream.type,
        VersionId: String(stream.version),
        CreateTimestamp: stream.createdAt,
        LastUpdateTimestamp: stream.updatedAt,
        Source: shownSource(stream),
        Destinations: isAfter ? [] : [
          { DestinationId: destinationId, ...shownDestination(stream.destination) },
        ],
        HasMoreDestinations: false,
      },
    };
  },
});

const listedDefault = 10;

export const ListDeliveryStreams = operation(firehose.ListDeliveryStreams, {
  run(input, ctx) {
    const after = input.ExclusiveStartDeliveryStreamName;
    const type = input.DeliveryStreamType;
    const all = [...ctx.db(streams).list(after === undefined ? {} : { after })]
      .filter((stream) => type === undefined || stream.type === type)
      .map(({ name }) => name);
    const names = all.slice(0, input.Limit ?? listedDefault);
    return { DeliveryStreamNames: names, HasMoreDeliveryStreams: names.length < all.length };
  },
});
