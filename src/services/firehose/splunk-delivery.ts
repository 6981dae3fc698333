/**
 * Splunk: records are posted to its HTTP Event Collector, and are delivered when it says that they are
 * indexed.
 *
 * @evidence Developer Guide, "Configure destination settings" and "Understand data delivery", Splunk; Splunk,
 *   "HTTP Event Collector REST API endpoints", "About HTTP Event Collector Indexer Acknowledgment"
 */

import type { SplunkDestinationConfiguration } from "../../generated/firehose.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { OutboundFailure, sendOutbound } from "../../kernel/outbound.ts";
import type { Parcel } from "./delivery.ts";
import type { Failed } from "./failures.ts";
import { retried, type Trouble } from "./retries.ts";
import { parsed, secretOf } from "./secrets.ts";
import type { DeliveryStream } from "./stream-table.ts";

/** @evidence API Reference, SplunkRetryOptions and SplunkDestinationConfiguration */
export const splunkRetrySeconds = 3_600;
export const splunkAcknowledgmentSeconds = 180;

const timeoutMilliseconds = 60_000;
const answerBytesMax = 1_048_576;
const pollMilliseconds = 2_000;

/** @evidence Developer Guide, "Monitor with CloudWatch Logs", Splunk's errors; the collector's own codes */
const errorCodes: ReadonlyMap<unknown, string> = new Map([
  [1, "DisabledToken"], [2, "InvalidToken"], [3, "InvalidToken"], [4, "InvalidToken"],
  [5, "InvalidDataFormat"], [6, "InvalidDataFormat"], [12, "InvalidDataFormat"], [13, "InvalidDataFormat"],
  [7, "InvalidIndex"], [14, "DisabledAck"],
]);

interface Collector {
  readonly url: URL;
  readonly token: string;
  /** What acknowledgments are counted by. */
  readonly channel: string;
}

/** @returns what Splunk did not index in time */
export async function sendToSplunk(
  ctx: BodyContext, stream: DeliveryStream, settings: SplunkDestinationConfiguration,
  parcels: readonly Parcel[],
): Promise<Failed[]> {
  const channel = ctx.ids.uuid();
  const seconds = settings.RetryOptions?.DurationInSeconds ?? splunkRetrySeconds;
  const givenUp = await retried(ctx, seconds, () => attempt(ctx, stream, settings, channel, parcels));
  if (!givenUp) return [];
  const { trouble: { errorCode, errorMessage }, attempts } = givenUp;
  return parcels.map((parcel) => ({ parcel, attempts, errorCode, errorMessage, EventId: parcel.id }));
}

async function attempt(
  ctx: BodyContext, stream: DeliveryStream, settings: SplunkDestinationConfiguration, channel: string,
  parcels: readonly Parcel[],
): Promise<Trouble | undefined> {
  try {
    const token = await tokenOf(ctx, stream, settings);
    const collector = { url: new URL(settings.HECEndpoint), token, channel };
    const path = settings.HECEndpointType === "Raw" ? "raw" : "event";
    const answer = await ask(ctx, collector, path, bodyOf(parcels));
    if (answer.status !== 200) return refused(answer);
    const ackId = parsed(answer.text)?.["ackId"];
    return typeof ackId === "number" ? await acknowledged(ctx, settings, collector, ackId) : noAcknowledgment;
  } catch (error) {
    if (error instanceof AwsError && error.status < 500) {
      return trouble("SecretsManager.GetSecretFailed", error.message);
    }
    if (!(error instanceof OutboundFailure)) throw error;
    return trouble("Splunk.ConnectionClosed", error.message);
  }
}

async function tokenOf(
  ctx: BodyContext, stream: DeliveryStream, settings: SplunkDestinationConfiguration,
): Promise<string> {
  const { SecretsManagerConfiguration: secret, S3Configuration: { RoleARN: roleArn } } = settings;
  if (!secret?.Enabled) return settings.HECToken ?? "";
  return (await secretOf(ctx, stream, secret, { roleArn, member: "hec_token" })) ?? "";
}

/** @evidence Developer Guide, "Data delivery format": the bytes, one record behind the other */
function bodyOf(parcels: readonly Parcel[]): Buffer {
  return Buffer.concat(parcels.map(({ data }) => data));
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function ask(
  ctx: BodyContext, { url, token, channel }: Collector, path: "raw" | "event" | "ack", body: Buffer,
): Promise<Answer> {
  const target = new URL(`services/collector/${path}`, url.href.endsWith("/") ? url : `${url.href}/`);
  target.searchParams.set("channel", channel);
  const { status, body: answer } = await sendOutbound({
    url: target,
    method: "POST",
    headers: {
      authorization: `Splunk ${token}`,
      "x-splunk-request-channel": channel,
      "content-type": path === "raw" ? "text/plain" : "application/json",
    },
    body,
    timeoutMilliseconds,
    signal: ctx.signal,
    authorities: ctx.kernel.authorities,
    bytesMax: answerBytesMax,
  });
  return { status, text: answer.toString() };
}

/** Data that is wrong stays so; all else may be mended at Splunk meanwhile. */
function refused({ status, text }: Answer): Trouble {
  const usual = status === 404 ? "InvalidEndpoint" : "ServerError";
  const code = errorCodes.get(parsed(text)?.["code"]) ?? usual;
  const message = `Splunk answered with the status code ${status}. ${text.slice(0, 8_192)}`.trim();
  return { ...trouble(`Splunk.${code}`, message), isFinal: code === "InvalidDataFormat" };
}

function trouble(errorCode: string, errorMessage: string): Trouble {
  return { errorCode, errorMessage, isFinal: false };
}

const noAcknowledgment = trouble(
  "Splunk.DisabledAck",
  "Index acknowledgement is disabled for the HEC token. Enable index acknowledgement and try again.",
);

async function acknowledged(
  ctx: BodyContext, settings: SplunkDestinationConfiguration, collector: Collector, ackId: number,
): Promise<Trouble | undefined> {
  const seconds = settings.HECAcknowledgmentTimeoutInSeconds ?? splunkAcknowledgmentSeconds;
  const endsAt = ctx.clock.now() + seconds * 1000;
  while (!ctx.signal.aborted) {
    const answer = await ask(ctx, collector, "ack", Buffer.from(JSON.stringify({ acks: [ackId] })));
    const acks = answer.status === 200 ? parsed(answer.text)?.["acks"] : undefined;
    if ((acks as Readonly<Record<string, unknown>> | undefined)?.[String(ackId)] === true) return undefined;
    if (ctx.clock.now() + pollMilliseconds > endsAt) break;
    await ctx.wait(pollMilliseconds);
  }
  return trouble(
    "Splunk.AckTimeout",
    "Did not receive an acknowledgement from HEC before the HEC acknowledgement timeout expired. Despite " +
      "the acknowledgement timeout, it's possible the data was indexed successfully in Splunk. Amazon Data " +
      "Firehose backs up in Amazon S3 data for which the acknowledgement timeout expired.",
  );
}
