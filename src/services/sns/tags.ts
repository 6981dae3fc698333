/** The tags of topics. */

import * as sns from "../../generated/sns.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { modelled } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import type { Tagging } from "../../kernel/service.ts";
import { invalidParameter, resourceNotFound } from "./errors.ts";
import { ownerOf, readArn, topics } from "./topic-table.ts";

/** @evidence SNS Developer Guide, "Topic tagging": 50 tags, keys of 128 characters, values of 256 */
const tagCountMax = 50;

/** @evidence SNS, recorded: the same key twice */
export function readTags(tags: readonly sns.Tag[]): Record<string, string> {
  const read = Object.create(null) as Record<string, string>;
  for (const { Key, Value } of tags) {
    if (Key in read) throw invalidParameter("Duplicated keys are not allowed.");
    if (Key === "" || Key.length > 128) {
      throw invalidParameter("Tag key must be 1 to 128 characters in length");
    }
    if (Value.length > 256) throw invalidParameter("Tag value must be 0 to 256 characters in length");
    if (/^aws:/i.test(Key)) throw invalidParameter("Tag keys must not begin with aws:");
    read[Key] = Value;
  }
  if (Object.keys(read).length > tagCountMax) throw tooManyTags();
  return read;
}

function tooManyTags(): Error {
  return modelled(
    sns.TagLimitExceededException, "Could not complete request: tag quota of per resource exceeded",
  );
}

const onResource = {
  owner: ({ ResourceArn }: { readonly ResourceArn: string }) => ownerOf(ResourceArn),
  resource: ({ ResourceArn }: { readonly ResourceArn: string }, ctx: ReadContext): string => {
    readArn(ctx, ResourceArn, "ResourceArn");
    return ResourceArn;
  },
};

function requireResource(ctx: ReadContext, arn: string): void {
  if (!ctx.db(topics).has(readArn(ctx, arn, "ResourceArn").resource)) throw resourceNotFound();
}

export const TagResource = operation(sns.TagResource, {
  ...onResource,
  run(input, ctx) {
    requireResource(ctx, input.ResourceArn);
    const set = ctx.tags(input.ResourceArn);
    set.set(readTags(input.Tags));
    if (Object.keys(set.get()).length > tagCountMax) throw tooManyTags();
  },
});

export const UntagResource = operation(sns.UntagResource, {
  ...onResource,
  run(input, ctx) {
    requireResource(ctx, input.ResourceArn);
    ctx.tags(input.ResourceArn).remove(input.TagKeys);
  },
});

export const ListTagsForResource = operation(sns.ListTagsForResource, {
  ...onResource,
  run(input, ctx) {
    requireResource(ctx, input.ResourceArn);
    return { Tags: ctx.tags(input.ResourceArn).list() };
  },
});

/** How the Resource Groups Tagging API tags topics. */
export const tagging: Tagging = {
  tag: (ResourceArn, tags) => {
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    return [sns.TagResource, { ResourceArn, Tags }];
  },
  untag: (ResourceArn, TagKeys) => [sns.UntagResource, { ResourceArn, TagKeys }],
};
