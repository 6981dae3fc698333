/**
 * Tags of sessions: given with the request, by a provider's token, or passed on from the session that asks.
 */

import type { ReadContext } from "../../kernel/context.ts";
import { validationError } from "./errors.ts";

export type Tags = Readonly<Record<string, string>>;

const tagsMax = 50;

export interface SessionTags {
  readonly tags: Tags;
  readonly transitiveKeys: readonly string[];
}

/**
 * Keys of session tags do not differ by case alone. @evidence IAM User Guide, Pass session tags in AWS STS
 */
function sameKey(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** @throws ValidationError */
export function checkedTags(
  list: readonly { readonly Key: string; readonly Value: string }[], transitive: readonly string[] = [],
): SessionTags {
  if (list.length > tagsMax) throw validationError(`A session has at most ${tagsMax} tags.`);
  const seen = new Set<string>();
  for (const { Key } of list) {
    if (/^aws:/i.test(Key)) {
      throw validationError("aws: prefixed tag key names are not allowed for external use.");
    }
    if (seen.has(Key.toLowerCase())) {
      throw validationError("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
    }
    seen.add(Key.toLowerCase());
  }
  if (transitive.some((key) => !seen.has(key.toLowerCase()))) {
    throw validationError("The specified transitive tag key must be included in the requested tags.");
  }
  return { tags: Object.fromEntries(list.map(({ Key, Value }) => [Key, Value])), transitiveKeys: transitive };
}

/** What is given later wins over what has the same key in another case. */
export function mergedTags(...all: readonly Tags[]): Tags {
  const merged = new Map<string, readonly [string, string]>();
  for (const [key, value] of all.flatMap((tags) => Object.entries(tags))) {
    merged.set(key.toLowerCase(), [key, value]);
  }
  return Object.fromEntries(merged.values());
}

/**
 * Transitive tags of the session that asks go on to the new one, and can't be set anew. @throws
 * ValidationError
 */
export function withInherited(given: SessionTags, ctx: ReadContext): SessionTags {
  const { session } = ctx.caller;
  const transitive = session?.transitiveTagKeys ?? [];
  const inherited = Object.entries(session?.tags ?? {})
    .filter(([key]) => transitive.some((name) => sameKey(name, key)));
  if (Object.keys(given.tags).some((key) => transitive.some((name) => sameKey(name, key)))) {
    throw validationError("One of the specified transitive tag keys can't be set because it conflicts with a "
      + "transitive tag key from the calling session.");
  }
  return {
    tags: mergedTags(Object.fromEntries(inherited), given.tags),
    transitiveKeys: [...transitive, ...given.transitiveKeys],
  };
}
