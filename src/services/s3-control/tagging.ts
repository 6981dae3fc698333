/** Tags by ARN: of access points, Access Grants, Storage Lens groups, and buckets. */

import * as control from "../../generated/s3-control.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation, type Arrival, type Owner } from "../../kernel/operation.ts";
import { accessPoints } from "../s3/access/access-point-table.ts";
import { buckets, findBucketName } from "../s3/buckets/table.ts";
import { grants, instances, locations } from "./access-grant-table.ts";
import { noSuchBucket, noSuchResource } from "./errors.ts";
import { lensConfigurations } from "./storage-lens.ts";
import { lensGroups } from "./storage-lens-groups.ts";
import { setTags } from "./tags.ts";

interface NamesResource {
  readonly AccountId: string;
  readonly ResourceArn: string;
}

/** A bucket's tags are where the bucket is. */
function ownerOf({ AccountId, ResourceArn }: NamesResource, { kernel }: Arrival): Owner {
  const arn = parseArn(ResourceArn);
  if (arn?.service !== "s3" || arn.region !== "") return { account: AccountId };
  const found = findBucketName(kernel, arn.resource);
  if (!found) throw noSuchBucket();
  return { account: found.account, region: found.region };
}

const onResource = {
  owner: ownerOf,
  resource: (input: NamesResource) => input.ResourceArn,
};

const kinds: readonly (readonly [form: RegExp, isThere: (ctx: ReadContext, name: string) => boolean])[] = [
  [/^accesspoint\/(.+)$/, (ctx, name) => ctx.db(accessPoints).has(name)],
  [/^access-grants\/(default)$/, (ctx, name) => ctx.db(instances).has(name)],
  [/^access-grants\/default\/location\/(.+)$/, (ctx, name) => ctx.db(locations).has(name)],
  [/^access-grants\/default\/grant\/(.+)$/, (ctx, name) => ctx.db(grants).has(name)],
  [/^storage-lens-group\/(.+)$/, (ctx, name) => ctx.db(lensGroups).has(name)],
  [/^storage-lens\/(.+)$/, (ctx, name) => ctx.db(lensConfigurations).has(name)],
];

/** @throws NoSuchResource */
function requireResource(ctx: ReadContext, text: string): void {
  const arn = parseArn(text);
  if (arn?.service === "s3" && arn.region === "" && arn.account === "") {
    if (ctx.db(buckets).has(arn.resource)) return;
  } else if (arn?.service === "s3" && arn.region === ctx.region && arn.account === ctx.account) {
    for (const [form, isThere] of kinds) {
      const name = form.exec(arn.resource)?.[1];
      if (name !== undefined && isThere(ctx, name)) return;
    }
  }
  throw noSuchResource();
}

export const TagResource = operation(control.TagResource, {
  ...onResource,
  run({ ResourceArn, Tags }, ctx) {
    requireResource(ctx, ResourceArn);
    setTags(ctx, ResourceArn, Tags);
  },
});

export const UntagResource = operation(control.UntagResource, {
  ...onResource,
  run({ ResourceArn, TagKeys }, ctx) {
    requireResource(ctx, ResourceArn);
    ctx.tags(ResourceArn).remove(TagKeys);
  },
});

export const ListTagsForResource = operation(control.ListTagsForResource, {
  ...onResource,
  run({ ResourceArn }, ctx) {
    requireResource(ctx, ResourceArn);
    return { Tags: ctx.tags(ResourceArn).list() };
  },
});
