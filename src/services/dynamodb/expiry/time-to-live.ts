/** UpdateTimeToLive and DescribeTimeToLive. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { Context } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import { table } from "../../../store/types.ts";
import { inUse, validation } from "../errors.ts";
import { announceChange } from "../replicas/membership.ts";
import { notWhenStrong } from "../replicas/strong-errors.ts";
import { requireUnlocked } from "../tables/key-watch.ts";
import { onTable, requireTable } from "../tables/names.ts";
import { tables, type Table } from "../tables/table-rows.ts";
import { forgetExpiries, noteExpiries } from "./expiries.ts";

/** When a table's setting was last changed. */
interface Setting {
  /** Of the table. */
  readonly number: number;
  readonly changedAt: number;
}

const settings = table<Setting>("dynamodb.timeToLive", { key: (row) => row.number });

/** @evidence recorded: a second change is refused for about 31 minutes */
const cooldownMilliseconds = 31 * 60_000;

/** @evidence recorded: what the setting says is looked at before when it was last changed */
function requireChange(row: Table, isEnabled: boolean, attribute: string): void {
  if (!isEnabled) {
    if (row.expiryAttribute === undefined) throw validation("TimeToLive is already disabled");
    if (row.expiryAttribute === attribute) return;
  }
  if (row.expiryAttribute === undefined) return;
  if (row.expiryAttribute === attribute) throw validation("TimeToLive is already enabled");
  throw validation(
    `TimeToLive is active on a different AttributeName: current AttributeName is ${row.expiryAttribute}`,
  );
}

function requireRested(ctx: Context, row: Table): void {
  const last = ctx.db(settings).get(row.number)?.changedAt;
  if (last === undefined || ctx.clock.now() - last >= cooldownMilliseconds) return;
  throw validation("Time to live has been modified multiple times within a fixed interval");
}

/** @returns the row as it is from now on */
export function setExpiry(ctx: Context, row: Table, attribute: string | undefined): Table {
  const { expiryAttribute: _before, ...rest } = row;
  const now = ctx.clock.now();
  const changed = attribute === undefined ? rest : { ...rest, expiryAttribute: attribute };
  ctx.db(tables).put(changed);
  ctx.db(settings).put({ number: row.number, changedAt: now });
  const subject = { name: row.name, number: row.number };
  const id = String(row.number);
  if (attribute === undefined) ctx.schedule(forgetExpiries, { at: now, input: { number: row.number }, id });
  else ctx.schedule(noteExpiries, { at: now, input: subject, id });
  return changed;
}

export const UpdateTimeToLive = operation(dynamodb.UpdateTimeToLive, {
  ...onTable,
  run(input, ctx) {
    const { Enabled: isEnabled, AttributeName: attribute } = input.TimeToLiveSpecification;
    const row = requireTable(ctx, input.TableName);
    if (row.status === "CREATING") throw inUse(`Table ${row.name} is being created`);
    if (row.status === "DELETING") throw inUse(`Table is being deleted: ${row.name}`);
    requireUnlocked(row);
    if (isEnabled && row.isStrong) throw notWhenStrong("Time to live is");
    requireChange(row, isEnabled, attribute);
    requireRested(ctx, row);
    announceChange(ctx, setExpiry(ctx, row, isEnabled ? attribute : undefined));
    return { TimeToLiveSpecification: { Enabled: isEnabled, AttributeName: attribute } };
  },
});

/** @evidence recorded: neither ENABLING nor DISABLING was ever seen */
export const DescribeTimeToLive = operation(dynamodb.DescribeTimeToLive, {
  ...onTable,
  run(input, ctx) {
    const row = requireTable(ctx, input.TableName);
    if (row.status === "CREATING" || row.status === "DELETING") {
      throw validation(
        `Cannot describe time to live while table is in ${row.status} state: ` +
          `Current table state is ${row.status}`,
      );
    }
    const AttributeName = row.expiryAttribute;
    const TimeToLiveStatus = AttributeName === undefined ? "DISABLED" as const : "ENABLED" as const;
    return { TimeToLiveDescription: { TimeToLiveStatus, AttributeName } };
  },
});
