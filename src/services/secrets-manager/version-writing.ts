/** New versions: what a request brings, whether it is there already, and how it is written. */

import type { BodyContext, Context, ReadContext } from "../../kernel/context.ts";
import { bothValues, noValue, quotaExceeded, tokenInUse, tokenRequired } from "./errors.ts";
import { scheduleReplication } from "./replication-jobs.ts";
import { sealEverywhere, unseal, type SealedEverywhere } from "./sealing.ts";
import {
  millisecondsPerDay, secretArn, touch, versions, versionsOf, type Secret, type SecretVersion,
} from "./secret-rows.ts";
import { current, moveStage } from "./stages.ts";

/** @evidence Secrets Manager User Guide, quotas: about 100 versions; those of the last 24 hours stay */
const versionsMax = 100;

export interface GivenValue {
  readonly kind: Exclude<SecretVersion["kind"], "empty">;
  readonly value: Buffer;
}

interface ValueInput {
  readonly ClientRequestToken?: string | undefined;
  readonly SecretString?: string | undefined;
  readonly SecretBinary?: Buffer | undefined;
}

/** Undefined when the request brings no value. @throws InvalidParameterException, InvalidRequestException */
export function givenValue(input: ValueInput): GivenValue | undefined {
  const { SecretString: text, SecretBinary: bytes } = input;
  if (text !== undefined && bytes !== undefined) throw bothValues();
  if (text === undefined && bytes === undefined) return undefined;
  if (input.ClientRequestToken === undefined) throw tokenRequired();
  return bytes ? { kind: "binary", value: bytes } : { kind: "string", value: Buffer.from(text ?? "") };
}

export function requireValue(input: ValueInput): GivenValue {
  const value = givenValue(input);
  if (!value) throw noValue();
  return value;
}

/**
 * A token that is a version's id already stands for that very value: the request is a repetition.
 *
 * @returns the version that is there, or undefined where the token is new
 * @throws ResourceExistsException when the value is another one
 */
export async function repeated(
  ctx: BodyContext, secret: Secret, token: string, given: GivenValue | undefined,
): Promise<SecretVersion | undefined> {
  const existing = ctx.transaction((within) => within.db(versions).get([secret.name, token]));
  if (!existing || existing.kind === "empty") return undefined;
  const isSame = given?.kind === existing.kind && given.value.equals(await unseal(ctx, secret, existing));
  if (!isSame) throw tokenInUse(token, secretArn(ctx, secret));
  return existing;
}

export interface NewVersion extends GivenValue {
  readonly versionId: string;
  readonly stages: readonly string[];
}

/** The value under the keys of all Regions of the secret. */
export function sealNew(
  ctx: BodyContext, secret: Parameters<typeof sealEverywhere>[1], version: NewVersion,
): Promise<SealedEverywhere> {
  return sealEverywhere(ctx, secret, version.versionId, version.value);
}

export function shownKeyIds(secret: Pick<Secret, "kmsKeyId">): string[] {
  return [secret.kmsKeyId ?? "DefaultEncryptionKey"];
}

/** Versions without labels make room, except those of the last day. */
function makeRoom(ctx: Context, name: string): void {
  const all = versionsOf(ctx, name);
  let excess = all.length - versionsMax + 1;
  for (const version of all) {
    if (excess <= 0) return;
    const isOld = version.createdAt <= ctx.clock.now() - millisecondsPerDay;
    if (version.stages.length > 0 || !isOld) continue;
    ctx.db(versions).delete([name, version.versionId]);
    excess -= 1;
  }
  if (excess > 0) throw quotaExceeded();
}

/** @returns the version with its labels, of which AWSCURRENT is one when it is the first */
export function writeVersion(
  ctx: Context, secret: Secret, version: NewVersion, { sealed, failures }: SealedEverywhere,
): SecretVersion {
  const { name } = secret;
  const begun = ctx.db(versions).get([name, version.versionId]);
  if (begun && begun.kind !== "empty") throw tokenInUse(version.versionId, secretArn(ctx, secret));
  if (!begun) makeRoom(ctx, name);
  const isFirst = versionsOf(ctx, name).every(({ kind }) => kind === "empty");
  ctx.db(versions).put({
    secret: name,
    versionId: version.versionId,
    sequence: begun?.sequence ?? secret.versionsMade + 1,
    kind: version.kind,
    sealed,
    kmsKeyIds: shownKeyIds(secret),
    stages: begun?.stages ?? [],
    createdAt: ctx.clock.now(),
  });
  for (const stage of isFirst ? [...version.stages, current] : version.stages) {
    applyStages(ctx, name, moveStage(versionsOf(ctx, name), stage, version.versionId));
  }
  touch(ctx, { ...secret, versionsMade: secret.versionsMade + (begun ? 0 : 1) });
  scheduleReplication(ctx, name, failures);
  return requireWritten(ctx, name, version.versionId);
}

function requireWritten(ctx: ReadContext, name: string, versionId: string): SecretVersion {
  const written = ctx.db(versions).get([name, versionId]);
  if (!written) throw new Error(`${name} lost the version ${versionId}`);
  return written;
}

export function applyStages(
  ctx: Context, name: string, stages: ReadonlyMap<string, readonly string[]>,
): void {
  for (const [versionId, labels] of stages) {
    const version = ctx.db(versions).get([name, versionId]);
    if (!version || version.stages.join("\n") === labels.join("\n")) continue;
    ctx.db(versions).put({ ...version, stages: labels });
  }
}

