/** Which ARNs beside those of groups name something that takes tags. */

import type { ReadContext } from "../../kernel/context.ts";
import { parseArn } from "../../kernel/arn.ts";
import { destinations } from "./destination-table.ts";
import { deliveries, deliveryDestinations, deliverySources } from "./delivery-tables.ts";
import { lookupTables } from "./lookup-table-rows.ts";
import { scheduledQueries } from "./scheduled-query-table.ts";
import { anomalyDetectors } from "./anomaly-detector-table.ts";

export function isTagged(ctx: Pick<ReadContext, "db">, arn: string): boolean {
  const [kind, name = ""] = (parseArn(arn)?.resource ?? "").split(/:([^]*)/);
  switch (kind) {
    case "destination":
      return ctx.db(destinations).has(name);
    case "anomaly-detector":
      return ctx.db(anomalyDetectors).has(name);
    case "lookup-table":
      return ctx.db(lookupTables).has(name);
    case "scheduled-query":
      return [...ctx.db(scheduledQueries).list()].some(({ id }) => id === name);
    case "delivery-source":
      return ctx.db(deliverySources).has(name);
    case "delivery-destination":
      return ctx.db(deliveryDestinations).has(name);
    case "delivery":
      return ctx.db(deliveries).has(name);
    default:
      return false;
  }
}
