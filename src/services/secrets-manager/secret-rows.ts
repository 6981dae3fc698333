/** Secrets and their versions as they are kept, and the ways to name a secret. */

import { createHmac } from "node:crypto";
import type { RotationRulesType } from "../../generated/secrets-manager.ts";
import { formatArn, parseArn } from "../../kernel/arn.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { invalidName, isReplica, markedForDeletion, secretNotFound } from "./errors.ts";

export interface Replica {
  readonly region: string;
  readonly kmsKeyId?: string;
  readonly status: "InProgress" | "InSync" | "Failed";
  readonly message?: string;
  /** Replace a secret of the same name that is there already. */
  readonly overwrites: boolean;
}

export interface Rotation {
  readonly functionArn: string;
  readonly rules: RotationRulesType;
  readonly isEnabled: boolean;
  /** Epoch milliseconds, as are all the others. */
  readonly rotatedAt?: number;
  /** The next window, where the rules say when it is. */
  readonly opensAt?: number;
  readonly closesAt?: number;
}

export interface Secret {
  readonly name: string;
  /** The six characters behind the name in the ARN. */
  readonly suffix: string;
  readonly description?: string;
  /** As it was given; absent for `aws/secretsmanager`. */
  readonly kmsKeyId?: string;
  readonly type?: string;
  readonly owningService?: string;
  /** Epoch milliseconds, as are all the others. */
  readonly createdAt: number;
  readonly changedAt: number;
  /** The day. */
  readonly accessedAt?: number;
  readonly deletionAt?: number;
  /** Where the primary is, once the secret has been in several Regions. */
  readonly primaryRegion?: string;
  readonly replicas: readonly Replica[];
  readonly rotation?: Rotation;
  /** Tags have been there: AWS shows an empty list then, and none before. */
  readonly hasHadTags: boolean;
  readonly versionsMade: number;
}

/** A value under a data key of KMS. */
export interface Sealed {
  readonly keyBlob: Uint8Array;
  /** Initialization vector, tag, ciphertext. */
  readonly message: Uint8Array;
}

export interface SecretVersion {
  readonly secret: string;
  readonly versionId: string;
  /** Counts up within the secret. */
  readonly sequence: number;
  /** One that a rotation has begun is empty until its function brings the value. */
  readonly kind: "string" | "binary" | "empty";
  /** By Region: the value sealed with that Region's key. A replica holds its own alone. */
  readonly sealed: Readonly<Record<string, Sealed>>;
  /** What `KmsKeyIds` shows. */
  readonly kmsKeyIds: readonly string[];
  readonly stages: readonly string[];
  readonly createdAt: number;
  readonly accessedAt?: number;
}

export const secrets = table<Secret, "created" | "changed" | "accessed">("secrets-manager.secrets", {
  key: (row) => row.name,
  indexes: {
    created: (row) => [row.createdAt, row.name],
    changed: (row) => [row.changedAt, row.name],
    accessed: (row) => [row.accessedAt ?? 0, row.name],
  },
});

export const versions = table<SecretVersion, "order">("secrets-manager.versions", {
  key: (row) => [row.secret, row.versionId],
  indexes: { order: (row) => [row.secret, row.sequence] },
});

const nameForm = /^[A-Za-z0-9/_+=.@!-]+$/;
const suffixAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
export const millisecondsPerDay = 86_400_000;

export function requireName(name: string): string {
  if (!nameForm.test(name)) throw invalidName();
  return name;
}

/** Follows from the request, so that IAM is asked about the very ARN that the secret gets. */
export function newSuffix(ctx: ReadContext, name: string): string {
  const bytes = createHmac("sha256", ctx.kernel.secret).update(`secret ${ctx.requestId} ${name}`).digest();
  return Array.from(bytes.subarray(0, 6), (byte) => suffixAlphabet[byte % suffixAlphabet.length]).join("");
}

export function secretArn(ctx: ReadContext, secret: Pick<Secret, "name" | "suffix">): string {
  return ctx.arn(`secret:${secret.name}-${secret.suffix}`);
}

/** The ARN of a secret, or of its replica, in a Region of its account. */
export function arnIn(
  region: string, account: string, secret: Pick<Secret, "name" | "suffix">,
): string {
  const resource = `secret:${secret.name}-${secret.suffix}`;
  return formatArn({ service: "secretsmanager", region, account, resource });
}

/**
 * By name, by ARN, or by an ARN without its last seven characters. An ARN that looks complete is taken as
 * complete, so that a name which ends like a suffix is not found by a partial ARN.
 *
 * @evidence Secrets Manager User Guide, "Finding a secret from a partial ARN"; recorded AWS answers
 */
export function findSecret(ctx: ReadContext, id: string): Secret | undefined {
  if (!id.startsWith("arn:")) return ctx.db(secrets).get(requireName(id));
  const arn = parseArn(id);
  if (arn?.service !== "secretsmanager" || arn.region !== ctx.region || arn.account !== ctx.account) {
    return undefined;
  }
  if (!arn.resource.startsWith("secret:")) return undefined;
  const resource = arn.resource.slice("secret:".length);
  const [, name = "", suffix] = /^(.+)-([A-Za-z0-9]{6})$/s.exec(resource) ?? [];
  if (suffix === undefined) return ctx.db(secrets).get(resource);
  const secret = ctx.db(secrets).get(name);
  return secret?.suffix === suffix ? secret : undefined;
}

export function requireSecret(ctx: ReadContext, id: string): Secret {
  const secret = findSecret(ctx, id);
  if (!secret) throw secretNotFound();
  return secret;
}

/** Secrets Manager itself, at work between Regions. */
export function isOwnService(ctx: ReadContext): boolean {
  return ctx.caller.type === "AWSService" && ctx.caller.arn === "secretsmanager.amazonaws.com";
}

export function isReplicaHere(ctx: ReadContext, secret: Secret): boolean {
  return secret.primaryRegion !== undefined && secret.primaryRegion !== ctx.region;
}

/** A secret that may be changed: not on its way out, and no replica. */
export function requireChangeable(ctx: ReadContext, id: string): Secret {
  const secret = requireSecret(ctx, id);
  if (isReplicaHere(ctx, secret)) throw isReplica();
  if (secret.deletionAt !== undefined) throw markedForDeletion();
  return secret;
}

/** What IAM is asked about: where there is no such secret, the ARN that the name would begin. */
export function resourceOf(ctx: ReadContext, id: string): string {
  const secret = findSecret(ctx, id);
  if (secret) return secretArn(ctx, secret);
  return id.startsWith("arn:") ? id : ctx.arn(`secret:${id}`);
}

/** The account in an ARN: secrets may be shared. */
export function ownerOf(id: string): { readonly account?: string } {
  const account = id.startsWith("arn:") ? parseArn(id)?.account : undefined;
  return account !== undefined && /^\d{12}$/.test(account) ? { account } : {};
}

export function versionsOf(ctx: ReadContext, name: string): SecretVersion[] {
  return [...ctx.db(versions).by("order").list({ prefix: [name] })];
}

export function withStage(ctx: ReadContext, name: string, stage: string): SecretVersion | undefined {
  return versionsOf(ctx, name).find((version) => version.stages.includes(stage));
}

export function touch(ctx: Context, secret: Secret): Secret {
  return ctx.db(secrets).put({ ...secret, changedAt: ctx.clock.now() });
}

export function today(ctx: ReadContext): number {
  return Math.floor(ctx.clock.now() / millisecondsPerDay) * millisecondsPerDay;
}

export function stagesById(ctx: ReadContext, name: string): Record<string, string[]> | undefined {
  const staged = versionsOf(ctx, name).filter(({ stages }) => stages.length > 0);
  if (staged.length === 0) return undefined;
  return Object.fromEntries(staged.map(({ versionId, stages }) => [versionId, [...stages]]));
}
