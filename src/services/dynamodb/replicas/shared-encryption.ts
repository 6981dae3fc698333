/**
 * Whether the tables of a global table have keys is the same in all regions; which key it is, each has of its
 * own.
 *
 * @evidence recorded: a change to AWS's managed key goes to all regions, where each takes its own; customers'
 *   keys are changed in the region that they are of. That the way back goes to all as well is inferred
 */

import type { BodyContext, Context } from "../../../kernel/context.ts";
import { managedKey, requireUsableKey, type Keys, type UsableKey } from "../tables/encryption.ts";
import type { Replica, Table } from "../tables/table-rows.ts";
import { otherRegions } from "./members.ts";
import { updateReplica } from "./membership.ts";

function isCustomers(key: UsableKey | undefined): boolean {
  return key?.grantId !== undefined;
}

/** The key of this region, and those that the others take when it is AWS's. */
export async function takeKeysOfAll(
  ctx: BodyContext, row: Table, keyId: string, keys: Map<string, UsableKey>,
): Promise<void> {
  const own = await requireUsableKey(ctx, keyId, row.name);
  keys.set(ctx.region, own);
  if (isCustomers(own)) return;
  for (const region of otherRegions(row)) {
    keys.set(region, await requireUsableKey(ctx, managedKey, row.name, region));
  }
}

/** @param row as it is about to be in this region */
export function shareEncryption(ctx: Context, row: Table, keys: Keys): Table {
  if (!row.replicas || isCustomers(keys.get(ctx.region))) return row;
  const replicas = row.replicas.map(({ region, ...replica }): Replica => {
    const key = keys.get(region);
    if (replica.status !== "ACTIVE" || (keys.size > 0 && !key)) return { region, ...replica };
    updateReplica.poke(ctx, `${row.number} ${region}`, { name: row.name, region });
    return { region, status: "UPDATING", settings: key ? { key } : { isPlain: true } };
  });
  return { ...row, replicas };
}
