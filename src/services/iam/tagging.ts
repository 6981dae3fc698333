/** Tags of what IAM tags: checks, and the two ways IAM compares keys. */

import type { ReadContext } from "../../kernel/context.ts";
import type { Tag } from "../../kernel/tags.ts";
import { invalidInput, limitExceeded } from "./errors.ts";
import { compareText, listItems, type MarkedInput } from "./listing.ts";

const tagsMax = 50;

/**
 * Users and roles came first, and their keys do not differ by case alone; keys of everything tagged since do.
 *
 * @evidence IAM User Guide, Tags for IAM resources, "Rules for tagging in IAM and AWS STS"; recorded answers
 *   of CreateRole and CreatePolicy with the keys `a` and `A`
 */
export type KeyComparison = "ignoring-case" | "exact";

function comparable(key: string, comparison: KeyComparison): string {
  return comparison === "exact" ? key : key.toLowerCase();
}

/** @throws InvalidInput */
export function checkTags(tags: readonly Tag[] | undefined, comparison: KeyComparison): void {
  const keys = new Set<string>();
  for (const { Key } of tags ?? []) {
    const key = comparable(Key, comparison);
    if (keys.has(key)) {
      const hint = comparison === "exact" ? "" : " Please note that Tag keys are case insensitive.";
      throw invalidInput(`Duplicate tag keys found.${hint}`);
    }
    if (key.toLowerCase().startsWith("aws:")) {
      throw invalidInput("aws: prefixed tag key names are not allowed for external use.");
    }
    keys.add(key);
  }
}

/** @throws InvalidInput, LimitExceeded */
export function addTags(
  ctx: ReadContext, arn: string, tags: readonly Tag[], comparison: KeyComparison,
): void {
  checkTags(tags, comparison);
  const set = ctx.tags(arn);
  const existing = new Map(Object.keys(set.get()).map((key) => [comparable(key, comparison), key]));
  const spelled = (key: string) => existing.get(comparable(key, comparison)) ?? key;
  const named = tags.map(({ Key, Value }) => ({ Key: spelled(Key), Value }));
  if (new Set([...existing.values(), ...named.map((tag) => tag.Key)]).size > tagsMax) {
    throw limitExceeded("The number of tags has reached the maximum limit.");
  }
  set.set(named);
}

export function removeTags(
  ctx: ReadContext, arn: string, keys: readonly string[], comparison: KeyComparison,
): void {
  const removed = new Set(keys.map((key) => comparable(key, comparison)));
  const set = ctx.tags(arn);
  set.remove(Object.keys(set.get()).filter((key) => removed.has(comparable(key, comparison))));
}

/** By key. @evidence recorded answer of ListPolicyTags: `A` before `a`, though set the other way round */
export function sortedTags(ctx: ReadContext, arn: string): Tag[] {
  return ctx.tags(arn).list().sort((a, b) => compareText(a.Key, b.Key));
}

/** The answer of List*Tags. */
export function listTags(ctx: ReadContext, arn: string, input: MarkedInput) {
  const { items, marks } = listItems(input, `tags ${arn}`.slice(0, 64), sortedTags(ctx, arn));
  return { Tags: items, ...marks };
}

/** An answer's `Tags`, left out when there are none. */
export function tagsIfAny(ctx: ReadContext, arn: string): { Tags?: Tag[] } {
  const tags = sortedTags(ctx, arn);
  return tags.length === 0 ? {} : { Tags: tags };
}

/** With a new path or name comes a new ARN; the tags stay with what they are on. */
export function moveTags(ctx: ReadContext, from: string, to: string): void {
  if (from === to) return;
  const tags = ctx.tags(from).get();
  ctx.tags(from).clear();
  ctx.tags(to).set(tags);
}
