/**
 * HTTP endpoints: records are posted, and again, until the endpoint has them or the time for it is over.
 *
 * @evidence Developer Guide, "Understand HTTP endpoint delivery request and response specifications"
 */

import { gzipSync } from "node:zlib";
import type { HttpEndpointDestinationConfiguration } from "../../generated/firehose.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { OutboundFailure, sendOutbound, type OutboundAnswer } from "../../kernel/outbound.ts";
import type { Parcel } from "./delivery.ts";
import type { Failed } from "./failures.ts";
import { retried, type Trouble } from "./retries.ts";
import { parsed, secretOf } from "./secrets.ts";
import { streamArn, type DeliveryStream } from "./stream-table.ts";

const timeoutMilliseconds = 180_000;
const answerBytesMax = 1_048_576;
const retrySecondsDefault = 300;
/** @evidence Developer Guide: of the response's `errorMessage` */
const messageLengthMax = 8_192;

/** @evidence Developer Guide: `maxItems` of the request's records */
const recordsMax = 10_000;

/** @returns what the endpoint did not take in time */
export async function sendToEndpoint(
  ctx: BodyContext, stream: DeliveryStream, settings: HttpEndpointDestinationConfiguration,
  parcels: readonly Parcel[],
): Promise<Failed[]> {
  const failed: Failed[] = [];
  for (let at = 0; at < parcels.length; at += recordsMax) {
    failed.push(...await sendRequest(ctx, stream, settings, parcels.slice(at, at + recordsMax)));
  }
  return failed;
}

async function sendRequest(
  ctx: BodyContext, stream: DeliveryStream, settings: HttpEndpointDestinationConfiguration,
  parcels: readonly Parcel[],
): Promise<Failed[]> {
  const requestId = ctx.ids.uuid();
  const seconds = settings.RetryOptions?.DurationInSeconds ?? retrySecondsDefault;
  const givenUp = await retried(ctx, seconds, () => post(ctx, stream, settings, requestId, parcels));
  if (!givenUp) return [];
  const { trouble: { errorCode, errorMessage, isFinal }, attempts } = givenUp;
  return parcels.map((parcel) => ({
    parcel, attempts, errorCode, errorMessage, subsequenceNumber: 0, dataId: `${parcel.id}.0`,
    ...(isFinal && { isLost: true }),
  }));
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
    return troubleOf(answer, requestId);
  } catch (error) {
    if (error instanceof AwsError && error.status < 500) {
      return { errorCode: "SecretsManager.GetSecretFailed", errorMessage: error.message, isFinal: false };
    }
    if (!(error instanceof OutboundFailure)) throw error;
    return { ...(failureOf(error.reason)), isFinal: false };
  }
}

/** @evidence Developer Guide, "HTTP endpoint data delivery errors": codes and messages */
const failures = {
  refused: {
    errorCode: "HttpEndpoint.ConnectionFailed",
    errorMessage: "Unable to connect to the destination endpoint. Contact the owner of the endpoint to " +
      "resolve this issue.",
  },
  timeout: {
    errorCode: "HttpEndpoint.RequestTimeout",
    errorMessage: "The timeout was reached before a response was received and will be retried. If this " +
      "error persists, contact the AWS Firehose service team.",
  },
  untrusted: {
    errorCode: "HttpEndpoint.SSLHandshakeFailure",
    errorMessage: "Unable to complete an SSL Handshake with the endpoint. Contact the owner of the " +
      "endpoint to resolve this issue.",
  },
  broken: {
    errorCode: "HttpEndpoint.ConnectionReset",
    errorMessage: "Unable to maintain connection with the endpoint. Contact the owner of the endpoint to " +
      "resolve this issue.",
  },
  tooLarge: {
    errorCode: "HttpEndpoint.ResponseTooLarge",
    errorMessage: "The response received from the endpoint is too large. Contact the owner of the " +
      "endpoint to resolve this issue.",
  },
  invalid: {
    errorCode: "HttpEndpoint.InvalidResponseFromDestination",
    errorMessage: "The response received from the specified endpoint is invalid. Contact the owner of the " +
      "endpoint to resolve the issue.",
  },
} as const;

function failureOf(reason: OutboundFailure["reason"]): Omit<Trouble, "isFinal"> {
  const known: Partial<Record<OutboundFailure["reason"], Omit<Trouble, "isFinal">>> = failures;
  return known[reason] ?? failures.refused;
}

/**
 * @evidence Developer Guide, "Understand HTTP endpoint delivery request and response specifications",
 *   Response format: 200 with JSON that has the request's id and a timestamp; 413 is not sent again, nor to
 *   the bucket
 */
function troubleOf(answer: OutboundAnswer, requestId: string): Trouble | undefined {
  const { status, headers, isCut } = answer;
  const text = answer.body.toString();
  if (status !== 200) {
    return {
      errorCode: "HttpEndpoint.DestinationException", isFinal: status === 413,
      errorMessage: "The following response was received from the endpoint destination. " +
        `${status}: ${text.slice(0, messageLengthMax)}`,
    };
  }
  if (isCut) return { ...failures.tooLarge, isFinal: false };
  const isJson = headers["content-type"]?.toLowerCase().startsWith("application/json") === true;
  const body = isJson && headers["content-encoding"] === undefined ? parsed(text) : undefined;
  if (body?.["requestId"] === requestId && body["timestamp"] !== undefined) return undefined;
  return { ...failures.invalid, isFinal: false };
}
