/** UpdateDestination, and the stream's own encryption. */

import * as firehose from "../../generated/firehose.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { requireRoles } from "./delivery-streams.ts";
import { inUse, invalidArgument, versionsDiffer } from "./errors.ts";
import { requireHttp, requireS3 } from "./settings.ts";
import {
  destinationId, onStream, requireStream, streams, type DeliveryStream, type Destination,
} from "./stream-table.ts";

/** What is not said stays. */
function merged<Settings extends object>(before: Settings, update: object): Settings {
  const given = Object.entries(update).filter(([, value]) => value !== undefined);
  return { ...before, ...Object.fromEntries(given) };
}

function updated(stream: DeliveryStream, input: firehose.UpdateDestinationInput): Destination {
  const { destination } = stream;
  const { ExtendedS3DestinationUpdate: extended, S3DestinationUpdate: plain } = input;
  if (destination.kind === "http") {
    const http = input.HttpEndpointDestinationUpdate;
    if (!http) throw invalidArgument("The type of a destination can't be changed.");
    const { S3Update: objects, ...rest } = http;
    const settings = merged(destination.settings, rest);
    const S3Configuration = merged(destination.settings.S3Configuration, objects ?? {});
    requireHttp({ ...settings, S3Configuration });
    return { kind: "http", settings: { ...settings, S3Configuration } };
  }
  const update = extended ?? plain;
  if (!update) throw notImplemented("Changing the type of a destination");
  const { S3BackupUpdate: backup, ...rest } = update as firehose.ExtendedS3DestinationUpdate;
  const before = destination.settings;
  const settings = merged(before, rest);
  const kept = backup ? merged(before.S3BackupConfiguration ?? {}, backup) : before.S3BackupConfiguration;
  const next = {
    ...settings,
    ...(kept && { S3BackupConfiguration: kept as firehose.S3DestinationConfiguration }),
  };
  requireS3(next);
  return { kind: "s3", extended: destination.extended || extended !== undefined, settings: next };
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

function requireDirect(stream: DeliveryStream): void {
  if (stream.status !== "ACTIVE") throw inUse(`Firehose ${stream.name} is not ACTIVE.`);
  if (stream.type === "DirectPut") return;
  throw invalidArgument(
    "Server-side encryption is only for delivery streams of the type DirectPut: encrypt the Kinesis stream.",
  );
}

export const StartDeliveryStreamEncryption = operation(firehose.StartDeliveryStreamEncryption, {
  ...onStream,
  run(input, ctx) {
    const stream = requireStream(ctx, input.DeliveryStreamName);
    requireDirect(stream);
    const keyType = input.DeliveryStreamEncryptionConfigurationInput?.KeyType ?? "AWS_OWNED_CMK";
    if (keyType === "CUSTOMER_MANAGED_CMK") throw notImplemented("Encryption under a key of the customer's");
    ctx.db(streams).put({ ...stream, encryption: { keyType, isEnabled: true } });
  },
});

export const StopDeliveryStreamEncryption = operation(firehose.StopDeliveryStreamEncryption, {
  ...onStream,
  run(input, ctx) {
    const stream = requireStream(ctx, input.DeliveryStreamName);
    requireDirect(stream);
    const { encryption: _encryption, ...rest } = stream;
    ctx.db(streams).put(rest);
  },
});
