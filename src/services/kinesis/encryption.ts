/** Streams with a KMS key: records rest under data keys that KMS gives to producers and consumers. */

import { createHash } from "node:crypto";
import * as kinesis from "../../generated/kinesis.ts";
import * as kms from "../../generated/kms.ts";
import type { BodyContext, Context, ReadContext } from "../../kernel/context.ts";
import { AwsError, modelled, type ErrorToken } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { seal, sealingIvBytes, unseal } from "../../kernel/sealing.ts";
import { table } from "../../store/types.ts";
import { onStream, requireActive, requireStream, streamArn } from "./addresses.ts";
import { change } from "./resharding.ts";
import type { StoredRecord, Stream } from "./stream-table.ts";

/** As KMS wrapped it: what a consumer must be able to decrypt. */
interface DataKey {
  readonly stream: number;
  readonly id: number;
  readonly wrapped: Uint8Array;
  readonly at: number;
}

export const dataKeys = table<DataKey>("kinesis.dataKeys", { key: (row) => [row.stream, row.id] });

/** Who asked KMS for a data key goes on using it for a while. */
interface KeyHolder {
  readonly stream: number;
  readonly requester: string;
  /** `write` and the key that KMS has, or `read` and the number of the data key. */
  readonly use: string;
  readonly id: number;
  /** The data key, under one of the region's own. */
  readonly sealed: Uint8Array;
  readonly until: number;
}

export const keyHolders = table<KeyHolder>("kinesis.keyHolders", {
  key: (row) => [row.stream, row.requester, row.use],
});

/** @evidence Developer Guide, "What is server-side encryption": KMS is called about every five minutes */
const holdMilliseconds = 5 * 60_000;

/** The same bytes. */
function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** What KMS must be asked before a transaction can be done. */
export interface Question {
  readonly stream: Stream;
  readonly use: string;
  /** What to decrypt; a new data key is wanted where there is none. */
  readonly dataKey?: DataKey;
}

/** Thrown within a transaction, which is done again once the question is answered. */
class Asked extends Error {
  readonly question: Question;

  constructor(question: Question) {
    super("KMS is to be asked");
    this.question = question;
  }
}

/** Roles in sessions with different policies are different requesters. */
function requesterOf({ caller }: ReadContext): string {
  const { session, roleArn, arn } = caller;
  const policies = JSON.stringify([session?.policies ?? [], session?.policyArns ?? []]);
  return `${roleArn ?? arn} ${createHash("sha256").update(policies).digest("hex")}`;
}

function heldKey(ctx: Context, stream: Stream, use: string): { id: number; key: Buffer } | undefined {
  const row = ctx.db(keyHolders).get([stream.number, requesterOf(ctx), use]);
  if (!row || row.until <= ctx.clock.now()) return undefined;
  return { id: row.id, key: unseal(row.sealed, ctx.kernel.keyFor("kinesis data keys")) };
}

export interface Sealed {
  readonly data: Uint8Array;
  readonly dataKey?: number;
}

/** As it is kept. Within `withKeys`. */
export function sealed(ctx: Context, stream: Stream, data: Uint8Array): Sealed {
  if (stream.keyId === undefined) return { data };
  const use = `write ${stream.keyId}`;
  const held = heldKey(ctx, stream, use);
  if (!held) throw new Asked({ stream, use });
  return { data: seal(data, held.key, ctx.ids.bytes(sealingIvBytes)), dataKey: held.id };
}

/** As it came. Within `withKeys`. */
export function opened(ctx: Context, stream: Stream, record: StoredRecord): Buffer {
  if (record.dataKey === undefined) return bufferOf(record.data);
  const use = `read ${record.dataKey}`;
  const held = heldKey(ctx, stream, use);
  if (held) return unseal(record.data, held.key);
  const dataKey = ctx.db(dataKeys).get([stream.number, record.dataKey]);
  if (!dataKey) throw new Error(`the data key ${record.dataKey} of ${stream.name} is gone`);
  throw new Asked({ stream, use, dataKey });
}

/** Runs `work` as one transaction, and again whenever it needs a key that KMS has to be asked for first. */
export async function withKeys<T>(ctx: BodyContext, work: (within: Context) => T): Promise<T> {
  for (;;) {
    try {
      return ctx.transaction(work);
    } catch (error) {
      if (!(error instanceof Asked)) throw error;
      await ask(ctx, error.question);
    }
  }
}

const translations: Readonly<Record<string, ErrorToken>> = {
  AccessDeniedException: kinesis.KMSAccessDeniedException,
  DisabledException: kinesis.KMSDisabledException,
  KMSInvalidStateException: kinesis.KMSInvalidStateException,
  NotFoundException: kinesis.KMSNotFoundException,
  InvalidKeyUsageException: kinesis.KMSInvalidStateException,
};

async function throughKms<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    const token = error instanceof AwsError ? translations[error.shape ?? error.code] : undefined;
    if (!token || !(error instanceof AwsError)) throw error;
    throw modelled(token, error.message);
  }
}

/**
 * @evidence Developer Guide, "Permissions to use user-generated KMS keys": producers need
 *   kms:GenerateDataKey, consumers kms:Decrypt; the encryption context is the stream's ARN
 */
async function ask(ctx: BodyContext, { stream, use, dataKey }: Question): Promise<void> {
  const EncryptionContext = { "aws:kinesis:arn": streamArn(ctx, stream.name) };
  if (dataKey) {
    const CiphertextBlob = Buffer.from(dataKey.wrapped);
    const { Plaintext } = await throughKms(ctx.call(kms.Decrypt, { CiphertextBlob, EncryptionContext }));
    ctx.transaction((within) => hold(within, stream, use, dataKey.id, Plaintext));
    return;
  }
  const KeyId = stream.keyId ?? "";
  const { Plaintext, CiphertextBlob } = await throughKms(
    ctx.call(kms.GenerateDataKey, { KeyId, KeySpec: "AES_256", EncryptionContext }),
  );
  ctx.transaction((within) => {
    const id = within.ids.sequence();
    const wrapped = Buffer.from(CiphertextBlob ?? []);
    within.db(dataKeys).put({ stream: stream.number, id, wrapped, at: within.clock.now() });
    hold(within, stream, use, id, Plaintext);
  });
}

function hold(
  ctx: Context, stream: Stream, use: string, id: number, plain: Uint8Array | undefined,
): void {
  const sealedKey = seal(
    plain ?? new Uint8Array(), ctx.kernel.keyFor("kinesis data keys"), ctx.ids.bytes(sealingIvBytes),
  );
  ctx.db(keyHolders).put({
    stream: stream.number,
    requester: requesterOf(ctx),
    use,
    id,
    sealed: sealedKey,
    until: ctx.clock.now() + holdMilliseconds,
  });
}

/** The key that AWS manages for Kinesis is made when it is first named. */
export const StartStreamEncryption = operation(kinesis.StartStreamEncryption, {
  ...onStream,
  async body(input, ctx) {
    const stream = ctx.reading(() => requireActive(ctx, requireStream(ctx, input)));
    if (input.EncryptionType === "NONE") throw invalidEncryptionType();
    const { KeyMetadata } = await throughKms(ctx.call(kms.DescribeKey, { KeyId: input.KeyId }));
    if (KeyMetadata?.Enabled === false) {
      throw modelled(kinesis.KMSDisabledException, `${KeyMetadata.Arn} is disabled.`);
    }
    ctx.transaction((within) => {
      const now = requireActive(within, requireStream(within, input));
      if (now.number !== stream.number || now.keyId === input.KeyId) return;
      change(within, now, { kind: "settings", set: { keyId: input.KeyId } });
    });
  },
});

function invalidEncryptionType(): AwsError {
  return modelled(kinesis.InvalidArgumentException, "EncryptionType must be KMS.");
}

/** What was encrypted stays so, and is read as before. */
export const StopStreamEncryption = operation(kinesis.StopStreamEncryption, {
  ...onStream,
  run(input, ctx) {
    if (input.EncryptionType === "NONE") throw invalidEncryptionType();
    const stream = requireActive(ctx, requireStream(ctx, input));
    if (stream.keyId === undefined) return;
    if (stream.keyId !== input.KeyId) {
      throw modelled(
        kinesis.InvalidArgumentException, `Stream ${stream.name} is not encrypted under ${input.KeyId}.`,
      );
    }
    change(ctx, stream, { kind: "unencrypt" });
  },
});

