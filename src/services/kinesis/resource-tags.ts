/** Tags of streams and consumers by ARN. */

import * as kinesis from "../../generated/kinesis.ts";
import { operation } from "../../kernel/operation.ts";
import type { Tagging } from "../../kernel/service.ts";
import { onResource } from "./addresses.ts";
import { requireResource } from "./policies.ts";
import { setTags } from "./tags.ts";

export const TagResource = operation(kinesis.TagResource, {
  ...onResource,
  run(input, ctx) {
    requireResource(ctx, input.ResourceARN);
    setTags(ctx, input.ResourceARN, input.Tags);
  },
});

export const UntagResource = operation(kinesis.UntagResource, {
  ...onResource,
  run(input, ctx) {
    requireResource(ctx, input.ResourceARN);
    ctx.tags(input.ResourceARN).remove(input.TagKeys);
  },
});

export const ListTagsForResource = operation(kinesis.ListTagsForResource, {
  ...onResource,
  run(input, ctx) {
    requireResource(ctx, input.ResourceARN);
    return { Tags: ctx.tags(input.ResourceARN).list() };
  },
});

/** How the Resource Groups Tagging API tags them. */
export const tagging: Tagging = {
  tag: (ResourceARN, Tags) => [kinesis.TagResource, { ResourceARN, Tags }],
  untag: (ResourceARN, TagKeys) => [kinesis.UntagResource, { ResourceARN, TagKeys }],
};
