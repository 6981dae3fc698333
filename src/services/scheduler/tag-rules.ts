/** What tags a schedule group may have. */

import type { Tag } from "../../kernel/tags.ts";
import { duplicateTag, reservedTag, tooManyTags } from "./errors.ts";

const tagsMax = 50;

/** @param others how many it has besides */
export function requireTags(tags: readonly Tag[], others: number): void {
  const keys = new Set(tags.map(({ Key }) => Key));
  if (keys.size < tags.length) throw duplicateTag();
  for (const key of keys) if (key.toLowerCase().startsWith("aws:")) throw reservedTag();
  if (keys.size + others > tagsMax) throw tooManyTags();
}
