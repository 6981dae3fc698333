/** UpdateDestination. */

import * as firehose from "../../generated/firehose.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { requireRoles } from "./delivery-streams.ts";
import { inUse, invalidArgument, versionsDiffer } from "./errors.ts";
import { requireDestination } from "./settings.ts";
import {
  destinationId, onStream, requireStream, streams, type DeliveryStream, type Destination,
} from "./stream-table.ts";

/** What is not said stays. */
function merged<Settings extends object>(before: Settings, update: object): Settings {
  const given = Object.entries(update).filter(([, value]) => value !== undefined);
  return { ...before, ...Object.fromEntries(given) };
}

function updated({ destination }: DeliveryStream, input: firehose.UpdateDestinationInput): Destination {
  const next = destination.kind === "s3" ? updatedObjects(destination, input)
    : updatedEndpoint(destination, input);
  requireDestination(next);
  return next;
}

type Objects = Extract<Destination, { kind: "s3" }>;
type Endpoint = Exclude<Destination, Objects>;

function updatedEndpoint(destination: Endpoint, input: firehose.UpdateDestinationInput): Endpoint {
  const { kind, settings } = destination;
  const update = kind === "http" ? input.HttpEndpointDestinationUpdate : input.SplunkDestinationUpdate;
  if (!update) throw invalidArgument("The type of a destination can't be changed.");
  const { S3Update: objects = {}, ...rest } = update;
  const S3Configuration = merged(settings.S3Configuration, objects);
  return { kind, settings: { ...merged(settings, rest), S3Configuration } } as Endpoint;
}

function updatedObjects(destination: Objects, input: firehose.UpdateDestinationInput): Objects {
  const { ExtendedS3DestinationUpdate: extended, S3DestinationUpdate: plain } = input;
  const update = extended ?? plain;
  if (!update) throw notImplemented("Changing the type of a destination");
  const { S3BackupUpdate: backup, ...rest } = update as firehose.ExtendedS3DestinationUpdate;
  const before = destination.settings;
  const kept = backup ? merged(before.S3BackupConfiguration ?? {}, backup) : before.S3BackupConfiguration;
  const settings = {
    ...merged(before, rest),
    ...(kept && { S3BackupConfiguration: kept as firehose.S3DestinationConfiguration }),
  };
  // @evidence Developer Guide, "Enable dynamic partitioning": only when a stream is created
  const isPartitioned = ({ DynamicPartitioningConfiguration: how }: typeof settings) => how?.Enabled === true;
  if (isPartitioned(settings) && !isPartitioned(before)) {
    throw invalidArgument("Dynamic Partitioning can only be enabled when a Firehose is created.");
  }
  return { kind: "s3", extended: destination.extended || extended !== undefined, settings };
}

function requireVersion(stream: DeliveryStream, input: firehose.UpdateDestinationInput): void {
  if (stream.status !== "ACTIVE") throw inUse(`Firehose ${stream.name} is not ACTIVE.`);
  if (input.CurrentDeliveryStreamVersionId !== String(stream.version)) {
    throw versionsDiffer(stream.name, String(stream.version), input.CurrentDeliveryStreamVersionId);
  }
  if (input.DestinationId !== destinationId) {
    throw invalidArgument(`Destination Id ${input.DestinationId} not found`);
  }
}

export const UpdateDestination = operation(firehose.UpdateDestination, {
  ...onStream,
  async body(input, ctx) {
    const destination = ctx.reading(() => {
      const stream = requireStream(ctx, input.DeliveryStreamName);
      requireVersion(stream, input);
      return updated(stream, input);
    });
    await requireRoles(ctx, input.DeliveryStreamName, destination);
    ctx.transaction((within) => {
      const stream = requireStream(within, input.DeliveryStreamName);
      requireVersion(stream, input);
      within.db(streams).put({
        ...stream, destination, version: stream.version + 1, updatedAt: within.clock.now(),
      });
    });
  },
});
