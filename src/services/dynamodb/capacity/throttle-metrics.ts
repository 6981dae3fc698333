/**
 * What tables and indexes were throttled for.
 *
 * @evidence Developer Guide, "DynamoDB metrics and dimensions": ReadThrottleEvents and those for one reason;
 *   those of a global index are not its table's
 */

import type { ReadContext } from "../../../kernel/context.ts";
import { AwsError } from "../../../kernel/errors.ts";
import { meter, type Meter } from "../../../kernel/metrics.ts";

/** By reason, without the table or index that it begins with: all events, and those for this reason. */
const meters = new Map<string, Readonly<Record<"Table" | "Index", readonly Meter[]>>>();
const dimensions = { Table: ["TableName"], Index: ["TableName", "GlobalSecondaryIndexName"] } as const;

for (const kind of ["Read", "Write"]) {
  for (const cause of ["ProvisionedThroughput", "KeyRangeThroughput", "MaxOnDemandThroughput"]) {
    const of = (place: "Table" | "Index") => [`${kind}ThrottleEvents`, `${kind}${cause}ThrottleEvents`].map(
      (name) => meter("AWS/DynamoDB", name, "Count", dimensions[place]),
    );
    meters.set(`${kind}${cause}Exceeded`, { Table: of("Table"), Index: of("Index") });
  }
}

interface Reason {
  readonly reason: string;
  /** An ARN. */
  readonly resource: string;
}

/** @param error the refusal, which says why */
export function measureThrottling(ctx: ReadContext, error: Error): void {
  if (!(error instanceof AwsError)) return;
  const { ThrottlingReasons, throttlingReasons } = error.members;
  for (const { reason, resource } of (ThrottlingReasons ?? throttlingReasons ?? []) as readonly Reason[]) {
    const [, table = "", index] = /:table\/([^/]+)(?:\/index\/(.+))?$/.exec(resource) ?? [];
    const place = index === undefined ? "Table" : "Index";
    for (const each of meters.get(reason.slice(place.length))?.[place] ?? []) {
      ctx.metric(each, index === undefined ? [table] : [table, index], 1);
    }
  }
}
