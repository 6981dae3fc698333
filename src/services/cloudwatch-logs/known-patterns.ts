/** Filter patterns that are used over and over, parsed once. */

import type { ReadContext } from "../../kernel/context.ts";
import { parseFilterPattern, type FilterPattern } from "./patterns/filter-pattern.ts";

/** @throws InvalidParameterException */
export function patternOf(ctx: Pick<ReadContext, "kernel">, text: string): FilterPattern {
  const cache = ctx.kernel.cacheFor<FilterPattern>("logs.patterns");
  const known = cache.get(text);
  if (known) return known;
  const pattern = parseFilterPattern(text);
  cache.set(text, pattern);
  return pattern;
}
