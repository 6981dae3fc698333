/** What a pipe may be made of. What is not here is refused by name, before anything is made. */

import type * as pipes from "../../generated/pipes.ts";
import { parseArn } from "../../kernel/arn.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { parsePattern, PatternError } from "../../patterns/parse.ts";
import {
  batchTooLarge, invalidArn, invalidFields, invalidPattern, parametersMisplaced, parametersMissing,
  roleOfAnotherAccount, windowRequired,
} from "./errors.ts";

type SourceMember = Exclude<keyof pipes.PipeSourceParameters, "FilterCriteria">;
type TargetMember = Exclude<keyof pipes.PipeTargetParameters, "InputTemplate">;

export type SourceKind = "sqs" | "kinesis" | "dynamodb";

const sourceMembers: Readonly<Record<SourceKind, SourceMember>> = {
  sqs: "SqsQueueParameters", kinesis: "KinesisStreamParameters", dynamodb: "DynamoDBStreamParameters",
};

const sourceForms: Readonly<Record<SourceKind, RegExp>> = {
  sqs: /^[\w-]{1,80}(\.fifo)?$/, kinesis: /^stream\/[\w.-]+$/, dynamodb: /^table\/[\w.-]+\/stream\/[\w.:-]+$/,
};

/** Those of other services are refused. @throws ValidationException */
export function sourceKind(source: string): SourceKind {
  const arn = parseArn(source);
  if (!arn) throw invalidArn("source", source);
  const kind = arn.service as SourceKind;
  if (!Object.hasOwn(sourceForms, kind)) throw notImplemented(`${arn.service} as the source of a pipe`);
  if (!sourceForms[kind].test(arn.resource)) throw invalidArn("source", source);
  return kind;
}

const batchDefaults: Readonly<Record<SourceKind, number>> = { sqs: 10, kinesis: 100, dynamodb: 100 };
const fifoBatchMax = 10;
const unwindowedBatchMax = 10;

/**
 * What is left out is AWS's default. Filter criteria without filters and a dead-letter queue without an ARN
 * are none: this is how an update takes them away.
 *
 * @evidence Terraform's AWS provider, internal/service/pipes/pipe_test.go: after an update with empty
 *   FilterCriteria, DescribePipe shows none
 */
export function requireSource(source: string, given: pipes.PipeSourceParameters): pipes.PipeSourceParameters {
  const kind = sourceKind(source);
  const member = sourceMembers[kind];
  for (const name of Object.keys(given) as (keyof pipes.PipeSourceParameters)[]) {
    const isOwn = name === member || name === "FilterCriteria" || given[name] === undefined;
    if (!isOwn) throw parametersMisplaced(`SourceParameters.${name}`);
  }
  for (const { Pattern } of given.FilterCriteria?.Filters ?? []) requirePattern(Pattern ?? "");
  const parameters = given[member];
  if (kind !== "sqs" && parameters === undefined) throw parametersMissing(`SourceParameters.${member}`);
  const { BatchSize = batchDefaults[kind], MaximumBatchingWindowInSeconds: window = 0 } = parameters ?? {};
  if (source.endsWith(".fifo") && BatchSize > fifoBatchMax) throw batchTooLarge(fifoBatchMax);
  if (kind === "sqs" && BatchSize > unwindowedBatchMax && window === 0) throw windowRequired();
  if (kind !== "sqs") requireAge(given[member] as StreamParameters, window);
  const { DeadLetterConfig: dead, ...rest } = (parameters ?? {}) as StreamParameters;
  const complete = {
    ...rest, ...(dead?.Arn !== undefined && { DeadLetterConfig: dead }),
    BatchSize, MaximumBatchingWindowInSeconds: window,
  };
  const { FilterCriteria: filters, ...others } = given;
  return { ...others, ...(filters?.Filters?.length && { FilterCriteria: filters }), [member]: complete };
}

type StreamParameters = Partial<
  pipes.PipeSourceKinesisStreamParameters & pipes.PipeSourceDynamoDBStreamParameters
>;

const ageMinSeconds = 60;
const ageMaxSeconds = 604_800;

/** @throws ValidationException */
function requireAge({ MaximumRecordAgeInSeconds: age = -1 }: StreamParameters, windowSeconds: number): void {
  if (age === -1) return;
  const isOutOfRange = age < ageMinSeconds || age > ageMaxSeconds;
  const fields = [
    ...(isOutOfRange ? [{
      Name: "MaximumRecordAgeInSeconds",
      Message: "MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)",
    }] : []),
    ...(windowSeconds >= age ? [{
      Name: "MaximumBatchingWindowInSeconds",
      Message: "MaximumBatchingWindowInSeconds must be less than MaximumRecordAgeInSeconds.",
    }] : []),
  ];
  if (fields.length > 0) throw invalidFields(fields);
}

function requirePattern(text: string): void {
  try {
    parsePattern(text);
  } catch (cause) {
    if (!(cause instanceof PatternError)) throw cause;
    throw invalidPattern(cause.message);
  }
}

const targetMembers: Readonly<Record<string, TargetMember | undefined>> = {
  sqs: "SqsQueueParameters", sns: undefined, lambda: "LambdaFunctionParameters",
  kinesis: "KinesisStreamParameters", firehose: undefined, events: "EventBridgeEventBusParameters",
  logs: "CloudWatchLogsParameters",
};

export function requireTarget(target: string, given: pipes.PipeTargetParameters = {}): void {
  const arn = parseArn(target);
  if (!arn) throw invalidArn("target", target);
  const isDestination = arn.service === "events" && !arn.resource.startsWith("event-bus/");
  if (!Object.hasOwn(targetMembers, arn.service) || isDestination) {
    throw notImplemented(`${isDestination ? "An API destination" : arn.service} as the target of a pipe`);
  }
  const member = targetMembers[arn.service];
  for (const name of Object.keys(given) as (keyof pipes.PipeTargetParameters)[]) {
    const isOwn = name === member || name === "InputTemplate" || given[name] === undefined;
    if (!isOwn) throw parametersMisplaced(`TargetParameters.${name}`);
  }
  if (arn.service === "kinesis" && given.KinesisStreamParameters === undefined) {
    throw parametersMissing("TargetParameters.KinesisStreamParameters");
  }
}

export function requireEnrichment(enrichment: string | undefined): void {
  if (enrichment === undefined) return;
  const arn = parseArn(enrichment);
  if (!arn) throw invalidArn("enrichment", enrichment);
  if (arn.service !== "lambda") throw notImplemented(`${arn.service} as the enrichment of a pipe`);
}

export function requireOwnRole(roleArn: string, account: string): void {
  if (parseArn(roleArn)?.account !== account) throw roleOfAnotherAccount();
}
