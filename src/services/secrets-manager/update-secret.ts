/** UpdateSecret and UpdateSecretVersionStage. */

import * as sm from "../../generated/secrets-manager.ts";
import type { UpdateSecretRequest } from "../../generated/secrets-manager.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { AwsError, notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { secretRules } from "./conditions.ts";
import {
  currentStaysPut, notAVersion, quotaExceeded, removeFromRequired, stageNotInVersion,
} from "./errors.ts";
import { scheduleReplication } from "./replication-jobs.ts";
import { seal, unseal } from "./sealing.ts";
import {
  requireChangeable, secretArn, secrets, touch, versions, versionsOf, withStage, type Secret,
} from "./secret-rows.ts";
import { current, moveStage, pending, previous } from "./stages.ts";
import { applyStages, givenValue, repeated, sealNew, shownKeyIds, writeVersion } from "./version-writing.ts";

/** The secret as the request's metadata make it. */
function changed(secret: Secret, input: UpdateSecretRequest): Secret {
  const { Description: description, KmsKeyId: keyId } = input;
  const { kmsKeyId: before, ...rest } = secret;
  const kmsKeyId = keyId === undefined ? before : keyId || undefined;
  return {
    ...rest,
    ...(kmsKeyId !== undefined && { kmsKeyId }),
    ...(description !== undefined && { description }),
  };
}

/**
 * Values that are in use move to the new key, where the caller may use both keys; else they stay under the
 * old one.
 *
 * @evidence Secrets Manager API Reference, UpdateSecret, KmsKeyId
 */
async function reseal(ctx: BodyContext, before: Secret, after: Secret): Promise<void> {
  for (const version of ctx.transaction((within) => versionsOf(within, before.name))) {
    if (version.kind === "empty") continue;
    if (!version.stages.some((stage) => [current, pending, previous].includes(stage))) continue;
    try {
      const value = await unseal(ctx, before, version);
      const sealed = await seal(ctx, after, version.versionId, value, ctx.region, after.kmsKeyId);
      ctx.transaction((within) => {
        const now = within.db(versions).get([before.name, version.versionId]);
        if (!now) return;
        within.db(versions).put({
          ...now, sealed: { ...now.sealed, [ctx.region]: sealed }, kmsKeyIds: shownKeyIds(after),
        });
      });
    } catch (cause) {
      if (!(cause instanceof AwsError) || cause.code !== "AccessDeniedException") throw cause;
    }
  }
}

export const UpdateSecret = operation(sm.UpdateSecret, {
  ...secretRules<UpdateSecretRequest>(),

  async body(input, ctx) {
    if (input.Type) throw notImplemented("Managed external secrets of Secrets Manager");
    const given = givenValue(input);
    const versionId = input.ClientRequestToken ?? "";
    const before = ctx.transaction((within) => requireChangeable(within, input.SecretId));
    const after = changed(before, input);
    const answer = { ARN: secretArn(ctx, before), Name: before.name };
    if (given && (await repeated(ctx, before, versionId, given))) return { ...answer, VersionId: versionId };
    const version = given && { ...given, versionId, stages: [current] };
    const sealed = version && (await sealNew(ctx, after, version));
    if (after.kmsKeyId !== before.kmsKeyId) await reseal(ctx, before, after);
    ctx.transaction((within) => {
      const secret = touch(within, changed(requireChangeable(within, input.SecretId), input));
      if (version && sealed) writeVersion(within, secret, version, sealed);
      else scheduleReplication(within, secret.name);
    });
    return given ? { ...answer, VersionId: versionId } : answer;
  },
});

/** @evidence Secrets Manager User Guide, quotas: 20 staging labels for all versions of a secret */
const stagesMax = 20;

export const UpdateSecretVersionStage = operation(sm.UpdateSecretVersionStage, {
  ...secretRules<sm.UpdateSecretVersionStageRequest>(),

  run(input, ctx) {
    const secret = requireChangeable(ctx, input.SecretId);
    const { VersionStage: stage, RemoveFromVersionId: from, MoveToVersionId: to } = input;
    const holder = withStage(ctx, secret.name, stage)?.versionId;
    for (const versionId of [from, to]) {
      if (versionId !== undefined && !ctx.db(versions).has([secret.name, versionId])) {
        throw notAVersion(versionId);
      }
    }
    if (from !== undefined && holder !== from) throw stageNotInVersion(stage, from);
    if (to !== undefined && holder !== undefined && holder !== to && from === undefined) {
      throw removeFromRequired(stage, holder);
    }
    if (to === undefined && from !== undefined && stage === current) throw currentStaysPut();
    if (to !== undefined || from !== undefined) {
      applyStages(ctx, secret.name, moveStage(versionsOf(ctx, secret.name), stage, to));
    }
    const count = versionsOf(ctx, secret.name).reduce((sum, { stages }) => sum + stages.length, 0);
    if (count > stagesMax) throw quotaExceeded();
    touch(ctx, ctx.db(secrets).get(secret.name) ?? secret);
    scheduleReplication(ctx, secret.name);
    return { ARN: secretArn(ctx, secret), Name: secret.name };
  },
});
