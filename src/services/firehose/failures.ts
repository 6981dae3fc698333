/** Records that could not be delivered, as they are left in S3. Pure. */

import type { Parcel } from "./delivery.ts";

export interface Failed {
  readonly parcel: Parcel;
  readonly attempts: number;
  readonly errorCode: string;
  readonly errorMessage: string;
  readonly lambdaArn?: string;
  /** Of HTTP endpoints. */
  readonly subsequenceNumber?: number;
  readonly dataId?: string;
  /** It is told in the log, and kept nowhere. */
  readonly isLost?: boolean;
  /** Of Splunk. */
  readonly EventId?: string;
}

/** @evidence Developer Guide, "Handle failed data transformation": a line of JSON for each */
export function failureLines(now: number, failed: readonly Failed[]): Buffer {
  const lines = failed.map(({ parcel, attempts, errorCode, errorMessage, isLost: _isLost, ...more }) =>
    JSON.stringify({
      attemptsMade: attempts,
      arrivalTimestamp: parcel.at,
      errorCode,
      errorMessage,
      attemptEndingTimestamp: now,
      rawData: parcel.data.toString("base64"),
      ...more,
      ...(parcel.origin && { kinesisRecordMetadata: parcel.origin }),
    }));
  return Buffer.from(`${lines.join("\n")}\n`);
}
