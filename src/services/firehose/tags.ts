/** Tags of delivery streams. */

import * as firehose from "../../generated/firehose.ts";
import type { Tag } from "../../generated/firehose.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import type { Tagging } from "../../kernel/service.ts";
import { limitExceeded } from "./errors.ts";
import { nameInArn, onStream, requireStream, streamArn } from "./stream-table.ts";

/** @evidence API Reference, TagDeliveryStream: 50 */
const tagsMax = 50;

export function setTags(ctx: Context, name: string, tags: readonly Tag[]): void {
  const set = ctx.tags(streamArn(ctx, name));
  const added = Object.fromEntries(tags.map(({ Key, Value = "" }) => [Key, Value]));
  if (Object.keys({ ...set.get(), ...added }).length > tagsMax) {
    throw limitExceeded(`A delivery stream cannot have more than ${tagsMax} tags.`);
  }
  set.set(added);
}

export const TagDeliveryStream = operation(firehose.TagDeliveryStream, {
  ...onStream,
  run(input, ctx) {
    setTags(ctx, requireStream(ctx, input.DeliveryStreamName).name, input.Tags);
    return {};
  },
});

export const UntagDeliveryStream = operation(firehose.UntagDeliveryStream, {
  ...onStream,
  run(input, ctx) {
    ctx.tags(streamArn(ctx, requireStream(ctx, input.DeliveryStreamName).name)).remove(input.TagKeys);
    return {};
  },
});

export const ListTagsForDeliveryStream = operation(firehose.ListTagsForDeliveryStream, {
  ...onStream,
  run(input, ctx) {
    const stream = requireStream(ctx, input.DeliveryStreamName);
    const after = input.ExclusiveStartTagKey;
    const all = ctx.tags(streamArn(ctx, stream.name)).list()
      .filter(({ Key }) => after === undefined || Key > after)
      .sort((one, other) => (one.Key < other.Key ? -1 : 1));
    const Tags = all.slice(0, input.Limit ?? tagsMax);
    return { Tags, HasMoreTags: Tags.length < all.length };
  },
});

/** How the Resource Groups Tagging API tags them. */
export const tagging: Tagging = {
  tag: (arn, tags) => [firehose.TagDeliveryStream, {
    DeliveryStreamName: nameInArn(arn), Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
  }],
  untag: (arn, TagKeys) => [firehose.UntagDeliveryStream, { DeliveryStreamName: nameInArn(arn), TagKeys }],
};
