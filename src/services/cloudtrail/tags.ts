/** Tags of trails. */

import * as cloudtrail from "../../generated/cloudtrail.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import type { Tagging } from "../../kernel/service.ts";
import { invalidTrailArn } from "./errors.ts";
import { requireTags } from "./tag-rules.ts";
import { inGlobalCell, requireOwnTrail, requireTrail, trailArn } from "./trail-rows.ts";

function requireArn(arn: string): string {
  if (!arn.startsWith("arn:")) throw invalidTrailArn(arn);
  return arn;
}

function tagsOf(ctx: Context, arn: string): ReturnType<Context["tags"]> {
  return ctx.tags(trailArn(ctx, requireOwnTrail(ctx, requireArn(arn))));
}

export const AddTags = operation(cloudtrail.AddTags, {
  ...inGlobalCell,
  resource: (input) => input.ResourceId,
  run(input, ctx) {
    const tags = tagsOf(ctx, input.ResourceId);
    const added = new Set(input.TagsList.map(({ Key }) => Key));
    requireTags(input.TagsList, Object.keys(tags.get()).filter((key) => !added.has(key)).length);
    tags.set(input.TagsList.map(({ Key, Value = "" }) => ({ Key, Value })));
  },
});

export const RemoveTags = operation(cloudtrail.RemoveTags, {
  ...inGlobalCell,
  resource: (input) => input.ResourceId,
  run(input, ctx) {
    tagsOf(ctx, input.ResourceId).remove(input.TagsList.map(({ Key }) => Key));
  },
});

export const ListTags = operation(cloudtrail.ListTags, {
  ...inGlobalCell,
  resource: (input) => input.ResourceIdList,
  run: (input, ctx) => ({
    ResourceTagList: input.ResourceIdList.map((ResourceId) => {
      const arn = trailArn(ctx, requireTrail(ctx, requireArn(ResourceId)));
      return { ResourceId, TagsList: ctx.tags(arn).list() };
    }),
  }),
});

export const tagging: Tagging = {
  tag(arn, tags) {
    const TagsList = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    return arn.includes(":trail/") ? [cloudtrail.AddTags, { ResourceId: arn, TagsList }] : undefined;
  },
  untag(arn, keys) {
    const TagsList = keys.map((Key) => ({ Key }));
    return arn.includes(":trail/") ? [cloudtrail.RemoveTags, { ResourceId: arn, TagsList }] : undefined;
  },
};
