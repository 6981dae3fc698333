/** With which earlier time `diff` compares. */

import { earlierBy, periodOf } from "./periods.ts";
import type { Range } from "./patterns.ts";
import type { Scanner } from "./scanner.ts";

export type Baseline = (range: Range) => Range;

const modifiers = { previousday: "d", previousweek: "w", previousmonth: "mo" } as const;

/**
 * @evidence CloudWatch Logs User Guide, "diff": the time just before, or the same a day, week or month
 * earlier
 */
export function readBaseline(scanner: Scanner): Baseline {
  const begin = scanner.at;
  const word = scanner.find(/[A-Za-z]+/y)?.[0].toLowerCase();
  if (word === undefined) return ({ from, before }) => ({ from: from - (before - from), before: from });
  const unit = modifiers[word as keyof typeof modifiers] as string | undefined;
  if (unit === undefined) {
    scanner.at = begin;
    throw scanner.unexpected();
  }
  const period = periodOf(1, unit);
  return ({ from, before }) => ({ from: earlierBy(from, period), before: earlierBy(before, period) });
}
