/** @evidence Lambda Developer Guide, "Using tags": restrictions */

import { invalidTag, reservedTag, tooManyTags } from "./errors.ts";

export const tagsMax = 50;
const keyLengthMax = 128;
const valueLengthMax = 256;

/** @throws AwsError for reserved names and for more tags than there may be */
export function requireTags(tags: Readonly<Record<string, string>>): void {
  const keys = Object.keys(tags);
  if (keys.some((key) => key.toLowerCase().startsWith("aws:"))) throw reservedTag();
  if (keys.length > tagsMax) throw tooManyTags();
  for (const [key, value] of Object.entries(tags)) {
    if (key.length === 0 || key.length > keyLengthMax || value.length > valueLengthMax) throw invalidTag(key);
  }
}
