/** @evidence Lambda Developer Guide, "Using tags": restrictions */

import { reservedTag, tooManyTags } from "./errors.ts";

const tagsMax = 50;

/** @throws AwsError for reserved names and for more tags than there may be */
export function requireTags(tags: Readonly<Record<string, string>>): void {
  const keys = Object.keys(tags);
  if (keys.some((key) => key.toLowerCase().startsWith("aws:"))) throw reservedTag();
  if (keys.length > tagsMax) throw tooManyTags();
}
