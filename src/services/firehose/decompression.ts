/**
 * Log events as CloudWatch Logs sends them, packed: unpacked, and their messages taken out, before anything
 * else is done with them. Pure.
 *
 * @evidence Developer Guide, "Decompress CloudWatch Logs", "Extract message after decompression of CloudWatch
 *   Logs" and "Troubleshoot decompression": what fails goes to `decompression-failed` as it came
 */

import { gunzipSync } from "node:zlib";
import type { ProcessingConfiguration } from "../../generated/firehose.ts";
import type { Parcel } from "./delivery.ts";
import type { Failed } from "./failures.ts";
import { enabledProcessors, parameterOf } from "./processors.ts";

/** What unpacks to more is no record of CloudWatch Logs. */
const unpackedBytesMax = 64 * 1_048_576;

export interface Decompressed {
  readonly parcels: readonly Parcel[];
  readonly failed: readonly Failed[];
}

export function isDecompressing(processing: ProcessingConfiguration | undefined): boolean {
  return enabledProcessors(processing).some(({ Type }) => Type === "Decompression");
}

export function decompressed(
  processing: ProcessingConfiguration | undefined, batch: readonly Parcel[],
): Decompressed {
  if (!isDecompressing(processing)) return { parcels: batch, failed: [] };
  const extraction = parameterOf(processing, "CloudWatchLogProcessing", "DataMessageExtraction");
  const onlyMessages = extraction?.toLowerCase() === "true";
  const parcels: Parcel[] = [];
  const failed: Failed[] = [];
  for (const parcel of batch) {
    const unpacked = contentOf(parcel.data, onlyMessages);
    if (unpacked) parcels.push({ ...parcel, data: unpacked, packed: parcel.data });
    else failed.push({ parcel, attempts: 1, ...refusal });
  }
  return { parcels, failed };
}

const refusal = {
  errorCode: "Decompression.Failed",
  errorMessage: "The record is not what CloudWatch Logs sends, compressed with GZIP.",
};

function contentOf(data: Buffer, onlyMessages: boolean): Buffer | undefined {
  try {
    const unpacked = gunzipSync(data, { maxOutputLength: unpackedBytesMax });
    return onlyMessages ? messagesIn(unpacked) : unpacked;
  } catch {
    return undefined;
  }
}

/** Each on a line of its own. @throws where these are no log events */
function messagesIn(unpacked: Buffer): Buffer {
  const { logEvents } = JSON.parse(unpacked.toString()) as { logEvents: { message: string }[] };
  return Buffer.from(logEvents.map(({ message }) => `${message}\n`).join(""));
}
