/** What is done with records on their way: which processors may be set, and how. */

import type {
  BufferingHints, ProcessingConfiguration, Processor, ProcessorParameterName, ProcessorType,
} from "../../generated/firehose.ts";
import { invalidArgument } from "./errors.ts";
import type { PartitionKey } from "./prefixes.ts";
import { parseQuery, queryKeys } from "./queries.ts";

export function enabledProcessors(processing: ProcessingConfiguration | undefined): readonly Processor[] {
  return processing?.Enabled ? (processing.Processors ?? []) : [];
}

export function parameterOf(
  processing: ProcessingConfiguration | undefined, type: ProcessorType, name: ProcessorParameterName,
): string | undefined {
  const processor = enabledProcessors(processing).find(({ Type }) => Type === type);
  return processor?.Parameters?.find(({ ParameterName }) => ParameterName === name)?.ParameterValue;
}

export function requireHints(hints: BufferingHints | undefined): void {
  if (!hints || (hints.SizeInMBs === undefined) === (hints.IntervalInSeconds === undefined)) return;
  throw invalidArgument(
    "Both BufferSizeInMBs and BufferIntervalInSeconds are required to configure buffering for lambda " +
      "processor.",
  );
}

/**
 * @evidence Developer Guide, "Understand data transformation flow": 0.2 MB to 3 MB, 0 to 900 seconds; both or
 *   none (recorded); recorded refusals, as cdk-preflight's rules and CDK quote them, here and below
 */
function requireFunction(processing: ProcessingConfiguration | undefined): void {
  const functions = enabledProcessors(processing).filter(({ Type }) => Type === "Lambda");
  if (functions.length > 1) throw invalidArgument("Cannot have more than 1 Lambda processor.");
  if (functions.length > 0 && parameterOf(processing, "Lambda", "LambdaArn") === undefined) {
    throw invalidArgument("LambdaArn is required when Lambda processor is used.");
  }
  const { SizeInMBs: megabytes = 1, IntervalInSeconds: interval = 60 } = requiredHints(processing);
  if (!(megabytes >= 0.2 && megabytes <= 3)) {
    throw invalidArgument("BufferSizeInMBs for lambda processor must be between 0.2 and 3.");
  }
  if (!(Number.isInteger(interval) && interval >= 0 && interval <= 900)) {
    throw invalidArgument("BufferIntervalInSeconds for lambda processor must be between 0 and 900.");
  }
  const retries = numberIn(parameterOf(processing, "Lambda", "NumberOfRetries")) ?? 0;
  if (!(Number.isInteger(retries) && retries >= 0 && retries <= 300)) {
    throw invalidArgument("Number of retries for lambda must be between 0 and 300.");
  }
}

function requiredHints(processing: ProcessingConfiguration | undefined): BufferingHints {
  const hints = {
    SizeInMBs: numberIn(parameterOf(processing, "Lambda", "BufferSizeInMBs")),
    IntervalInSeconds: numberIn(parameterOf(processing, "Lambda", "BufferIntervalInSeconds")),
  };
  requireHints(hints);
  return hints;
}

/** NaN for what is none. */
function numberIn(text: string | undefined): number | undefined {
  return text === undefined ? undefined : text.trim() === "" ? Number.NaN : Number(text);
}

/** @evidence CDK, DecompressionProcessor and CloudWatchLogProcessor: GZIP; extraction needs the first */
function requireDecompression(processing: ProcessingConfiguration | undefined): void {
  const format = parameterOf(processing, "Decompression", "CompressionFormat") ?? "GZIP";
  if (format !== "GZIP") throw invalidArgument(`CompressionFormat ${format} must be GZIP.`);
  const types = typesOf(processing);
  if (!types.has("CloudWatchLogProcessing")) return;
  if (!types.has("Decompression")) {
    throw invalidArgument("CloudWatchLogProcessingProcessor can only be enabled with DecompressionProcessor");
  }
  const extraction = parameterOf(processing, "CloudWatchLogProcessing", "DataMessageExtraction");
  if (/^(true|false)$/i.test(extraction ?? "")) return;
  throw invalidArgument("DataMessageExtraction must be true or false.");
}

function typesOf(processing: ProcessingConfiguration | undefined): ReadonlySet<ProcessorType> {
  return new Set(enabledProcessors(processing).map(({ Type }) => Type));
}

function requireDeaggregation(processing: ProcessingConfiguration | undefined): void {
  if (!typesOf(processing).has("RecordDeAggregation")) return;
  const kind = parameterOf(processing, "RecordDeAggregation", "SubRecordType") ?? "";
  if (!["JSON", "DELIMITED"].includes(kind)) {
    throw invalidArgument("SubRecordType has to be one of JSON, DELIMITED");
  }
  const delimiter = parameterOf(processing, "RecordDeAggregation", "Delimiter") ?? "";
  if (kind === "DELIMITED" && delimiter === "") {
    throw invalidArgument("Delimiter should be present for DELIMITED");
  }
}

const processorsMax = 5;

export function requireProcessing(processing: ProcessingConfiguration | undefined): void {
  const count = processing?.Processors?.length ?? 0;
  if (processing?.Enabled && (count === 0 || count > processorsMax)) {
    throw invalidArgument(
      `A maximum of ${processorsMax} and a minimum of 1 processor needs to be supplied when processing is ` +
        "enabled.",
    );
  }
  requireFunction(processing);
  requireDecompression(processing);
  requireDeaggregation(processing);
  if (!typesOf(processing).has("MetadataExtraction")) return;
  const query = parameterOf(processing, "MetadataExtraction", "MetadataExtractionQuery");
  const engine = parameterOf(processing, "MetadataExtraction", "JsonParsingEngine");
  if (query === undefined || engine !== "JQ-1.6") {
    throw invalidArgument("MetaDataExtraction JSON Parsing Engine has to be one of JQ-1.6");
  }
  parseQuery(query);
}

const onlyPartitioned = ["MetadataExtraction", "RecordDeAggregation"] as const;

/** @param keys of the prefix */
export function requirePartitioningProcessors(
  processing: ProcessingConfiguration | undefined, isPartitioned: boolean, keys: readonly PartitionKey[],
): void {
  const types = typesOf(processing);
  for (const type of onlyPartitioned) {
    if (isPartitioned || !types.has(type)) continue;
    throw invalidArgument(
      `class com.amazonaws.services.firehose.internal.model.${type}Processor can only be present when ` +
        "Dynamic Partitioning is enabled.",
    );
  }
  const wanted = new Set(keys.filter(({ from }) => from === "Query").map(({ key }) => key));
  const query = parameterOf(processing, "MetadataExtraction", "MetadataExtractionQuery");
  if (wanted.size > 0 && query === undefined) {
    throw invalidArgument(
      "MetadataExtraction processor should be present when S3 Prefix has partitionKeyFromQuery namespace.",
    );
  }
  if (query === undefined || queryKeys(parseQuery(query)).every((key) => wanted.has(key))) return;
  throw invalidArgument(
    "MetaDataExtraction JQ Query can't contain keys that are not present in the S3 Prefix expression",
  );
}
