/**
 * How records rest while they wait: under a key of the region's own, or under data keys that a customer's
 * KMS key wraps, which KMS is asked for by the grant that the stream has.
 *
 * @evidence Developer Guide, "Data protection in Amazon Data Firehose": what can't be decrypted waits for up
 *   to 24 hours; the four metrics
 */

import * as kms from "../../generated/kms.ts";
import type { BodyContext, Context, ReadContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { seal, sealingIvBytes, unseal } from "../../kernel/sealing.ts";
import { table } from "../../store/types.ts";
import { invalidKmsResource } from "./errors.ts";
import { countKeyTrouble } from "./metrics.ts";
import { streamArn, type BufferedRecord, type DeliveryStream } from "./stream-table.ts";

/** As KMS wrapped it. */
interface DataKey {
  readonly number: number;
  readonly id: number;
  readonly wrapped: Uint8Array;
  /** When KMS made it: epoch milliseconds. */
  readonly at: number;
}

export const dataKeys = table<DataKey>("firehose.dataKeys", { key: (row) => [row.number, row.id] });

/** A data key in the clear, for as long as KMS need not be asked again. */
interface HeldKey {
  readonly id: number;
  readonly key: Buffer;
  readonly until: number;
}

/** As long as Kinesis holds them. */
const holdMilliseconds = 5 * 60_000;
/** No record waits longer than a day, nor comes later than a data key is held. */
const keptMilliseconds = 25 * 3_600_000;

const purpose = "firehose records";

/** What records are sealed with that come now. */
export interface RecordKey {
  readonly key: Buffer;
  readonly dataKey?: number;
}

/** Grants are bound to it. */
export function encryptionContext(ctx: ReadContext, name: string): Record<string, string> {
  return { "aws:firehose:arn": streamArn(ctx, name) };
}

function heldKeys(ctx: BodyContext) {
  return ctx.kernel.cacheFor<HeldKey>("firehose.dataKeys");
}

async function askKms<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof AwsError) || error.status >= 500) throw error;
    throw invalidKmsResource(error);
  }
}

/**
 * @returns undefined where records rest as they are
 * @throws InvalidKMSResourceException where the customer's key can't be used
 */
export async function keyForRecords(
  ctx: BodyContext, { name, number, encryption }: DeliveryStream,
): Promise<RecordKey | undefined> {
  if (!encryption?.isEnabled) return undefined;
  const { keyArn } = encryption;
  if (keyArn === undefined) return { key: ctx.kernel.keyFor(purpose) };
  const use = `${ctx.account} ${ctx.region} ${number} ${keyArn}`;
  const held = heldKeys(ctx).get(use);
  if (held && held.until > ctx.clock.now() && ctx.reading(() => ctx.db(dataKeys).has([number, held.id]))) {
    return { key: held.key, dataKey: held.id };
  }
  const request = {
    KeyId: keyArn, KeySpec: "AES_256" as const, EncryptionContext: encryptionContext(ctx, name),
  };
  const { Plaintext: key, CiphertextBlob: wrapped } =
    await askKms(() => ctx.call(kms.GenerateDataKey, request, { as: "service" }));
  if (!key || !wrapped) throw new Error("KMS made a data key without bytes");
  const { id } = ctx.transaction((within) => {
    const at = within.clock.now();
    forgetDataKeys(within, number, at - keptMilliseconds);
    return within.db(dataKeys).put({ number, id: within.ids.sequence(), wrapped, at });
  });
  heldKeys(ctx).set(use, { id, key, until: ctx.clock.now() + holdMilliseconds });
  return { key, dataKey: id };
}

export function sealedRecord(
  ctx: Context, data: Uint8Array, with_: RecordKey | undefined,
): Pick<BufferedRecord, "data" | "isSealed" | "dataKey"> {
  if (!with_) return { data };
  const { key, dataKey } = with_;
  return {
    data: seal(data, key, ctx.ids.bytes(sealingIvBytes)), isSealed: true,
    ...(dataKey !== undefined && { dataKey }),
  };
}

/** The records and their bytes as they came; undefined while KMS gives no key for one of them. */
export async function openedRecords(
  ctx: BodyContext, stream: DeliveryStream, rows: readonly BufferedRecord[],
): Promise<[BufferedRecord, Buffer][] | undefined> {
  const keys = new Map<number | undefined, Buffer>([[undefined, ctx.kernel.keyFor(purpose)]]);
  try {
    for (const { dataKey } of rows) {
      if (dataKey === undefined || keys.has(dataKey)) continue;
      const key = await unwrapped(ctx, stream, dataKey);
      if (!key) return undefined;
      keys.set(dataKey, key);
    }
  } catch (error) {
    if (!(error instanceof AwsError) || error.status >= 500) throw error;
    countKeyTrouble(ctx, stream.name, error.code);
    return undefined;
  }
  return rows.map((row) => {
    const { data, isSealed, dataKey } = row;
    const key = isSealed && keys.get(dataKey);
    return [row, key ? unseal(data, key) : Buffer.from(data.buffer, data.byteOffset, data.byteLength)];
  });
}

/** Undefined for what is too old to be kept. @throws AwsError of KMS */
async function unwrapped(
  ctx: BodyContext, { name, number }: DeliveryStream, id: number,
): Promise<Buffer | undefined> {
  const use = `${ctx.account} ${ctx.region} ${number} ${id}`;
  const held = heldKeys(ctx).get(use);
  if (held && held.until > ctx.clock.now()) return held.key;
  const row = ctx.reading(() => ctx.db(dataKeys).get([number, id]));
  if (!row) return undefined;
  const { Plaintext: key } = await ctx.call(kms.Decrypt, {
    CiphertextBlob: Buffer.from(row.wrapped), EncryptionContext: encryptionContext(ctx, name),
  }, { as: "service" });
  if (!key) throw new Error("KMS decrypted a data key to nothing");
  heldKeys(ctx).set(use, { id, key, until: ctx.clock.now() + holdMilliseconds });
  return key;
}

/** Those of a stream, all of them or those made before a time. */
export function forgetDataKeys(ctx: Context, number: number, before = Infinity): void {
  for (const { id, at } of [...ctx.db(dataKeys).list({ prefix: [number] })]) {
    if (at < before) ctx.db(dataKeys).delete([number, id]);
  }
}
