/** Records that could not be delivered, as they are left in S3. Pure. */

import type { Parcel } from "./delivery.ts";

export interface Failed {
  readonly parcel: Parcel;
  readonly attempts: number;
  readonly errorCode: string;
  readonly errorMessage: string;
  readonly lambdaArn?: string;
  readonly endpointUrl?: string;
}

/** @evidence Developer Guide, "Handle failed data transformation": a line of JSON for each */
export function failureLines(now: number, failed: readonly Failed[]): Buffer {
  const lines = failed.map(({ parcel, attempts, errorCode, errorMessage, lambdaArn, endpointUrl }) =>
    JSON.stringify({
      attemptsMade: attempts,
      arrivalTimestamp: parcel.at,
      errorCode,
      errorMessage,
      attemptEndingTimestamp: now,
      rawData: parcel.data.toString("base64"),
      lambdaArn,
      endpointUrl,
      ...(parcel.origin && { kinesisRecordMetadata: parcel.origin }),
    }));
  return Buffer.from(`${lines.join("\n")}\n`);
}
