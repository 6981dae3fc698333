/** How many filters of a group may search by regular expressions. */

import type { Context } from "../../kernel/context.ts";
import { limitExceeded } from "./errors.ts";
import { metricFiltersOf, subscriptionFiltersOf, type MetricFilter } from "./filter-tables.ts";
import { patternOf } from "./known-patterns.ts";

/**
 * @evidence CloudWatch Logs User Guide, filter pattern syntax, quotas: "a maximum of 5 filter patterns
 *   containing regex for each log group when creating metric filters or subscription filters"
 */
const withRegexMax = 5;

/**
 * @param isSame whether a filter is the one that is put anew
 * @throws LimitExceededException
 */
export function requireFewRegexes(
  ctx: Context, group: string, pattern: string,
  isSame: (filter: Pick<MetricFilter, "name">, kind: "metric" | "subscription") => boolean,
): void {
  const hasRegex = (text: string): boolean => patternOf(ctx, text).regexes > 0;
  if (!hasRegex(pattern)) return;
  const others = [
    ...metricFiltersOf(ctx, group).filter((each) => !isSame(each, "metric")),
    ...subscriptionFiltersOf(ctx, group).filter((each) => !isSame(each, "subscription")),
  ];
  if (others.filter((each) => hasRegex(each.pattern)).length >= withRegexMax) throw limitExceeded();
}
