/** GetSecretValue, BatchGetSecretValue and PutSecretValue. */

import * as sm from "../../generated/secrets-manager.ts";
import type {
  APIErrorType, GetSecretValueRequest, SecretValueEntry,
} from "../../generated/secrets-manager.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { secretRules } from "./conditions.ts";
import {
  listOrFilters, markedForDeletion, maxResultsNeedsFilters, stageNotFound, stageNotOnVersion, versionNotFound,
} from "./errors.ts";
import { listSecrets } from "./list-secrets.ts";
import { unseal } from "./sealing.ts";
import {
  requireChangeable, requireSecret, secretArn, secrets, today, versions, withStage, type Secret,
  type SecretVersion,
} from "./secret-rows.ts";
import { current } from "./stages.ts";
import { repeated, requireValue, sealNew, writeVersion } from "./version-writing.ts";

function selected(ctx: Context, secret: Secret, input: GetSecretValueRequest): SecretVersion {
  const { VersionId: versionId, VersionStage: stage } = input;
  if (versionId === undefined) {
    const version = withStage(ctx, secret.name, stage ?? current);
    if (!version || version.kind === "empty") throw stageNotFound(stage ?? current);
    return version;
  }
  const version = ctx.db(versions).get([secret.name, versionId]);
  if (!version) throw versionNotFound(versionId);
  if (version.kind === "empty") throw stage === undefined ? versionNotFound(versionId) : stageNotFound(stage);
  if (stage !== undefined && !version.stages.includes(stage)) throw stageNotOnVersion();
  return version;
}

/** The day of the last use, of the secret and of the version: one write a day, not one a request. */
function recordAccess(ctx: Context, secret: Secret, version: SecretVersion): void {
  const accessedAt = today(ctx);
  const now = ctx.db(secrets).get(secret.name);
  if (now && now.accessedAt !== accessedAt) ctx.db(secrets).put({ ...now, accessedAt });
  const row = ctx.db(versions).get([secret.name, version.versionId]);
  if (row && row.accessedAt !== accessedAt) ctx.db(versions).put({ ...row, accessedAt });
}

async function read(ctx: BodyContext, input: GetSecretValueRequest): Promise<SecretValueEntry> {
  const { secret, version } = ctx.transaction((within) => {
    const found = requireSecret(within, input.SecretId);
    if (found.deletionAt !== undefined) throw markedForDeletion();
    return { secret: found, version: selected(within, found, input) };
  });
  const value = await unseal(ctx, secret, version);
  ctx.transaction((within) => recordAccess(within, secret, version));
  return {
    ARN: secretArn(ctx, secret),
    Name: secret.name,
    VersionId: version.versionId,
    ...(version.kind === "string" ? { SecretString: value.toString() } : { SecretBinary: value }),
    ...(version.stages.length > 0 && { VersionStages: [...version.stages] }),
    CreatedDate: version.createdAt,
  };
}

export const GetSecretValue = operation(sm.GetSecretValue, {
  ...secretRules<GetSecretValueRequest>(),
  body: (input, ctx) => read(ctx, input),
});

/** @evidence Secrets Manager API Reference, BatchGetSecretValue, MaxResults */
const batchResultsMax = 20;

/**
 * Each secret is a GetSecretValue of its own, with its own permissions and its own record; what is refused is
 * listed beside what is answered.
 *
 * @evidence Secrets Manager API Reference, BatchGetSecretValue
 */
export const BatchGetSecretValue = operation(sm.BatchGetSecretValue, {
  async body(input, ctx) {
    const { SecretIdList: list, Filters: filters, MaxResults: limit, NextToken: token } = input;
    if ((list === undefined) === (filters === undefined)) throw listOrFilters();
    if (list && limit !== undefined) throw maxResultsNeedsFilters();
    const found = list ? { ids: list, next: undefined } : ctx.transaction((within) => {
      within.authorize({ action: "secretsmanager:ListSecrets", resource: "*" });
      const listed = listSecrets(within, {
        Filters: filters, MaxResults: limit ?? batchResultsMax, NextToken: token,
      }, "secretsmanager:BatchGetSecretValue");
      return { ids: listed.items.map((secret) => secretArn(within, secret)), next: listed.next };
    });
    const SecretValues: SecretValueEntry[] = [];
    const Errors: APIErrorType[] = [];
    for (const SecretId of new Set(found.ids)) {
      try {
        SecretValues.push(await ctx.call(sm.GetSecretValue, { SecretId }));
      } catch (cause) {
        if (!(cause instanceof AwsError)) throw cause;
        Errors.push({ SecretId, ErrorCode: cause.code, Message: cause.message });
      }
    }
    return { SecretValues, Errors, NextToken: found.next };
  },
});

export const PutSecretValue = operation(sm.PutSecretValue, {
  ...secretRules<sm.PutSecretValueRequest>(),

  async body(input, ctx) {
    const given = requireValue(input);
    const versionId = input.ClientRequestToken ?? "";
    const secret = ctx.transaction((within) => requireChangeable(within, input.SecretId));
    const shown = (version: SecretVersion) => ({
      ARN: secretArn(ctx, secret), Name: secret.name, VersionId: versionId,
      VersionStages: [...version.stages],
    });
    const existing = await repeated(ctx, secret, versionId, given);
    if (existing) return shown(existing);
    const version = { ...given, versionId, stages: input.VersionStages ?? [current] };
    const sealed = await sealNew(ctx, secret, version);
    return shown(ctx.transaction((within) =>
      writeVersion(within, requireChangeable(within, input.SecretId), version, sealed)));
  },
});
