/**
 * Pipes with a KMS key: their filters and templates rest under a data key, which the pipe's role asks for.
 *
 * @evidence EventBridge User Guide, "Encrypting EventBridge Pipes data with AWS KMS keys": event patterns and
 *   input transformers; the execution role needs DescribeKey, GenerateDataKey and Decrypt. The page names the
 *   encryption context `aws:pipes:arn` (its example of a policy `aws:pipe:arn`)
 */

import * as kms from "../../generated/kms.ts";
import type * as pipes from "../../generated/pipes.ts";
import { sessionOf } from "../../delivery/role-session.ts";
import type { BodyContext, CallOptions, ReadContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { seal, sealingIvBytes, unseal } from "../../kernel/sealing.ts";
import { keyRefused } from "./errors.ts";
import { actorOf } from "./moving.ts";
import { pipeArn, type Pipe } from "./pipe-rows.ts";

/** What is secret of a pipe. */
interface Secrets {
  readonly filters?: pipes.FilterCriteria | undefined;
  readonly enrichmentTemplate?: string | undefined;
  readonly targetTemplate?: string | undefined;
}

function encryptionContext(ctx: ReadContext, { name }: Pipe): Record<string, string> {
  return { "aws:pipes:arn": pipeArn(ctx, name) };
}

/** @throws AwsError when the role can't be assumed */
export async function roleOf(ctx: BodyContext, pipe: Pipe): Promise<CallOptions> {
  const actor = actorOf(ctx, pipe);
  return { as: { session: await sessionOf(ctx, { ...actor, roleArn: pipe.roleArn }) } };
}

/** A pipe without a key stays as it is. @throws ValidationException when the key does not serve */
export async function sealPipe(ctx: BodyContext, pipe: Pipe): Promise<Pipe> {
  const { sealed: _before, ...plain } = pipe;
  const { kmsKey: KeyId, sourceParameters, enrichmentParameters, targetParameters } = plain;
  if (KeyId === undefined) return plain;
  const { FilterCriteria: filters, ...source } = sourceParameters;
  const { InputTemplate: enrichmentTemplate, ...enrichment } = enrichmentParameters ?? {};
  const { InputTemplate: targetTemplate, ...target } = targetParameters ?? {};
  const secrets: Secrets = { filters, enrichmentTemplate, targetTemplate };
  const { plainKey, keyBlob } = await dataKey(ctx, pipe, KeyId).catch(refused);
  return {
    ...plain,
    sourceParameters: source,
    enrichmentParameters: enrichmentParameters && enrichment,
    targetParameters: targetParameters && target,
    sealed: {
      keyBlob, message: seal(Buffer.from(JSON.stringify(secrets)), plainKey, ctx.ids.bytes(sealingIvBytes)),
    },
  };
}

async function dataKey(ctx: BodyContext, pipe: Pipe, KeyId: string) {
  const role = await roleOf(ctx, pipe);
  const { KeyMetadata } = await ctx.call(kms.DescribeKey, { KeyId }, role);
  if (KeyMetadata?.KeySpec !== "SYMMETRIC_DEFAULT") {
    throw keyRefused(`The key ${KeyId} is no symmetric encryption key.`);
  }
  const { Plaintext, CiphertextBlob } = await ctx.call(
    kms.GenerateDataKey,
    { KeyId, KeySpec: "AES_256", EncryptionContext: encryptionContext(ctx, pipe) },
    role,
  );
  return { plainKey: Plaintext ?? Buffer.alloc(0), keyBlob: CiphertextBlob ?? Buffer.alloc(0) };
}

function refused(cause: unknown): never {
  throw cause instanceof AwsError && cause.status < 500 ? keyRefused(cause.message) : cause;
}

/** The whole pipe. @throws AwsError what KMS refuses the role */
export async function openPipe(ctx: BodyContext, pipe: Pipe, role: CallOptions): Promise<Pipe> {
  if (!pipe.sealed) return pipe;
  const { keyBlob, message } = pipe.sealed;
  const CiphertextBlob = Buffer.from(keyBlob);
  const { Plaintext } = await ctx.call(
    kms.Decrypt, { CiphertextBlob, EncryptionContext: encryptionContext(ctx, pipe) }, role,
  );
  const text = unseal(message, Plaintext ?? Buffer.alloc(0)).toString();
  const { filters, enrichmentTemplate, targetTemplate } = JSON.parse(text) as Secrets;
  const withTemplate = <Parameters extends object>(
    parameters: Parameters | undefined, InputTemplate: string | undefined,
  ) => parameters && { ...parameters, ...(InputTemplate !== undefined && { InputTemplate }) };
  return {
    ...pipe,
    sourceParameters: { ...pipe.sourceParameters, ...(filters && { FilterCriteria: filters }) },
    enrichmentParameters: withTemplate(pipe.enrichmentParameters, enrichmentTemplate),
    targetParameters: withTemplate(pipe.targetParameters, targetTemplate),
  };
}

/** The same for who describes or changes it. @throws ValidationException when the key does not serve */
export async function readPipe(ctx: BodyContext, pipe: Pipe): Promise<Pipe> {
  if (!pipe.sealed) return pipe;
  return roleOf(ctx, pipe).then((role) => openPipe(ctx, pipe, role)).catch(refused);
}
