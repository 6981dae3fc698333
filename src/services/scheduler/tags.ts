/** Tags of schedule groups; schedules have none. */

import * as scheduler from "../../generated/scheduler.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import type { Tagging } from "../../kernel/service.ts";
import { groupNotFound } from "./errors.ts";
import { findGroup } from "./group-rows.ts";
import { groupArn } from "./schedule-rows.ts";
import { requireTags } from "./tag-rules.ts";

const resource = (input: { readonly ResourceArn: string }): string => input.ResourceArn;

function requireArn(ctx: Context, arn: string): void {
  const name = parseArn(arn)?.resource.slice("schedule-group/".length) ?? "";
  if (arn !== groupArn(ctx, name) || !findGroup(ctx, name)) throw groupNotFound(name);
}

export const TagResource = operation(scheduler.TagResource, {
  resource,
  run(input, ctx) {
    requireArn(ctx, input.ResourceArn);
    const tags = ctx.tags(input.ResourceArn);
    const added = new Set(input.Tags.map(({ Key }) => Key));
    requireTags(input.Tags, Object.keys(tags.get()).filter((key) => !added.has(key)).length);
    tags.set(input.Tags);
  },
});

export const UntagResource = operation(scheduler.UntagResource, {
  resource,
  run(input, ctx) {
    requireArn(ctx, input.ResourceArn);
    ctx.tags(input.ResourceArn).remove(input.TagKeys);
  },
});

export const ListTagsForResource = operation(scheduler.ListTagsForResource, {
  resource,
  run(input, ctx) {
    requireArn(ctx, input.ResourceArn);
    return { Tags: ctx.tags(input.ResourceArn).list() };
  },
});

export const tagging: Tagging = {
  tag(arn, tags) {
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    return isGroup(arn) ? [scheduler.TagResource, { ResourceArn: arn, Tags }] : undefined;
  },
  untag: (arn, keys) => (
    isGroup(arn) ? [scheduler.UntagResource, { ResourceArn: arn, TagKeys: [...keys] }] : undefined
  ),
};

function isGroup(arn: string): boolean {
  return parseArn(arn)?.resource.startsWith("schedule-group/") ?? false;
}
