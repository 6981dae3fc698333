/**
 * Filters that rest under a key of the customer: encrypted and shown with the caller's permissions, read by
 * Lambda itself, whom the key's policy must let decrypt.
 *
 * @evidence Lambda Developer Guide, "Encryption of filter criteria"; API Reference, FilterCriteria: lists
 *   show none
 */

import * as kms from "../../generated/kms.ts";
import type { EventSourceMappingConfiguration, FilterCriteria } from "../../generated/lambda.ts";
import type { BodyContext, CallOptions, ReadContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { seal, sealingIvBytes, unseal } from "../../kernel/sealing.ts";
import { filterKeyNotUsable } from "./errors.ts";
import {
  currentMapping, noteResult, type EventSourceMapping, type SealedFilters, type SourceSettings,
} from "./event-source-table.ts";

const troubleMilliseconds = 10_000;

export function mappingArn(ctx: ReadContext, uuid: string): string {
  return ctx.arn(`event-source-mapping:${uuid}`);
}

function contextOf(arn: string): Record<string, string> {
  return { "aws:lambda:EventSourceMappingArn": arn };
}

/** The settings as they are kept. @throws AwsError what KMS refuses */
export async function withSealedFilters(
  ctx: BodyContext, arn: string, settings: SourceSettings,
): Promise<SourceSettings> {
  const { keyArn, sealedFilters } = settings;
  if (sealedFilters?.keyArn === keyArn) return settings;
  const filters = sealedFilters ? await open(ctx, arn, sealedFilters, {}).catch(refused) : settings.filters;
  if (keyArn === undefined || !filters) return { ...settings, filters, sealedFilters: undefined };
  const EncryptionContext = contextOf(arn);
  const { CiphertextBlob, Plaintext } = await ctx
    .call(kms.GenerateDataKey, { KeyId: keyArn, KeySpec: "AES_256", EncryptionContext })
    .catch(refused);
  const plain = Buffer.from(JSON.stringify(filters));
  const message = seal(plain, Plaintext ?? Buffer.alloc(0), ctx.ids.bytes(sealingIvBytes));
  const sealed = { keyArn, keyBlob: CiphertextBlob ?? Buffer.alloc(0), message };
  return { ...settings, filters: undefined, sealedFilters: sealed };
}

function refused(cause: unknown): never {
  if (!(cause instanceof AwsError) || cause.status >= 500) throw cause;
  throw filterKeyNotUsable(cause.code, cause.message);
}

async function open(
  ctx: BodyContext, arn: string, { keyBlob, message }: SealedFilters, as: CallOptions,
): Promise<FilterCriteria> {
  const EncryptionContext = contextOf(arn);
  const { Plaintext } = await ctx.call(kms.Decrypt, { CiphertextBlob: keyBlob, EncryptionContext }, as);
  return JSON.parse(unseal(message, Plaintext ?? Buffer.alloc(0)).toString()) as FilterCriteria;
}

/** As this caller may see it. */
export async function withShownFilters(
  ctx: BodyContext, { uuid, settings: { sealedFilters } }: EventSourceMapping,
  shown: EventSourceMappingConfiguration,
): Promise<EventSourceMappingConfiguration> {
  if (!sealedFilters) return shown;
  try {
    return { ...shown, FilterCriteria: await open(ctx, mappingArn(ctx, uuid), sealedFilters, {}) };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return { ...shown, FilterCriteriaError: { ErrorCode: error.code, Message: error.message } };
  }
}

/**
 * The mapping with its filters, once Lambda may read them.
 *
 * @returns undefined when the mapping was changed meanwhile
 */
export async function withReadFilters(
  ctx: BodyContext, mapping: EventSourceMapping,
): Promise<EventSourceMapping | undefined> {
  const { settings, uuid } = mapping;
  if (!settings.sealedFilters) return mapping;
  const arn = mappingArn(ctx, uuid);
  while (!ctx.signal.aborted && ctx.reading(() => currentMapping(ctx, mapping))) {
    try {
      const filters = await open(ctx, arn, settings.sealedFilters, { as: "service", sourceArn: arn });
      return { ...mapping, settings: { ...settings, filters } };
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      ctx.transaction((within) => noteResult(within, mapping, `PROBLEM: ${error.message}`));
      await ctx.wait(troubleMilliseconds);
    }
  }
  return undefined;
}
