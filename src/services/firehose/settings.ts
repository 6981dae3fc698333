/** What a destination is set to: what is refused, what is meant where nothing is said, how it is shown. */

import type * as firehose from "../../generated/firehose.ts";
import type {
  BufferingHints, ExtendedS3DestinationConfiguration, HttpEndpointDestinationConfiguration,
  ProcessingConfiguration, S3DestinationConfiguration, SplunkDestinationConfiguration,
} from "../../generated/firehose.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { isTimeZone } from "../../kernel/time-zones.ts";
import { invalidArgument } from "./errors.ts";
import { partitionKeysIn, requirePrefixes } from "./prefixes.ts";
import {
  parameterOf, requireHints, requirePartitioningProcessors, requireProcessing,
} from "./processors.ts";
import { requireOneSecret } from "./secrets.ts";
import { splunkAcknowledgmentSeconds, splunkRetrySeconds } from "./splunk-delivery.ts";
import type { Destination } from "./stream-table.ts";

/** @evidence API Reference, BufferingHints: 5 MiB and 300 seconds; both or none */
const megabyte = 1_048_576;
const bufferingDefault = { SizeInMBs: 5, IntervalInSeconds: 300 };
/** @evidence API Reference, SplunkBufferingHints */
const splunkBufferingDefault = { SizeInMBs: 5, IntervalInSeconds: 60 };
/** @evidence Developer Guide, "Dynamic partitioning": at least 64 MiB */
const partitionedSizeMin = 64;

export interface Buffering {
  readonly bytes: number;
  readonly milliseconds: number;
}

export function hintsOf(
  hints: BufferingHints | undefined, sizeDefault = bufferingDefault.SizeInMBs,
): Buffering {
  const { SizeInMBs: size = sizeDefault, IntervalInSeconds: seconds = bufferingDefault.IntervalInSeconds } =
    hints ?? {};
  return { bytes: size * megabyte, milliseconds: seconds * 1000 };
}

export function bufferingOf({ settings, kind }: Destination): Buffering {
  if (kind === "splunk") return hintsOf({ ...splunkBufferingDefault, ...settings.BufferingHints });
  const isPartitioned = kind === "s3" && settings.DynamicPartitioningConfiguration?.Enabled === true;
  return hintsOf(settings.BufferingHints, isPartitioned ? partitionedSizeMin : bufferingDefault.SizeInMBs);
}

export function hasFunction({ settings }: Destination): boolean {
  return parameterOf(settings.ProcessingConfiguration, "Lambda", "LambdaArn") !== undefined;
}

/** @evidence Developer Guide, "Understand data transformation flow": 1 MB, and sixty seconds */
export function functionBufferingOf(processing: ProcessingConfiguration | undefined): Buffering {
  const size = Number(parameterOf(processing, "Lambda", "BufferSizeInMBs") ?? 1);
  const seconds = Number(parameterOf(processing, "Lambda", "BufferIntervalInSeconds") ?? 60);
  return { bytes: size * megabyte, milliseconds: seconds * 1000 };
}

/** Where what comes is kept as it came. */
export function backupOf({ kind, settings }: Destination): S3DestinationConfiguration | undefined {
  if (kind === "s3") return settings.S3BackupMode === "Enabled" ? settings.S3BackupConfiguration : undefined;
  const isAll = settings.S3BackupMode === "AllData" || settings.S3BackupMode === "AllEvents";
  return isAll ? settings.S3Configuration : undefined;
}

/** The role of the destination itself: Splunk has none but that of its bucket. */
export function roleOf({ kind, settings }: Destination): string | undefined {
  return kind === "splunk" ? settings.S3Configuration.RoleARN : settings.RoleARN;
}

const bucketArn = /^arn:[^:]+:s3:::[^/]+$/;

function requireObjects(settings: S3DestinationConfiguration): void {
  const { BucketARN: bucket } = settings;
  if (!bucketArn.test(bucket)) throw invalidArgument(`Invalid S3 bucket ARN ${bucket}.`);
  requireHints(settings.BufferingHints);
  requirePrefixes(settings.Prefix ?? "", settings.ErrorOutputPrefix ?? "");
}

function requirePartitioning(settings: ExtendedS3DestinationConfiguration): void {
  const { ProcessingConfiguration: processing, Prefix = "" } = settings;
  const isPartitioned = settings.DynamicPartitioningConfiguration?.Enabled === true;
  const keys = partitionKeysIn(Prefix);
  if (keys.length > 0 && !isPartitioned) {
    throw invalidArgument("Dynamic Partitioning Namespaces can only be part of a prefix expression when " +
      "Dynamic Partitioning is enabled.");
  }
  if (isPartitioned && keys.length === 0) {
    throw invalidArgument("S3 Prefix should contain Dynamic Partitioning namespaces when Dynamic " +
      "Partitioning is enabled");
  }
  requirePartitioningProcessors(processing, isPartitioned, keys);
  const size = settings.BufferingHints?.SizeInMBs;
  if (isPartitioned && size !== undefined && size < partitionedSizeMin) {
    throw invalidArgument(
      "BufferingHints.SizeInMBs must be at least 64 when Dynamic Partitioning is enabled.",
    );
  }
}

function requireS3(settings: ExtendedS3DestinationConfiguration): void {
  requireObjects(settings);
  requireProcessing(settings.ProcessingConfiguration);
  requirePartitioning(settings);
  const conversion = settings.DataFormatConversionConfiguration;
  if (conversion && conversion.Enabled !== false) {
    throw notImplemented("The conversion of formats, whose schemas are in AWS Glue,");
  }
  if (settings.CustomTimeZone !== undefined && settings.CustomTimeZone !== ""
    && !isTimeZone(settings.CustomTimeZone)) {
    throw invalidArgument(`Invalid time zone ${settings.CustomTimeZone}.`);
  }
  if (settings.S3BackupMode !== "Enabled") return;
  if (!settings.S3BackupConfiguration) {
    throw invalidArgument("S3 backup destination configuration is required when enabling S3 backup.");
  }
  requireObjects(settings.S3BackupConfiguration);
}

function requireHttp(settings: HttpEndpointDestinationConfiguration): void {
  const { AccessKey: value, Url: url } = settings.EndpointConfiguration;
  requireHints(settings.BufferingHints);
  requireProcessing(settings.ProcessingConfiguration);
  requireObjects(settings.S3Configuration);
  requireOneSecret(settings.SecretsManagerConfiguration, { value, what: "An access key" });
  requireUrl(url, "The URL of an HTTP endpoint must begin with https://.");
  const { CommonAttributes: attributes = [] } = settings.RequestConfiguration ?? {};
  const names = attributes.map(({ AttributeName }) => AttributeName);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) {
    throw invalidArgument(`Http Endpoint Common Attributes have duplicate name ${repeated}`);
  }
}

function requireSplunk(settings: SplunkDestinationConfiguration): void {
  const { HECToken: value, SecretsManagerConfiguration: secret } = settings;
  requireProcessing(settings.ProcessingConfiguration);
  requireObjects(settings.S3Configuration);
  requireOneSecret(secret, { value, what: "A HEC token" });
  if (!secret?.Enabled && value === undefined) throw invalidArgument("HECToken must be provided.");
  requireUrl(
    settings.HECEndpoint, "Invalid HECEndpoint. Supported endpoint format is https://<domain>:<port>.");
}

function requireUrl(text: string, refusal: string): void {
  if (URL.canParse(text) && new URL(text).protocol === "https:") return;
  throw invalidArgument(refusal);
}

export function requireDestination({ kind, settings }: Destination): void {
  if (kind === "s3") requireS3(settings);
  else if (kind === "http") requireHttp(settings);
  else requireSplunk(settings);
}

function shownObjects(settings: S3DestinationConfiguration): firehose.S3DestinationDescription {
  return {
    RoleARN: settings.RoleARN,
    BucketARN: settings.BucketARN,
    Prefix: settings.Prefix,
    ErrorOutputPrefix: settings.ErrorOutputPrefix,
    BufferingHints: { ...bufferingDefault, ...settings.BufferingHints },
    CompressionFormat: settings.CompressionFormat ?? "UNCOMPRESSED",
    EncryptionConfiguration: settings.EncryptionConfiguration ?? { NoEncryptionConfig: "NoEncryption" },
    CloudWatchLoggingOptions: settings.CloudWatchLoggingOptions ?? { Enabled: false },
  };
}

function shownS3(settings: ExtendedS3DestinationConfiguration): firehose.ExtendedS3DestinationDescription {
  const backup = settings.S3BackupConfiguration;
  return {
    ...shownObjects(settings),
    ProcessingConfiguration: settings.ProcessingConfiguration,
    S3BackupMode: settings.S3BackupMode ?? "Disabled",
    S3BackupDescription: backup && shownObjects(backup),
    DataFormatConversionConfiguration: settings.DataFormatConversionConfiguration,
    DynamicPartitioningConfiguration: settings.DynamicPartitioningConfiguration,
    FileExtension: settings.FileExtension,
    CustomTimeZone: settings.CustomTimeZone,
  };
}

function shownHttp(
  settings: HttpEndpointDestinationConfiguration,
): firehose.HttpEndpointDestinationDescription {
  const { Url, Name } = settings.EndpointConfiguration;
  // @evidence API Reference, HttpEndpointDescription: the access key is not shown
  return {
    EndpointConfiguration: { Url, Name },
    BufferingHints: { ...bufferingDefault, ...settings.BufferingHints },
    CloudWatchLoggingOptions: settings.CloudWatchLoggingOptions ?? { Enabled: false },
    RequestConfiguration: settings.RequestConfiguration ?? { ContentEncoding: "NONE" },
    ProcessingConfiguration: settings.ProcessingConfiguration,
    RoleARN: settings.RoleARN,
    RetryOptions: settings.RetryOptions ?? { DurationInSeconds: 300 },
    SecretsManagerConfiguration: settings.SecretsManagerConfiguration,
    S3BackupMode: settings.S3BackupMode ?? "FailedDataOnly",
    S3DestinationDescription: shownObjects(settings.S3Configuration),
  };
}

function shownSplunk(settings: SplunkDestinationConfiguration): firehose.SplunkDestinationDescription {
  const { S3Configuration: objects, ...rest } = settings;
  return {
    ...rest,
    HECAcknowledgmentTimeoutInSeconds:
      settings.HECAcknowledgmentTimeoutInSeconds ?? splunkAcknowledgmentSeconds,
    RetryOptions: settings.RetryOptions ?? { DurationInSeconds: splunkRetrySeconds },
    S3BackupMode: settings.S3BackupMode ?? "FailedEventsOnly",
    BufferingHints: { ...splunkBufferingDefault, ...settings.BufferingHints },
    CloudWatchLoggingOptions: settings.CloudWatchLoggingOptions ?? { Enabled: false },
    S3DestinationDescription: shownObjects(objects),
  };
}

/** @evidence recorded: an S3 destination is described twice, the extended one too */
export function shownDestination(
  destination: Destination,
): Omit<firehose.DestinationDescription, "DestinationId"> {
  if (destination.kind === "http") {
    return { HttpEndpointDestinationDescription: shownHttp(destination.settings) };
  }
  if (destination.kind === "splunk") {
    return { SplunkDestinationDescription: shownSplunk(destination.settings) };
  }
  return {
    S3DestinationDescription: shownObjects(destination.settings),
    ...(destination.extended && { ExtendedS3DestinationDescription: shownS3(destination.settings) }),
  };
}
