/** Functions that transform records. */

import * as lambda from "../../generated/lambda.ts";
import { sessionOf } from "../../delivery/role-session.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import type { Parcel } from "./delivery.ts";
import type { Failed } from "./failures.ts";
import { parameterOf } from "./processors.ts";
import { roleOf } from "./settings.ts";
import { streamArn, type DeliveryStream } from "./stream-table.ts";

export interface Transformed {
  readonly parcels: readonly Parcel[];
  readonly failed: readonly Failed[];
}

/** @evidence API Reference, ProcessorParameter: three retries */
const retriesDefault = 3;

export async function transformed(
  ctx: BodyContext, stream: DeliveryStream, batch: readonly Parcel[],
): Promise<Transformed> {
  const { ProcessingConfiguration: processing } = stream.destination.settings;
  const lambdaArn = parameterOf(processing, "Lambda", "LambdaArn");
  if (lambdaArn === undefined) return { parcels: batch, failed: [] };
  const retries = Number(parameterOf(processing, "Lambda", "NumberOfRetries") ?? retriesDefault);
  const roleArn = parameterOf(processing, "Lambda", "RoleArn") ?? roleOf(stream.destination) ?? "";
  return transformBatch(ctx, stream, { lambdaArn, roleArn, retries }, batch);
}

interface Transformer {
  readonly lambdaArn: string;
  readonly roleArn: string;
  readonly retries: number;
}

interface Trouble {
  readonly errorCode: string;
  readonly errorMessage: string;
}

async function transformBatch(
  ctx: BodyContext, stream: DeliveryStream, transformer: Transformer, batch: readonly Parcel[],
): Promise<Transformed> {
  const event = Buffer.from(JSON.stringify(eventOf(ctx, stream, batch)));
  const attemptsMax = transformer.retries + 1;
  let trouble: Trouble = { errorCode: "Lambda.InvokeLimitExceeded", errorMessage: "" };
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const answer = await invoke(ctx, stream, transformer, event);
    if (Buffer.isBuffer(answer)) return readAnswer(batch, answer, transformer.lambdaArn, attempt);
    trouble = answer;
  }
  const failed = batch.map((parcel) =>
    ({ parcel, attempts: attemptsMax, lambdaArn: transformer.lambdaArn, ...trouble }));
  return { parcels: [], failed };
}

function eventOf(ctx: BodyContext, stream: DeliveryStream, batch: readonly Parcel[]): object {
  return {
    invocationId: ctx.ids.uuid(),
    ...(stream.source && { sourceKinesisStreamArn: stream.source.streamArn }),
    deliveryStreamArn: streamArn(ctx, stream.name),
    region: ctx.region,
    records: batch.map(({ id, at, data, origin }) => ({
      recordId: id,
      approximateArrivalTimestamp: at,
      data: data.toString("base64"),
      ...(origin && {
        kinesisRecordMetadata: {
          sequenceNumber: origin.sequenceNumber, subsequenceNumber: origin.subsequenceNumber ?? 0,
          partitionKey: origin.partitionKey, shardId: origin.shardId, approximateArrivalTimestamp: at,
        },
      }),
    })),
  };
}

/** @evidence Developer Guide, "Handle failed data transformation" */
async function invoke(
  ctx: BodyContext, stream: DeliveryStream, { lambdaArn, roleArn }: Transformer, Payload: Buffer,
): Promise<Buffer | Trouble> {
  try {
    const session = await sessionOf(ctx, {
      roleArn, principal: "firehose.amazonaws.com", sourceArn: streamArn(ctx, stream.name),
      sessionName: "AWSFirehoseToLambda",
    });
    const region = parseArn(lambdaArn)?.region ?? ctx.region;
    const answer = await ctx.call(
      lambda.Invoke, { FunctionName: lambdaArn, InvocationType: "RequestResponse", Payload },
      { as: { session }, region },
    );
    const { Payload: answered = Buffer.alloc(0) } = answer;
    if (answer.FunctionError === undefined) return answered;
    if (/Task timed out after [0-9.]+ seconds/.test(answered.toString())) return functionTimedOut;
    return {
      errorCode: "Lambda.FunctionError",
      errorMessage: "The Lambda function was successfully invoked but it returned an error result.",
    };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return refusals[error.code] ?? { errorCode: "Lambda.InvokeFailed", errorMessage: error.message };
  }
}

/** @evidence Developer Guide, "Lambda invocation errors": codes and messages */
const refusals: Readonly<Record<string, Trouble>> = {
  AccessDenied: {
    errorCode: "Lambda.AssumeRoleAccessDenied",
    errorMessage: "Access was denied. Ensure that the trust policy for the provided IAM role allows " +
      "Firehose to assume the role.",
  },
  AccessDeniedException: {
    errorCode: "Lambda.InvokeAccessDenied",
    errorMessage: "Access was denied. Ensure that the access policy allows access to the Lambda function.",
  },
  ResourceNotFoundException: {
    errorCode: "Lambda.ResourceNotFound",
    errorMessage: "The specified Lambda function does not exist. Use a different function that does exist.",
  },
  TooManyRequestsException: {
    errorCode: "Lambda.InvokeLimitExceeded",
    errorMessage: "The Lambda concurrent execution limit is exceeded. Increase the concurrent execution " +
      "limit.",
  },
};

const functionTimedOut: Trouble = {
  errorCode: "Lambda.FunctionTimedOut",
  errorMessage: "The Lambda function timed out. Increase the Timeout setting in the Lambda function. For " +
    "more information, see Configuring function timeout.",
};

interface AnsweredRecord {
  readonly recordId?: unknown;
  readonly result?: unknown;
  readonly data?: unknown;
  readonly metadata?: { readonly partitionKeys?: Readonly<Record<string, unknown>> };
}

function recordsIn(answer: Buffer): AnsweredRecord[] | undefined {
  try {
    const { records } = JSON.parse(answer.toString()) as { records?: unknown };
    const isReadable = Array.isArray(records)
      && records.every((record) => record !== null && typeof record === "object");
    return isReadable ? (records as AnsweredRecord[]) : undefined;
  } catch {
    return undefined;
  }
}

function readAnswer(
  batch: readonly Parcel[], answer: Buffer, lambdaArn: string, attempts: number,
): Transformed {
  const records = recordsIn(answer);
  const answered = new Map<unknown, AnsweredRecord[]>();
  for (const record of records ?? []) {
    answered.set(record.recordId, [...(answered.get(record.recordId) ?? []), record]);
  }
  const parcels: Parcel[] = [];
  const failed: Failed[] = [];
  for (const parcel of batch) {
    const [record, ...others] = answered.get(parcel.id) ?? [];
    const trouble = !records ? notReadable : others.length > 0 ? duplicated : troubleOf(record);
    if (trouble) failed.push({ parcel, attempts, lambdaArn, ...trouble });
    else if (record?.result === "Ok") parcels.push(changed(parcel, record));
  }
  return { parcels, failed };
}

const notReadable: Trouble = {
  errorCode: "Lambda.JsonProcessingException",
  errorMessage: "There was an error parsing returned records from the Lambda function. Ensure that the " +
    "returned records follow the status model required by Amazon Data Firehose.",
};

const duplicated: Trouble = {
  errorCode: "Lambda.DuplicatedRecordId",
  errorMessage: "Multiple records were returned with the same record ID. Ensure that the Lambda function " +
    "returns unique record IDs for each record.",
};

function troubleOf(record: AnsweredRecord | undefined): Trouble | undefined {
  if (!record) {
    return {
      errorCode: "Lambda.MissingRecordId",
      errorMessage: "One or more record Ids were not returned. Ensure that the Lambda function returns all " +
        "received record Ids.",
    };
  }
  if (record.result === "Dropped") return undefined;
  if (record.result === "Ok" && typeof record.data === "string") return undefined;
  return {
    errorCode: "Lambda.ProcessingFailedStatus",
    errorMessage: "ProcessingFailed status set for record",
  };
}

function changed(parcel: Parcel, { data, metadata }: AnsweredRecord): Parcel {
  const keys = Object.entries(metadata?.partitionKeys ?? {}).map(([key, value]) => [key, String(value)]);
  return {
    ...parcel,
    data: Buffer.from(String(data), "base64"),
    ...(keys.length > 0 && { partitionKeys: Object.fromEntries(keys) as Record<string, string> }),
  };
}
