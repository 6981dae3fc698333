/** What tags a table may have. @evidence recorded refusals of TagResource, UntagResource and CreateTable */

import type { Tag } from "../../../generated/dynamodb.ts";
import type { Context } from "../../../kernel/context.ts";
import { validation } from "../errors.ts";

const tagsMax = 50;
const keyCharactersMax = 128;
const valueCharactersMax = 256;
const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

export function requireTagKey(key: string | undefined): void {
  if (!key || key.length > keyCharactersMax || !allowed.test(key)) {
    throw validation(`The Tag Key provided is invalid, Key: ${key ?? "null"}`);
  }
  if (/^aws:/i.test(key)) throw validation(`Tag Key cannot be prefixed with aws:, Key: ${key}`);
}

export function requireTags(tags: readonly Partial<Tag>[]): void {
  const seen = new Set<string>();
  for (const { Key: key, Value: value } of tags) {
    requireTagKey(key);
    if (value === undefined || value.length > valueCharactersMax || !allowed.test(value)) {
      throw validation(`The Tag Value provided is invalid, Value: ${value ?? "null"}`);
    }
    if (seen.has(key ?? "")) {
      throw validation(`Duplicate Tag Keys provided as input: Duplicate Tag Key found ${key}`);
    }
    seen.add(key ?? "");
  }
  if (tags.length > tagsMax) throw tooManyTags();
}

function tooManyTags(): Error {
  return validation("Number of Tags exceed the current limit for the provided ResourceArn");
}

export function setTags(ctx: Context, arn: string, tags: readonly Partial<Tag>[]): void {
  if (tags.length === 0) return;
  const set = ctx.tags(arn);
  set.set(tags.map(({ Key = "", Value = "" }) => ({ Key, Value })));
  if (Object.keys(set.get()).length > tagsMax) throw tooManyTags();
}
