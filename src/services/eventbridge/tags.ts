/** Tags of buses and rules. */

import * as events from "../../generated/eventbridge.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation, type Owner } from "../../kernel/operation.ts";
import type { Tagging } from "../../kernel/service.ts";
import { busNameOf, findBus } from "./bus-table.ts";
import { limitExceeded, notFound, validation } from "./errors.ts";
import { conditionsOfTagged } from "./rule-conditions.ts";
import { rules, ruleKeyOf } from "./rule-table.ts";

const tagsMax = 50;

function setTags(ctx: Context, arn: string, tags: readonly events.Tag[]): void {
  if (tags.some(({ Key }) => Key.toLowerCase().startsWith("aws:"))) {
    throw validation("Tag keys starting with 'aws:' are reserved for system use.");
  }
  if (new Set(tags.map(({ Key }) => Key)).size < tags.length) throw validation("Duplicate tag keys found.");
  const set = ctx.tags(arn);
  set.set(tags);
  if (set.list().length > tagsMax) throw limitExceeded();
}

/**
 * Of what is made with them.
 *
 * @evidence EventBridge API Reference, PutRule, Tags: who makes a rule with tags needs `events:TagResource`
 */
export function setFirstTags(ctx: Context, arn: string, tags: readonly events.Tag[] | undefined): void {
  if (!tags || tags.length === 0) return;
  ctx.authorize({ action: "events:TagResource", resource: arn });
  setTags(ctx, arn, tags);
}

/** @throws ResourceNotFoundException */
function requireTaggable(ctx: ReadContext, arn: string): void {
  const { service, account, region, resource = "" } = parseArn(arn) ?? {};
  const isHere = service === "events" && account === ctx.account && region === ctx.region;
  const [kind] = resource.split("/", 1);
  if (isHere && kind === "event-bus") {
    if (findBus(ctx, busNameOf(arn))) return;
    throw notFound(`Event bus ${busNameOf(arn)} does not exist.`);
  }
  if (isHere && kind === "rule") {
    const [bus, name] = ruleKeyOf(resource);
    if (ctx.db(rules).has([bus, name])) return;
    throw notFound(`Rule ${name} does not exist on EventBus ${bus}.`);
  }
  throw notFound(`The resource ${arn} does not exist.`);
}

const onTagged = {
  resource: ({ ResourceARN }: { readonly ResourceARN: string }): string => ResourceARN,
  owner({ ResourceARN }: { readonly ResourceARN: string }): Owner | undefined {
    const account = parseArn(ResourceARN)?.account;
    return account === undefined ? undefined : { account };
  },
  conditions: conditionsOfTagged,
};

export const TagResource = operation(events.TagResource, {
  ...onTagged,
  run({ ResourceARN, Tags }, ctx) {
    requireTaggable(ctx, ResourceARN);
    setTags(ctx, ResourceARN, Tags);
  },
});

export const UntagResource = operation(events.UntagResource, {
  ...onTagged,
  run({ ResourceARN, TagKeys }, ctx) {
    requireTaggable(ctx, ResourceARN);
    ctx.tags(ResourceARN).remove(TagKeys);
  },
});

export const ListTagsForResource = operation(events.ListTagsForResource, {
  ...onTagged,
  run({ ResourceARN }, ctx) {
    requireTaggable(ctx, ResourceARN);
    return { Tags: ctx.tags(ResourceARN).list() };
  },
});

function isTaggable(arn: string): boolean {
  return /^(event-bus|rule)\//.test(parseArn(arn)?.resource ?? "");
}

export const tagging: Tagging = {
  tag(arn, tags) {
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    return isTaggable(arn) ? [events.TagResource, { ResourceARN: arn, Tags }] : undefined;
  },
  untag: (arn, keys) => (
    isTaggable(arn) ? [events.UntagResource, { ResourceARN: arn, TagKeys: [...keys] }] : undefined
  ),
};
