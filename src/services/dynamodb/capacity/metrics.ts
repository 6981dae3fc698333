/**
 * What tables measure of themselves.
 *
 * @evidence Developer Guide, "DynamoDB metrics and dimensions"
 */

import type { ReadContext } from "../../../kernel/context.ts";
import { meter, type MetricUnit } from "../../../kernel/metrics.ts";
import type { ObservedCall } from "../../../kernel/service.ts";
import { measureThrottling } from "./throttle-metrics.ts";
import type { Kind } from "./throttling.ts";
import type { Usage } from "./usage.ts";

const of = (name: string, unit: MetricUnit, dimensions: readonly string[]) =>
  meter("AWS/DynamoDB", name, unit, dimensions);

const inTable = ["TableName"];
const inIndex = ["TableName", "GlobalSecondaryIndexName"];
const byOperation = ["TableName", "Operation"];

const consumed = {
  read: {
    table: of("ConsumedReadCapacityUnits", "Count", inTable),
    index: of("ConsumedReadCapacityUnits", "Count", inIndex),
  },
  write: {
    table: of("ConsumedWriteCapacityUnits", "Count", inTable),
    index: of("ConsumedWriteCapacityUnits", "Count", inIndex),
  },
};
const latency = of("SuccessfulRequestLatency", "Milliseconds", byOperation);
const returnedItems = of("ReturnedItemCount", "Count", byOperation);
const throttledRequests = of("ThrottledRequests", "Count", byOperation);
const systemErrors = of("SystemErrors", "Count", byOperation);
const userErrors = of("UserErrors", "Count", []);
const conditionalFailures = of("ConditionalCheckFailedRequests", "Count", inTable);
const expired = of("TimeToLiveDeletedItemCount", "Count", inTable);
const replicationLatency = of("ReplicationLatency", "Milliseconds", ["TableName", "ReceivingRegion"]);

export function measureExpiry(ctx: ReadContext, table: string): void {
  ctx.metric(expired, [table], 1);
}

/** In the Region that tells another of an item. */
export function measureReplication(
  ctx: ReadContext, table: string, region: string, milliseconds: number,
): void {
  ctx.metric(replicationLatency, [table, region], milliseconds);
}

/** Units of a local index are its table's. */
export function measureUsage(ctx: ReadContext, { table, ofTable, ofIndexes }: Usage, kind: Kind): void {
  let own = ofTable;
  for (const [index, units] of ofIndexes) {
    if (index.isGlobal) ctx.metric(consumed[kind].index, [table.name, index.name], units);
    else own += units;
  }
  if (own > 0) ctx.metric(consumed[kind].table, [table.name], own);
}

const measured: ReadonlySet<string> = new Set([
  "GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems", "PutItem", "UpdateItem", "DeleteItem",
  "BatchWriteItem", "TransactWriteItems",
]);

/** A name or an ARN. */
function nameOf(table: string): string {
  return table.startsWith("arn:") ? (/:table\/([^/]+)/.exec(table)?.[1] ?? table) : table;
}

function tablesOf(input: Readonly<Record<string, unknown>>): readonly string[] {
  const { TableName: one, RequestItems: several, TransactItems: parts } = input;
  if (typeof one === "string") return [nameOf(one)];
  if (several) return Object.keys(several as object).map(nameOf);
  const names = (
    (parts ?? []) as readonly Record<string, { readonly TableName?: string } | undefined>[]
  ).flatMap(
    (part) => Object.values(part).map((each) => nameOf(each?.TableName ?? "")),
  );
  return [...new Set(names)];
}

export function observes(call: ObservedCall, ctx: ReadContext): void {
  const { operation, input, output, error } = call;
  if (!measured.has(operation)) return;
  const tables = tablesOf(input);
  if (error) return observeRefusal(call, ctx, tables);
  // To hundredths: the minute's distribution stays small.
  const milliseconds = Math.round(call.milliseconds * 100) / 100;
  for (const table of tables) ctx.metric(latency, [table, operation], milliseconds);
  const count = output?.["Count"];
  if (typeof count === "number") ctx.metric(returnedItems, [tables[0] ?? "", operation], count);
}

function observeRefusal(
  { operation, error }: ObservedCall, ctx: ReadContext, tables: readonly string[],
): void {
  const code = error?.code ?? "";
  if (/ThrottlingException|ThroughputExceeded/.test(code)) {
    for (const table of tables) ctx.metric(throttledRequests, [table, operation], 1);
    if (error) measureThrottling(ctx, error);
  } else if (error && error.status >= 500) {
    for (const table of tables) ctx.metric(systemErrors, [table, operation], 1);
  } else if (code === "ConditionalCheckFailedException") {
    for (const table of tables) ctx.metric(conditionalFailures, [table], 1);
  } else ctx.metric(userErrors, [], 1);
}
