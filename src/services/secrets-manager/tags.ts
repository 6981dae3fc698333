/** Tags of secrets. */

import * as sm from "../../generated/secrets-manager.ts";
import type { Tag } from "../../generated/secrets-manager.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import type { Tagging } from "../../kernel/service.ts";
import { secretRules } from "./conditions.ts";
import { duplicateTag, reservedTag, tooManyTags } from "./errors.ts";
import { scheduleReplication } from "./replication-jobs.ts";
import { requireChangeable, secretArn, touch, type Secret } from "./secret-rows.ts";

/** @evidence AWS General Reference, "Tagging your AWS resources" */
const tagsMax = 50;

export function addTags(ctx: Context, secret: Secret, tags: readonly Tag[]): void {
  const pairs = tags.map(({ Key = "", Value = "" }) => ({ Key, Value }));
  if (pairs.some(({ Key }) => Key.toLowerCase().startsWith("aws:"))) throw reservedTag();
  if (new Set(pairs.map(({ Key }) => Key)).size < pairs.length) throw duplicateTag();
  const set = ctx.tags(secretArn(ctx, secret));
  set.set(pairs);
  if (set.list().length > tagsMax) throw tooManyTags();
  touch(ctx, { ...secret, hasHadTags: secret.hasHadTags || pairs.length > 0 });
}

export const TagResource = operation(sm.TagResource, {
  ...secretRules<sm.TagResourceRequest>(),
  run(input, ctx) {
    const secret = requireChangeable(ctx, input.SecretId);
    addTags(ctx, secret, input.Tags);
    scheduleReplication(ctx, secret.name);
    return {};
  },
});

export const UntagResource = operation(sm.UntagResource, {
  ...secretRules<sm.UntagResourceRequest>(),
  run(input, ctx) {
    const secret = requireChangeable(ctx, input.SecretId);
    ctx.tags(secretArn(ctx, secret)).remove(input.TagKeys);
    touch(ctx, secret);
    scheduleReplication(ctx, secret.name);
    return {};
  },
});

function isSecret(arn: string): boolean {
  return parseArn(arn)?.resource.startsWith("secret:") === true;
}

/** How the Resource Groups Tagging API reaches secrets. */
export const tagging: Tagging = {
  tag(arn, tags) {
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    return isSecret(arn) ? [sm.TagResource, { SecretId: arn, Tags }] : undefined;
  },
  untag: (arn, keys) => (
    isSecret(arn) ? [sm.UntagResource, { SecretId: arn, TagKeys: [...keys] }] : undefined
  ),
};
