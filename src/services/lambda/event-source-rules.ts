/** What event source mappings may be set to, and what is meant where nothing is said. */

import * as dynamodbStreams from "../../generated/dynamodb-streams.ts";
import * as kinesis from "../../generated/kinesis.ts";
import type * as lambda from "../../generated/lambda.ts";
import * as sqs from "../../generated/sqs.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { AwsError, notImplemented } from "../../kernel/errors.ts";
import { PatternError, parsePattern } from "../../patterns/parse.ts";
import { roleMay } from "./dead-letters.ts";
import { invalidParameter } from "./errors.ts";
import { streamOfConsumer } from "./event-source-consumers.ts";
import { roleCredentials } from "./execution-role.ts";
import type { SourceKind, SourceSettings } from "./event-source-table.ts";
import type { FunctionVersion } from "./function-table.ts";

type Given = {
  readonly [Name in keyof lambda.CreateEventSourceMappingRequest]?:
    lambda.CreateEventSourceMappingRequest[Name] | undefined;
};

export function kindOf(source: string | undefined, input: Given): SourceKind {
  const missing = unbuilt.find((name) => input[name] !== undefined);
  if (missing !== undefined) throw notImplemented(`${missing} of an event source`);
  if (source === undefined) throw invalidParameter("Unrecognized event source.");
  const arn = parseArn(source);
  if (arn?.service === "sqs") return "sqs";
  if (arn?.service === "kinesis") return "kinesis";
  if (arn?.service === "dynamodb" && arn.resource.includes("/stream/")) return "dynamodb";
  if (arn && ["kafka", "mq", "rds"].includes(arn.service)) {
    throw notImplemented(`The event source ${arn.service}`);
  }
  throw invalidParameter("Unrecognized event source, must be kinesis, dynamodb stream or sqs.");
}

const unbuilt = [
  "SelfManagedEventSource", "AmazonManagedKafkaEventSourceConfig", "SelfManagedKafkaEventSourceConfig",
  "DocumentDBEventSourceConfig", "Topics", "Queues", "SourceAccessConfigurations",
] as const;

const onlyForStreams = [
  "ParallelizationFactor", "MaximumRecordAgeInSeconds", "BisectBatchOnFunctionError", "MaximumRetryAttempts",
  "DestinationConfig", "TumblingWindowInSeconds",
] as const;

const shownKinds: Readonly<Record<SourceKind, string>> = {
  sqs: "SQS", kinesis: "Kinesis", dynamodb: "DynamoDB",
};

/** @evidence API Reference, CreateEventSourceMapping: LoggingConfig is for Kafka, pollers for it and SQS */
function requireFitting(kind: SourceKind, input: Given, before: SourceSettings | undefined): void {
  if (input.LoggingConfig) {
    throw invalidParameter(`LoggingConfig isn't supported for ${shownKinds[kind]} event sources.`);
  }
  if (kind === "sqs") {
    const wrong = onlyForStreams.find((name) => input[name] !== undefined);
    if (wrong !== undefined) throw invalidParameter(`${wrong} isn't supported for SQS event sources.`);
  } else if (input.ScalingConfig) {
    throw invalidParameter("ScalingConfig is only supported for SQS event sources.");
  } else if (input.ProvisionedPollerConfig) {
    throw invalidParameter(
      `ProvisionedPollerConfig isn't supported for ${shownKinds[kind]} event sources.`,
    );
  }
  const pollers = input.ProvisionedPollerConfig ?? before?.pollers;
  const scaling = input.ScalingConfig ?? before?.scaling;
  if (pollers && scaling?.MaximumConcurrency !== undefined) {
    throw invalidParameter("ScalingConfig and ProvisionedPollerConfig can't be used together.");
  }
}

/**
 * Empty settings take pollers away again.
 *
 * @evidence Lambda Developer Guide, "Using provisioned mode with an Amazon SQS event source mapping": 2 and
 *   200
 */
function pollersOf(
  given: lambda.ProvisionedPollerConfig | undefined, before: lambda.ProvisionedPollerConfig | undefined,
): lambda.ProvisionedPollerConfig | undefined {
  if (!given) return before;
  const { MinimumPollers, MaximumPollers, PollerGroupName } = given;
  if (PollerGroupName !== undefined) {
    throw invalidParameter("PollerGroupName isn't supported for SQS event sources.");
  }
  if (MinimumPollers === undefined && MaximumPollers === undefined) return undefined;
  const least = MinimumPollers ?? before?.MinimumPollers ?? 2;
  const most = MaximumPollers ?? before?.MaximumPollers ?? Math.max(200, least);
  if (least < 2 || most < 2) throw invalidParameter("SQS event sources need at least 2 event pollers.");
  if (least > most) throw invalidParameter("MinimumPollers must not be greater than MaximumPollers.");
  return { MinimumPollers: least, MaximumPollers: most };
}

function requireFilters(filters: lambda.FilterCriteria | undefined): void {
  const all = filters?.Filters ?? [];
  if (all.length > filtersMax) {
    throw invalidParameter(`Too many filters provided. You can provide up to ${filtersMax} filters.`);
  }
  for (const { Pattern } of all) {
    try {
      parsePattern(Pattern ?? "");
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      throw invalidParameter("Invalid filter pattern definition.");
    }
  }
}

/** @evidence Lambda Developer Guide, "Control which events Lambda sends": five filters, ten by request */
const filtersMax = 10;
const queueBatchDefault = 10;
const streamBatchDefault = 100;
const plainBatchMax = 10;

/** @evidence API Reference, CreateEventSourceMapping */
function requireBatch(kind: SourceKind, source: string, { batchSize, windowSeconds }: SourceSettings): void {
  if (kind !== "sqs") return;
  const isFifo = source.endsWith(".fifo");
  if (isFifo && windowSeconds > 0) {
    throw invalidParameter("Batching window is not supported for FIFO queues.");
  }
  if (isFifo && batchSize > plainBatchMax) {
    throw invalidParameter(`Batch size must be no more than ${plainBatchMax} for FIFO queues.`);
  }
  if (batchSize > plainBatchMax && windowSeconds === 0) {
    throw invalidParameter(
      "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10");
  }
}

/** @param before what stays where the request says nothing */
export function settingsOf(
  kind: SourceKind, source: string, input: Given, before?: SourceSettings,
): SourceSettings {
  requireFitting(kind, input, before);
  requireFilters(input.FilterCriteria);
  const isEmpty = input.FilterCriteria && (input.FilterCriteria.Filters ?? []).length === 0;
  const settings: SourceSettings = {
    batchSize: input.BatchSize ?? before?.batchSize
      ?? (kind === "sqs" ? queueBatchDefault : streamBatchDefault),
    windowSeconds: input.MaximumBatchingWindowInSeconds ?? before?.windowSeconds ?? 0,
    filters: isEmpty ? undefined : (input.FilterCriteria ?? before?.filters),
    keyArn: input.KMSKeyArn === "" ? undefined : (input.KMSKeyArn ?? before?.keyArn),
    sealedFilters: input.FilterCriteria ? undefined : before?.sealedFilters,
    responseTypes: input.FunctionResponseTypes ?? before?.responseTypes ?? [],
    scaling: input.ScalingConfig ?? before?.scaling,
    metrics: input.MetricsConfig ?? before?.metrics,
    pollers: pollersOf(input.ProvisionedPollerConfig, before?.pollers),
    tumblingSeconds: input.TumblingWindowInSeconds ?? before?.tumblingSeconds ?? 0,
    lanes: input.ParallelizationFactor ?? before?.lanes ?? 1,
    ageSecondsMax: input.MaximumRecordAgeInSeconds ?? before?.ageSecondsMax ?? -1,
    retriesMax: input.MaximumRetryAttempts ?? before?.retriesMax ?? -1,
    bisects: input.BisectBatchOnFunctionError ?? before?.bisects ?? false,
    destinations: input.DestinationConfig ?? before?.destinations,
  };
  if (settings.ageSecondsMax >= 0 && settings.ageSecondsMax < 60) {
    throw invalidParameter("MaximumRecordAgeInSeconds must be -1, or between 60 and 604800.");
  }
  requireBatch(kind, source, settings);
  return settings;
}

export function requirePosition(kind: SourceKind, input: Given): void {
  const { StartingPosition: position, StartingPositionTimestamp: at } = input;
  if (kind === "sqs") {
    if (position === undefined) return;
    throw invalidParameter("StartingPosition is not valid for SQS event sources.");
  }
  if (position === undefined) {
    throw invalidParameter(
      "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member " +
        "must not be null.",
    );
  }
  if (position === "AT_TIMESTAMP" && kind === "dynamodb") {
    throw invalidParameter("Unsupported starting position for arn type: dynamodb");
  }
  if ((position === "AT_TIMESTAMP") !== (at !== undefined)) {
    throw invalidParameter(
      "StartingPositionTimestamp must be given with StartingPosition AT_TIMESTAMP, and only then.");
  }
}

/** What the role must be allowed. @evidence Lambda Developer Guide, execution role permissions */
const wanted: Readonly<Record<SourceKind, readonly string[]>> = {
  sqs: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
  kinesis: ["kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream", "kinesis:ListShards"],
  dynamodb: ["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"],
};

function notAllowed(kind: SourceKind, source: string, action: string): AwsError {
  if (kind === "sqs") {
    return invalidParameter(
      "The provided execution role does not have permissions to call " +
        `${action.slice(action.indexOf(":") + 1)} on SQS`,
    );
  }
  const list = kind === "kinesis" ? "DescribeStream, ListShards, and ListStreams"
    : "DescribeStream, and ListStreams";
  return invalidParameter(
    `Cannot access stream ${source}. Please ensure the role can perform the GetRecords, GetShardIterator, ` +
      `${list} Actions on your stream in IAM.`,
  );
}

const wantedOfConsumers = ["kinesis:SubscribeToShard", "kinesis:DescribeStream", "kinesis:ListShards"];

/**
 * The role may read the source, and the source is there and fits the function.
 *
 * @evidence recorded answers of CreateEventSourceMapping
 */
export async function requireSource(
  ctx: BodyContext, kind: SourceKind, source: string, version: FunctionVersion,
): Promise<void> {
  const running = { name: version.name, role: version.settings.Role };
  const stream = streamOfConsumer(source);
  const isConsumer = stream !== source;
  for (const action of isConsumer ? wantedOfConsumers : wanted[kind]) {
    const resource = action === "kinesis:SubscribeToShard" ? source : stream;
    if (!(await roleMay(ctx, running, action, resource))) throw notAllowed(kind, source, action);
  }
  const { sessionToken } = await roleCredentials(ctx, running);
  const arn = parseArn(source);
  const options = { as: { session: sessionToken }, ...(arn && { region: arn.region }) };
  if (kind === "sqs") {
    const seconds = await throughSource(source, async () => {
      const { Attributes } = await ctx.call(sqs.GetQueueAttributes, {
        QueueUrl: queueUrlOf(source), AttributeNames: ["VisibilityTimeout"],
      }, options);
      return Number(Attributes?.["VisibilityTimeout"]);
    });
    const timeout = version.settings.Timeout;
    if (seconds < timeout) {
      throw invalidParameter(
        `Queue visibility timeout: ${seconds} seconds is less than Function timeout: ${timeout} seconds`);
    }
  } else if (isConsumer) {
    await throughSource(source, () =>
      ctx.call(kinesis.DescribeStreamConsumer, { ConsumerARN: source }, options));
  } else if (kind === "kinesis") {
    await throughSource(source, () =>
      ctx.call(kinesis.DescribeStream, { StreamARN: source, Limit: 1 }, options));
  } else {
    await throughSource(source, () =>
      ctx.call(dynamodbStreams.DescribeStream, { StreamArn: source }, options));
  }
}

export function queueUrlOf(source: string): string {
  const arn = parseArn(source);
  return `/${arn?.account}/${arn?.resource}`;
}

async function throughSource<Answer>(source: string, ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof AwsError) || error.status >= 500) throw error;
    if (error.shape === "QueueDoesNotExist") {
      throw invalidParameter(
        "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS " +
          "Error Message: The specified queue does not exist.",
      );
    }
    if (error.code === "ResourceNotFoundException") throw invalidParameter(`Stream not found: ${source}`);
    throw invalidParameter(error.message);
  }
}
