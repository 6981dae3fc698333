/** Tags of keys. */

import * as kms from "../../generated/kms.ts";
import type { Tag } from "../../generated/kms.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { pageOf } from "../../kernel/page.ts";
import type { Tagging } from "../../kernel/service.ts";
import { keyConditions } from "./conditions.ts";
import { invalidMarker, invalidTag, limitExceeded } from "./errors.ts";
import { keyRules, ownKey, requireKey } from "./key-ids.ts";
import { keyArn, requireNotPendingDeletion, type Key } from "./keys.ts";

/** @evidence KMS Developer Guide, "Tags in AWS KMS" */
const tagsMax = 50;

/**
 * @throws TagException, LimitExceededException
 * @evidence LocalStack tests/aws/services/kms/test_kms.snapshot.json, recorded on AWS: both TagExceptions
 */
function setTags(ctx: Context, arn: string, tags: readonly Tag[] | undefined): void {
  if (!tags || tags.length === 0) return;
  const names = tags.map((tag) => tag.TagKey);
  if (new Set(names).size < names.length) throw invalidTag("Duplicate tag keys");
  if (names.some((name) => name.toLowerCase().startsWith("aws:"))) {
    throw invalidTag("Tags beginning with aws: are reserved");
  }
  ctx.tags(arn).set(tags.map((tag) => ({ Key: tag.TagKey, Value: tag.TagValue })));
  if (ctx.tags(arn).list().length > tagsMax) throw limitExceeded(`Tags per key quota is ${tagsMax}.`);
}

/** Who may make a key may not always tag it. */
export function tagNewKey(ctx: Context, key: Key, tags: readonly Tag[] | undefined): void {
  if (!tags || tags.length === 0) return;
  const resource = keyArn(ctx, key);
  ctx.authorize({ action: "kms:TagResource", resource, conditions: keyConditions(ctx, key) });
  setTags(ctx, resource, tags);
}

export function shownTags(ctx: Context, arn: string): Tag[] {
  return ctx.tags(arn).list().map(({ Key, Value }) => ({ TagKey: Key, TagValue: Value }));
}

export const TagResource = operation(kms.TagResource, {
  ...keyRules<kms.TagResourceRequest>(ownKey("TagResource")),

  run(input, ctx) {
    const key = requireKey(ctx, input.KeyId, ownKey("TagResource"));
    requireNotPendingDeletion(ctx, key);
    setTags(ctx, keyArn(ctx, key), input.Tags);
    return {};
  },
});

export const UntagResource = operation(kms.UntagResource, {
  ...keyRules<kms.UntagResourceRequest>(ownKey("UntagResource")),

  run(input, ctx) {
    const key = requireKey(ctx, input.KeyId, ownKey("UntagResource"));
    requireNotPendingDeletion(ctx, key);
    ctx.tags(keyArn(ctx, key)).remove(input.TagKeys);
    return {};
  },
});

export const ListResourceTags = operation(kms.ListResourceTags, {
  ...keyRules<kms.ListResourceTagsRequest>(ownKey("ListResourceTags")),

  run(input, ctx) {
    const key = requireKey(ctx, input.KeyId, ownKey("ListResourceTags"));
    const found = pageOf(shownTags(ctx, keyArn(ctx, key)), {
      limit: Math.min(input.Limit ?? tagsMax, tagsMax),
      token: input.Marker,
      scope: `kms.ListResourceTags ${key.keyId}`,
      invalid: invalidMarker,
    });
    return { Tags: found.items, Truncated: found.next !== undefined, NextMarker: found.next };
  },
});

function isKey(arn: string): boolean {
  return parseArn(arn)?.resource.startsWith("key/") ?? false;
}

/** How the Resource Groups Tagging API reaches keys. */
export const tagging: Tagging = {
  tag(arn, tags) {
    const Tags = Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
    return isKey(arn) ? [kms.TagResource, { KeyId: arn, Tags }] : undefined;
  },
  untag: (arn, keys) => (isKey(arn) ? [kms.UntagResource, { KeyId: arn, TagKeys: [...keys] }] : undefined),
};
