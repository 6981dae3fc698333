/** Tags of log groups, in the older operations and in the newer ones, and of destinations. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { parseArn } from "../../kernel/arn.ts";
import { modelled } from "../../kernel/errors.ts";
import { operation, type Arrival } from "../../kernel/operation.ts";
import type { Tagging } from "../../kernel/service.ts";
import { invalidParameter, resourceNotFound } from "./errors.ts";
import { findGroup, groupArn, groupNameOf, requireGroup } from "./group-table.ts";
import { isTagged } from "./tagged-resources.ts";

type Tags = Readonly<Record<string, string>>;

/** @evidence CloudWatch Logs API Reference, TagResource: up to 50 tags */
const tagCountMax = 50;

export function setTags(ctx: Context, arn: string, tags: Tags | undefined): void {
  if (!tags) return;
  for (const key of Object.keys(tags)) {
    if (/^aws:/i.test(key)) throw invalidParameter(
      "Tag keys can't start with aws:, which is reserved for AWS."
    );
  }
  const set = ctx.tags(arn);
  set.set(tags);
  if (Object.keys(set.get()).length > tagCountMax) {
    throw modelled(logs.TooManyTagsException, "The maximum number of tags per resource is 50.", {
      resourceName: arn,
    });
  }
}

const onName = {
  resource: (input: { readonly logGroupName: string }, ctx: ReadContext) => groupArn(ctx, input.logGroupName),
};

export const TagLogGroup = operation(logs.TagLogGroup, {
  ...onName,
  run(input, ctx) {
    setTags(ctx, groupArn(ctx, requireGroup(ctx, input.logGroupName).name), input.tags);
  },
});

export const UntagLogGroup = operation(logs.UntagLogGroup, {
  ...onName,
  run(input, ctx) {
    ctx.tags(groupArn(ctx, requireGroup(ctx, input.logGroupName).name)).remove(input.tags);
  },
});

export const ListTagsLogGroup = operation(logs.ListTagsLogGroup, {
  ...onName,
  run: (input, ctx) => ({ tags: ctx.tags(groupArn(ctx, requireGroup(ctx, input.logGroupName).name)).get() }),
});

const onArn = {
  owner: (input: { readonly resourceArn: string }, from: Arrival) =>
    ({ account: parseArn(input.resourceArn)?.account || from.account }),
  resource: (input: { readonly resourceArn: string }) => input.resourceArn,
};

/** @returns the ARN under which the tags are kept */
function requireResource(ctx: Context, resourceArn: string): string {
  const arn = parseArn(resourceArn);
  if (!arn || arn.service !== "logs") throw invalidParameter(`Invalid resourceArn: ${resourceArn}`);
  const isHere = arn.region === ctx.region && arn.account === ctx.account;
  if (isHere && arn.resource.startsWith("log-group:")) {
    const group = findGroup(ctx, groupNameOf(resourceArn));
    if (group) return groupArn(ctx, group.name);
  } else if (isHere && isTagged(ctx, resourceArn)) {
    return resourceArn;
  }
  throw resourceNotFound("The specified resource does not exist.");
}

export const TagResource = operation(logs.TagResource, {
  ...onArn,
  run(input, ctx) {
    setTags(ctx, requireResource(ctx, input.resourceArn), input.tags);
  },
});

export const UntagResource = operation(logs.UntagResource, {
  ...onArn,
  run(input, ctx) {
    ctx.tags(requireResource(ctx, input.resourceArn)).remove(input.tagKeys);
  },
});

export const ListTagsForResource = operation(logs.ListTagsForResource, {
  ...onArn,
  run: (input, ctx) => ({ tags: ctx.tags(requireResource(ctx, input.resourceArn)).get() }),
});

/** How the Resource Groups Tagging API tags what is here. */
export const tagging: Tagging = {
  tag: (resourceArn, tags) => [logs.TagResource, { resourceArn, tags }],
  untag: (resourceArn, tagKeys) => [logs.UntagResource, { resourceArn, tagKeys }],
};
