/** What tags a trail may have. */

import type * as cloudtrail from "../../generated/cloudtrail.ts";
import { invalidTag, tooManyTags } from "./errors.ts";

const tagsMax = 50;

/** @param others how many it has besides */
export function requireTags(tags: readonly cloudtrail.Tag[], others: number): void {
  const keys = new Set(tags.map(({ Key }) => Key));
  if (keys.size < tags.length) throw invalidTag("A tag key can be specified only once.");
  for (const key of keys) if (key.toLowerCase().startsWith("aws:")) throw invalidTag(`${key} is reserved.`);
  if (keys.size + others > tagsMax) throw tooManyTags();
}
