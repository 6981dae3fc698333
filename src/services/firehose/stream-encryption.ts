/**
 * The encryption of a stream: under which key records rest while they wait, and by whose leave.
 *
 * @evidence API Reference, StartDeliveryStreamEncryption and StopDeliveryStreamEncryption
 */

import * as firehose from "../../generated/firehose.ts";
import * as kms from "../../generated/kms.ts";
import { asynchronousJob, job } from "../../jobs/job.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { inUse, invalidArgument, invalidKmsResource, limitExceeded } from "./errors.ts";
import { encryptionContext } from "./record-keys.ts";
import {
  findStream, onStream, requireStream, streams, type DeliveryStream, type EncryptionKey,
} from "./stream-table.ts";

/** AWS takes some seconds. */
const settleMilliseconds = 1_000;
const dayMilliseconds = 86_400_000;
/** @evidence API Reference: a combined limit of 25 calls a stream and 24 hours */
const changesMax = 25;
const grantee = "firehose.amazonaws.com";

type Input = firehose.DeliveryStreamEncryptionConfigurationInput;

/**
 * The key that a stream is to be encrypted under. Of a customer's, the caller must be allowed to give the
 * grant.
 *
 * @evidence recorded refusals, as cdk-preflight's rules quote them
 * @throws InvalidKMSResourceException as KMS refuses
 */
export async function requireEncryptionKey(
  ctx: BodyContext, name: string, { KeyType: keyType, KeyARN: keyArn }: Input,
): Promise<EncryptionKey> {
  if (keyType === "CUSTOMER_MANAGED_CMK" && keyArn === undefined) {
    throw invalidArgument("KeyARN has to be specified when KeyType is CUSTOMER_MANAGED_CMK");
  }
  if (keyType === "AWS_OWNED_CMK" && keyArn !== undefined) {
    throw invalidArgument("KeyARN cannot be specified when KeyType is AWS_OWNED_CMK");
  }
  if (keyArn === undefined) return { keyType };
  if ((parseArn(keyArn)?.region ?? ctx.region) !== ctx.region) {
    throw invalidArgument(
      "Cross-region keys are not allowed for SSE. Please provide CMKs in the same region as firehose",
    );
  }
  try {
    const { GrantId: grantId } = await ctx.call(kms.CreateGrant, {
      KeyId: keyArn, GranteePrincipal: grantee, RetiringPrincipal: grantee,
      Operations: ["Decrypt", "GenerateDataKey", "RetireGrant"],
      Constraints: { EncryptionContextSubset: encryptionContext(ctx, name) },
    });
    return { keyType, keyArn, ...(grantId !== undefined && { grantId }) };
  } catch (error) {
    if (!(error instanceof AwsError) || error.status >= 500) throw error;
    throw invalidKmsResource(error);
  }
}

/** Leave to use a key that is used no more. */
export const retireGrant = asynchronousJob<EncryptionKey>("firehose.retireGrant", async (key, ctx) => {
  const { keyArn: KeyId = "", grantId: GrantId = "" } = key;
  try {
    await ctx.call(kms.RetireGrant, { KeyId, GrantId }, { as: "service" });
  } catch (error) {
    // The key or the grant may be gone already, which is what was wanted.
    if (!(error instanceof AwsError) || error.status >= 500) throw error;
  }
});

/** Records that wait for a day at most may still need it. */
export function giveBack(
  ctx: Context, key: EncryptionKey | undefined, inMilliseconds = dayMilliseconds,
): void {
  if (key?.grantId === undefined) return;
  ctx.schedule(retireGrant, { at: ctx.clock.now() + inMilliseconds, input: key });
}

/** When a stream is gone, so are its records. */
export function giveBackAll(ctx: Context, { encryption }: DeliveryStream): void {
  giveBack(ctx, encryption, 0);
  const { next } = encryption ?? {};
  if (next !== "off" && next?.grantId !== encryption?.grantId) giveBack(ctx, next, 0);
}

export function shownEncryption(
  { encryption }: DeliveryStream,
): firehose.DeliveryStreamEncryptionConfiguration {
  if (!encryption) return { Status: "DISABLED" };
  const { next } = encryption;
  const { keyType: KeyType, keyArn: KeyARN } = next === undefined || next === "off" ? encryption : next;
  const Status = next === "off" ? "DISABLING" : next ? "ENABLING" : "ENABLED";
  return { Status, KeyType, KeyARN };
}

/** Direct ones can be changed, one change at a time, and not too often. */
function requireChangeable(ctx: Context, stream: DeliveryStream): readonly number[] {
  const { name, status, type, encryption, encryptionChanges = [] } = stream;
  if (status !== "ACTIVE") throw inUse(`Firehose ${name} is not ACTIVE.`);
  requireDirectSource(type);
  if (encryption?.next) throw inUse(`The encryption of Firehose ${name} is being changed.`);
  const now = ctx.clock.now();
  const recent = encryptionChanges.filter((at) => at > now - dayMilliseconds);
  if (recent.length >= changesMax) {
    throw limitExceeded(
      `You have reached the limit of ${changesMax} StartDeliveryStreamEncryption and ` +
        "StopDeliveryStreamEncryption calls in 24 hours.",
    );
  }
  return [...recent, now];
}

export function requireDirectSource(type: firehose.DeliveryStreamType): void {
  if (type === "DirectPut") return;
  throw invalidArgument(
    "Server side encryption from firehose is only allowed for direct put delivery streams and database as " +
      "a source delivery streams",
  );
}

function change(ctx: Context, stream: DeliveryStream, next: EncryptionKey | "off"): void {
  const encryptionChanges = requireChangeable(ctx, stream);
  const { encryption, name, number } = stream;
  const now = encryption ?? (next === "off" ? undefined : { ...next, isEnabled: false });
  const kept = now && { encryption: { ...now, next } };
  ctx.db(streams).put({ ...stream, encryptionChanges, ...kept });
  ctx.schedule(settleEncryption, { at: ctx.clock.now() + settleMilliseconds, input: { name, number } });
}

interface Named {
  readonly name: string;
  readonly number: number;
}

/** What is changing is changed. */
export function settled(ctx: Context, stream: DeliveryStream): DeliveryStream {
  const { encryption, ...rest } = stream;
  if (!encryption?.next) return stream;
  const { next, isEnabled, ...before } = encryption;
  const isSame = next !== "off" && next.grantId === before.grantId;
  if (isEnabled && !isSame) giveBack(ctx, before);
  return next === "off" ? rest : { ...rest, encryption: { ...next, isEnabled: true } };
}

export const settleEncryption = job<Named>("firehose.settleEncryption", ({ name, number }, ctx) => {
  const stream = findStream(ctx, name);
  if (stream?.number === number) ctx.db(streams).put(settled(ctx, stream));
});

export const StartDeliveryStreamEncryption = operation(firehose.StartDeliveryStreamEncryption, {
  ...onStream,
  async body(input, ctx) {
    const { DeliveryStreamName: name } = input;
    const wanted = input.DeliveryStreamEncryptionConfigurationInput ?? { KeyType: "AWS_OWNED_CMK" as const };
    ctx.transaction((within) => requireChangeable(within, requireStream(within, name)));
    const key = await requireEncryptionKey(ctx, name, wanted);
    try {
      ctx.transaction((within) => change(within, requireStream(within, name), key));
    } catch (error) {
      ctx.transaction((within) => giveBack(within, key, 0));
      throw error;
    }
    return {};
  },
});

export const StopDeliveryStreamEncryption = operation(firehose.StopDeliveryStreamEncryption, {
  ...onStream,
  run(input, ctx) {
    change(ctx, requireStream(ctx, input.DeliveryStreamName), "off");
  },
});
