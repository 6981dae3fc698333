/** Which objects a lifecycle rule is about. */

import type * as s3 from "../../../generated/s3.ts";
import type { ObjectVersion } from "../objects/version.ts";

export interface RuleScope {
  readonly prefix: string;
  readonly tags: readonly s3.Tag[];
  readonly sizeAbove: number | undefined;
  readonly sizeBelow: number | undefined;
}

export function scopeOf({ Prefix, Filter }: Pick<s3.LifecycleRule, "Prefix" | "Filter">): RuleScope {
  const and = Filter?.And;
  const single = Filter?.Tag;
  return {
    prefix: Prefix ?? Filter?.Prefix ?? and?.Prefix ?? "",
    tags: and?.Tags ?? (single ? [single] : []),
    sizeAbove: Filter?.ObjectSizeGreaterThan ?? and?.ObjectSizeGreaterThan,
    sizeBelow: Filter?.ObjectSizeLessThan ?? and?.ObjectSizeLessThan,
  };
}

/** Sizes are exclusive, and an object may have more tags than the rule. */
export function isInScope(scope: RuleScope, version: ObjectVersion): boolean {
  const { prefix, tags, sizeAbove, sizeBelow } = scope;
  if (!version.key.startsWith(prefix)) return false;
  if (sizeAbove !== undefined && version.sizeBytes <= sizeAbove) return false;
  if (sizeBelow !== undefined && version.sizeBytes >= sizeBelow) return false;
  const own = version.tags ?? {};
  return tags.every(({ Key, Value }) => Object.hasOwn(own, Key) && own[Key] === Value);
}

export function speaksOfSize({ sizeAbove, sizeBelow }: RuleScope): boolean {
  return sizeAbove !== undefined || sizeBelow !== undefined;
}

/** `(prefix=logs/ and tag={key=a, value=b})`, as errors name it. @evidence answers of S3 quoted in issues */
export function filterText(rule: s3.LifecycleRule): string {
  const { Filter } = rule;
  const { prefix, tags, sizeAbove, sizeBelow } = scopeOf(rule);
  const hasPrefix = (rule.Prefix ?? Filter?.Prefix ?? Filter?.And?.Prefix) !== undefined;
  const parts = [
    ...(hasPrefix ? [`prefix=${prefix}`] : []),
    ...tags.map(({ Key, Value }) => `tag={key=${Key}, value=${Value}}`),
    ...(sizeAbove === undefined ? [] : [`objectsizegreaterthan=${sizeAbove}`]),
    ...(sizeBelow === undefined ? [] : [`objectsizelessthan=${sizeBelow}`]),
  ];
  return `(${parts.length === 0 ? "prefix=" : parts.join(" and ")})`;
}

/**
 * The least set of prefixes under which all objects of some rules are: nothing is walked over twice, and what
 * no rule is about not at all.
 */
export function prefixesOf(rules: readonly Pick<s3.LifecycleRule, "Prefix" | "Filter">[]): string[] {
  const sorted = rules.map((rule) => scopeOf(rule).prefix).sort();
  const kept: string[] = [];
  for (const prefix of sorted) {
    const last = kept.at(-1);
    if (last === undefined || !prefix.startsWith(last)) kept.push(prefix);
  }
  return kept;
}
