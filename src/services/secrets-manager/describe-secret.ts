/** DescribeSecret and ListSecretVersionIds. */

import * as sm from "../../generated/secrets-manager.ts";
import type { Tag } from "../../generated/secrets-manager.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { secretRules } from "./conditions.ts";
import { invalidNextToken } from "./errors.ts";
import { shownReplicas } from "./replication-jobs.ts";
import { requireSecret, secretArn, stagesById, versions, type Secret } from "./secret-rows.ts";

/** What DescribeSecret and ListSecrets have in common. Only members that have a value are answered. */
export function shownSecret(ctx: ReadContext, secret: Secret) {
  const arn = secretArn(ctx, secret);
  const Tags: Tag[] | undefined = secret.hasHadTags ? ctx.tags(arn).list() : undefined;
  return {
    ARN: arn,
    Name: secret.name,
    Description: secret.description || undefined,
    KmsKeyId: secret.kmsKeyId,
    LastChangedDate: secret.changedAt,
    LastAccessedDate: secret.accessedAt,
    DeletedDate: secret.deletionAt,
    Tags,
    OwningService: secret.owningService,
    CreatedDate: secret.createdAt,
    PrimaryRegion: secret.primaryRegion,
    ...shownRotation(secret),
  };
}

/** @evidence recorded AWS answers: of a secret that has never had a rotation nothing is said */
function shownRotation({ rotation }: Secret): Partial<sm.DescribeSecretResponse> {
  if (!rotation) return {};
  return {
    RotationEnabled: rotation.isEnabled,
    RotationLambdaARN: rotation.functionArn,
    RotationRules: rotation.rules,
    LastRotatedDate: rotation.rotatedAt,
    NextRotationDate: rotation.closesAt,
  };
}

export const DescribeSecret = operation(sm.DescribeSecret, {
  ...secretRules<sm.DescribeSecretRequest>(),

  run(input, ctx) {
    const secret = requireSecret(ctx, input.SecretId);
    return {
      ...shownSecret(ctx, secret),
      VersionIdsToStages: stagesById(ctx, secret.name),
      ReplicationStatus: shownReplicas(secret),
    };
  },
});

const resultsMax = 100;

export const ListSecretVersionIds = operation(sm.ListSecretVersionIds, {
  ...secretRules<sm.ListSecretVersionIdsRequest>(),

  run(input, ctx) {
    const secret = requireSecret(ctx, input.SecretId);
    const { items, next } = page({
      rows: ctx.db(versions).by("order"),
      range: { prefix: [secret.name] },
      key: (row) => [row.secret, row.sequence],
      keep: ({ stages }) => stages.length > 0 || input.IncludeDeprecated === true,
      limit: input.MaxResults ?? resultsMax,
      token: input.NextToken,
      scope: `secretsmanager:ListSecretVersionIds ${secret.name}`,
      invalid: invalidNextToken,
    });
    const Versions = items.map(({ versionId, stages, accessedAt, createdAt, kmsKeyIds }) => ({
      VersionId: versionId,
      ...(stages.length > 0 && { VersionStages: [...stages] }),
      LastAccessedDate: accessedAt,
      CreatedDate: createdAt,
      KmsKeyIds: [...kmsKeyIds],
    }));
    return { Versions, NextToken: next, ARN: secretArn(ctx, secret), Name: secret.name };
  },
});
