/**
 * HTTP endpoints: records are posted, and again, until the endpoint has them or the time for it is over.
 *
 * @evidence Developer Guide, "Understand HTTP endpoint delivery request and response specifications"
 */

import { gzipSync } from "node:zlib";
import type { HttpEndpointDestinationConfiguration } from "../../generated/firehose.ts";
import * as secretsManager from "../../generated/secrets-manager.ts";
import { sessionOf } from "../../delivery/role-session.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { OutboundFailure, sendOutbound } from "../../kernel/outbound.ts";
import type { Parcel } from "./delivery.ts";
import type { Failed } from "./failures.ts";
import { streamArn, type DeliveryStream } from "./stream-table.ts";

const timeoutMilliseconds = 180_000;
const answerBytesMax = 1_048_576;
const retrySecondsDefault = 300;
const firstPauseMilliseconds = 1_000;
const pauseMillisecondsMax = 120_000;

interface Trouble {
  readonly errorCode: string;
  readonly errorMessage: string;
  /** It will not become better. */
  readonly isFinal: boolean;
}

/** @returns what the endpoint did not take in time */
export async function sendToEndpoint(
  ctx: BodyContext, stream: DeliveryStream, settings: HttpEndpointDestinationConfiguration,
  parcels: readonly Parcel[],
): Promise<Failed[]> {
  const requestId = ctx.ids.uuid();
  const seconds = settings.RetryOptions?.DurationInSeconds ?? retrySecondsDefault;
  const endsAt = ctx.clock.now() + seconds * 1000;
  let pause = firstPauseMilliseconds;
  for (let attempts = 1; ; attempts += 1) {
    const trouble = await post(ctx, stream, settings, requestId, parcels);
    if (!trouble) return [];
    const isOver = trouble.isFinal || ctx.clock.now() + pause > endsAt || ctx.signal.aborted;
    if (isOver) {
      const { errorCode, errorMessage } = trouble;
      const endpointUrl = settings.EndpointConfiguration.Url;
      return parcels.map((parcel) => ({ parcel, attempts, errorCode, errorMessage, endpointUrl }));
    }
    await ctx.wait(pause);
    pause = Math.min(pause * 2, pauseMillisecondsMax);
  }
}

/**
 * @evidence Developer Guide, "Authenticate with AWS Secrets Manager": the secret of an HTTP endpoint is
 *   `{"api_key": …}`, read under the role of its configuration or else that of the destination
 * @throws AwsError
 */
async function accessKeyOf(
  ctx: BodyContext, stream: DeliveryStream, settings: HttpEndpointDestinationConfiguration,
): Promise<string | undefined> {
  const { Enabled, SecretARN: SecretId = "", RoleARN } = settings.SecretsManagerConfiguration ?? {};
  if (!Enabled) return settings.EndpointConfiguration.AccessKey;
  const session = await sessionOf(ctx, {
    roleArn: RoleARN ?? settings.RoleARN ?? "", principal: "firehose.amazonaws.com",
    sourceArn: streamArn(ctx, stream.name), sessionName: "AWSFirehoseToSecretsManager",
  });
  const region = parseArn(SecretId)?.region ?? ctx.region;
  const { SecretString = "" } = await ctx.call(
    secretsManager.GetSecretValue, { SecretId }, { as: { session }, region },
  );
  const key = parsed(SecretString)?.["api_key"];
  return typeof key === "string" ? key : undefined;
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown> | null ?? undefined;
  } catch {
    return undefined;
  }
}

function headersOf(
  ctx: BodyContext, stream: DeliveryStream, settings: HttpEndpointDestinationConfiguration,
  { requestId, accessKey }: { readonly requestId: string; readonly accessKey: string | undefined },
): Record<string, string> {
  const attributes = settings.RequestConfiguration?.CommonAttributes ?? [];
  const commonAttributes = Object.fromEntries(
    attributes.map(({ AttributeName, AttributeValue }) => [AttributeName, AttributeValue]));
  return {
    "content-type": "application/json",
    "user-agent": "Amazon Kinesis Data Firehose Agent/1.0",
    "x-amz-firehose-protocol-version": "1.0",
    "x-amz-firehose-request-id": requestId,
    "x-amz-firehose-source-arn": streamArn(ctx, stream.name),
    ...(accessKey !== undefined && { "x-amz-firehose-access-key": accessKey }),
    ...(attributes.length > 0 && {
      "x-amz-firehose-common-attributes": JSON.stringify({ commonAttributes }),
    }),
    ...(settings.RequestConfiguration?.ContentEncoding === "GZIP" && { "content-encoding": "gzip" }),
  };
}

async function post(
  ctx: BodyContext, stream: DeliveryStream, settings: HttpEndpointDestinationConfiguration,
  requestId: string, parcels: readonly Parcel[],
): Promise<Trouble | undefined> {
  const records = parcels.map(({ data }) => ({ data: data.toString("base64") }));
  const text = JSON.stringify({ requestId, timestamp: ctx.clock.now(), records });
  const isPacked = settings.RequestConfiguration?.ContentEncoding === "GZIP";
  try {
    const accessKey = await accessKeyOf(ctx, stream, settings);
    const answer = await sendOutbound({
      url: new URL(settings.EndpointConfiguration.Url),
      method: "POST",
      headers: headersOf(ctx, stream, settings, { requestId, accessKey }),
      body: isPacked ? gzipSync(text) : text,
      timeoutMilliseconds,
      signal: ctx.signal,
      authorities: ctx.kernel.authorities,
      bytesMax: answerBytesMax,
    });
    return troubleOf(answer.status, answer.body.toString(), requestId);
  } catch (error) {
    if (error instanceof AwsError && error.status < 500) {
      return { errorCode: "SecretsManager.GetSecretFailed", errorMessage: error.message, isFinal: false };
    }
    if (!(error instanceof OutboundFailure)) throw error;
    return {
      errorCode: "HttpEndpoint.ConnectionFailed", errorMessage: error.message, isFinal: false,
    };
  }
}

function troubleOf(status: number, body: string, requestId: string): Trouble | undefined {
  if (status === 413) {
    return {
      errorCode: "HttpEndpoint.RequestEntityTooLarge", isFinal: true,
      errorMessage: "The request was too large for the endpoint.",
    };
  }
  if (status !== 200) {
    return {
      errorCode: "HttpEndpoint.InvalidStatusCode", isFinal: false,
      errorMessage: `The HTTP endpoint returned the status code ${status}. ${body.slice(0, 8_192)}`.trim(),
    };
  }
  if (parsed(body)?.["requestId"] === requestId) return undefined;
  return {
    errorCode: "HttpEndpoint.InvalidResponseFromDestination", isFinal: false,
    errorMessage: "The response received from the endpoint is invalid. It must have the request's id.",
  };
}
