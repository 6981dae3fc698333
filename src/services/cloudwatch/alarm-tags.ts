/** Tags of alarms, dashboards, streams and rules. */

import * as cloudwatch from "../../generated/cloudwatch.ts";
import type { Tag } from "../../generated/cloudwatch.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import type { Tagging } from "../../kernel/service.ts";
import { alarms } from "./alarm-rows.ts";
import { invalidParameterValue, resourceNotFound } from "./errors.ts";
import { muteRules } from "./mute-rule-rows.ts";
import { insightRules } from "./insight-rule-rows.ts";
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

function exists(ctx: Context, kind: string, name: string): boolean {
  switch (kind) {
    case "alarm": return ctx.db(alarms).has(name);
    case "alarm-mute-rule": return ctx.db(muteRules).has(name);
    case "insight-rule": return ctx.db(insightRules).has(name);
    case "metric-stream": return ctx.db(metricStreams).has(name);
    default: return false;
  }
}

function requireResource(ctx: Context, arn: string): void {
  const { service, resource = "", region, account } = parseArn(arn) ?? {};
  const [, kind = "", name = ""] = /^([a-z-]+)[:/](.+)$/s.exec(resource) ?? [];
  const isHere = service === "cloudwatch" && region === ctx.region && account === ctx.account;
  if (!isHere || !exists(ctx, kind, name)) throw resourceNotFound(kind, arn);
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

const taggedKinds = "(alarm:|alarm-mute-rule:|insight-rule/|metric-stream/)";
const taggedForm = new RegExp(`^arn:[^:]+:cloudwatch:[^:]+:[^:]+:${taggedKinds}`);

function isOurs(arn: string): boolean {
  return taggedForm.test(arn);
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
