/**
 * Records that hold several: taken apart before anything else is done with them. Pure.
 *
 * @evidence Developer Guide, "Apply dynamic partitioning to aggregated data": consecutive JSON objects, or a
 *   delimiter in base64; at most 500 a record; deaggregation, function, partition keys, in this order
 */

import type { ProcessingConfiguration } from "../../generated/firehose.ts";
import type { Parcel } from "./delivery.ts";
import type { Failed } from "./failures.ts";
import { enabledProcessors, parameterOf } from "./processors.ts";

const partsMax = 500;

export interface Deaggregated {
  readonly parcels: readonly Parcel[];
  readonly failed: readonly Failed[];
}

export function deaggregated(
  processing: ProcessingConfiguration | undefined, batch: readonly Parcel[],
): Deaggregated {
  if (enabledProcessors(processing).every(({ Type }) => Type !== "RecordDeAggregation")) {
    return { parcels: batch, failed: [] };
  }
  const delimiter = parameterOf(processing, "RecordDeAggregation", "Delimiter");
  const parcels: Parcel[] = [];
  const failed: Failed[] = [];
  for (const parcel of batch) {
    const parts = delimiter === undefined ? objectsIn(parcel.data)
      : partsOf(parcel.data, Buffer.from(delimiter, "base64"));
    if (!parts || parts.length > partsMax) {
      const errorMessage = parts ? `The record holds more than ${partsMax} records.`
        : "The record is no sequence of JSON objects.";
      const errorCode = "DynamicPartitioning.DeaggregationFailed";
      failed.push({ parcel, attempts: 1, errorCode, errorMessage });
      continue;
    }
    parts.forEach((data, index) => parcels.push({ ...parcel, id: `${parcel.id}.${index}`, data }));
  }
  return { parcels, failed };
}

function partsOf(data: Buffer, delimiter: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < data.length;) {
    const found = data.indexOf(delimiter, at);
    const end = found === -1 ? data.length : found;
    if (end > at) parts.push(data.subarray(at, end));
    at = end + delimiter.length;
  }
  return parts;
}

const [quote, backslash, opening, closing] = [0x22, 0x5c, 0x7b, 0x7d];
const spaces = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** Undefined where there is something else than objects. */
function objectsIn(data: Buffer): Buffer[] | undefined {
  const parts: Buffer[] = [];
  let start = 0;
  let depth = 0;
  let isText = false;
  for (let at = 0; at < data.length; at += 1) {
    const byte = data[at] ?? 0;
    if (isText) {
      if (byte === backslash) at += 1;
      else if (byte === quote) isText = false;
    } else if (depth === 0) {
      if (byte === opening) {
        start = at;
        depth = 1;
      } else if (!spaces.has(byte)) return undefined;
    } else if (byte === quote) isText = true;
    else if (byte === opening) depth += 1;
    else if (byte === closing) {
      depth -= 1;
      if (depth === 0) parts.push(data.subarray(start, at + 1));
    }
  }
  return depth === 0 && parts.every(isJson) ? parts : undefined;
}

function isJson(part: Buffer): boolean {
  try {
    JSON.parse(part.toString());
    return true;
  } catch {
    return false;
  }
}
