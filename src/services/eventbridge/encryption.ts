/**
 * Events under a KMS key of the customer's: those of a bus as long as they are on their way, and those of an
 * archive.
 *
 * @evidence EventBridge User Guide, "Encrypting EventBridge event buses with AWS KMS keys" and "Encrypting
 *   EventBridge archives with AWS KMS keys": EventBridge itself is asked for, with DescribeKey,
 *   GenerateDataKey and Decrypt; the encryption context is the ARN of the bus, for archives too
 */

import * as kms from "../../generated/kms.ts";
import type { BodyContext, CallOptions, Context, ReadContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { seal, sealingIvBytes, unseal } from "../../kernel/sealing.ts";
import { failureOf, type Failure } from "../../delivery/failure.ts";
import { sendBusDeadLetters, type BusDeadLetter } from "./bus-dead-letters.ts";
import { busArn, findBus } from "./bus-table.ts";
import { invalidParameter } from "./errors.ts";
import type { Event, RestingEvent, SealedEvent } from "./event.ts";

export interface DataKey {
  readonly plain: Uint8Array;
  /** As KMS sealed it. */
  readonly blob: Uint8Array;
}

/** Why a key does not serve. */
export interface Unusable {
  readonly failure: Failure;
}

function asBus(ctx: ReadContext, bus: string): CallOptions {
  return { as: "service", principal: "events.amazonaws.com", sourceArn: busArn(ctx, bus) };
}

function encryptionContext(ctx: ReadContext, bus: string): Record<string, string> {
  return { "aws:events:event-bus:arn": busArn(ctx, bus) };
}

/**
 * Nothing to require where no key is named.
 *
 * @evidence EventBridge User Guide, "Authorizing EventBridge to use a customer managed key": DescribeKey is
 *   to verify that the key is symmetric
 * @throws ValidationException
 */
export async function requireKey(ctx: BodyContext, bus: string, KeyId: string | undefined): Promise<void> {
  if (KeyId === undefined || KeyId === "") return;
  const invalid = (reason: string): AwsError => invalidParameter("KmsKeyIdentifier", reason);
  let described: kms.DescribeKeyResponse;
  try {
    described = await ctx.call(kms.DescribeKey, { KeyId }, asBus(ctx, bus));
  } catch (cause) {
    throw cause instanceof AwsError && cause.status < 500 ? invalid(cause.message) : cause;
  }
  const { KeySpec, KeyUsage, Enabled } = described.KeyMetadata ?? {};
  if (KeySpec !== "SYMMETRIC_DEFAULT" || KeyUsage !== "ENCRYPT_DECRYPT") {
    throw invalid(`The key ${KeyId} is no symmetric encryption key.`);
  }
  if (Enabled !== true) throw invalid(`The key ${KeyId} is not enabled.`);
}

export async function makeDataKey(ctx: BodyContext, bus: string, KeyId: string): Promise<DataKey | Unusable> {
  try {
    const input = { KeyId, KeySpec: "AES_256" as const, EncryptionContext: encryptionContext(ctx, bus) };
    const { Plaintext, CiphertextBlob } = await ctx.call(kms.GenerateDataKey, input, asBus(ctx, bus));
    return { plain: Plaintext ?? Buffer.alloc(0), blob: CiphertextBlob ?? Buffer.alloc(0) };
  } catch (cause) {
    return unusable(cause);
  }
}

function unusable(cause: unknown): Unusable {
  if (!(cause instanceof AwsError) || cause.status >= 500) throw cause;
  return { failure: { ...failureOf(cause), isRetryable: false } };
}

export function sealEvent(
  ctx: Context, { detail, ...metadata }: Event, { plain, blob }: DataKey,
): SealedEvent {
  const message = seal(Buffer.from(detail), plain, ctx.ids.bytes(sealingIvBytes));
  return { ...metadata, sealed: { keyBlob: blob, message } };
}

/** As it came to the bus, which its encryption context names. */
export async function openEvent(
  ctx: BodyContext, bus: string, event: RestingEvent,
): Promise<Event | Unusable> {
  if (!("sealed" in event)) return event;
  const { sealed: { keyBlob, message }, ...metadata } = event;
  const CiphertextBlob = Buffer.from(keyBlob);
  try {
    const { Plaintext } = await ctx.call(
      kms.Decrypt, { CiphertextBlob, EncryptionContext: encryptionContext(ctx, bus) }, asBus(ctx, bus),
    );
    return { ...metadata, detail: unseal(message, Plaintext ?? Buffer.alloc(0)).toString() };
  } catch (cause) {
    return unusable(cause);
  }
}

type DataKeys = ReadonlyMap<string, { readonly kmsKey: string; readonly key: DataKey | Unusable }>;

/** What a transaction needs for events that come to buses with a KMS key. */
export interface Keyring {
  /** Data keys of buses, each with the KMS key that it is of. */
  readonly keys: DataKeys;
  /** Takes what could not be encrypted; it is sent when the transaction is over. */
  readonly letters: BusDeadLetter[];
}

/** Does the work in one transaction, with data keys of those of the buses that have a KMS key. */
export async function withKeys<T>(
  ctx: BodyContext, buses: readonly string[], work: (within: Context, keyring: Keyring) => T,
): Promise<T> {
  const names = new Set(buses);
  for (let keys: DataKeys = new Map();;) {
    const outcome = ctx.transaction((within) => {
      const missing = missingKeys(within, names, keys);
      if (missing.length > 0) return { missing };
      const letters: BusDeadLetter[] = [];
      return { missing: undefined, done: work(within, { keys, letters }), letters };
    });
    if (!outcome.missing) {
      await sendBusDeadLetters(ctx, outcome.letters);
      return outcome.done;
    }
    const more = new Map(keys);
    for (const { bus, kmsKey } of outcome.missing) {
      more.set(bus, { kmsKey, key: await makeDataKey(ctx, bus, kmsKey) });
    }
    keys = more;
  }
}

function missingKeys(
  ctx: Context, names: ReadonlySet<string>, keys: DataKeys,
): { readonly bus: string; readonly kmsKey: string }[] {
  const missing: { bus: string; kmsKey: string }[] = [];
  for (const bus of names) {
    const kmsKey = findBus(ctx, bus)?.kmsKey;
    if (kmsKey !== undefined && keys.get(bus)?.kmsKey !== kmsKey) missing.push({ bus, kmsKey });
  }
  return missing;
}
