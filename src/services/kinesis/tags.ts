/** Tags of streams by their older operations. Those by ARN are in `resource-tags.ts`. */

import * as kinesis from "../../generated/kinesis.ts";
import type { Context } from "../../kernel/context.ts";
import type { AwsError } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { onStream, requireStream, streamArn } from "./addresses.ts";
import { invalidArgument, streamWords } from "./errors.ts";
import type { Stream } from "./stream-table.ts";

type Tags = Readonly<Record<string, string>>;

const allowed = /^[\p{L}\p{N}\p{Z}_./=+\-@:]*$/u;
const tagsMax = 50;

/** @throws what `failed` words, given the reason */
function put(ctx: Context, arn: string, tags: Tags, failed: (reason: string) => AwsError): void {
  const texts = Object.entries(tags).flat();
  if (texts.some((text) => !allowed.test(text))) {
    throw failed(
      "because some tags contained illegal characters. The allowed characters are Unicode letters, " +
        "white-spaces, '_',',','/','=','+','-','@',':'.",
    );
  }
  const reserved = Object.keys(tags).find((key) => key.startsWith("aws:"));
  if (reserved !== undefined) throw failed("because tag keys that begin with aws: are reserved.");
  const set = ctx.tags(arn);
  if (Object.keys({ ...set.get(), ...tags }).length > tagsMax) {
    throw failed(`because a given stream cannot have more than ${tagsMax} tags associated with it.`);
  }
  set.set(tags);
}

/** @evidence recorded refusals of AddTagsToStream */
export function setStreamTags(ctx: Context, { name }: Stream, tags: Tags): void {
  put(ctx, streamArn(ctx, name), tags, (reason) =>
    invalidArgument(`Failed to add tags to ${streamWords(ctx, name)} ${reason}`));
}

export function setTags(ctx: Context, arn: string, tags: Tags): void {
  put(ctx, arn, tags, (reason) => invalidArgument(`Failed to add tags to ${arn} ${reason}`));
}

export const AddTagsToStream = operation(kinesis.AddTagsToStream, {
  ...onStream,
  run(input, ctx) {
    setStreamTags(ctx, requireStream(ctx, input), input.Tags);
  },
});

export const RemoveTagsFromStream = operation(kinesis.RemoveTagsFromStream, {
  ...onStream,
  run(input, ctx) {
    ctx.tags(streamArn(ctx, requireStream(ctx, input).name)).remove(input.TagKeys);
  },
});

export const ListTagsForStream = operation(kinesis.ListTagsForStream, {
  ...onStream,
  run(input, ctx) {
    const stream = requireStream(ctx, input);
    const after = input.ExclusiveStartTagKey ?? "";
    const all = ctx.tags(streamArn(ctx, stream.name)).list()
      .filter(({ Key }) => after === "" || Key > after)
      .sort((one, other) => (one.Key < other.Key ? -1 : 1));
    const Tags = all.slice(0, input.Limit ?? tagsMax);
    return { Tags, HasMoreTags: Tags.length < all.length };
  },
});
