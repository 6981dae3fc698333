/**
 * HTTP endpoints: records are posted, and again, until the endpoint has them or the time for it is over.
 *
 * @evidence Developer Guide, "Understand HTTP endpoint delivery request and response specifications"
 */

import { gzipSync } from "node:zlib";
import type { HttpEndpointDestinationConfiguration } from "../../generated/firehose.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { OutboundFailure, sendOutbound } from "../../kernel/outbound.ts";
import type { Parcel } from "./delivery.ts";
import type { Failed } from "./failures.ts";
import { retried, type Trouble } from "./retries.ts";
import { parsed, secretOf } from "./secrets.ts";
import { streamArn, type DeliveryStream } from "./stream-table.ts";

const timeoutMilliseconds = 180_000;
const answerBytesMax = 1_048_576;
const retrySecondsDefault = 300;

/** @returns what the endpoint did not take in time */
export async function sendToEndpoint(
  ctx: BodyContext, stream: DeliveryStream, settings: HttpEndpointDestinationConfiguration,
  parcels: readonly Parcel[],
): Promise<Failed[]> {
  const requestId = ctx.ids.uuid();
  const seconds = settings.RetryOptions?.DurationInSeconds ?? retrySecondsDefault;
  const givenUp = await retried(ctx, seconds, () => post(ctx, stream, settings, requestId, parcels));
  if (!givenUp) return [];
  const { trouble: { errorCode, errorMessage }, attempts } = givenUp;
  const endpointUrl = settings.EndpointConfiguration.Url;
  return parcels.map((parcel) => ({ parcel, attempts, errorCode, errorMessage, endpointUrl }));
}

/** @throws AwsError */
async function accessKeyOf(
  ctx: BodyContext, stream: DeliveryStream, settings: HttpEndpointDestinationConfiguration,
): Promise<string | undefined> {
  const { SecretsManagerConfiguration: secret, RoleARN: roleArn = "" } = settings;
  if (!secret?.Enabled) return settings.EndpointConfiguration.AccessKey;
  return secretOf(ctx, stream, secret, { roleArn, member: "api_key" });
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
