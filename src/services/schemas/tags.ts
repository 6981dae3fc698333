/** Tags of registries, schemas and discoverers. */

import * as schemas from "../../generated/schemas.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import type { Tagging } from "../../kernel/service.ts";
import { notFound } from "./errors.ts";
import { requireDiscoverer } from "./discoverers.ts";
import { requireRegistry, requireSchema, setTags } from "./schema-table.ts";

/** @throws NotFoundException */
function requireTaggable(ctx: ReadContext, arn: string): void {
  const { account, region, resource = "" } = parseArn(arn) ?? {};
  const [kind, first = "", ...rest] = resource.split("/");
  if (account !== ctx.account || region !== ctx.region) throw notFound(`Resource ${arn}`);
  if (kind === "registry") requireRegistry(ctx, first);
  else if (kind === "schema") requireSchema(ctx, first, rest.join("/"));
  else if (kind === "discoverer") requireDiscoverer(ctx, first);
  else throw notFound(`Resource ${arn}`);
}

export const TagResource = operation(schemas.TagResource, {
  resource: ({ ResourceArn }) => ResourceArn,
  run({ ResourceArn, Tags }, ctx) {
    requireTaggable(ctx, ResourceArn);
    setTags(ctx, ResourceArn, Tags);
  },
});

export const UntagResource = operation(schemas.UntagResource, {
  resource: ({ ResourceArn }) => ResourceArn,
  run({ ResourceArn, TagKeys }, ctx) {
    requireTaggable(ctx, ResourceArn);
    ctx.tags(ResourceArn).remove(TagKeys);
  },
});

export const ListTagsForResource = operation(schemas.ListTagsForResource, {
  resource: ({ ResourceArn }) => ResourceArn,
  run({ ResourceArn }, ctx) {
    requireTaggable(ctx, ResourceArn);
    return { Tags: ctx.tags(ResourceArn).get() };
  },
});

export const tagging: Tagging = {
  tag: (arn, tags) => [schemas.TagResource, { ResourceArn: arn, Tags: { ...tags } }],
  untag: (arn, keys) => [schemas.UntagResource, { ResourceArn: arn, TagKeys: [...keys] }],
};
