/**
 * What is provisioned, and how much of what the account may have.
 *
 * @evidence Developer Guide, "DynamoDB metrics and dimensions": AccountMaxReads and those after it, which
 *   come every five minutes
 */

import type { ReadContext } from "../../../kernel/context.ts";
import { meter, type MetricUnit } from "../../../kernel/metrics.ts";
import { isOnDemand, tables } from "../tables/table-rows.ts";
import { accountUnitsMax, tableUnitsMax } from "../tables/throughput.ts";

const of = (name: string, unit: MetricUnit, dimensions: readonly string[] = []) =>
  meter("AWS/DynamoDB", name, unit, dimensions);

const kinds = (["read", "write"] as const).map((kind) => {
  const name = kind === "read" ? "Read" : "Write";
  return {
    kind,
    accountMax: of(`AccountMax${name}s`, "Count"),
    tableMax: of(`AccountMaxTableLevel${name}s`, "Count"),
    ofAccount: of(`AccountProvisioned${name}CapacityUtilization`, "Percent"),
    ofGreatest: of(`MaxProvisionedTable${name}CapacityUtilization`, "Percent"),
    ofTable: of(`Provisioned${name}CapacityUnits`, "Count", ["TableName"]),
    ofIndex: of(`Provisioned${name}CapacityUnits`, "Count", ["TableName", "GlobalSecondaryIndexName"]),
  };
});

const everyMinutes = 5;

export function gauges(ctx: ReadContext): void {
  if (Math.floor(ctx.clock.now() / 60_000) % everyMinutes !== 0) return;
  const provisioned = [...ctx.db(tables).list()].filter((row) => !isOnDemand(row));
  for (const { kind, accountMax, tableMax, ofAccount, ofGreatest, ofTable, ofIndex } of kinds) {
    ctx.metric(accountMax, [], accountUnitsMax);
    ctx.metric(tableMax, [], tableUnitsMax);
    let sum = 0;
    let greatest = 0;
    const add = (units: number): void => {
      sum += units;
      greatest = Math.max(greatest, units);
    };
    for (const { name, throughput, indexes } of provisioned) {
      add(throughput[kind]);
      ctx.metric(ofTable, [name], throughput[kind]);
      for (const index of indexes) {
        if (!index.isGlobal) continue;
        add(index.throughput[kind]);
        ctx.metric(ofIndex, [name, index.name], index.throughput[kind]);
      }
    }
    if (sum === 0) continue;
    ctx.metric(ofAccount, [], (sum / accountUnitsMax) * 100);
    ctx.metric(ofGreatest, [], (greatest / tableUnitsMax) * 100);
  }
}
