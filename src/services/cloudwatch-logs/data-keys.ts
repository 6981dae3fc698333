/** Groups with a KMS key: events are encrypted under a data key, which KMS must unseal each time. */

import * as kms from "../../generated/kms.ts";
import type { BodyContext, CallOptions, Context, ReadContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { table } from "../../store/types.ts";
import { noKeys, type DataKeys } from "./block-table.ts";
import { invalidParameter } from "./errors.ts";
import { groupArn, requireGroup, type LogGroup } from "./group-table.ts";

export interface SealedKey {
  readonly groupId: string;
  readonly id: string;
  readonly keyArn: string;
  readonly ciphertext: Uint8Array;
}

export const sealedKeys = table<SealedKey>("logs.sealedKeys", { key: (row) => [row.groupId, row.id] });

/** @evidence CloudWatch Logs User Guide, "Encrypt log data in CloudWatch Logs using KMS", step 2 */
function asLogs(ctx: ReadContext, arn: string): CallOptions {
  return { as: "service", principal: `logs.${ctx.region}.amazonaws.com`, sourceArn: arn };
}

function encryptionContext(arn: string): Record<string, string> {
  return { "aws:logs:arn": arn };
}

/**
 * @evidence CloudWatch Logs API Reference, AssociateKmsKey: a key that is not there or disabled is an
 *   InvalidParameterException; the sentence is recorded (Terraform reports)
 * @throws InvalidParameterException
 */
export async function sealKey(
  ctx: BodyContext, groupName: string, KeyId: string
): Promise<Omit<SealedKey, "groupId">> {
  const arn = groupArn(ctx, groupName);
  try {
    const made = await ctx.call(
      kms.GenerateDataKeyWithoutPlaintext,
      { KeyId, KeySpec: "AES_256", EncryptionContext: encryptionContext(arn) },
      asLogs(ctx, arn),
    );
    return {
      id: ctx.ids.hex(16), keyArn: made.KeyId ?? KeyId, ciphertext: Buffer.from(made.CiphertextBlob ?? []),
    };
  } catch (error) {
    if (!(error instanceof AwsError) || error.status >= 500) throw error;
    throw invalidParameter(
      `The specified KMS key does not exist or is not allowed to be used with Arn '${arn}'`,
    );
  }
}

/** Every data key that a group's events may lie under; asks KMS, unless the group never had a key. */
export async function dataKeysOf(ctx: BodyContext, group: LogGroup): Promise<DataKeys> {
  const sealed = ctx.reading(() => [...ctx.db(sealedKeys).list({ prefix: [group.id] })]);
  if (sealed.length === 0) return noKeys;
  const arn = groupArn(ctx, group.name);
  const keys = new Map<string, Buffer>();
  for (const { id, ciphertext } of sealed) keys.set(id, await unseal(ctx, arn, ciphertext));
  return keys;
}

async function unseal(ctx: BodyContext, arn: string, ciphertext: Uint8Array): Promise<Buffer> {
  try {
    const opened = await ctx.call(
      kms.Decrypt,
      { CiphertextBlob: Buffer.from(ciphertext), EncryptionContext: encryptionContext(arn) },
      asLogs(ctx, arn),
    );
    return Buffer.from(opened.Plaintext ?? []);
  } catch (error) {
    if (!(error instanceof AwsError) || error.status >= 500) throw error;
    throw invalidParameter(error.message);
  }
}

/** A group and the keys to its events. @throws ResourceNotFoundException */
export async function openGroup(
  ctx: BodyContext, name: string
): Promise<{ group: LogGroup; keys: DataKeys }> {
  const group = ctx.reading(() => requireGroup(ctx, name));
  return { group, keys: await dataKeysOf(ctx, group) };
}

/** Whether keys that were opened before still are what writing needs. */
export function canWrite(group: LogGroup, keys: DataKeys): boolean {
  return group.sealedKeyId === undefined || keys.has(group.sealedKeyId);
}

export function forgetKeys(ctx: Context, groupId: string): void {
  for (const row of [...ctx.db(sealedKeys).list({ prefix: [groupId] })]) {
    ctx.db(sealedKeys).delete([row.groupId, row.id]);
  }
}
