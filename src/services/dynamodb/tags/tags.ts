/** TagResource, UntagResource, ListTagsOfResource. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import { operation } from "../../../kernel/operation.ts";
import type { Tagging } from "../../../kernel/service.ts";
import { validation } from "../errors.ts";
import { onResource, requireResource } from "../policies/arns.ts";
import { requireTagKey, requireTags, setTags } from "./tag-rules.ts";

export const TagResource = operation(dynamodb.TagResource, {
  ...onResource,
  run(input, ctx) {
    if (input.Tags.length === 0) throw validation("Atleast one Tag needs to be provided as Input.");
    requireTags(input.Tags);
    requireResource(ctx, input.ResourceArn);
    setTags(ctx, input.ResourceArn, input.Tags);
  },
});

export const UntagResource = operation(dynamodb.UntagResource, {
  ...onResource,
  run(input, ctx) {
    if (input.TagKeys.length === 0) throw validation("Atleast one Tag Key needs to be provided as Input.");
    for (const key of input.TagKeys) requireTagKey(key);
    requireResource(ctx, input.ResourceArn);
    ctx.tags(input.ResourceArn).remove(input.TagKeys);
  },
});

/** All of them at once: a table has at most 50. @evidence recorded: a wrong NextToken is ignored */
export const ListTagsOfResource = operation(dynamodb.ListTagsOfResource, {
  ...onResource,
  run(input, ctx) {
    requireResource(ctx, input.ResourceArn);
    return { Tags: ctx.tags(input.ResourceArn).list() };
  },
});

/** How the Resource Groups Tagging API tags tables. */
export const tagging: Tagging = {
  tag: (ResourceArn, tags) => {
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    return [dynamodb.TagResource, { ResourceArn, Tags }];
  },
  untag: (ResourceArn, TagKeys) => [dynamodb.UntagResource, { ResourceArn, TagKeys }],
};
