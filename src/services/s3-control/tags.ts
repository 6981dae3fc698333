/** Tags of what S3 Control has, and of buckets. */

import type { Context } from "../../kernel/context.ts";
import { invalidTag, tooManyTags } from "./errors.ts";

interface Tag {
  readonly Key: string;
  readonly Value: string;
}

const tagsMax = 50;
const keyCharactersMax = 128;
const valueCharactersMax = 256;
const characters = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** Adds to the tags that are there. @throws InvalidTag, TooManyTagsException */
export function setTags(ctx: Context, arn: string, tags: readonly Tag[] | undefined): void {
  if (!tags) return;
  for (const { Key, Value } of tags) {
    const isKey = Key !== "" && [...Key].length <= keyCharactersMax && characters.test(Key);
    const isValue = [...Value].length <= valueCharactersMax && characters.test(Value);
    if (!isKey || !isValue || Key.toLowerCase().startsWith("aws:")) throw invalidTag();
  }
  const set = ctx.tags(arn);
  const count = new Set([...Object.keys(set.get()), ...tags.map(({ Key }) => Key)]).size;
  if (count > tagsMax) throw tooManyTags();
  set.set(tags);
}
