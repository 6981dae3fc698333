/**
 * Records that the Kinesis Producer Library put together in one: taken apart again. Pure.
 *
 * @evidence awslabs/amazon-kinesis-producer, aggregation-format.md: a magic number, a message of protocol
 *   buffers, and the MD5 of that; what does not fit is a record like any other. Firehose Developer Guide,
 *   "Data delivery": records of Kinesis streams are deaggregated before they are transformed or delivered
 */

import { createHash } from "node:crypto";

const magic = Buffer.from([0xf3, 0x89, 0x9a, 0xc2]);
const digestBytes = 16;

export interface UserRecord {
  readonly partitionKey: string;
  readonly data: Buffer;
}

interface Field {
  readonly number: number;
  readonly value: number | Buffer;
}

/** @returns undefined for a record that is none of the library's */
export function userRecordsIn(data: Uint8Array): UserRecord[] | undefined {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (bytes.length < magic.length + digestBytes || !bytes.subarray(0, magic.length).equals(magic)) {
    return undefined;
  }
  const message = bytes.subarray(magic.length, -digestBytes);
  const digest = createHash("md5").update(message).digest();
  if (!digest.equals(bytes.subarray(-digestBytes))) return undefined;
  try {
    return recordsOf(fieldsOf(message));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** `partition_key_table` is field 1, `records` field 3; a record's key is its field 1, its data field 3. */
function recordsOf(fields: readonly Field[]): UserRecord[] {
  const partitionKeys = bytesOf(fields, 1).map((key) => key.toString());
  return bytesOf(fields, 3).map((record) => {
    const members = fieldsOf(record);
    const index = members.find(({ number }) => number === 1)?.value;
    const partitionKey = typeof index === "number" ? partitionKeys[index] : undefined;
    const [data] = bytesOf(members, 3);
    if (partitionKey === undefined || !data) throw new RangeError("a record without a key or data");
    return { partitionKey, data };
  });
}

function bytesOf(fields: readonly Field[], wanted: number): Buffer[] {
  return fields.flatMap(({ number, value }) => (number === wanted && Buffer.isBuffer(value) ? [value] : []));
}

/** @throws RangeError where they are cut off, or of kinds that the library does not write */
function fieldsOf(message: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number => {
    for (let value = 0, factor = 1; ; factor *= 128) {
      const byte = message.readUInt8(at);
      at += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const value = varint();
    if (tag % 8 === 0) fields.push({ number: tag >> 3, value });
    else if (tag % 8 === 2 && at + value <= message.length) {
      fields.push({ number: tag >> 3, value: message.subarray(at, at + value) });
      at += value;
    } else throw new RangeError("a field that can't be read");
  }
  return fields;
}
