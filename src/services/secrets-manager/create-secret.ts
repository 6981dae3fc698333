/** CreateSecret. */

import * as sm from "../../generated/secrets-manager.ts";
import type { CreateSecretRequest } from "../../generated/secrets-manager.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { requestConditions, secretConditions } from "./conditions.ts";
import { deniedByName, nameScheduledForDeletion, secretExists } from "./errors.ts";
import { requestedReplicas } from "./replication.ts";
import { scheduleReplication, shownReplicas } from "./replication-jobs.ts";
import { newSuffix, requireName, secretArn, secrets, type Secret } from "./secret-rows.ts";
import { current } from "./stages.ts";
import { addTags } from "./tags.ts";
import { givenValue, repeated, sealNew, writeVersion, type NewVersion } from "./version-writing.ts";

type Answer = sm.CreateSecretResponse;

function draft(ctx: BodyContext, input: CreateSecretRequest): Secret {
  const { Name: name, Description: description, KmsKeyId: kmsKeyId, AddReplicaRegions: regions } = input;
  const { caller, clock } = ctx;
  const now = clock.now();
  return {
    name,
    suffix: newSuffix(ctx, name),
    ...(description !== undefined && { description }),
    ...(kmsKeyId !== undefined && kmsKeyId !== "" && { kmsKeyId }),
    ...(caller.type === "AWSService" && { owningService: caller.arn.slice(0, caller.arn.indexOf(".")) }),
    createdAt: now,
    changedAt: now,
    ...(regions && { primaryRegion: ctx.region }),
    replicas: requestedReplicas(ctx, regions ?? [], input.ForceOverwriteReplicaSecret ?? false),
    hasHadTags: false,
    versionsMade: 0,
  };
}

/**
 * The same request again is answered as the first was.
 *
 * @evidence recorded AWS answers to repeated CreateSecret
 */
async function answerAgain(ctx: BodyContext, input: CreateSecretRequest, existing: Secret): Promise<Answer> {
  if (existing.deletionAt !== undefined) throw nameScheduledForDeletion();
  const given = givenValue(input);
  const token = input.ClientRequestToken ?? "";
  const version = given && (await repeated(ctx, existing, token, given));
  if (!version) throw secretExists(existing.name);
  return {
    ARN: secretArn(ctx, existing), Name: existing.name, VersionId: token,
    ReplicationStatus: shownReplicas(existing),
  };
}

function store(
  ctx: Context, input: CreateSecretRequest, drafted: Secret, version: NewVersion | undefined,
  sealed: Awaited<ReturnType<typeof sealNew>> | undefined,
): Answer {
  if (ctx.db(secrets).has(drafted.name)) throw secretExists(drafted.name);
  const arn = secretArn(ctx, drafted);
  ctx.db(secrets).put(drafted);
  const conditions = secretConditions({ ...input, SecretId: arn }, ctx);
  if (input.Tags && input.Tags.length > 0) {
    ctx.authorize({ action: "secretsmanager:TagResource", resource: arn, conditions });
    addTags(ctx, drafted, input.Tags);
  }
  if (drafted.replicas.length > 0) {
    ctx.authorize({ action: "secretsmanager:ReplicateSecretToRegions", resource: arn, conditions });
  }
  const secret = ctx.db(secrets).get(drafted.name) ?? drafted;
  if (version && sealed) writeVersion(ctx, secret, version, sealed);
  else scheduleReplication(ctx, drafted.name);
  return {
    ARN: arn, Name: drafted.name, VersionId: version?.versionId,
    ReplicationStatus: shownReplicas(ctx.db(secrets).get(drafted.name) ?? drafted),
  };
}

export const CreateSecret = operation(sm.CreateSecret, {
  resource: (input, ctx) => secretArn(ctx, { name: input.Name, suffix: newSuffix(ctx, input.Name) }),
  conditions: requestConditions,
  denied: (message, { Name }) => deniedByName(message.replace(/-[A-Za-z0-9]{6} (?=because|with)/, " "), Name),

  async body(input, ctx) {
    requireName(input.Name);
    if (input.Type) throw notImplemented("Managed external secrets of Secrets Manager");
    const given = givenValue(input);
    const existing = ctx.transaction((within) => within.db(secrets).get(input.Name));
    if (existing) return answerAgain(ctx, input, existing);
    const drafted = draft(ctx, input);
    const version = given && { ...given, versionId: input.ClientRequestToken ?? "", stages: [current] };
    const sealed = version && (await sealNew(ctx, drafted, version));
    return ctx.transaction((within) => store(within, input, drafted, version, sealed));
  },
});
