/** Tags of alarms, dashboards, streams and rules. */

import * as cloudwatch from "../../generated/cloudwatch.ts";
import type { Tag } from "../../generated/cloudwatch.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import type { Tagging } from "../../kernel/service.ts";
import { alarms } from "./alarm-rows.ts";
import { invalidParameterValue, resourceNotFound } from "./errors.ts";
import { metricStreams } from "./metric-stream-rows.ts";

/** @evidence CloudWatch API Reference, TagResource: up to 50 tags */
const tagsMax = 50;

export function addTags(ctx: Context, arn: string, tags: readonly Tag[] | undefined): void {
  if (!tags || tags.length === 0) return;
  for (const { Key } of tags) {
    if (/^aws:/i.test(Key)) throw invalidParameterValue("Tag keys must not start with aws:");
  }
  if (new Set(tags.map(({ Key }) => Key)).size < tags.length) {
    throw invalidParameterValue("Tag keys must be unique.");
  }
  const set = ctx.tags(arn);
  set.set(tags);
  if (set.list().length > tagsMax) throw invalidParameterValue(`A resource has at most ${tagsMax} tags.`);
}

function requireResource(ctx: Context, arn: string): void {
  const { service, resource = "", region, account } = parseArn(arn) ?? {};
  const [, kind = "", name = ""] = /^(alarm|metric-stream)[:/](.+)$/s.exec(resource) ?? [];
  const isHere = service === "cloudwatch" && region === ctx.region && account === ctx.account;
  const exists = kind === "alarm" ? ctx.db(alarms).has(name) : ctx.db(metricStreams).has(name);
  if (!isHere || kind === "" || !exists) throw resourceNotFound(kind, arn);
}

export const TagResource = operation(cloudwatch.TagResource, {
  resource: ({ ResourceARN }) => ResourceARN,
  run(input, ctx) {
    requireResource(ctx, input.ResourceARN);
    addTags(ctx, input.ResourceARN, input.Tags);
    return {};
  },
});

export const UntagResource = operation(cloudwatch.UntagResource, {
  resource: ({ ResourceARN }) => ResourceARN,
  run(input, ctx) {
    requireResource(ctx, input.ResourceARN);
    ctx.tags(input.ResourceARN).remove(input.TagKeys);
    return {};
  },
});

export const ListTagsForResource = operation(cloudwatch.ListTagsForResource, {
  resource: ({ ResourceARN }) => ResourceARN,
  run(input, ctx) {
    requireResource(ctx, input.ResourceARN);
    return { Tags: ctx.tags(input.ResourceARN).list() };
  },
});

function isOurs(arn: string): boolean {
  return /^arn:[^:]+:cloudwatch:[^:]+:[^:]+:(alarm:|metric-stream\/)/.test(arn);
}

/** How the Resource Groups Tagging API reaches them. */
export const tagging: Tagging = {
  tag(arn, tags) {
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    return isOurs(arn) ? [cloudwatch.TagResource, { ResourceARN: arn, Tags }] : undefined;
  },
  untag: (arn, keys) => {
    return isOurs(arn) ? [cloudwatch.UntagResource, { ResourceARN: arn, TagKeys: [...keys] }] : undefined;
  },
};
