/** The row of a Contributor Insights rule. */

import { table } from "../../store/types.ts";

export interface InsightRuleRow {
  readonly name: string;
  /** JSON text. */
  readonly definition: string;
  readonly schema: string;
  /** When it was enabled: epoch milliseconds; the last one without an end where it still is. */
  readonly spans: readonly { readonly from: number; readonly until?: number }[];
}

export const insightRules = table<InsightRuleRow>("cloudwatch.insightRules", { key: (rule) => rule.name });
