/** A query as it was read, and what it needs in order to run. */

import type { Baseline } from "./baselines.ts";
import type { Lookup } from "./joining.ts";
import type { Range } from "./patterns.ts";
import type { Row } from "./rows.ts";
import type { GroupSelection } from "./selections.ts";
import type { ShownRow, Stage } from "./stages.ts";
import type { Subquery } from "./subqueries.ts";

/** @evidence CloudWatch Logs API Reference, StartQuery, limit: 10,000 by default and at most */
export const resultsMax = 10_000;

/** A query at work: takes events, and has results at its end. */
export interface Pipeline extends Stage {
  readonly rows: readonly ShownRow[];
}

export interface Start {
  readonly limit: number | undefined;
  readonly matched: () => void;
  /** When the query began, and the time that it looks at: epoch milliseconds. */
  readonly now: number;
  readonly range: Range;
}

export interface Query {
  /** Shows what a data protection policy hides: everywhere, or where it asks for it. */
  readonly unmasks: "all" | "some" | undefined;
  /** Whether a filter says which events match. */
  readonly filters: boolean;
  /** Groups that the query itself names. */
  readonly selection: GroupSelection | undefined;
  /** Events of an earlier time that it wants, too. */
  readonly baseline: Baseline | undefined;
  /** What must have been found before it starts. */
  readonly subqueries: readonly Subquery[];
  readonly lookups: readonly Lookup[];
  /** Fields that must have a value which is indexed, or the event is not looked at. */
  readonly indexed: readonly string[];
  /** Commands that groups of seldom access do not take. */
  readonly standardOnly: readonly string[];
  /** Names of what is shown. */
  readonly columns: readonly string[];
  start(options: Start): Pipeline;
  /** The same for a query within another, which wants whole rows. */
  gather(options: Start): Stage & { readonly rows: readonly Row[] };
}
