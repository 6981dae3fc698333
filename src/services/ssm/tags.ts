/** Tags of parameters. Other kinds of Systems Manager resources are not here yet. */

import * as ssm from "../../generated/ssm.ts";
import type { ResourceTypeForTagging, Tag } from "../../generated/ssm.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import type { Tagging } from "../../kernel/service.ts";
import { invalidResourceId, tooManyTags, validation } from "./errors.ts";
import { parameterArn } from "./names.ts";
import { findName } from "./parameter-rows.ts";

/** @evidence SSM API Reference, AddTagsToResource: 50 tags */
const tagsMax = 50;

export function addTags(ctx: Context, arn: string, tags: readonly Tag[]): void {
  if (tags.some(({ Key }) => Key.toLowerCase().startsWith("aws:"))) {
    throw validation("Tag keys that begin with aws: are reserved for AWS use.");
  }
  ctx.tags(arn).set(tags);
  if (ctx.tags(arn).list().length > tagsMax) throw tooManyTags();
}

interface TaggedInput {
  readonly ResourceType: ResourceTypeForTagging;
  readonly ResourceId: string;
}

function resourceArn(input: TaggedInput, ctx: ReadContext): string {
  if (input.ResourceType !== "Parameter") {
    throw notImplemented(`Tagging of ssm resources of type ${input.ResourceType}`);
  }
  return parameterArn(ctx, input.ResourceId.trim());
}

function requireResource(input: TaggedInput, ctx: ReadContext): string {
  if (findName(ctx, input.ResourceId.trim()) === undefined) throw invalidResourceId();
  return resourceArn(input, ctx);
}

export const AddTagsToResource = operation(ssm.AddTagsToResource, {
  resource: resourceArn,
  run(input, ctx) {
    addTags(ctx, requireResource(input, ctx), input.Tags);
    return {};
  },
});

export const RemoveTagsFromResource = operation(ssm.RemoveTagsFromResource, {
  resource: resourceArn,
  run(input, ctx) {
    ctx.tags(requireResource(input, ctx)).remove(input.TagKeys);
    return {};
  },
});

export const ListTagsForResource = operation(ssm.ListTagsForResource, {
  resource: resourceArn,
  run: (input, ctx) => ({ TagList: ctx.tags(requireResource(input, ctx)).list() }),
});

function taggedInput(arn: string): TaggedInput | undefined {
  const resource = parseArn(arn)?.resource;
  if (!resource?.startsWith("parameter/")) return undefined;
  const name = resource.slice("parameter/".length);
  return { ResourceType: "Parameter", ResourceId: name.includes("/") ? `/${name}` : name };
}

/** How the Resource Groups Tagging API reaches parameters. */
export const tagging: Tagging = {
  tag(arn, tags) {
    const input = taggedInput(arn);
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    return input && [ssm.AddTagsToResource, { ...input, Tags }];
  },
  untag(arn, keys) {
    const input = taggedInput(arn);
    return input && [ssm.RemoveTagsFromResource, { ...input, TagKeys: [...keys] }];
  },
};
