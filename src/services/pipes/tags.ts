/** Tags of pipes. */

import * as pipes from "../../generated/pipes.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import type { Tagging } from "../../kernel/service.ts";
import { pipeNotFound, reservedTag, tooManyTags } from "./errors.ts";
import { pipeArn, requirePipe } from "./pipe-rows.ts";

const tagsMax = 50;

/** @param others how many it has besides */
export function requireTags(tags: Readonly<Record<string, string>>, others: number): void {
  const keys = Object.keys(tags);
  if (keys.some((key) => key.toLowerCase().startsWith("aws:"))) throw reservedTag();
  if (keys.length + others > tagsMax) throw tooManyTags();
}

const resource = (input: { readonly resourceArn: string }): string => input.resourceArn;

function requireArn(ctx: Context, arn: string): void {
  const name = parseArn(arn)?.resource.slice("pipe/".length) ?? "";
  if (arn !== pipeArn(ctx, name)) throw pipeNotFound(name);
  requirePipe(ctx, name);
}

export const TagResource = operation(pipes.TagResource, {
  resource,
  run(input, ctx) {
    requireArn(ctx, input.resourceArn);
    const tags = ctx.tags(input.resourceArn);
    const others = Object.keys(tags.get()).filter((key) => !Object.hasOwn(input.tags, key));
    requireTags(input.tags, others.length);
    tags.set(input.tags);
  },
});

export const UntagResource = operation(pipes.UntagResource, {
  resource,
  run(input, ctx) {
    requireArn(ctx, input.resourceArn);
    ctx.tags(input.resourceArn).remove(input.tagKeys);
  },
});

export const ListTagsForResource = operation(pipes.ListTagsForResource, {
  resource,
  run(input, ctx) {
    requireArn(ctx, input.resourceArn);
    return { tags: ctx.tags(input.resourceArn).get() };
  },
});

const isPipe = (arn: string): boolean => parseArn(arn)?.resource.startsWith("pipe/") ?? false;

export const tagging: Tagging = {
  tag: (arn, tags) => (isPipe(arn) ? [pipes.TagResource, { resourceArn: arn, tags }] : undefined),
  untag: (arn, keys) => (
    isPipe(arn) ? [pipes.UntagResource, { resourceArn: arn, tagKeys: [...keys] }] : undefined
  ),
};
